/* SPDX-License-Identifier: MIT */
/* Flows. */
#include "flow.h"

#include "analysis.h"
#include "drain.h"
#include "event.h"
#include "memory.h"
#include "policy.h"
#include "release.h"
#include "settings.h"
#include "statistics.h"
#include "wfp.h"

static struct {
    KSPIN_LOCK Lock;
    LIST_ENTRY List;
    FAST_MUTEX Visit;    /* one visitor at a time: a mark in the list is no flow */
    volatile LONG Count; /* flows whose memory exists */
    volatile LONG Stopping;
} Flows;

/* A doomed flow's held bytes count as dropped by verdict or as discarded. */
static BOOLEAN
FlowIsDropped(_In_ const FLOW *Flow)
{
    return Flow->Verdict == SLUICE_VERDICT_DROPPED;
}

static struct sluice_ledger *
FlowTotals(_In_ ULONG Direction)
{
    struct sluice_statistics *Statistics = StatisticsHere();

    return Direction == FLOW_OUTBOUND ? &Statistics->outbound : &Statistics->inbound;
}

_Use_decl_annotations_
VOID
FlowDriverEntry(VOID)
{
    KeInitializeSpinLock(&Flows.Lock);
    InitializeListHead(&Flows.List);
    ExInitializeFastMutex(&Flows.Visit);
    Flows.Count = 0;
    Flows.Stopping = FALSE;
}

static UCHAR
FlowFirstClass(_In_ ULONG Mode)
{
    switch (Mode) {
    case SLUICE_MODE_PERMIT:
        return SLUICE_CLASS_INLINE;
    case SLUICE_MODE_MONITOR:
        return SLUICE_CLASS_MONITOR;
    default:
        return SLUICE_CLASS_GATE;
    }
}

_Use_decl_annotations_
FLOW *
FlowCreate(const FLOW_IDENTITY *Identity)
{
    KLOCK_QUEUE_HANDLE Handle;
    LARGE_INTEGER Time;
    FLOW *Flow;

    if (FlowIsStopping())
        return NULL;
    Flow = MemAllocate(MemFlow);
    if (Flow == NULL)
        return NULL;
    RtlZeroMemory(Flow, sizeof(*Flow));
    KeInitializeSpinLock(&Flow->Lock);
    Flow->References = 1;
    Flow->Class = FlowFirstClass(Settings.Mode);
    Flow->PermitHold = Settings.PermitHold != 0;
    Flow->Verdict = SLUICE_VERDICT_ALLOWED;
    Flow->Handle = Identity->Handle;
    Flow->Process = (ULONG)Identity->Process;
    Flow->LocalPort = Identity->LocalPort;
    Flow->RemotePort = Identity->RemotePort;
    Flow->Family = Identity->Family;
    Flow->Direction = Identity->Direction;
    RtlCopyMemory(Flow->Local, Identity->Local, sizeof(Flow->Local));
    RtlCopyMemory(Flow->Remote, Identity->Remote, sizeof(Flow->Remote));
    Flow->Half[FLOW_OUTBOUND].Deadline.Kind = FlowTimerDeadlineOut;
    Flow->Half[FLOW_INBOUND].Deadline.Kind = FlowTimerDeadlineIn;
    Flow->RetryTimer.Kind = FlowTimerRetry;
    KeQuerySystemTime(&Time);
    Flow->Start = (UINT64)Time.QuadPart;
    AnalysisBegin(Flow);
    (VOID) InterlockedIncrement(&Flows.Count);
    StatisticsFlowsAdd(1);
    KeAcquireInStackQueuedSpinLock(&Flows.Lock, &Handle);
    InsertTailList(&Flows.List, &Flow->Link);
    StatisticsHere()->flows_total++;
    KeReleaseInStackQueuedSpinLock(&Handle);
    return Flow;
}

static VOID
FlowUnlink(_Inout_ FLOW *Flow)
{
    KLOCK_QUEUE_HANDLE Handle;

    KeAcquireInStackQueuedSpinLock(&Flows.Lock, &Handle);
    (VOID) RemoveEntryList(&Flow->Link);
    InitializeListHead(&Flow->Link);
    KeReleaseInStackQueuedSpinLock(&Handle);
}

