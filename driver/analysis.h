/* SPDX-License-Identifier: MIT */
/*
 * Feeding the inspection core, and what follows from its answers: undecided bytes, edits, events.
 * All with the flow's lock held, but for AnalysisBegin, AnalysisEndFlow and AnalysisRefreshAll.
 *
 * What returns a verdict says ALLOWED, or what the flow is to be doomed with: DROPPED by a rule (a
 * blocked name, an anomaly), ABORTED for want of a decision under fail-closed. A rule's `reject` is
 * a drop: the stream layer cannot inject an RST, and DROP_CONNECTION ends the connection as one.
 *
 * Time at DISPATCH_LEVEL. A classify of a Gate flow scans at most Settings.ScanSlice bytes; what
 * lies behind stays in the queue, unscanned, and the drainer scans on, one slice at a time, other
 * flows in between (drain.h). Inbound that backlog is bounded by DeferCap (the stream is deferred),
 * outbound by HoldCap. Where bytes are not kept (Monitor, Inline) a classify scans all that it was
 * offered, for nothing else can be done with bytes that are to be permitted: the bound there is the
 * indication. An indication behind a gap (missedBytes), which comes while older bytes are still
 * unscanned, has these scanned first and at once.
 *
 * Edits are made in the queue. An offer that is being scanned where the stack has it is taken over
 * into the queue first; bytes that pass at once cannot be edited, which is counted and told.
 */
#pragma once

#include "flow.h"

struct _ANALYSIS;

/* Brings the offer that is being fed into the queue, Left bytes of it unscanned. FALSE: it cannot
 * be kept. */
typedef BOOLEAN
ANALYSIS_TAKE_OVER(_Inout_ struct _ANALYSIS *Analysis, _In_ SIZE_T Left);

/* One turn of feeding a direction. */
typedef struct _ANALYSIS {
    FLOW *Flow;
    ULONG Direction;
    SIZE_T Budget;                /* bytes that may be scanned yet */
    ANALYSIS_TAKE_OVER *TakeOver; /* NULL: what is fed is in the queue, or never will be */
    BOOLEAN Queued;               /* what is fed is in the queue */
    BOOLEAN Outside;              /* not in a classify */
    BOOLEAN Silent;               /* no events */
    struct inspect_call Call;
} ANALYSIS;

/* For a new flow of a settled class. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
AnalysisBegin(_Inout_ FLOW *Flow);

/* For a flow that nobody knows any more. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
AnalysisEndFlow(_Inout_ FLOW *Flow);

/* Milliseconds of the interrupt time. They wrap. */
ULONG
AnalysisClock(VOID);

/* TRUE if bytes of the flow are never held. */
BOOLEAN
AnalysisIsPass(_In_ const FLOW *Flow);

/* TRUE if the core may want to hold what comes next in this direction. */
BOOLEAN
AnalysisIsUndecided(_In_ const FLOW *Flow, _In_ ULONG Direction);

/* Stream offset, as fed, of the next byte that is offered. */
UINT64
AnalysisNextOffset(_In_ const FLOW *Flow, _In_ ULONG Direction);

_Requires_lock_held_(Flow->Lock)
VOID
AnalysisOpen(_Out_ ANALYSIS *Analysis, _Inout_ FLOW *Flow, _In_ ULONG Direction,
             _In_ SIZE_T Budget);

/* Moves the flow to the policy in force, if it may: with another rule set not before it stands
 * between messages, with nothing held. */
_Requires_lock_held_(Flow->Lock)
VOID
AnalysisRefresh(_Inout_ FLOW *Flow);

/* The same for all flows, so that those that rest do not keep an old policy alive. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID AnalysisRefreshAll(VOID);

/* Bytes were withheld from us. Those before them must have been fed. */
_Requires_lock_held_(Analysis->Flow->Lock)
enum sluice_verdict
AnalysisGap(_Inout_ ANALYSIS *Analysis, _In_ SIZE_T Bytes);

/* The offered bytes. Fed: how many were fed; fewer than offered when the budget ended, or when the
 * offer was taken over, so that AnalysisQueue goes on. Bytes that cannot be read are a gap. */
_Requires_lock_held_(Analysis->Flow->Lock)
enum sluice_verdict
AnalysisData(_Inout_ ANALYSIS *Analysis, _In_ const FWPS_STREAM_DATA0 *Data, _Out_ SIZE_T *Fed);

/* The queue's unscanned bytes, as far as the budget goes, and a FIN that waited for them. */
_Requires_lock_held_(Analysis->Flow->Lock)
enum sluice_verdict
AnalysisQueue(_Inout_ ANALYSIS *Analysis);

/* The direction ended. */
_Requires_lock_held_(Analysis->Flow->Lock)
enum sluice_verdict
AnalysisFin(_Inout_ ANALYSIS *Analysis);

/* What is undecided is to go on: a deadline, a cap, or bytes that are never held (Silent). The
 * matching and parsing state stays. */
_Requires_lock_held_(Analysis->Flow->Lock)
enum sluice_verdict
AnalysisRelease(_Inout_ ANALYSIS *Analysis);

/* Nothing more will be asked about this direction: gives its scratch back. */
_Requires_lock_held_(Flow->Lock)
VOID
AnalysisFinish(_Inout_ FLOW *Flow, _In_ ULONG Direction);
