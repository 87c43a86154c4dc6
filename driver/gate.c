/* SPDX-License-Identifier: MIT */
/* Gate. */
#include "gate.h"

#include "analysis.h"
#include "drain.h"
#include "release.h"
#include "settings.h"
#include "statistics.h"

#define GATE_DISCONNECT (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)

/* One indication on its way through. */
typedef struct _GATE_WORK {
    FLOW *Flow;
    FLOW_HALF *Half;
    FWPS_STREAM_DATA0 *Data;
    RELEASE *Release; /* what is injected when the lock is released */
    HOLD_SPARE Spare; /* blocks for what stays, if Secured */
    ANALYSIS Analysis;
    ULONG Direction;
    SIZE_T Unscanned; /* bytes at the offer's end that the drainer is to inspect */
    UINT64 Stream;    /* offset of the offer's first byte, as fed */
    BOOLEAN Secured;
    BOOLEAN Appended; /* the offer is in the queue, and counted */
    BOOLEAN Fin;      /* the FIN is injected instead of a release */
    BOOLEAN Partial;  /* more of the indication is behind Data */
} GATE_WORK;

static ANALYSIS_TAKE_OVER GateTakeOver;

static VOID
GateBegin(_Out_ GATE_WORK *Work, _In_ FLOW *Flow, _In_ ULONG Direction,
          _In_ FWPS_STREAM_DATA0 *Data, _In_ BOOLEAN Partial, _In_ SIZE_T Budget)
{
    RtlZeroMemory(Work, sizeof(*Work));
    Work->Flow = Flow;
    Work->Half = &Flow->Half[Direction];
    Work->Data = Data;
    Work->Direction = Direction;
    Work->Partial = Partial;
    AnalysisOpen(&Work->Analysis, Flow, Direction, Budget);
    Work->Analysis.TakeOver = GateTakeOver;
}

static VOID
GateFree(_Inout_ GATE_WORK *Work)
{
    if (Work->Release != NULL)
        ReleaseDiscard(Work->Release);
    Work->Release = NULL;
    HoldFreeSpare(&Work->Spare);
}

static BOOLEAN
GateHasFin(_In_ const GATE_WORK *Work)
{
    return (Work->Data->flags & GATE_DISCONNECT) != 0;
}

/* TRUE if what is decided leaves in this classify; else the drainer does it. */
static BOOLEAN
GateCanInject(_In_ const GATE_WORK *Work)
{
    return !Work->Half->Drained && !Work->Flow->Continuing && Work->Half->Retry == NULL;
}

/* Back-pressure: bytes on their way, or that the drainer will inspect, fill the cap. Undecided ones
 * do not count, for only more bytes can decide them. */
static BOOLEAN
GateMustDefer(_In_ const GATE_WORK *Work)
{
    const FLOW_HALF *Half = Work->Half;
    UINT64 Waiting = (UINT64)Half->OutstandingBytes + FlowReleasable(Half) + Half->Queue.Unscanned +
                     (Half->Retry != NULL ? Half->Retry->Bytes : 0);

    return Work->Direction == FLOW_INBOUND && Waiting >= Settings.DeferCap;
}

static GATE_ANSWER
GateDeferStream(_Inout_ GATE_WORK *Work)
{
    Work->Flow->Deferred = TRUE;
    Work->Flow->DeferFlags = (USHORT)Work->Data->flags;
    StatisticsHere()->defers++;
    return GateDefer;
}

