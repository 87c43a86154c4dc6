/* SPDX-License-Identifier: MIT */
/* Stopping. */
#include "stop.h"

#include "drain.h"
#include "event.h"
#include "flow.h"
#include "settings.h"

#define STOP_PAUSE_MS 10

static FLOW_VISIT StopDecide;
_Use_decl_annotations_
static BOOLEAN
StopDecide(FLOW *Flow, PVOID Context)
{
    KLOCK_QUEUE_HANDLE Handle;

    UNREFERENCED_PARAMETER(Context);
    FlowLock(Flow, &Handle);
    for (ULONG Direction = 0; Direction < FLOW_DIRECTIONS; Direction++) {
        if (!Flow->Ended && !FlowIsDoomed(Flow) && !Flow->Aborted &&
            Flow->Half[Direction].Undecided != 0)
            DrainUndecided(Flow, Direction);
    }
    FlowUnlock(&Handle);
    return TRUE;
}

static FLOW_VISIT StopLook;
_Use_decl_annotations_
static BOOLEAN
StopLook(FLOW *Flow, PVOID Context)
{
    KLOCK_QUEUE_HANDLE Handle;
    BOOLEAN Quiet;

    FlowLock(Flow, &Handle);
    Quiet = Flow->Ended || FlowIsQuiet(Flow);
    FlowUnlock(&Handle);
    *(BOOLEAN *)Context = Quiet;
    return Quiet;
}

static FLOW_VISIT StopAbort;
_Use_decl_annotations_
static BOOLEAN
StopAbort(FLOW *Flow, PVOID Context)
{
    KLOCK_QUEUE_HANDLE Handle;

    UNREFERENCED_PARAMETER(Context);
    FlowLock(Flow, &Handle);
    if (!Flow->Ended && !FlowIsQuiet(Flow)) {
        FlowDoom(Flow, SLUICE_VERDICT_ABORTED, FALSE);
        for (ULONG Direction = 0; Direction < FLOW_DIRECTIONS; Direction++)
            FlowDiscardHeld(Flow, Direction);
    }
    FlowUnlock(&Handle);
    return TRUE;
}

/* TRUE: everything came to rest within the bound. */
static BOOLEAN
StopWait(VOID)
{
    LARGE_INTEGER Pause = {.QuadPart = -(LONGLONG)STOP_PAUSE_MS * 10000};
    ULONG Waited = 0;
    BOOLEAN Quiet;

    for (;;) {
        Quiet = TRUE;
        FlowVisitAll(StopLook, &Quiet);
        if (Quiet || Waited >= Settings.DrainBoundMs)
            return Quiet;
        (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Pause);
        Waited += STOP_PAUSE_MS;
    }
}

_Use_decl_annotations_
BOOLEAN
StopFlows(VOID)
{
    FlowStop();
    FlowVisitAll(StopDecide, NULL);
    EventPump();
    if (StopWait())
        return TRUE;
    FlowVisitAll(StopAbort, NULL);
    (VOID) StopWait();
    return FALSE;
}