_Use_decl_annotations_
VOID
FlowEnd(FLOW *Flow, BOOLEAN Associated)
{
    KLOCK_QUEUE_HANDLE Handle;

    FlowUnlink(Flow);
    FlowLock(Flow, &Handle);
    Flow->Ended = TRUE;
    Flow->EndTold = !Associated;
    Flow->Deferred = FALSE;
    TimerWheelDisarm(&Flow->RetryTimer);
    for (ULONG Direction = 0; Direction < FLOW_DIRECTIONS; Direction++) {
        TimerWheelDisarm(&Flow->Half[Direction].Deadline);
        FlowDiscardHeld(Flow, Direction);
        AnalysisFinish(Flow, Direction);
    }
    FlowSettleEnd(Flow);
    FlowUnlock(&Handle);
    StatisticsFlowsAdd(-1);
    EventPump();
    FlowDereference(Flow);
}

_Use_decl_annotations_
VOID
FlowReference(FLOW *Flow)
{
    (VOID) InterlockedIncrement(&Flow->References);
}

_Use_decl_annotations_
VOID
FlowDereference(FLOW *Flow)
{
    if (InterlockedDecrement(&Flow->References) != 0)
        return;
    AnalysisEndFlow(Flow);
    MemFree(MemFlow, Flow);
    (VOID) InterlockedDecrement(&Flows.Count);
}

_Use_decl_annotations_
VOID
FlowLock(FLOW *Flow, PKLOCK_QUEUE_HANDLE Handle)
{
    KeAcquireInStackQueuedSpinLock(&Flow->Lock, Handle);
}

_Use_decl_annotations_
VOID
FlowUnlock(PKLOCK_QUEUE_HANDLE Handle)
{
    KeReleaseInStackQueuedSpinLock(Handle);
}

_Use_decl_annotations_
BOOLEAN
FlowIsDoomed(const FLOW *Flow)
{
    return Flow->Verdict != SLUICE_VERDICT_ALLOWED;
}

_Use_decl_annotations_
VOID
FlowDoom(FLOW *Flow, enum sluice_verdict Verdict, BOOLEAN InClassify)
{
    if (FlowIsDoomed(Flow))
        return;
    Flow->Verdict = (UCHAR)Verdict;
    if (Verdict == SLUICE_VERDICT_DROPPED)
        StatisticsHere()->flows_dropped++;
    TimerWheelDisarm(&Flow->RetryTimer);
    for (ULONG Direction = 0; Direction < FLOW_DIRECTIONS; Direction++) {
        FlowDiscardHeld(Flow, Direction);
        AnalysisFinish(Flow, Direction);
        TimerWheelDisarm(&Flow->Half[Direction].Deadline);
    }
    if (!InClassify) {
        Flow->AbortWanted = TRUE;
        DrainSchedule(Flow);
    }
}

_Use_decl_annotations_
BOOLEAN
FlowDropBehind(FLOW *Flow)
{
#if NTDDI_VERSION >= NTDDI_WIN8
    ULONG Before = 0;

    for (ULONG Direction = 0; Direction < FLOW_DIRECTIONS; Direction++)
        Before += FlowReleasable(&Flow->Half[Direction]);
    if (Before == 0)
        return FALSE;
    Flow->Verdict = SLUICE_VERDICT_DROPPED;
    StatisticsHere()->flows_dropped++;
    for (ULONG Direction = 0; Direction < FLOW_DIRECTIONS; Direction++) {
        FLOW_HALF *Half = &Flow->Half[Direction];
        ULONG Keep = FlowReleasable(Half);

        FlowCountGone(Flow, Direction, Half->Queue.Bytes - Keep);
        HoldTruncate(&Half->Queue, Keep);
        Half->Undecided = 0;
        Half->FinWaits = Half->FinUntold = FALSE;
        AnalysisFinish(Flow, Direction);
        TimerWheelDisarm(&Half->Deadline);
        if (Keep != 0)
            DrainDirection(Flow, Direction);
    }
    Flow->AbortWanted = TRUE;
    return TRUE;
#else
    UNREFERENCED_PARAMETER(Flow);
    return FALSE;
#endif
}