static GATE_ANSWER
GateDoom(_Inout_ GATE_WORK *Work, _In_ enum sluice_verdict Verdict)
{
    GateFree(Work);
    if (!Work->Appended)
        FlowCountOffered(Work->Flow, Work->Direction, Work->Data->dataLength);
    FlowDoom(Work->Flow, Verdict, TRUE);
    Work->Flow->DropTold = TRUE;
    if (!Work->Appended)
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

/* Blocks for the whole offer. FALSE: memory is short, or the offer cannot be read. */
static BOOLEAN
GateReserve(_Inout_ GATE_WORK *Work)
{
    if (Work->Secured)
        return TRUE;
    Work->Secured =
        WalkIsReadable(Work->Data) &&
        HoldReserve(Work->Data->dataLength, Work->Direction == FLOW_OUTBOUND, &Work->Spare);
    return Work->Secured;
}

/* Memory for the offer, before anything is consumed: its clone when it is sure to leave at once,
 * else blocks to keep it in. */
static BOOLEAN
GateSecure(_Inout_ GATE_WORK *Work)
{
    BOOLEAN Kept = AnalysisIsUndecided(Work->Flow, Work->Direction) ||
                   Work->Half->Queue.Bytes != 0 || !GateCanInject(Work) ||
                   Work->Data->dataLength > Work->Analysis.Budget;

    if (!WalkIsReadable(Work->Data))
        return FALSE;
    if (GateCanInject(Work))
        Work->Release = ReleaseCreate(Work->Flow, Work->Direction);
    /* A clone is always of the whole chain. */
    if (!Kept && !Work->Partial && Work->Release != NULL && ReleaseClone(Work->Release, Work->Data))
        return TRUE;
    return GateReserve(Work);
}

/* Something of an offer stays for which no blocks were reserved: a message began in its middle. */
static BOOLEAN
GateSecureLate(_Inout_ GATE_WORK *Work)
{
    if (Work->Secured)
        return TRUE;
    if (!GateReserve(Work)) {
        StatisticsHere()->memory_failures++;
        return FALSE;
    }
    if (Work->Release != NULL) {
        ReleaseDiscard(Work->Release);
        Work->Release = ReleaseCreate(Work->Flow, Work->Direction);
    }
    return TRUE;
}

/* The offer goes to the queue's end, and counts as ours. */
static VOID
GateAppend(_Inout_ GATE_WORK *Work)
{
    FlowCountOffered(Work->Flow, Work->Direction, Work->Data->dataLength);
    FlowCountBlocked(Work->Flow, Work->Direction, Work->Data->dataLength);
    HoldAppend(&Work->Half->Queue, &Work->Spare, Work->Data->flags, Work->Data, Work->Stream);
    Work->Half->Queue.Unscanned += (ULONG)Work->Unscanned;
    Work->Unscanned = 0;
    Work->Appended = TRUE;
}

_Use_decl_annotations_
static BOOLEAN
GateTakeOver(ANALYSIS *Analysis, SIZE_T Left)
{
    GATE_WORK *Work = CONTAINING_RECORD(Analysis, GATE_WORK, Analysis);

    if (Work->Appended || Work->Data->dataLength == 0)
        return TRUE;
    if (!GateSecureLate(Work))
        return FALSE;
    Work->Unscanned = Left;
    GateAppend(Work);
    return TRUE;
}

/* Bytes are missing before the offer: what was not scanned lies before them. */
static enum sluice_verdict
GateGap(_Inout_ GATE_WORK *Work, _In_ SIZE_T Missed)
{
    ANALYSIS *Analysis = &Work->Analysis;
    SIZE_T Budget = Analysis->Budget;
    enum sluice_verdict Verdict;

    Analysis->Budget = Work->Half->Queue.Unscanned;
    Verdict = AnalysisQueue(Analysis);
    Analysis->Queued = FALSE;
    Analysis->Budget = Budget;
    return Verdict == SLUICE_VERDICT_ALLOWED ? AnalysisGap(Analysis, Missed) : Verdict;
}

/* Scans the offer, or leaves it to the drainer while older bytes are unscanned. Behind bytes that
 * were edited the offer is queued first, so that offsets need to be found among blocks alone. */
static enum sluice_verdict
GateScan(_Inout_ GATE_WORK *Work, _In_ SIZE_T Missed)
{
    enum sluice_verdict Verdict = SLUICE_VERDICT_ALLOWED;
    HOLD_QUEUE *Queue = &Work->Half->Queue;
    ANALYSIS *Analysis = &Work->Analysis;
    SIZE_T Length = Work->Data->dataLength;
    BOOLEAN Backlog;
    SIZE_T Fed;

    if (Missed != 0)
        Verdict = GateGap(Work, Missed);
    if (Verdict != SLUICE_VERDICT_ALLOWED)
        return Verdict;
    Work->Stream = AnalysisNextOffset(Work->Flow, Work->Direction);
    Backlog = Queue->Unscanned != 0;
    if ((Backlog || Queue->Edited) && GateTakeOver(Analysis, Length))
        return Backlog ? Verdict : AnalysisQueue(Analysis);
    Verdict = AnalysisData(Analysis, Work->Data, &Fed);
    if (Work->Appended)
        return Verdict == SLUICE_VERDICT_ALLOWED ? AnalysisQueue(Analysis) : Verdict;
    Work->Unscanned = Length - Fed;
    return Verdict;
}

/* What the inspection says of the offer. */
static enum sluice_verdict
GateInspect(_Inout_ GATE_WORK *Work, _In_ SIZE_T Missed)
{
    enum sluice_verdict Verdict = SLUICE_VERDICT_ALLOWED;

    AnalysisRefresh(Work->Flow);
    if (Work->Data->dataLength != 0)
        Verdict = GateScan(Work, Missed);
    if (Verdict == SLUICE_VERDICT_ALLOWED && GateHasFin(Work)) {
        if (Work->Unscanned != 0 || Work->Half->Queue.Unscanned != 0)
            Work->Half->FinUntold = TRUE;
        else
            Verdict = AnalysisFin(&Work->Analysis);
    }
    if (Verdict == SLUICE_VERDICT_ALLOWED && Work->Half->Undecided != 0 && FlowIsStopping())
        Verdict = AnalysisRelease(&Work->Analysis);
    if (Verdict == SLUICE_VERDICT_ALLOWED && Work->Half->Undecided != 0 &&
        Work->Data->dataLength != 0 && !Work->Appended && !GateSecureLate(Work))
        Verdict = Settings.FailClosed ? SLUICE_VERDICT_ABORTED : AnalysisRelease(&Work->Analysis);
    return Verdict;
}

/* The caps, for an offer of which something would stay. */
static enum sluice_verdict
GateCap(_Inout_ GATE_WORK *Work)
{
    SIZE_T Length = Work->Data->dataLength;
    SIZE_T More = Work->Appended ? 0 : Length;

    if (Length == 0 || (Work->Half->Undecided == 0 && GateCanInject(Work)))
        return SLUICE_VERDICT_ALLOWED;
    if (Work->Half->Queue.Bytes + More <= Settings.HoldCap &&
        StatisticsHeld() + More <= Settings.TotalCap)
        return SLUICE_VERDICT_ALLOWED;
    StatisticsHere()->caps++;
    if (Settings.FailClosed)
        return SLUICE_VERDICT_ABORTED;
    return Work->Half->Undecided != 0 ? AnalysisRelease(&Work->Analysis) : SLUICE_VERDICT_ALLOWED;
}

/* Brings the offer to where it belongs: behind the queue in the release, or into the queue. */
static VOID
GateKeepData(_Inout_ GATE_WORK *Work)
{
    FLOW_HALF *Half = Work->Half;
    RELEASE *Release = Work->Release;
    BOOLEAN Cloned = Release != NULL && Release->Clone != NULL;

    if (!Cloned && Release != NULL && Half->Undecided == 0 && Work->Unscanned == 0 &&
        !Work->Appended) {
        ReleaseTake(Release, Half->Queue.Bytes);
        Cloned = Half->Queue.Bytes == 0 && !Work->Partial && ReleaseClone(Release, Work->Data);
    }
    if (Cloned) {
        FlowCountOffered(Work->Flow, Work->Direction, Work->Data->dataLength);
        FlowCountBlocked(Work->Flow, Work->Direction, Work->Data->dataLength);
        return;
    }
    if (!Work->Appended)
        GateAppend(Work);
    if (Release != NULL)
        ReleaseTake(Release, FlowReleasable(Half));
}

static VOID
GateKeep(_Inout_ GATE_WORK *Work)
{
    FLOW_HALF *Half = Work->Half;

    if (Work->Data->dataLength != 0) {
        GateKeepData(Work);
    } else if (GateCanInject(Work) && FlowReleasable(Half) != 0) {
        /* A FIN decided what was held; when it leaves, the FIN leaves behind it. */
        Work->Release = ReleaseCreate(Work->Flow, Work->Direction);
        if (Work->Release != NULL)
            ReleaseTake(Work->Release, FlowReleasable(Half));
    }
    if (Work->Release != NULL && Work->Release->Chain == NULL) {
        ReleaseDiscard(Work->Release);
        Work->Release = NULL;
    }
    HoldFreeSpare(&Work->Spare);
}

/* A drop: what may leave before it goes first. FALSE: nothing may. */
static BOOLEAN
GateDropBehind(_Inout_ GATE_WORK *Work)
{
    FLOW_HALF *Half = Work->Half;

    if (!Work->Appended && Work->Data->dataLength != 0) {
        if (Half->Queue.Bytes + Work->Data->dataLength <= Half->Undecided || !GateSecureLate(Work))
            return FALSE;
        GateAppend(Work);
    }
    if (!FlowDropBehind(Work->Flow))
        return FALSE;
    Work->Flow->Class = SLUICE_CLASS_GATE;
    GateFree(Work);
    return TRUE;
}

/* The FIN leaves now if nothing is before it; one inject a classify. */
static VOID
GateKeepFin(_Inout_ GATE_WORK *Work)
{
    Work->Half->FinWaits = TRUE;
    if (GateCanInject(Work) && Work->Release == NULL && Work->Half->Queue.Bytes == 0) {
        ReleasePrepareFin(Work->Flow, Work->Direction);
        Work->Fin = TRUE;
    } else {
        DrainDirection(Work->Flow, Work->Direction);
    }
}

/* A direction's end that can stay where it is: see gate.h. Nothing of the direction can leave
 * outside classify any more, for nothing of it is kept. */
static BOOLEAN
GateMayPermit(_In_ const GATE_WORK *Work)
{
    const FLOW_HALF *Half = Work->Half;

    return GateHasFin(Work) && !Half->Drained && Half->Queue.Bytes == 0 && Half->Undecided == 0 &&
           Work->Unscanned == 0 && !Work->Appended;
}

static GATE_ANSWER
GatePass(_Inout_ GATE_WORK *Work)
{
    SIZE_T Length = Work->Data->dataLength;

    GateFree(Work);
    FlowCountOffered(Work->Flow, Work->Direction, Length);
    FlowCountPermitted(Work->Flow, Work->Direction, Length);
    return GatePermit;
}

/* The offer is ours from here on. */
static GATE_ANSWER
GateCommit(_Inout_ GATE_WORK *Work, _In_ PKLOCK_QUEUE_HANDLE Handle)
{
    FLOW *Flow = Work->Flow;

    GateKeep(Work);
    if (Work->Release != NULL)
        ReleasePrepare(Work->Release);
    if (GateHasFin(Work))
        GateKeepFin(Work);
    FlowSettleHold(Flow, Work->Direction);
    if (Work->Release == NULL && Work->Half->Held != 0)
        StatisticsHeldMark();
    if (Work->Half->Queue.Unscanned != 0)
        StatisticsHere()->scans_sliced++;
    if (FlowReleasable(Work->Half) != 0 || Work->Half->Queue.Unscanned != 0)
        DrainDirection(Flow, Work->Direction);
    FlowUnlock(Handle);
    if (Work->Release != NULL)
        (VOID) ReleaseInject(Work->Release, TRUE);
    else if (Work->Fin)
        (VOID) ReleaseInjectFin(Flow, Work->Direction, TRUE);
    return GateBlock;
}

_Use_decl_annotations_
GATE_ANSWER
GateClassify(FLOW *Flow, ULONG Direction, FWPS_STREAM_DATA0 *Data, BOOLEAN Partial, SIZE_T Missed,
             PKLOCK_QUEUE_HANDLE Handle)
{
    enum sluice_verdict Verdict;
    GATE_ANSWER Answer;
    GATE_WORK Work;

    GateBegin(&Work, Flow, Direction, Data, Partial, Settings.ScanSlice);
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
        Answer = GateBlock;
        if (Verdict != SLUICE_VERDICT_DROPPED || !GateDropBehind(&Work))
            Answer = GateDoom(&Work, Verdict);
        goto Unlock;
    }
    if (GateMayPermit(&Work)) {
        Answer = GatePass(&Work);
        goto Unlock;
    }
    return GateCommit(&Work, Handle);

Unlock:
    FlowUnlock(Handle);
    return Answer;
}

