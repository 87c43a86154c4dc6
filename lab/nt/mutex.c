/* SPDX-License-Identifier: MIT */
/* Fast mutexes and guarded mutexes: locks that wait, and are not recursive. */
#include "nt/dispatcher.h"
#include "nt/irql.h"
#include "nt/thread.h"

static void acquire(struct nt *nt, const char *function, LONG *count, void **owner,
                    ULONG *contention, DISPATCHER_HEADER *event)
{
    struct nt_thread *self = nt_thread_current(nt);

    if (*count != 1 && *owner == self) {
        sim_breach_text(nt->sim, "HANG", function,
                        "%s: the thread holds the mutex already and waits for itself", function);
        sim_stop(nt->sim);
    }
    while (*count != 1) {
        (*contention)++;
        nt_dispatcher_wait(nt, function, &event, 1, false, SIM_NO_DEADLINE);
    }
    *count = 0;
    *owner = self;
}

static void release(struct nt *nt, const char *function, LONG *count, void **owner,
                    const ULONG *contention, DISPATCHER_HEADER *event)
{
    if (*count == 1 || *owner != nt_thread_current(nt)) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R62", function, "%s by a thread that does not hold the mutex",
                            function);
        if (*count == 1)
            return;
    }
    *owner = NULL;
    *count = 1;
    if (*contention != 0) {
        event->SignalState = 1;
        nt_dispatcher_signal(nt, event);
    }
}

#define FAST(m)    &(m)->Count, &(m)->Owner, &(m)->Contention, &(m)->Event.Header
#define GUARDED(m) &(m)->Count, (void **)(void *)&(m)->Owner, &(m)->Contention, &(m)->Gate.Header

VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    NT_EXPORT("ExAcquireFastMutex", APC_LEVEL);
    const uint8_t old = sim_task_irql(nt->sim);

    if (old < APC_LEVEL)
        nt_irql_set(nt, APC_LEVEL);
    acquire(nt, "ExAcquireFastMutex", FAST(FastMutex));
    FastMutex->OldIrql = old;
}

VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    NT_EXPORT("ExReleaseFastMutex", APC_LEVEL);
    const uint8_t old = (uint8_t)FastMutex->OldIrql;

    release(nt, "ExReleaseFastMutex", FAST(FastMutex));
    if (old < APC_LEVEL)
        nt_irql_set(nt, old);
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    NT_EXPORT("ExTryToAcquireFastMutex", APC_LEVEL);
    const uint8_t old = sim_task_irql(nt->sim);

    if (FastMutex->Count != 1)
        return FALSE;
    if (old < APC_LEVEL)
        nt_irql_set(nt, APC_LEVEL);
    acquire(nt, "ExTryToAcquireFastMutex", FAST(FastMutex));
    FastMutex->OldIrql = old;
    return TRUE;
}

VOID NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    NT_EXPORT("ExAcquireFastMutexUnsafe", APC_LEVEL);
    acquire(nt, "ExAcquireFastMutexUnsafe", FAST(FastMutex));
}

VOID NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    NT_EXPORT("ExReleaseFastMutexUnsafe", APC_LEVEL);
    release(nt, "ExReleaseFastMutexUnsafe", FAST(FastMutex));
}

VOID NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    Mutex->Count = 1;
    Mutex->Owner = NULL;
    Mutex->Contention = 0;
    nt_dispatcher_init(&Mutex->Gate.Header, NT_DISPATCHER_SYNCHRONIZATION_EVENT, 0);
}

VOID NTAPI KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    NT_EXPORT("KeAcquireGuardedMutex", APC_LEVEL);
    nt_thread_current(nt)->guarded_regions++;
    acquire(nt, "KeAcquireGuardedMutex", GUARDED(Mutex));
}

VOID NTAPI KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    NT_EXPORT("KeReleaseGuardedMutex", APC_LEVEL);
    release(nt, "KeReleaseGuardedMutex", GUARDED(Mutex));
    nt_thread_current(nt)->guarded_regions--;
}

BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    NT_EXPORT("KeTryToAcquireGuardedMutex", APC_LEVEL);
    if (Mutex->Count != 1)
        return FALSE;
    nt_thread_current(nt)->guarded_regions++;
    acquire(nt, "KeTryToAcquireGuardedMutex", GUARDED(Mutex));
    return TRUE;
}
