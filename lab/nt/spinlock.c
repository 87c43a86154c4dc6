/* SPDX-License-Identifier: MIT */
/* Spin locks: plain, queued in the stack, and shared/exclusive. A held lock's word tells the thread
 * that holds it. */
#include "nt/irql.h"
#include "nt/lock_order.h"
#include "nt/thread.h"

#include <stdio.h>

#define EXCLUSIVE 0x80000000u

_Noreturn static void deadlock(struct nt *nt, const char *function, const char *what)
{
    char text[160];

    snprintf(text, sizeof(text), "%s: %s", function, what);
    sim_breach(nt->sim, &(struct sim_breach){.rule = "HANG",
                                             .function = function,
                                             .detail = text,
                                             .address = nt_call_site(nt)});
    sim_stop(nt->sim);
}

static KSPIN_LOCK mark_of(const struct nt_thread *thread)
{
    return thread->number * 2 + 1;
}

static void note_held(struct nt_thread *thread, const void *lock, uint8_t old_irql, bool shared)
{
    const uint32_t index = thread->spin_locks++;

    if (index < NT_HELD_LOCKS)
        thread->held[index] = (struct nt_held_lock){lock, NULL, old_irql, shared};
}

/* Before an exclusive lock is waited for. */
static void note_wanted(struct nt *nt, const struct nt_thread *thread, const char *function,
                        const void *lock)
{
    if (__builtin_expect(thread->watch != NULL, 0))
        nt_lock_watch_check(nt, thread, lock);
    if (__builtin_expect(thread->spin_locks != 0, 0) && nt->checks)
        nt_lock_order_note(nt, thread, function, lock);
}

/* False when this thread does not hold the lock. */
static bool note_released(struct nt_thread *thread, const void *lock)
{
    if (thread->spin_locks > NT_HELD_LOCKS) {
        thread->spin_locks--;
        return true;
    }
    for (uint32_t i = thread->spin_locks; i-- > 0;) {
        if (thread->held[i].lock != lock)
            continue;
        for (uint32_t j = i + 1; j < thread->spin_locks; j++)
            thread->held[j - 1] = thread->held[j];
        thread->spin_locks--;
        return true;
    }
    return false;
}

/* False: a function that returned left the lock held (nt_call_leave()), or there are too many. */
static bool is_noted(const struct nt_thread *thread, const KSPIN_LOCK *lock)
{
    for (uint32_t i = 0; i < thread->spin_locks && i < NT_HELD_LOCKS; i++)
        if (thread->held[i].lock == lock)
            return true;
    return thread->spin_locks > NT_HELD_LOCKS;
}

static void acquire(struct nt *nt, const char *function, KSPIN_LOCK *lock, uint8_t old_irql)
{
    struct nt_thread *thread = nt_thread_current(nt);
    volatile KSPIN_LOCK *word = lock;

    note_wanted(nt, thread, function, lock);
    if (*word == mark_of(thread)) {
        if (nt->checks)
            sim_breach(nt->sim,
                       &(struct sim_breach){
                           .rule = "R62",
                           .function = function,
                           .detail = "the lock is acquired by the thread that holds it already",
                           .because = is_noted(thread, lock) ? NULL : "R62"});
        deadlock(nt, function, "a spin lock is acquired recursively, the processor spins for ever");
    }
    while (*word != 0)
        if (!sim_task_spin(nt->sim))
            deadlock(nt, function,
                     *word % 2 == 1
                         ? "the spin lock is never released: nothing else can run (deadlock)"
                         : "the spin lock was not initialised, or was overwritten");
    *word = mark_of(thread);
    note_held(thread, lock, old_irql, false);
    if (__builtin_expect(nt->pageable_code, 0))
        nt_paged_code_note(nt, nt_call_site(nt));
}

static void release(struct nt *nt, const char *function, KSPIN_LOCK *lock)
{
    struct nt_thread *thread = nt_thread_current(nt);

    if (*lock != mark_of(thread) && nt->checks)
        sim_breach_text(nt->sim, "R62", function,
                        *lock == 0 ? "a spin lock is released that nobody holds"
                                   : "a spin lock is released by a thread that does not hold it");
    *lock = 0;
    note_released(thread, lock);
}

/* The IRQL after a release: not below DISPATCH_LEVEL while another lock is held. */
static void restore(struct nt *nt, const char *function, uint8_t irql)
{
    if (irql < DISPATCH_LEVEL && nt->checks && nt_thread_current(nt)->spin_locks != 0)
        sim_breach_text(nt->sim, "R62", function,
                        "the IRQL goes back to %u while another spin lock is held", irql);
    if (irql > DISPATCH_LEVEL) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R62", function,
                            "the IRQL to restore is %u: it was never saved by the acquiring call",
                            irql);
        irql = DISPATCH_LEVEL;
    }
    nt_irql_set(nt, irql);
}

