/* SPDX-License-Identifier: MIT */
/* Waiting: one or many objects, with a time-out. */
#include "nt/dispatcher.h"
#include "nt/event_watch.h"
#include "nt/wait.h"
#include "nt/clock.h"
#include "nt/thread.h"

#define INLINE_BLOCKS 4

struct wait {
    struct nt_thread *thread;
    struct sim_task *task;
    struct wait_block *blocks;
    unsigned count;
    bool all;
    bool done;
    NTSTATUS status;
};

struct wait_block {
    LIST_ENTRY link; /* in the object's WaitListHead */
    DISPATCHER_HEADER *object;
    struct wait *wait;
};

static bool is_signalled(const DISPATCHER_HEADER *header, const struct nt_thread *thread)
{
    if (header->Type == NT_DISPATCHER_MUTANT) {
        const KMUTANT *mutant = CONTAINING_RECORD(header, KMUTANT, Header);
        return header->SignalState > 0 || mutant->OwnerThread == (PKTHREAD)(void *)thread;
    }
    return header->SignalState > 0;
}

static void consume(DISPATCHER_HEADER *header, struct nt_thread *thread)
{
    switch (header->Type) {
    case NT_DISPATCHER_SYNCHRONIZATION_EVENT:
        header->SignalState = 0;
        nt_event_tell(nt_current(), header, "taken by a wait");
        break;
    case NT_DISPATCHER_SYNCHRONIZATION_TIMER:
        header->SignalState = 0;
        break;
    case NT_DISPATCHER_SEMAPHORE:
        header->SignalState--;
        break;
    case NT_DISPATCHER_MUTANT:
        header->SignalState--;
        CONTAINING_RECORD(header, KMUTANT, Header)->OwnerThread = (PKTHREAD)(void *)thread;
        break;
    case NT_DISPATCHER_THREAD:
        nt_thread_waited(nt_current(), header);
        break;
    default:
        break;
    }
}

/* Takes what the wait is for, when it can be had. */
static bool satisfy(struct wait *wait)
{
    if (!wait->all) {
        for (unsigned i = 0; i < wait->count; i++)
            if (is_signalled(wait->blocks[i].object, wait->thread)) {
                consume(wait->blocks[i].object, wait->thread);
                wait->status = STATUS_WAIT_0 + (NTSTATUS)i;
                return true;
            }
        return false;
    }
    for (unsigned i = 0; i < wait->count; i++)
        if (!is_signalled(wait->blocks[i].object, wait->thread))
            return false;
    for (unsigned i = 0; i < wait->count; i++)
        consume(wait->blocks[i].object, wait->thread);
    wait->status = STATUS_WAIT_0;
    return true;
}

static void leave_lists(struct wait *wait)
{
    for (unsigned i = 0; i < wait->count; i++)
        nt_list_remove(&wait->blocks[i].link);
}

void nt_dispatcher_signal(struct nt *nt, DISPATCHER_HEADER *header)
{
    LIST_ENTRY *entry = header->WaitListHead.Flink;

    /* An object that was zeroed, not initialised, has no list. */
    while (entry != NULL && entry != &header->WaitListHead && header->SignalState > 0) {
        struct wait *wait = CONTAINING_RECORD(entry, struct wait_block, link)->wait;

        if (!satisfy(wait)) {
            entry = entry->Flink;
            continue;
        }
        wait->done = true;
        leave_lists(wait);
        sim_task_wake(nt->sim, wait->task);
        entry = header->WaitListHead.Flink;
    }
}

static void check_wait(struct nt *nt, const char *function)
{
    const uint8_t irql = sim_task_irql(nt->sim);

    if (!nt->checks)
        return;
    if (irql >= DISPATCH_LEVEL)
        sim_breach_text(nt->sim, "R69", function,
                        "%s is to wait at IRQL %u; only a zero time-out is allowed there", function,
                        irql);
    else if (nt_thread_current(nt)->spin_locks != 0)
        sim_breach_text(nt->sim, "R62", function, "%s is to wait while a spin lock is held",
                        function);
}

