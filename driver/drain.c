/* SPDX-License-Identifier: MIT */
/* The drainer. */
#include "drain.h"

#include "analysis.h"
#include "event.h"
#include "release.h"
#include "settings.h"
#include "statistics.h"

#define DRAIN_BATCH 32u /* flows served by one DPC call */

static struct {
    KSPIN_LOCK Lock;
    LIST_ENTRY Queue;
    KDPC Dpc;
} Drain;

/* What the drainer can do for a flow now. */
typedef enum _DRAIN_STEP {
    DrainNothing,
    DrainAbort,
    DrainContinue,
    DrainScanned,
    DrainInject,
    DrainFin,
    DrainRestart
} DRAIN_STEP;

/* Bytes on their way, or that only this drainer can bring there, keep a deferred stream waiting:
 * never undecided ones. */
static BOOLEAN
DrainMayContinue(_In_ const FLOW *Flow)
{
    const FLOW_HALF *Half = &Flow->Half[FLOW_INBOUND];
    UINT64 Waiting = (UINT64)Half->OutstandingBytes + FlowReleasable(Half) + Half->Queue.Unscanned +
                     (Half->Retry != NULL ? Half->Retry->Bytes : 0);

    /* A doomed stream goes on too: its next classify is answered with DROP_CONNECTION. */
    return Flow->Deferred && !Flow->Continuing && Flow->InjectCalls == 0 &&
           !Flow->RetryTimer.Armed && (FlowIsDoomed(Flow) || Waiting <= Settings.DeferCap / 2);
}

static BOOLEAN
DrainHasBytes(_In_ const FLOW_HALF *Half)
{
    if (!Half->Drained || (!Half->DrainBegun && Half->OutstandingBytes != 0))
        return FALSE;
    return Half->Retry != NULL || FlowReleasable(Half) != 0 ||
           (Half->FinWaits && Half->Queue.Bytes == 0);
}

static BOOLEAN
DrainHasWork(_In_ const FLOW_HALF *Half)
{
    return Half->Queue.Unscanned != 0 || DrainHasBytes(Half);
}

/* The next release of a direction that has work: what failed before, else what the queue's front
 * may give. NULL with bytes waiting: memory is short. */
static RELEASE *
DrainTake(_Inout_ FLOW *Flow, _In_ ULONG Direction)
{
    FLOW_HALF *Half = &Flow->Half[Direction];
    RELEASE *Release = Half->Retry;

    if (Release != NULL) {
        Half->Retry = NULL;
        return Release;
    }
    Release = ReleaseCreate(Flow, Direction);
    if (Release == NULL)
        return NULL;
    ReleaseTake(Release, FlowReleasable(Half));
    if (Release->Chain == NULL) {
        ReleaseDiscard(Release);
        return NULL;
    }
    return Release;
}

static VOID
DrainShort(_Inout_ FLOW *Flow)
{
    if (++Flow->Retries < Settings.RetryLimit) {
        TimerWheelArm(&Flow->RetryTimer, Settings.RetryMs);
        return;
    }
    /* What was to leave before a drop keeps the connection's end waiting no longer. */
    if (FlowIsDoomed(Flow)) {
        for (ULONG i = 0; i < FLOW_DIRECTIONS; i++)
            FlowDiscardHeld(Flow, i);
    }
    FlowDoom(Flow, SLUICE_VERDICT_ABORTED, FALSE);
}

