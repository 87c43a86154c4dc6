/* SPDX-License-Identifier: MIT */
/* Gate. */
#include "gate.h"

#include "analysis.h"
#include "drain.h"
#include "release.h"
#include "settings.h"
#include "statistics.h"

#define GATE_FIN_FLAGS                                                                             \
    (FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND |      \
     FWPS_STREAM_FLAG_SEND_DISCONNECT)
#define GATE_DISCONNECT (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)

/* One indication on its way through. */
typedef struct _GATE_WORK {
    FLOW *Flow;
    FLOW_HALF *Half;
    FWPS_STREAM_DATA0 *Data;
    RELEASE *Release; /* what is injected when the lock is released */
    HOLD_SPARE Spare; /* blocks for what stays */
    ULONG Direction;
    ULONG FinFlags; /* or this FIN */
} GATE_WORK;

static VOID
GateBegin(_Out_ GATE_WORK *Work, _In_ FLOW *Flow, _In_ ULONG Direction,
          _In_ FWPS_STREAM_DATA0 *Data)
{
    RtlZeroMemory(Work, sizeof(*Work));
    Work->Flow = Flow;
    Work->Half = &Flow->Half[Direction];
    Work->Data = Data;
    Work->Direction = Direction;
}

static VOID
GateFree(_Inout_ GATE_WORK *Work)
{
    if (Work->Release != NULL)
        ReleaseDiscard(Work->Release);
    Work->Release = NULL;
    HoldFreeSpare(&Work->Spare);
}

/* TRUE if what is decided leaves in this classify; else the drainer does it. */
static BOOLEAN
GateCanInject(_In_ const GATE_WORK *Work)
{
    return !Work->Half->Drained && !Work->Flow->Continuing && Work->Half->Retry == NULL;
}

/* Back-pressure: bytes on their way fill the cap. Undecided ones do not count, for only more bytes
 * can decide them. */
static BOOLEAN
GateMustDefer(_In_ const GATE_WORK *Work)
{
    const FLOW_HALF *Half = Work->Half;
    UINT64 Waiting = Half->OutstandingBytes + FlowReleasable(Half) +
                     (Half->Retry != NULL ? Half->Retry->Bytes : 0);

    return Work->Direction == FLOW_INBOUND && Waiting >= Settings.DeferCap;
}

static GATE_ANSWER
GateDeferStream(_Inout_ GATE_WORK *Work)
{
    Work->Flow->Deferred = TRUE;
    Work->Flow->DeferFlags = Work->Data->flags;
    StatisticsHere()->defers++;
    return GateDefer;
}

static GATE_ANSWER
GateDoom(_Inout_ GATE_WORK *Work, _In_ enum sluice_verdict Verdict)
{
    GateFree(Work);
    FlowCountOffered(Work->Flow, Work->Direction, Work->Data->dataLength);
    FlowDoom(Work->Flow, Verdict, TRUE);
    Work->Flow->DropTold = TRUE;
    FlowCountSunk(Work->Flow, Work->Direction, Work->Data->dataLength);
    return GateDrop;
}

/* Nothing of the offer was consumed. Inbound data can be asked for again later. */
static GATE_ANSWER
GateNoMemory(_Inout_ GATE_WORK *Work)
{
    FLOW *Flow = Work->Flow;

    StatisticsHere()->memory_failures++;
    GateFree(Work);
    if (Work->Direction == FLOW_INBOUND && ++Flow->Retries < Settings.RetryLimit) {
        TimerWheelArm(&Flow->RetryTimer, Settings.RetryMs);
        return GateDeferStream(Work);
    }
    return GateDoom(Work, SLUICE_VERDICT_ABORTED);
}

/* Memory for the offer, before anything is consumed: its clone when it is sure to leave at once,
 * else blocks to keep it in. */
static BOOLEAN
GateSecure(_Inout_ GATE_WORK *Work)
{
    BOOLEAN Kept = AnalysisIsUndecided(Work->Flow, Work->Direction) ||
                   Work->Half->Queue.Bytes != 0 || !GateCanInject(Work);

    if (!WalkIsReadable(Work->Data))
        return FALSE;
    if (GateCanInject(Work))
        Work->Release = ReleaseCreate(Work->Flow, Work->Direction);
    if (!Kept && Work->Release != NULL && ReleaseClone(Work->Release, Work->Data))
        return TRUE;
    return HoldReserve(Work->Data->dataLength, Work->Direction == FLOW_OUTBOUND, &Work->Spare);
}

