/* SPDX-License-Identifier: MIT */
/* Feeding the inspection core. */
#include "analysis.h"

#include "event.h"
#include "memory.h"
#include "policy.h"
#include "settings.h"
#include "statistics.h"

/* Bytes of Monitor flows and of Inline flows that hold nothing pass at once. */
static BOOLEAN
AnalysisIsPass(_In_ const FLOW *Flow)
{
    return Flow->Class == SLUICE_CLASS_MONITOR ||
           (Flow->Class == SLUICE_CLASS_INLINE && !Flow->PermitHold);
}

static enum inspect_direction
AnalysisDirection(_In_ const FLOW *Flow, _In_ ULONG Direction)
{
    return Direction == Flow->Direction ? INSPECT_C2S : INSPECT_S2C;
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

static VOID
AnalysisRefreshPolicy(_Inout_ FLOW *Flow)
{
    BOOLEAN Pass = AnalysisIsPass(Flow);
    const struct inspect_policy *Old = Flow->Inspect.policy;

    if (!PolicyIsStale(Old, Pass))
        return;
    inspect_flow_set_policy(&Flow->Inspect, PolicyReference(Pass));
    PolicyDereference(Old, Pass);
}

static struct inspect_scratch *
AnalysisScratch(_Inout_ FLOW *Flow, _In_ ULONG Direction)
{
    FLOW_HALF *Half = &Flow->Half[Direction];

    if (Half->Scratch == NULL && AnalysisIsUndecided(Flow, Direction)) {
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
AnalysisVerdict(_In_ const FLOW *Flow, _In_ ULONG Direction,
                _In_ const struct inspect_result *Result)
{
    if (Result->verdict != INSPECT_DROP)
        return SLUICE_VERDICT_ALLOWED;
    if (Flow->Inspect.half[AnalysisDirection(Flow, Direction)].blocked ||
        Result->reason == INSPECT_REASON_MESSAGE_COMPLETE ||
        Result->reason == INSPECT_REASON_BLOCKED_NAME)
        return SLUICE_VERDICT_DROPPED;
    return SLUICE_VERDICT_ABORTED;
}

/* One answer of the core. */
static enum sluice_verdict
AnalysisTake(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ const struct inspect_result *Result,
             _In_ BOOLEAN Silent)
{
    FLOW_HALF *Half = &Flow->Half[Direction];

    if (Result->event != NULL && !Silent)
        EventMessage(Flow, Result->event);
    Half->Undecided = 0;
    if (Result->verdict == INSPECT_HOLD)
        Half->Undecided =
            Flow->Inspect.half[AnalysisDirection(Flow, Direction)].offset - Result->release_to;
    if (Result->finished)
        AnalysisFinish(Flow, Direction);
    return AnalysisVerdict(Flow, Direction, Result);
}

_Use_decl_annotations_
enum sluice_verdict
AnalysisData(FLOW *Flow, ULONG Direction, const FWPS_STREAM_DATA0 *Data, SIZE_T Missed)
{
    enum sluice_verdict Verdict = SLUICE_VERDICT_ALLOWED;
    struct inspect_result Result;
    const UCHAR *Bytes;
    SIZE_T Length;
    WALK Walk;

    AnalysisRefreshPolicy(Flow);
    if (Missed != 0)
        Verdict = AnalysisGap(Flow, Direction, Missed);
    WalkBegin(&Walk, Data);
    while (Verdict == SLUICE_VERDICT_ALLOWED && WalkNext(&Walk, &Bytes, &Length)) {
        inspect_data(&Flow->Inspect, AnalysisDirection(Flow, Direction),
                     AnalysisScratch(Flow, Direction), Bytes, Length, &Result);
        Verdict = AnalysisTake(Flow, Direction, &Result, FALSE);
    }
    if (Verdict == SLUICE_VERDICT_ALLOWED && Walk.Left != 0)
        Verdict = AnalysisGap(Flow, Direction, Walk.Left);
    return Verdict;
}

_Use_decl_annotations_
enum sluice_verdict
AnalysisRelease(FLOW *Flow, ULONG Direction, BOOLEAN Silent)
{
    struct inspect_result Result;

    inspect_deadline(&Flow->Inspect, AnalysisDirection(Flow, Direction),
                     Flow->Half[Direction].Scratch, &Result);
    return AnalysisTake(Flow, Direction, &Result, Silent);
}

_Use_decl_annotations_
enum sluice_verdict
AnalysisFin(FLOW *Flow, ULONG Direction)
{
    struct inspect_result Result;

    inspect_end(&Flow->Inspect, AnalysisDirection(Flow, Direction), Flow->Half[Direction].Scratch,
                &Result);
    return AnalysisTake(Flow, Direction, &Result, FALSE);
}

_Use_decl_annotations_
enum sluice_verdict
AnalysisGap(FLOW *Flow, ULONG Direction, SIZE_T Bytes)
{
    struct inspect_result Result;

    inspect_gap(&Flow->Inspect, AnalysisDirection(Flow, Direction),
                AnalysisScratch(Flow, Direction), Bytes, &Result);
    return AnalysisTake(Flow, Direction, &Result, FALSE);
}