_Use_decl_annotations_
BOOLEAN
FlowHasRest(const FLOW *Flow)
{
    for (ULONG Direction = 0; Direction < FLOW_DIRECTIONS; Direction++) {
        const FLOW_HALF *Half = &Flow->Half[Direction];

        if (Half->Held != 0 || Half->OutstandingBytes != 0)
            return TRUE;
    }
    return Flow->InjectCalls != 0;
}

_Use_decl_annotations_
VOID
FlowDiscardHeld(FLOW *Flow, ULONG Direction)
{
    FLOW_HALF *Half = &Flow->Half[Direction];

    FlowCountGone(Flow, Direction, Half->Queue.Bytes);
    HoldDiscard(&Half->Queue);
    Half->Undecided = 0;
    Half->FinWaits = Half->FinUntold = FALSE;
    if (Half->Retry != NULL) {
        RELEASE *Release = Half->Retry;

        Half->Retry = NULL;
        FlowCountGone(Flow, Direction, Release->Bytes);
        ReleaseDiscard(Release);
    }
}

_Use_decl_annotations_
VOID
FlowSettleEnd(FLOW *Flow)
{
    if (!Flow->Ended || Flow->EndTold || Flow->InjectCalls != 0)
        return;
    Flow->EndTold = TRUE;
    EventFlowEnd(Flow);
}

_Use_decl_annotations_
ULONG
FlowReleasable(const FLOW_HALF *Half)
{
    UINT64 Kept = (UINT64)Half->Undecided + Half->Queue.Unscanned;

    return Half->Queue.Bytes > Kept ? Half->Queue.Bytes - (ULONG)Kept : 0;
}

_Use_decl_annotations_
UINT16
FlowLayerId(const FLOW *Flow)
{
    return Flow->Family == 6 ? FWPS_LAYER_STREAM_V6 : FWPS_LAYER_STREAM_V4;
}

_Use_decl_annotations_
UINT32
FlowCalloutId(const FLOW *Flow)
{
    return WfpStreamCallout(Flow->Family == 6);
}

_Use_decl_annotations_
VOID
FlowLedger(const FLOW *Flow, ULONG Direction, struct sluice_ledger *Ledger)
{
    const FLOW_HALF *Half = &Flow->Half[Direction];

    Ledger->offered = Half->Permitted + Half->Blocked;
    Ledger->permitted = Half->Permitted;
    Ledger->blocked = Half->Blocked;
    Ledger->inserted = Half->Inserted;
    Ledger->injected = Half->Blocked + Half->Inserted - Half->Removed - Half->Gone - Half->Held;
    Ledger->dropped = FlowIsDropped(Flow) ? Half->Gone : 0;
    Ledger->discarded = FlowIsDropped(Flow) ? 0 : Half->Gone;
    Ledger->held = Half->Held;
    Ledger->removed = Half->Removed;
}

_Use_decl_annotations_
BOOLEAN
FlowIsQuiet(const FLOW *Flow)
{
    for (ULONG Direction = 0; Direction < FLOW_DIRECTIONS; Direction++) {
        const FLOW_HALF *Half = &Flow->Half[Direction];

        if (Half->Held != 0 || Half->FinWaits || Half->OutstandingBytes != 0)
            return FALSE;
    }
    return !Flow->Deferred && Flow->InjectCalls == 0 && Flow->DrainState == DrainIdle;
}

_Use_decl_annotations_
VOID
FlowSettleHold(FLOW *Flow, ULONG Direction)
{
    FLOW_HALF *Half = &Flow->Half[Direction];
    SIZE_T Kept = Half->Queue.Bytes + (Half->Retry != NULL ? Half->Retry->Bytes : 0);

    if (Kept > Half->HeldPeak)
        Half->HeldPeak = (ULONG)Kept;
    /* Not taken off the wheel when nothing is undecided any more: with rules there are a few held
     * bytes at the end of most indications, and the wheel has one lock. */
    if (Half->Undecided != 0 && Half->Queue.Bytes != 0 && !Half->Deadline.Armed)
        TimerWheelArm(&Half->Deadline, Settings.HoldDeadlineMs);
}