static void need_dispatch(struct nt *nt, const char *function)
{
    if (nt->checks && sim_task_irql(nt->sim) < DISPATCH_LEVEL)
        sim_breach_text(nt->sim, "R61", function, "%s was called at IRQL %u, below DISPATCH_LEVEL",
                        function, sim_task_irql(nt->sim));
}

/* ---- plain ---- */

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    NT_EXPORT_SHORT();
    (void)nt;
    *SpinLock = 0;
}

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    NT_EXPORT("KeAcquireSpinLock", DISPATCH_LEVEL);
    const uint8_t old = nt_irql_set(nt, DISPATCH_LEVEL);

    acquire(nt, "KeAcquireSpinLock", SpinLock, old);
    return old;
}

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    NT_EXPORT("KeReleaseSpinLock", DISPATCH_LEVEL);
    need_dispatch(nt, "KeReleaseSpinLock");
    release(nt, "KeReleaseSpinLock", SpinLock);
    restore(nt, "KeReleaseSpinLock", NewIrql);
}

VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    NT_EXPORT("KeAcquireSpinLockAtDpcLevel", HIGH_LEVEL);
    need_dispatch(nt, "KeAcquireSpinLockAtDpcLevel");
    acquire(nt, "KeAcquireSpinLockAtDpcLevel", SpinLock, DISPATCH_LEVEL);
}

VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    NT_EXPORT("KeReleaseSpinLockFromDpcLevel", HIGH_LEVEL);
    need_dispatch(nt, "KeReleaseSpinLockFromDpcLevel");
    release(nt, "KeReleaseSpinLockFromDpcLevel", SpinLock);
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    NT_EXPORT("KeTryToAcquireSpinLockAtDpcLevel", HIGH_LEVEL);
    need_dispatch(nt, "KeTryToAcquireSpinLockAtDpcLevel");
    if (*SpinLock != 0) {
        /* The caller is likely to try again at once: whoever holds it must get on. */
        sim_task_yield(nt->sim);
        return FALSE;
    }
    /* It never waits: no order follows from it. */
    *SpinLock = mark_of(nt_thread_current(nt));
    note_held(nt_thread_current(nt), SpinLock, DISPATCH_LEVEL, false);
    return TRUE;
}

/* The kernel's signature. NOLINTNEXTLINE(readability-non-const-parameter) */
BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    NT_EXPORT("KeTestSpinLock", HIGH_LEVEL);
    return *SpinLock == 0;
}

KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    NT_EXPORT("KeAcquireSpinLockForDpc", DISPATCH_LEVEL);
    const uint8_t old = nt_irql_set(nt, DISPATCH_LEVEL);

    acquire(nt, "KeAcquireSpinLockForDpc", SpinLock, old);
    return old;
}

VOID NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    NT_EXPORT("KeReleaseSpinLockForDpc", DISPATCH_LEVEL);
    release(nt, "KeReleaseSpinLockForDpc", SpinLock);
    restore(nt, "KeReleaseSpinLockForDpc", OldIrql);
}

/* ---- queued in the stack ---- */

VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    NT_EXPORT("KeAcquireInStackQueuedSpinLock", DISPATCH_LEVEL);
    LockHandle->LockQueue.Next = NULL;
    LockHandle->LockQueue.Lock = SpinLock;
    LockHandle->OldIrql = nt_irql_set(nt, DISPATCH_LEVEL);
    acquire(nt, "KeAcquireInStackQueuedSpinLock", SpinLock, LockHandle->OldIrql);
}

VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    NT_EXPORT("KeReleaseInStackQueuedSpinLock", DISPATCH_LEVEL);
    release(nt, "KeReleaseInStackQueuedSpinLock", LockHandle->LockQueue.Lock);
    restore(nt, "KeReleaseInStackQueuedSpinLock", LockHandle->OldIrql);
}

VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                                    PKLOCK_QUEUE_HANDLE LockHandle)
{
    NT_EXPORT("KeAcquireInStackQueuedSpinLockAtDpcLevel", HIGH_LEVEL);
    need_dispatch(nt, "KeAcquireInStackQueuedSpinLockAtDpcLevel");
    LockHandle->LockQueue.Next = NULL;
    LockHandle->LockQueue.Lock = SpinLock;
    acquire(nt, "KeAcquireInStackQueuedSpinLockAtDpcLevel", SpinLock, DISPATCH_LEVEL);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    NT_EXPORT("KeReleaseInStackQueuedSpinLockFromDpcLevel", HIGH_LEVEL);
    release(nt, "KeReleaseInStackQueuedSpinLockFromDpcLevel", LockHandle->LockQueue.Lock);
}

/* ---- shared and exclusive: the word is a count of readers, or EXCLUSIVE and the writer ---- */