/* A slice of what a classify left unscanned; the lock is held. FALSE: nothing is unscanned. */
static BOOLEAN
DrainScan(_Inout_ FLOW *Flow)
{
    enum sluice_verdict Verdict;
    ANALYSIS Analysis;

    for (ULONG i = 0; i < FLOW_DIRECTIONS; i++) {
        FLOW_HALF *Half = &Flow->Half[i];

        if (Half->Queue.Unscanned == 0)
            continue;
        AnalysisOpen(&Analysis, Flow, i, Settings.ScanSlice);
        Analysis.Outside = TRUE;
        Verdict = AnalysisQueue(&Analysis);
        if (Verdict == SLUICE_VERDICT_ALLOWED && Half->Undecided != 0 && FlowIsStopping())
            Verdict = AnalysisRelease(&Analysis);
        if (Verdict == SLUICE_VERDICT_ALLOWED)
            FlowSettleHold(Flow, i);
        else if (Verdict != SLUICE_VERDICT_DROPPED || !FlowDropBehind(Flow))
            FlowDoom(Flow, Verdict, FALSE);
        return TRUE;
    }
    return FALSE;
}

/* Chooses and prepares one step; the lock is held. Scan: a slice may be scanned. */
static DRAIN_STEP
DrainChoose(_Inout_ FLOW *Flow, _In_ BOOLEAN Scan, _Out_ ULONG *Direction, _Out_ RELEASE **Release)
{
    if (Flow->Ended)
        return DrainNothing;
    if (Flow->AbortWanted && !FlowHasRest(Flow) &&
        !(Flow->AbortRefused && Flow->RetryTimer.Armed)) {
        Flow->AbortWanted = FALSE;
        if (!Flow->DropTold)
            return DrainAbort;
    }
    if (Flow->Aborted || Flow->Continuing)
        return DrainNothing;
    if (DrainMayContinue(Flow)) {
        Flow->Deferred = FALSE;
        Flow->Continuing = TRUE;
        return DrainContinue;
    }
    if (Scan && !FlowIsDoomed(Flow) && DrainScan(Flow))
        return DrainScanned;
    for (ULONG i = 0; i < FLOW_DIRECTIONS && !Flow->RetryTimer.Armed; i++) {
        FLOW_HALF *Half = &Flow->Half[i];

        if (!DrainHasBytes(Half))
            continue;
        Half->DrainBegun = TRUE;
        *Direction = i;
        if (Half->Retry == NULL && Half->Queue.Bytes == 0) {
            ReleasePrepareFin(Flow, i);
            return DrainFin;
        }
        *Release = DrainTake(Flow, i);
        if (*Release == NULL) {
            DrainShort(Flow);
            return DrainRestart;
        }
        ReleasePrepare(*Release);
        FlowSettleHold(Flow, i);
        return DrainInject;
    }
    return DrainNothing;
}

static VOID
DrainConnectionAbort(_Inout_ FLOW *Flow)
{
#if NTDDI_VERSION >= NTDDI_WIN8
    KLOCK_QUEUE_HANDLE Handle;

    if (NT_SUCCESS(FwpsFlowAbort0(Flow->Handle)))
        return;
    /* The connection would stay half open: asked again until it has ended in some way. */
    FlowLock(Flow, &Handle);
    if (!Flow->Ended && !Flow->Aborted) {
        Flow->AbortWanted = Flow->AbortRefused = TRUE;
        TimerWheelArm(&Flow->RetryTimer, Settings.RetryMs);
    }
    FlowUnlock(&Handle);
#else
    /* Windows 7 cannot: the next classify answers DROP_CONNECTION. */
    UNREFERENCED_PARAMETER(Flow);
#endif
}

static VOID
DrainContinueStream(_Inout_ FLOW *Flow)
{
    KLOCK_QUEUE_HANDLE Handle;
    NTSTATUS Status;

    Status =
        FwpsStreamContinue0(Flow->Handle, FlowCalloutId(Flow), FlowLayerId(Flow), Flow->DeferFlags);
    FlowLock(Flow, &Handle);
    Flow->Continuing = FALSE;
    if (NT_SUCCESS(Status)) {
        StatisticsHere()->continues++;
    } else if (!Flow->Ended && !Flow->Aborted) {
        /* The classify that deferred may not have returned yet on its processor: the engine then
         * knows of no deferred stream. Asked again later; the next classify makes it needless. */
        Flow->Deferred = TRUE;
        TimerWheelArm(&Flow->RetryTimer, Settings.RetryMs);
    }
    FlowUnlock(&Handle);
}

