/* SPDX-License-Identifier: MIT */
/* Feeding the inspection core. */
#include "analysis.h"

#include "edit.h"
#include "event.h"
#include "memory.h"
#include "policy.h"
#include "settings.h"
#include "statistics.h"

_Use_decl_annotations_
BOOLEAN
AnalysisIsPass(const FLOW *Flow)
{
    return Flow->Class == SLUICE_CLASS_MONITOR ||
           (Flow->Class == SLUICE_CLASS_INLINE && !Flow->PermitHold);
}

static enum inspect_direction
AnalysisDirection(_In_ const FLOW *Flow, _In_ ULONG Direction)
{
    return Direction == Flow->Direction ? INSPECT_C2S : INSPECT_S2C;
}

static const struct inspect_half *
AnalysisHalf(_In_ const FLOW *Flow, _In_ ULONG Direction)
{
    return &Flow->Inspect.half[AnalysisDirection(Flow, Direction)];
}

static UINT64
AnalysisMilliseconds(VOID)
{
    return KeQueryInterruptTime() / 10000;
}

_Use_decl_annotations_
ULONG
AnalysisClock(VOID)
{
    return (ULONG)AnalysisMilliseconds();
}

_Use_decl_annotations_
VOID
AnalysisBegin(FLOW *Flow)
{
    inspect_flow_init(&Flow->Inspect, PolicyReference(AnalysisIsPass(Flow)));
}

_Use_decl_annotations_
VOID
AnalysisEndFlow(FLOW *Flow)
{
    PolicyDereference(Flow->Inspect.policy, AnalysisIsPass(Flow));
}

_Use_decl_annotations_
BOOLEAN
AnalysisIsUndecided(const FLOW *Flow, ULONG Direction)
{
    return inspect_wants_scratch(&Flow->Inspect, AnalysisDirection(Flow, Direction));
}

_Use_decl_annotations_
UINT64
AnalysisNextOffset(const FLOW *Flow, ULONG Direction)
{
    return AnalysisHalf(Flow, Direction)->offset + Flow->Half[Direction].Queue.Unscanned;
}

_Use_decl_annotations_
VOID
AnalysisOpen(ANALYSIS *Analysis, FLOW *Flow, ULONG Direction, SIZE_T Budget)
{
    BOOLEAN Outbound = Flow->Direction == FLOW_OUTBOUND;
    struct inspect_call *Call = &Analysis->Call;

    RtlZeroMemory(Analysis, sizeof(*Analysis));
    Analysis->Flow = Flow;
    Analysis->Direction = Direction;
    /* Without rules bytes are parsed, not matched: that takes no slices. */
    Analysis->Budget = Flow->Inspect.policy->ruleset != NULL ? Budget : ~(SIZE_T)0;
    Call->client = Outbound ? Flow->Local : Flow->Remote;
    Call->server = Outbound ? Flow->Remote : Flow->Local;
    Call->client_port = Outbound ? Flow->LocalPort : Flow->RemotePort;
    Call->server_port = Outbound ? Flow->RemotePort : Flow->LocalPort;
    Call->family = Flow->Family;
    Call->now_ms = AnalysisMilliseconds();
    Call->thresholds = PolicyThresholds();
}

/* What is held, or not yet scanned, is decided by the rules it was held for. */
static BOOLEAN
AnalysisMaySwap(_In_ const FLOW *Flow)
{
    for (ULONG Direction = 0; Direction < FLOW_DIRECTIONS; Direction++) {
        const FLOW_HALF *Half = &Flow->Half[Direction];

        if (Half->Undecided != 0 || Half->Queue.Unscanned != 0)
            return FALSE;
    }
    return inspect_flow_may_swap(&Flow->Inspect);
}

_Use_decl_annotations_
VOID
AnalysisRefresh(FLOW *Flow)
{
    const struct inspect_policy *Old = Flow->Inspect.policy;
    BOOLEAN Pass = AnalysisIsPass(Flow);
    const struct inspect_policy *New;

    if (!PolicyIsStale(Old, Pass))
        return;
    New = PolicyReference(Pass);
    if (New->ruleset != Old->ruleset && !AnalysisMaySwap(Flow)) {
        PolicyDereference(New, Pass);
        return;
    }
    inspect_flow_set_policy(&Flow->Inspect, New);
    PolicyDereference(Old, Pass);
}

static FLOW_VISIT AnalysisRefreshOne;
_Use_decl_annotations_
static BOOLEAN
AnalysisRefreshOne(FLOW *Flow, PVOID Context)
{
    KLOCK_QUEUE_HANDLE Handle;

    UNREFERENCED_PARAMETER(Context);
    FlowLock(Flow, &Handle);
    AnalysisRefresh(Flow);
    FlowUnlock(&Handle);
    return TRUE;
}