_Use_decl_annotations_
VOID
FlowCountOffered(FLOW *Flow, ULONG Direction, SIZE_T Bytes)
{
    UNREFERENCED_PARAMETER(Flow);
    FlowTotals(Direction)->offered += Bytes;
}

_Use_decl_annotations_
VOID
FlowCountPermitted(FLOW *Flow, ULONG Direction, SIZE_T Bytes)
{
    Flow->Half[Direction].Permitted += Bytes;
    FlowTotals(Direction)->permitted += Bytes;
}

_Use_decl_annotations_
VOID
FlowCountBlocked(FLOW *Flow, ULONG Direction, SIZE_T Bytes)
{
    Flow->Half[Direction].Blocked += Bytes;
    Flow->Half[Direction].Held += (ULONG)Bytes;
    FlowTotals(Direction)->blocked += Bytes;
    StatisticsHeldAdd((LONG64)Bytes);
}

_Use_decl_annotations_
VOID
FlowCountInjected(FLOW *Flow, ULONG Direction, SIZE_T Bytes)
{
    Flow->Half[Direction].Held -= (ULONG)Bytes;
    FlowTotals(Direction)->injected += Bytes;
    StatisticsHeldAdd(-(LONG64)Bytes);
}

_Use_decl_annotations_
VOID
FlowCountSunk(FLOW *Flow, ULONG Direction, SIZE_T Bytes)
{
    FlowCountBlocked(Flow, Direction, Bytes);
    FlowCountGone(Flow, Direction, Bytes);
}

_Use_decl_annotations_
VOID
FlowCountGone(FLOW *Flow, ULONG Direction, SIZE_T Bytes)
{
    if (Bytes == 0)
        return;
    Flow->Half[Direction].Gone += Bytes;
    Flow->Half[Direction].Held -= (ULONG)Bytes;
    if (FlowIsDropped(Flow))
        FlowTotals(Direction)->dropped += Bytes;
    else
        FlowTotals(Direction)->discarded += Bytes;
    StatisticsHeldAdd(-(LONG64)Bytes);
}

_Use_decl_annotations_
VOID
FlowCountEdited(FLOW *Flow, ULONG Direction, ULONG Inserted, ULONG Removed)
{
    FLOW_HALF *Half = &Flow->Half[Direction];

    Half->Inserted += Inserted;
    Half->Removed += Removed;
    Half->Held += Inserted - Removed;
    FlowTotals(Direction)->inserted += Inserted;
    FlowTotals(Direction)->removed += Removed;
    StatisticsHeldAdd((LONG64)Inserted - (LONG64)Removed);
}

_Use_decl_annotations_
VOID
FlowStop(VOID)
{
    (VOID) InterlockedExchange(&Flows.Stopping, TRUE);
}

_Use_decl_annotations_
BOOLEAN
FlowIsStopping(VOID)
{
    return ReadNoFence(&Flows.Stopping) != FALSE;
}

_Use_decl_annotations_
VOID
FlowVisitAll(FLOW_VISIT *Visit, PVOID Context)
{
    KLOCK_QUEUE_HANDLE Handle;
    BOOLEAN More = TRUE;
    FLOW *Flow;
    LIST_ENTRY Mark;

    /* A mark in the list keeps the place while the lock is not held. */
    ExAcquireFastMutex(&Flows.Visit);
    KeAcquireInStackQueuedSpinLock(&Flows.Lock, &Handle);
    InsertHeadList(&Flows.List, &Mark);
    while (More && Mark.Flink != &Flows.List) {
        Flow = CONTAINING_RECORD(Mark.Flink, FLOW, Link);
        (VOID) RemoveEntryList(&Mark);
        InsertHeadList(&Flow->Link, &Mark);
        FlowReference(Flow);
        KeReleaseInStackQueuedSpinLock(&Handle);
        More = Visit(Flow, Context);
        FlowDereference(Flow);
        KeAcquireInStackQueuedSpinLock(&Flows.Lock, &Handle);
    }
    (VOID) RemoveEntryList(&Mark);
    KeReleaseInStackQueuedSpinLock(&Handle);
    ExReleaseFastMutex(&Flows.Visit);
}

_Use_decl_annotations_
ULONG
FlowCount(VOID)
{
    return (ULONG)ReadNoFence(&Flows.Count);
}