static uint32_t exclusive_mark(const struct nt_thread *thread)
{
    return EXCLUSIVE | (uint32_t)(thread->number & 0x3FFFFFFF);
}

static void acquire_exclusive(struct nt *nt, const char *function, EX_SPIN_LOCK *lock,
                              uint8_t old_irql)
{
    struct nt_thread *thread = nt_thread_current(nt);

    note_wanted(nt, thread, function, (const void *)lock);
    if ((uint32_t)*lock == exclusive_mark(thread)) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R62", function,
                            "the lock is acquired by the thread that holds it already");
        deadlock(nt, function, "a spin lock is acquired recursively");
    }
    while (*lock != 0)
        if (!sim_task_spin(nt->sim))
            deadlock(nt, function,
                     "the spin lock is never released: nothing else can run (deadlock)");
    *lock = (LONG)exclusive_mark(thread);
    note_held(thread, (const void *)lock, old_irql, false);
}

static void acquire_shared(struct nt *nt, const char *function, EX_SPIN_LOCK *lock,
                           uint8_t old_irql)
{
    struct nt_thread *thread = nt_thread_current(nt);

    if ((uint32_t)*lock == exclusive_mark(thread)) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R62", function,
                            "the lock is acquired by the thread that holds it already");
        deadlock(nt, function, "a spin lock is acquired recursively");
    }
    while (*lock < 0)
        if (!sim_task_spin(nt->sim))
            deadlock(nt, function,
                     "the spin lock is never released: nothing else can run (deadlock)");
    *lock = *lock + 1;
    note_held(thread, (const void *)lock, old_irql, true);
}

static void release_ex(struct nt *nt, const char *function, EX_SPIN_LOCK *lock, bool exclusive)
{
    struct nt_thread *thread = nt_thread_current(nt);
    const bool held = exclusive ? (uint32_t)*lock == exclusive_mark(thread) : *lock > 0;

    if (!held && nt->checks)
        sim_breach_text(nt->sim, "R62", function,
                        "a spin lock is released that this thread does not hold in this way");
    *lock = exclusive || *lock <= 0 ? 0 : *lock - 1;
    note_released(thread, (const void *)lock);
}

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    NT_EXPORT("ExAcquireSpinLockShared", DISPATCH_LEVEL);
    const uint8_t old = nt_irql_set(nt, DISPATCH_LEVEL);

    acquire_shared(nt, "ExAcquireSpinLockShared", SpinLock, old);
    return old;
}

VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    NT_EXPORT("ExAcquireSpinLockSharedAtDpcLevel", HIGH_LEVEL);
    need_dispatch(nt, "ExAcquireSpinLockSharedAtDpcLevel");
    acquire_shared(nt, "ExAcquireSpinLockSharedAtDpcLevel", SpinLock, DISPATCH_LEVEL);
}

VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    NT_EXPORT("ExReleaseSpinLockShared", DISPATCH_LEVEL);
    release_ex(nt, "ExReleaseSpinLockShared", SpinLock, false);
    restore(nt, "ExReleaseSpinLockShared", OldIrql);
}

VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    NT_EXPORT("ExReleaseSpinLockSharedFromDpcLevel", HIGH_LEVEL);
    release_ex(nt, "ExReleaseSpinLockSharedFromDpcLevel", SpinLock, false);
}

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    NT_EXPORT("ExAcquireSpinLockExclusive", DISPATCH_LEVEL);
    const uint8_t old = nt_irql_set(nt, DISPATCH_LEVEL);

    acquire_exclusive(nt, "ExAcquireSpinLockExclusive", SpinLock, old);
    return old;
}

VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    NT_EXPORT("ExAcquireSpinLockExclusiveAtDpcLevel", HIGH_LEVEL);
    need_dispatch(nt, "ExAcquireSpinLockExclusiveAtDpcLevel");
    acquire_exclusive(nt, "ExAcquireSpinLockExclusiveAtDpcLevel", SpinLock, DISPATCH_LEVEL);
}

VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    NT_EXPORT("ExReleaseSpinLockExclusive", DISPATCH_LEVEL);
    release_ex(nt, "ExReleaseSpinLockExclusive", SpinLock, true);
    restore(nt, "ExReleaseSpinLockExclusive", OldIrql);
}

VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    NT_EXPORT("ExReleaseSpinLockExclusiveFromDpcLevel", HIGH_LEVEL);
    release_ex(nt, "ExReleaseSpinLockExclusiveFromDpcLevel", SpinLock, true);
}

LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    NT_EXPORT("ExTryConvertSharedSpinLockExclusive", HIGH_LEVEL);
    if (*SpinLock != 1)
        return FALSE;
    *SpinLock = (LONG)exclusive_mark(nt_thread_current(nt));
    return TRUE;
}