_Use_decl_annotations_
VOID
AnalysisRefreshAll(VOID)
{
    FlowVisitAll(AnalysisRefreshOne, NULL);
}

static struct inspect_scratch *
AnalysisScratch(_Inout_ ANALYSIS *Analysis)
{
    FLOW_HALF *Half = &Analysis->Flow->Half[Analysis->Direction];

    if (Half->Scratch == NULL && AnalysisIsUndecided(Analysis->Flow, Analysis->Direction)) {
        Half->Scratch = MemAllocate(MemScratch);
        if (Half->Scratch == NULL)
            StatisticsHere()->memory_failures++;
    }
    return Half->Scratch;
}

_Use_decl_annotations_
VOID
AnalysisFinish(FLOW *Flow, ULONG Direction)
{
    FLOW_HALF *Half = &Flow->Half[Direction];

    if (Half->Scratch != NULL) {
        MemFree(MemScratch, Half->Scratch);
        Half->Scratch = NULL;
    }
}

/* Whose fault a DROP is. */
static enum sluice_verdict
AnalysisVerdict(_In_ const ANALYSIS *Analysis, _In_ const struct inspect_result *Result)
{
    if (Result->verdict != INSPECT_DROP)
        return SLUICE_VERDICT_ALLOWED;
    if (AnalysisHalf(Analysis->Flow, Analysis->Direction)->blocked ||
        Result->reason == INSPECT_REASON_RULE ||
        Result->reason == INSPECT_REASON_MESSAGE_COMPLETE ||
        Result->reason == INSPECT_REASON_BLOCKED_NAME)
        return SLUICE_VERDICT_DROPPED;
    return SLUICE_VERDICT_ABORTED;
}

/* Carries out an edit. FALSE: it cannot be done, and the policy is to lose the connection then. */
static BOOLEAN
AnalysisEdit(_Inout_ ANALYSIS *Analysis, _In_ const struct inspect_edit *Edit, _In_ SIZE_T Left,
             _Inout_ ULONG *Flags)
{
    FLOW *Flow = Analysis->Flow;
    FLOW_HALF *Half = &Flow->Half[Analysis->Direction];
    EDIT_OUTCOME Outcome = EditGone;

    if (!Analysis->Queued && Analysis->TakeOver != NULL)
        Analysis->Queued = Analysis->TakeOver(Analysis, Left);
    if (Analysis->Queued)
        Outcome = EditApply(&Half->Queue, Edit->begin, Edit->end, Edit->bytes, Edit->length);
    if (Outcome == EditDone) {
        FlowCountEdited(Flow, Analysis->Direction, Edit->length, (ULONG)(Edit->end - Edit->begin));
        Flow->Edits++;
        StatisticsHere()->replaced++;
        *Flags |= SLUICE_EVENT_EDITED;
        return TRUE;
    }
    StatisticsHere()->edits_skipped++;
    *Flags |= SLUICE_EVENT_EDIT_SKIPPED;
    if (Outcome != EditNoMemory)
        return TRUE;
    StatisticsHere()->memory_failures++;
    return !Settings.FailClosed;
}

/* Counts what an event says. */
static VOID
AnalysisCount(_Inout_ FLOW *Flow, _In_ const struct inspect_event *Event)
{
    struct sluice_statistics *Statistics = StatisticsHere();
    const struct inspect_event_rule *Rule = &Event->body.rule;

    if (Event->type == INSPECT_EVENT_OVERFLOW)
        Statistics->overflows++;
    if (Event->type != INSPECT_EVENT_RULE)
        return;
    Flow->Matches++;
    Statistics->matches++;
    if (Rule->action == INSPECT_ACTION_DROP || Rule->action == INSPECT_ACTION_REJECT)
        Statistics->match_drops++;
    if (Rule->action != INSPECT_ACTION_ALERT && Rule->action != INSPECT_ACTION_PASS)
        Statistics->prefix_released += Rule->passed;
}

/* What is undecided after an answer. */
static VOID
AnalysisSettle(_Inout_ ANALYSIS *Analysis, _In_ const struct inspect_result *Result,
               _In_ UINT64 Front)
{
    FLOW_HALF *Half = &Analysis->Flow->Half[Analysis->Direction];
    UINT64 Undecided = 0;

    if (Result->verdict != INSPECT_RELEASE) {
        if (Half->Queue.Edited)
            Undecided = HoldBehind(&Half->Queue, Result->release_to) - Half->Queue.Unscanned;
        else
            Undecided =
                AnalysisHalf(Analysis->Flow, Analysis->Direction)->offset - Result->release_to;
    }
    if (Half->Undecided == 0 || Result->release_to > Front)
        Half->HeldSince = (ULONG)Analysis->Call.now_ms;
    Half->Undecided = (ULONG)Undecided;
}