/* Does all that can be done for a flow now, but scans one slice only: for more it queues the flow
 * again. TRUE: a slice was scanned. */
static BOOLEAN
DrainFlow(_Inout_ FLOW *Flow)
{
    BOOLEAN Scanned = FALSE, More = FALSE;
    KLOCK_QUEUE_HANDLE Handle;
    RELEASE *Release = NULL;
    ULONG Direction = 0;
    DRAIN_STEP Step;

    do {
        FlowLock(Flow, &Handle);
        Step = DrainChoose(Flow, !Scanned, &Direction, &Release);
        More = Flow->Half[FLOW_OUTBOUND].Queue.Unscanned != 0 ||
               Flow->Half[FLOW_INBOUND].Queue.Unscanned != 0;
        FlowUnlock(&Handle);
        switch (Step) {
        case DrainAbort:
            DrainConnectionAbort(Flow);
            break;
        case DrainContinue:
            DrainContinueStream(Flow);
            break;
        case DrainScanned:
            Scanned = TRUE;
            break;
        case DrainInject:
            (VOID) ReleaseInject(Release, FALSE);
            break;
        case DrainFin:
            (VOID) ReleaseInjectFin(Flow, Direction, FALSE);
            break;
        default:
            break;
        }
    } while (Step != DrainNothing);
    if (Scanned && More)
        DrainSchedule(Flow);
    return Scanned;
}

static FLOW *
DrainNext(VOID)
{
    KLOCK_QUEUE_HANDLE Handle;
    FLOW *Flow = NULL;

    KeAcquireInStackQueuedSpinLock(&Drain.Lock, &Handle);
    if (!IsListEmpty(&Drain.Queue)) {
        Flow = CONTAINING_RECORD(RemoveHeadList(&Drain.Queue), FLOW, DrainLink);
        Flow->DrainState = DrainRunning;
    }
    KeReleaseInStackQueuedSpinLock(&Handle);
    return Flow;
}

/* TRUE: the flow is to be served again, and keeps its reference. */
static BOOLEAN
DrainDone(_Inout_ FLOW *Flow)
{
    KLOCK_QUEUE_HANDLE Handle;
    BOOLEAN Again;

    KeAcquireInStackQueuedSpinLock(&Drain.Lock, &Handle);
    Again = Flow->DrainState == DrainAgain;
    if (Again) {
        Flow->DrainState = DrainQueued;
        InsertTailList(&Drain.Queue, &Flow->DrainLink);
    } else {
        Flow->DrainState = DrainIdle;
    }
    KeReleaseInStackQueuedSpinLock(&Handle);
    return Again;
}

static KDEFERRED_ROUTINE DrainDpc;
_Use_decl_annotations_
static VOID NTAPI
DrainDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    BOOLEAN Scanned = FALSE;
    FLOW *Flow;

    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    for (ULONG i = 0; i < DRAIN_BATCH && !Scanned; i++) {
        Flow = DrainNext();
        if (Flow == NULL)
            return;
        Scanned = DrainFlow(Flow);
        EventPump();
        if (!DrainDone(Flow))
            FlowDereference(Flow);
    }
    (VOID) KeInsertQueueDpc(Dpc, NULL, NULL);
}

_Use_decl_annotations_
VOID
DrainDriverEntry(VOID)
{
    KeInitializeSpinLock(&Drain.Lock);
    InitializeListHead(&Drain.Queue);
    KeInitializeDpc(&Drain.Dpc, DrainDpc, NULL);
}

_Use_decl_annotations_
VOID
DrainUnload(VOID)
{
    KeFlushQueuedDpcs();
}

