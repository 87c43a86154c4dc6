/* SPDX-License-Identifier: MIT */
/*
 * Feeding the inspection core, and what follows from its answers: undecided bytes and events.
 * All with the flow's lock held, but for AnalysisBegin and AnalysisEndFlow.
 *
 * What returns a verdict says ALLOWED, or what the flow is to be doomed with: DROPPED by a rule (a
 * blocked name, an anomaly), ABORTED for want of a decision under fail-closed.
 */
#pragma once

#include "flow.h"

/* For a new flow of a settled class. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
AnalysisBegin(_Inout_ FLOW *Flow);

/* For a flow that nobody knows any more. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
AnalysisEndFlow(_Inout_ FLOW *Flow);

/* TRUE if the core may want to hold what comes next in this direction. */
BOOLEAN
AnalysisIsUndecided(_In_ const FLOW *Flow, _In_ ULONG Direction);

/* The offered bytes, after Missed ones that were withheld from us. */
_Requires_lock_held_(Flow->Lock)
enum sluice_verdict
AnalysisData(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ const FWPS_STREAM_DATA0 *Data,
             _In_ SIZE_T Missed);

/* What is held so far is to go on: a deadline, a cap (Silent FALSE), or bytes that are never held
 * (Silent: no event). The parser's state stays. */
_Requires_lock_held_(Flow->Lock)
enum sluice_verdict
AnalysisRelease(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ BOOLEAN Silent);

/* The direction ended. */
_Requires_lock_held_(Flow->Lock)
enum sluice_verdict
AnalysisFin(_Inout_ FLOW *Flow, _In_ ULONG Direction);

/* Bytes of the offer cannot be read: as a hole. */
_Requires_lock_held_(Flow->Lock)
enum sluice_verdict
AnalysisGap(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ SIZE_T Bytes);

/* Nothing more will be asked about this direction: gives its scratch back. */
_Requires_lock_held_(Flow->Lock)
VOID
AnalysisFinish(_Inout_ FLOW *Flow, _In_ ULONG Direction);