/* One answer of the core. Front: what might leave before it. Left: bytes of the offer behind those
 * that were fed. */
static enum sluice_verdict
AnalysisTake(_Inout_ ANALYSIS *Analysis, _In_ const struct inspect_result *Result,
             _In_ UINT64 Front, _In_ SIZE_T Left)
{
    FLOW *Flow = Analysis->Flow;
    FLOW_HALF *Half = &Flow->Half[Analysis->Direction];
    enum sluice_verdict Verdict = AnalysisVerdict(Analysis, Result);
    ULONG Flags = Flow->Class == SLUICE_CLASS_MONITOR ? SLUICE_EVENT_WATCHED : 0, Held = 0;

    if (Half->Undecided != 0)
        Held = (ULONG)Analysis->Call.now_ms - Half->HeldSince;
    if (Result->edit != NULL && Verdict == SLUICE_VERDICT_ALLOWED &&
        !AnalysisEdit(Analysis, Result->edit, Left, &Flags))
        Verdict = SLUICE_VERDICT_ABORTED;
    if (Result->event != NULL) {
        AnalysisCount(Flow, Result->event);
        if (!Analysis->Silent && (Result->event->flags & INSPECT_EVENT_SILENT) == 0)
            EventMessage(Flow, Result->event, Held, Flags);
    }
    AnalysisSettle(Analysis, Result, Front);
    if (Result->finished)
        AnalysisFinish(Flow, Analysis->Direction);
    return Verdict;
}

/* Feeds bytes until one answer has to be taken; gives how many were. Left: of the offer behind
 * them. */
static SIZE_T
AnalysisStep(_Inout_ ANALYSIS *Analysis, _In_reads_bytes_(Length) const UCHAR *Bytes,
             _In_ SIZE_T Length, _In_ SIZE_T Left, _Inout_ BOOLEAN *Again,
             _Out_ enum sluice_verdict *Verdict)
{
    FLOW *Flow = Analysis->Flow;
    FLOW_HALF *Half = &Flow->Half[Analysis->Direction];
    struct sluice_statistics *Statistics = StatisticsHere();
    UINT64 Front = AnalysisHalf(Flow, Analysis->Direction)->released;
    struct inspect_result Result;

    inspect_data(&Flow->Inspect, AnalysisDirection(Flow, Analysis->Direction),
                 AnalysisScratch(Analysis), &Analysis->Call, Bytes, Length, &Result);
    Statistics->scanned += Result.consumed;
    if (Analysis->Outside)
        Statistics->scanned_outside += Result.consumed;
    if (Analysis->Queued)
        Half->Queue.Unscanned -= (ULONG)Result.consumed;
    *Verdict = AnalysisTake(Analysis, &Result, Front, Left - Result.consumed);
    *Again = Result.again;
    return Result.consumed;
}

/* What else the core has to tell where it stands. */
static enum sluice_verdict
AnalysisRest(_Inout_ ANALYSIS *Analysis, _In_ BOOLEAN Again, _In_ SIZE_T Left)
{
    enum sluice_verdict Verdict = SLUICE_VERDICT_ALLOWED;

    while (Again && Verdict == SLUICE_VERDICT_ALLOWED)
        (VOID) AnalysisStep(Analysis, NULL, 0, Left, &Again, &Verdict);
    return Verdict;
}

/* How much of a piece may be fed now. What needs no scratch costs nothing. */
static SIZE_T
AnalysisAllowance(_In_ const ANALYSIS *Analysis, _In_ SIZE_T Length)
{
    if (Length <= Analysis->Budget || !AnalysisIsUndecided(Analysis->Flow, Analysis->Direction))
        return Length;
    return Analysis->Budget;
}

static VOID
AnalysisSpend(_Inout_ ANALYSIS *Analysis, _In_ SIZE_T Bytes)
{
    Analysis->Budget -= Bytes < Analysis->Budget ? Bytes : Analysis->Budget;
}

_Use_decl_annotations_
enum sluice_verdict
AnalysisData(ANALYSIS *Analysis, const FWPS_STREAM_DATA0 *Data, SIZE_T *Fed)
{
    enum sluice_verdict Verdict = SLUICE_VERDICT_ALLOWED;
    BOOLEAN Again = FALSE;
    const UCHAR *Bytes;
    SIZE_T Length;
    WALK Walk;

    *Fed = 0;
    WalkBegin(&Walk, Data);
    while (Verdict == SLUICE_VERDICT_ALLOWED && WalkNext(&Walk, &Bytes, &Length)) {
        while (Length != 0 && Verdict == SLUICE_VERDICT_ALLOWED && !Analysis->Queued) {
            SIZE_T Part = AnalysisAllowance(Analysis, Length);

            if (Part == 0)
                return AnalysisRest(Analysis, Again, Data->dataLength - *Fed);
            Part = AnalysisStep(Analysis, Bytes, Part, Data->dataLength - *Fed, &Again, &Verdict);
            AnalysisSpend(Analysis, Part);
            *Fed += Part;
            Bytes += Part;
            Length -= Part;
        }
        if (Analysis->Queued)
            break;
    }
    if (Verdict == SLUICE_VERDICT_ALLOWED)
        Verdict = AnalysisRest(Analysis, Again, Data->dataLength - *Fed);
    if (Verdict == SLUICE_VERDICT_ALLOWED && Walk.Left != 0 && !Analysis->Queued) {
        Verdict = AnalysisGap(Analysis, Walk.Left);
        *Fed += Walk.Left;
    }
    return Verdict;
}