/* What the inspection says of the offer. */
static enum sluice_verdict
GateInspect(_Inout_ GATE_WORK *Work, _In_ SIZE_T Missed)
{
    enum sluice_verdict Verdict = SLUICE_VERDICT_ALLOWED;

    if (Work->Data->dataLength != 0)
        Verdict = AnalysisData(Work->Flow, Work->Direction, Work->Data, Missed);
    if (Verdict == SLUICE_VERDICT_ALLOWED && (Work->Data->flags & GATE_DISCONNECT) != 0)
        Verdict = AnalysisFin(Work->Flow, Work->Direction);
    if (Verdict == SLUICE_VERDICT_ALLOWED && Work->Half->Undecided != 0 && FlowIsStopping())
        Verdict = AnalysisRelease(Work->Flow, Work->Direction, FALSE);
    return Verdict;
}

/* The caps, for an offer of which something would stay. */
static enum sluice_verdict
GateCap(_Inout_ GATE_WORK *Work)
{
    SIZE_T Length = Work->Data->dataLength;

    if (Length == 0 || (Work->Half->Undecided == 0 && GateCanInject(Work)))
        return SLUICE_VERDICT_ALLOWED;
    if (Work->Half->Queue.Bytes + Length <= Settings.HoldCap &&
        StatisticsHeld() + Length <= Settings.TotalCap)
        return SLUICE_VERDICT_ALLOWED;
    StatisticsHere()->caps++;
    if (Settings.FailClosed)
        return SLUICE_VERDICT_ABORTED;
    return Work->Half->Undecided != 0 ? AnalysisRelease(Work->Flow, Work->Direction, FALSE)
                                      : SLUICE_VERDICT_ALLOWED;
}

/* Brings the offer to where it belongs: behind the queue in the release, or into the queue. */
static VOID
GateKeep(_Inout_ GATE_WORK *Work)
{
    FLOW_HALF *Half = Work->Half;
    RELEASE *Release = Work->Release;
    UINT64 Total = Half->Queue.Bytes + Work->Data->dataLength;
    UINT64 Decided = Total > Half->Undecided ? Total - Half->Undecided : 0;

    if (Work->Data->dataLength == 0) {
        /* A FIN decided what was held; when it leaves, the FIN leaves behind it. */
        if (GateCanInject(Work) && Decided != 0) {
            Work->Release = ReleaseCreate(Work->Flow, Work->Direction);
            if (Work->Release != NULL)
                ReleaseTake(Work->Release, (SIZE_T)Decided);
        }
    } else if (Release == NULL) {
        HoldAppend(&Half->Queue, &Work->Spare, Work->Data->flags, Work->Data);
    } else if (Release->Clone == NULL) {
        ReleaseTake(Release, (SIZE_T)(Decided < Half->Queue.Bytes ? Decided : Half->Queue.Bytes));
        if (Half->Undecided != 0 || Half->Queue.Bytes != 0 || !ReleaseClone(Release, Work->Data)) {
            HoldAppend(&Half->Queue, &Work->Spare, Work->Data->flags, Work->Data);
            ReleaseTake(Release, FlowReleasable(Half));
        }
    }
    if (Work->Release != NULL && Work->Release->Chain == NULL) {
        ReleaseDiscard(Work->Release);
        Work->Release = NULL;
    }
    HoldFreeSpare(&Work->Spare);
}

/* The FIN leaves now if nothing is before it; one inject a classify. */
static VOID
GateKeepFin(_Inout_ GATE_WORK *Work)
{
    Work->Half->FinFlags = Work->Data->flags & GATE_FIN_FLAGS;
    if (GateCanInject(Work) && Work->Release == NULL && Work->Half->Queue.Bytes == 0)
        Work->FinFlags = ReleasePrepareFin(Work->Flow, Work->Direction);
    else
        DrainDirection(Work->Flow, Work->Direction);
}