_Use_decl_annotations_
VOID
DrainSchedule(FLOW *Flow)
{
    KLOCK_QUEUE_HANDLE Handle;
    BOOLEAN Queued = FALSE;

    KeAcquireInStackQueuedSpinLock(&Drain.Lock, &Handle);
    if (Flow->DrainState == DrainIdle) {
        Flow->DrainState = DrainQueued;
        FlowReference(Flow);
        InsertTailList(&Drain.Queue, &Flow->DrainLink);
        Queued = TRUE;
    } else if (Flow->DrainState == DrainRunning) {
        Flow->DrainState = DrainAgain;
    }
    KeReleaseInStackQueuedSpinLock(&Handle);
    if (Queued)
        (VOID) KeInsertQueueDpc(&Drain.Dpc, NULL, NULL);
}

_Use_decl_annotations_
VOID
DrainDirection(FLOW *Flow, ULONG Direction)
{
    Flow->Half[Direction].Drained = TRUE;
    DrainWake(Flow);
}

_Use_decl_annotations_
VOID
DrainWake(FLOW *Flow)
{
    if (Flow->Ended)
        return;
    if ((Flow->AbortWanted && !FlowHasRest(Flow)) || DrainMayContinue(Flow) ||
        DrainHasWork(&Flow->Half[FLOW_OUTBOUND]) || DrainHasWork(&Flow->Half[FLOW_INBOUND]))
        DrainSchedule(Flow);
}

_Use_decl_annotations_
VOID
DrainUndecided(FLOW *Flow, ULONG Direction)
{
    enum sluice_verdict Verdict;
    ANALYSIS Analysis;

    AnalysisOpen(&Analysis, Flow, Direction, 0);
    Analysis.Queued = Analysis.Outside = TRUE;
    Verdict = AnalysisRelease(&Analysis);
    if (Verdict != SLUICE_VERDICT_ALLOWED) {
        FlowDoom(Flow, Verdict, FALSE);
        return;
    }
    FlowSettleHold(Flow, Direction);
    if (FlowReleasable(&Flow->Half[Direction]) != 0)
        DrainDirection(Flow, Direction);
}

/* The timer was set for bytes that may have left since: it counts for those that are held now. */
static VOID
DrainDeadline(_Inout_ FLOW *Flow, _In_ ULONG Direction)
{
    FLOW_HALF *Half = &Flow->Half[Direction];
    ULONG Held = AnalysisClock() - Half->HeldSince;

    if (Held < Settings.HoldDeadlineMs) {
        TimerWheelArm(&Half->Deadline, Settings.HoldDeadlineMs - Held);
        return;
    }
    StatisticsHere()->deadlines++;
    DrainUndecided(Flow, Direction);
}

static FLOW *
DrainTimerFlow(_In_ TIMER_ENTRY *Entry)
{
    switch (Entry->Kind) {
    case FlowTimerDeadlineOut:
        return CONTAINING_RECORD(Entry, FLOW, Half[FLOW_OUTBOUND].Deadline);
    case FlowTimerDeadlineIn:
        return CONTAINING_RECORD(Entry, FLOW, Half[FLOW_INBOUND].Deadline);
    default:
        return CONTAINING_RECORD(Entry, FLOW, RetryTimer);
    }
}

_Use_decl_annotations_
VOID
DrainTimerRetain(TIMER_ENTRY *Entry)
{
    FlowReference(DrainTimerFlow(Entry));
}

_Use_decl_annotations_
VOID
DrainTimerExpire(TIMER_ENTRY *Entry)
{
    FLOW *Flow = DrainTimerFlow(Entry);
    ULONG Timer = Entry->Kind;
    KLOCK_QUEUE_HANDLE Handle;

    FlowLock(Flow, &Handle);
    if (!Flow->Ended && !Flow->Aborted) {
        /* A doomed flow may have bytes that leave before the drop, or a stream to continue. */
        if (Timer == FlowTimerRetry)
            DrainWake(Flow);
        else if (!FlowIsDoomed(Flow) && Flow->Half[Timer].Undecided != 0)
            DrainDeadline(Flow, Timer);
    }
    FlowUnlock(&Handle);
    EventPump();
    FlowDereference(Flow);
}