_Use_decl_annotations_
enum sluice_verdict
AnalysisQueue(ANALYSIS *Analysis)
{
    FLOW_HALF *Half = &Analysis->Flow->Half[Analysis->Direction];
    enum sluice_verdict Verdict = SLUICE_VERDICT_ALLOWED;
    BOOLEAN Again = FALSE;
    const UCHAR *Bytes;
    SIZE_T Length;

    Analysis->Queued = TRUE;
    while (Half->Queue.Unscanned != 0 && Verdict == SLUICE_VERDICT_ALLOWED) {
        HoldFind(&Half->Queue, Half->Queue.Bytes - Half->Queue.Unscanned, &Bytes, &Length);
        Length = AnalysisAllowance(Analysis, Length);
        if (Length == 0)
            break;
        Length = AnalysisStep(Analysis, Bytes, Length, Half->Queue.Unscanned, &Again, &Verdict);
        AnalysisSpend(Analysis, Length);
    }
    if (Verdict == SLUICE_VERDICT_ALLOWED)
        Verdict = AnalysisRest(Analysis, Again, Half->Queue.Unscanned);
    if (Verdict == SLUICE_VERDICT_ALLOWED && Half->FinUntold && Half->Queue.Unscanned == 0) {
        Half->FinUntold = FALSE;
        Verdict = AnalysisFin(Analysis);
    }
    return Verdict;
}

_Use_decl_annotations_
enum sluice_verdict
AnalysisFin(ANALYSIS *Analysis)
{
    FLOW *Flow = Analysis->Flow;
    FLOW_HALF *Half = &Flow->Half[Analysis->Direction];
    enum sluice_verdict Verdict;
    struct inspect_result Result;

    do {
        UINT64 Front = AnalysisHalf(Flow, Analysis->Direction)->released;

        inspect_end(&Flow->Inspect, AnalysisDirection(Flow, Analysis->Direction), Half->Scratch,
                    &Analysis->Call, &Result);
        Verdict = AnalysisTake(Analysis, &Result, Front, 0);
    } while (Result.again && Verdict == SLUICE_VERDICT_ALLOWED);
    return Verdict;
}

_Use_decl_annotations_
enum sluice_verdict
AnalysisRelease(ANALYSIS *Analysis)
{
    FLOW *Flow = Analysis->Flow;
    FLOW_HALF *Half = &Flow->Half[Analysis->Direction];
    UINT64 Front = AnalysisHalf(Flow, Analysis->Direction)->released;
    ULONG Undecided = Half->Undecided;
    enum sluice_verdict Verdict;
    struct inspect_result Result;

    inspect_deadline(&Flow->Inspect, AnalysisDirection(Flow, Analysis->Direction), Half->Scratch,
                     &Analysis->Call, &Result);
    Verdict = AnalysisTake(Analysis, &Result, Front, 0);
    if (Verdict == SLUICE_VERDICT_ALLOWED)
        Verdict = AnalysisRest(Analysis, Result.again, 0);
    if (Verdict == SLUICE_VERDICT_ALLOWED && !Analysis->Silent && Undecided > Half->Undecided)
        StatisticsHere()->deadline_released += Undecided - Half->Undecided;
    return Verdict;
}

_Use_decl_annotations_
enum sluice_verdict
AnalysisGap(ANALYSIS *Analysis, SIZE_T Bytes)
{
    FLOW *Flow = Analysis->Flow;
    UINT64 Front = AnalysisHalf(Flow, Analysis->Direction)->released;
    enum sluice_verdict Verdict;
    struct inspect_result Result;

    inspect_gap(&Flow->Inspect, AnalysisDirection(Flow, Analysis->Direction),
                AnalysisScratch(Analysis), &Analysis->Call, Bytes, &Result);
    Verdict = AnalysisTake(Analysis, &Result, Front, 0);
    return Verdict == SLUICE_VERDICT_ALLOWED ? AnalysisRest(Analysis, Result.again, 0) : Verdict;
}