/* The offer is ours from here on. */
static GATE_ANSWER
GateCommit(_Inout_ GATE_WORK *Work, _In_ PKLOCK_QUEUE_HANDLE Handle)
{
    FLOW *Flow = Work->Flow;

    FlowCountOffered(Flow, Work->Direction, Work->Data->dataLength);
    FlowCountBlocked(Flow, Work->Direction, Work->Data->dataLength);
    GateKeep(Work);
    if (Work->Release != NULL)
        ReleasePrepare(Work->Release);
    if ((Work->Data->flags & GATE_DISCONNECT) != 0)
        GateKeepFin(Work);
    FlowSettleHold(Flow, Work->Direction);
    if (FlowReleasable(Work->Half) != 0)
        DrainDirection(Flow, Work->Direction);
    FlowUnlock(Handle);
    if (Work->Release != NULL)
        (VOID) ReleaseInject(Work->Release, TRUE);
    else if (Work->FinFlags != 0)
        (VOID) ReleaseInjectFin(Flow, Work->Direction, Work->FinFlags, TRUE);
    return GateBlock;
}

_Use_decl_annotations_
GATE_ANSWER
GateClassify(FLOW *Flow, ULONG Direction, FWPS_STREAM_DATA0 *Data, SIZE_T Missed,
             PKLOCK_QUEUE_HANDLE Handle)
{
    enum sluice_verdict Verdict;
    GATE_ANSWER Answer;
    GATE_WORK Work;

    GateBegin(&Work, Flow, Direction, Data);
    if (Direction == FLOW_INBOUND)
        Flow->Deferred = FALSE; /* a stream that is shown waits for nothing */
    if (Data->dataLength != 0 && GateMustDefer(&Work)) {
        Answer = GateDeferStream(&Work);
        goto Unlock;
    }
    if (Data->dataLength != 0 && !GateSecure(&Work)) {
        Answer = GateNoMemory(&Work);
        goto Unlock;
    }
    Verdict = GateInspect(&Work, Missed);
    if (Verdict == SLUICE_VERDICT_ALLOWED)
        Verdict = GateCap(&Work);
    if (Verdict != SLUICE_VERDICT_ALLOWED) {
        Answer = GateDoom(&Work, Verdict);
        goto Unlock;
    }
    return GateCommit(&Work, Handle);

Unlock:
    FlowUnlock(Handle);
    return Answer;
}

_Use_decl_annotations_
GATE_ANSWER
GateClassifyInline(FLOW *Flow, ULONG Direction, FWPS_STREAM_DATA0 *Data, SIZE_T Missed,
                   PKLOCK_QUEUE_HANDLE Handle, BOOLEAN *Permitted)
{
    enum sluice_verdict Verdict;
    BOOLEAN Secured = TRUE;
    GATE_ANSWER Answer;
    GATE_WORK Work;

    *Permitted = FALSE;
    GateBegin(&Work, Flow, Direction, Data);
    if (Data->dataLength != 0 && AnalysisIsUndecided(Flow, Direction)) {
        Secured = WalkIsReadable(Data) &&
                  HoldReserve(Data->dataLength, Direction == FLOW_OUTBOUND, &Work.Spare);
        if (!Secured && Settings.FailClosed) {
            Answer = GateNoMemory(&Work);
            goto Unlock;
        }
    }
    Verdict = GateInspect(&Work, Missed);
    if (Verdict == SLUICE_VERDICT_ALLOWED && Work.Half->Undecided != 0) {
        if (Secured) {
            Verdict = GateCap(&Work);
        } else {
            StatisticsHere()->memory_failures++;
            Verdict = AnalysisRelease(Flow, Direction, FALSE);
        }
    }
    if (Verdict != SLUICE_VERDICT_ALLOWED) {
        Answer = GateDoom(&Work, Verdict);
        goto Unlock;
    }
    if (Work.Half->Undecided != 0) {
        Flow->Class = SLUICE_CLASS_GATE;
        Work.Release = ReleaseCreate(Flow, Direction);
        return GateCommit(&Work, Handle);
    }
    GateFree(&Work);
    FlowCountOffered(Flow, Direction, Data->dataLength);
    FlowCountPermitted(Flow, Direction, Data->dataLength);
    *Permitted = TRUE;
    Answer = GateBlock;

Unlock:
    FlowUnlock(Handle);
    return Answer;
}