_Use_decl_annotations_
GATE_ANSWER
GateClassifyInline(FLOW *Flow, ULONG Direction, FWPS_STREAM_DATA0 *Data, BOOLEAN Partial,
                   SIZE_T Missed, PKLOCK_QUEUE_HANDLE Handle)
{
    enum sluice_verdict Verdict;
    GATE_ANSWER Answer;
    GATE_WORK Work;

    /* No slices: to leave bytes unscanned would make a Gate flow of every bulk transfer. */
    GateBegin(&Work, Flow, Direction, Data, Partial, MAXSIZE_T);
    if (Data->dataLength != 0 && AnalysisIsUndecided(Flow, Direction) && !GateReserve(&Work) &&
        Settings.FailClosed) {
        Answer = GateNoMemory(&Work);
        goto Unlock;
    }
    Verdict = GateInspect(&Work, Missed);
    if (Verdict == SLUICE_VERDICT_ALLOWED && Work.Half->Undecided != 0)
        Verdict = GateCap(&Work);
    if (Verdict != SLUICE_VERDICT_ALLOWED) {
        Answer = GateBlock;
        if (Verdict != SLUICE_VERDICT_DROPPED || !GateDropBehind(&Work))
            Answer = GateDoom(&Work, Verdict);
        goto Unlock;
    }
    if (Work.Half->Undecided != 0 || Work.Appended) {
        Flow->Class = SLUICE_CLASS_GATE;
        Work.Release = ReleaseCreate(Flow, Direction);
        return GateCommit(&Work, Handle);
    }
    Answer = GatePass(&Work);

Unlock:
    FlowUnlock(Handle);
    return Answer;
}
