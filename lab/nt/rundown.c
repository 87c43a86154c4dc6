/* SPDX-License-Identifier: MIT */
/* Rundown protection. Bit 0 of the count: running down; the rest counts references. */
#include "nt/dispatcher.h"
#include "nt/wait.h"

#define RUNNING_DOWN 1u
#define REFERENCE    2u

struct rundown_wait {
    LIST_ENTRY link; /* nt->rundowns */
    EX_RUNDOWN_REF *reference;
    KEVENT event;
};

VOID NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    RunRef->Count = 0;
}

VOID NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    RunRef->Count = 0;
}

VOID NTAPI ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    RunRef->Count = RUNNING_DOWN;
}

BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    NT_EXPORT("ExAcquireRundownProtection", DISPATCH_LEVEL);
    if ((RunRef->Count & RUNNING_DOWN) != 0)
        return FALSE;
    RunRef->Count += (ULONG_PTR)REFERENCE * Count;
    return TRUE;
}

BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    return ExAcquireRundownProtectionEx(RunRef, 1);
}

VOID NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    NT_EXPORT("ExReleaseRundownProtection", DISPATCH_LEVEL);
    const uint64_t parameters[4] = {0, (uint64_t)(uintptr_t)RunRef, 0, 0};

    if (RunRef->Count / REFERENCE < Count)
        nt_bugcheck(nt, 0x18, parameters, NT_CALLER(),
                    "rundown protection is released that was not acquired");
    RunRef->Count -= (ULONG_PTR)REFERENCE * Count;
    if (RunRef->Count != RUNNING_DOWN)
        return;
    for (LIST_ENTRY *e = nt->rundowns.Flink; e != &nt->rundowns; e = e->Flink) {
        struct rundown_wait *wait = CONTAINING_RECORD(e, struct rundown_wait, link);

        if (wait->reference == RunRef)
            nt_event_set(nt, &wait->event);
    }
}

VOID NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ExReleaseRundownProtectionEx(RunRef, 1);
}

VOID NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    NT_EXPORT("ExWaitForRundownProtectionRelease", APC_LEVEL);
    struct rundown_wait wait = {.reference = RunRef};
    DISPATCHER_HEADER *header = &wait.event.Header;
    const struct nt_wait noted = {.function = "ExWaitForRundownProtectionRelease",
                                  .object = RunRef,
                                  .kind = "rundown protection",
                                  .count = 1,
                                  .since = nt->sim->now};
    const struct nt_wait *outer;

    RunRef->Count |= RUNNING_DOWN;
    if (RunRef->Count == RUNNING_DOWN)
        return;
    nt_dispatcher_init(header, NT_DISPATCHER_NOTIFICATION_EVENT, 0);
    nt_list_append(&nt->rundowns, &wait.link);
    outer = nt_wait_begin(nt, &noted);
    nt_dispatcher_wait(nt, "ExWaitForRundownProtectionRelease", &header, 1, false, SIM_NO_DEADLINE);
    nt_wait_end(nt, outer);
    nt_list_remove(&wait.link);
}