NTSTATUS nt_dispatcher_wait(struct nt *nt, const char *function, DISPATCHER_HEADER **objects,
                            unsigned count, bool all, uint64_t deadline)
{
    struct wait_block blocks[MAXIMUM_WAIT_OBJECTS];
    struct wait wait = {.thread = nt_thread_current(nt),
                        .task = sim_task_self(nt->sim),
                        .blocks = blocks,
                        .count = count,
                        .all = all};
    const bool polls = deadline <= nt->sim->now;

    if (!polls)
        check_wait(nt, function);
    for (unsigned i = 0; i < count; i++) {
        blocks[i].object = objects[i];
        blocks[i].wait = &wait;
    }
    if (satisfy(&wait))
        return wait.status;
    if (polls)
        return STATUS_TIMEOUT;
    if (sim_task_irql(nt->sim) >= DISPATCH_LEVEL) {
        const uint64_t parameters[4] = {0};
        nt_bugcheck(nt, 0xB8, parameters, nt_call_site(nt),
                    "a wait at DISPATCH_LEVEL or above had to block");
    }
    const struct nt_wait noted = {.function = function,
                                  .object = objects[0],
                                  .type = objects[0]->Type,
                                  .count = count,
                                  .since = nt->sim->now};
    const struct nt_wait *outer = nt_wait_begin(nt, &noted);
    for (unsigned i = 0; i < count; i++) {
        if (objects[i]->WaitListHead.Flink == NULL)
            nt_list_init(&objects[i]->WaitListHead);
        nt_list_append(&objects[i]->WaitListHead, &blocks[i].link);
    }
    while (!wait.done) {
        sim_task_block(nt->sim, deadline);
        if (wait.done || nt->sim->now >= deadline)
            break;
        if (nt->sim->task == NULL) {
            sim_breach_text(nt->sim, "HANG", function,
                            "%s waits and nothing is left that could end it", function);
            sim_stop(nt->sim);
        }
    }
    nt_wait_end(nt, outer);
    if (!wait.done) {
        leave_lists(&wait);
        return STATUS_TIMEOUT;
    }
    return wait.status;
}

uint64_t nt_deadline(const struct nt *nt, const LARGE_INTEGER *timeout)
{
    if (timeout == NULL)
        return SIM_NO_DEADLINE;
    if (timeout->QuadPart <= 0)
        return nt->sim->now + (uint64_t)-timeout->QuadPart;
    if ((uint64_t)timeout->QuadPart <= NT_BOOT_TIME)
        return 0;
    return (uint64_t)timeout->QuadPart - NT_BOOT_TIME;
}

/* ---- exports ---- */

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason,
                                     KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout)
{
    NT_EXPORT("KeWaitForSingleObject", DISPATCH_LEVEL);
    DISPATCHER_HEADER *header = Object;

    return nt_dispatcher_wait(nt, "KeWaitForSingleObject", &header, 1, false,
                              nt_deadline(nt, Timeout));
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray)
{
    NT_EXPORT("KeWaitForMultipleObjects", DISPATCH_LEVEL);
    const uint64_t parameters[4] = {0};

    if (Count == 0 || Count > (WaitBlockArray != NULL ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS))
        nt_bugcheck(nt, 0x0C, parameters, NT_CALLER(),
                    "KeWaitForMultipleObjects: more objects than wait blocks");
    return nt_dispatcher_wait(nt, "KeWaitForMultipleObjects", (DISPATCHER_HEADER **)Object, Count,
                              WaitType == WaitAll, nt_deadline(nt, Timeout));
}

NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                      PLARGE_INTEGER Interval)
{
    NT_EXPORT("KeDelayExecutionThread", APC_LEVEL);
    uint64_t deadline = nt_deadline(nt, Interval);
    struct nt_thread *thread = nt_thread_current(nt);
    const struct nt_wait noted = {.function = "KeDelayExecutionThread", .since = nt->sim->now};
    const struct nt_wait *outer;

    check_wait(nt, "KeDelayExecutionThread");
    if (thread->sleeps_at != NT_CALLER()) {
        thread->sleeps_at = NT_CALLER();
        thread->sleeps = 0;
        thread->sleeps_since = nt->sim->now;
    }
    thread->sleeps++;
    outer = nt_wait_begin(nt, &noted);
    /* A clock tick is the least that a thread sleeps; without this a loop of empty delays would
     * hold time still. */
    if (deadline < nt->sim->now + SIM_MILLISECOND)
        deadline = nt->sim->now + SIM_MILLISECOND;
    while (nt->sim->now < deadline)
        sim_task_block(nt->sim, deadline);
    nt_wait_end(nt, outer);
    return STATUS_SUCCESS;
}
