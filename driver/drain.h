/* SPDX-License-Identifier: MIT */
/*
 * The drainer: everything that happens to a flow outside classify. One DPC takes flow by flow from
 * a queue; a flow is in it once, and served by one processor at a time, so the injects of a
 * direction keep their order, and FwpsStreamContinue0 never overlaps one of the drainer's own
 * injects.
 *
 * It also inspects what a classify left unscanned (analysis.h), one slice of a flow and then the
 * DPC ends and is queued again: at DISPATCH_LEVEL it never scans more at once than a classify does.
 *
 * The first inject for a direction waits until its in-classify injections have completed; their
 * completions wake the drainer.
 */
#pragma once

#include "flow.h"

_IRQL_requires_(PASSIVE_LEVEL)
VOID DrainDriverEntry(VOID);

/* No flows are left. Returns when the DPC has ended. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID DrainUnload(VOID);

/* Has the flow served soon. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
DrainSchedule(_Inout_ FLOW *Flow);

/* The direction is released outside classify from now on, and there may be work. */
_Requires_lock_held_(Flow->Lock)
VOID
DrainDirection(_Inout_ FLOW *Flow, _In_ ULONG Direction);

/* Something changed that the drainer may have waited for. */
_Requires_lock_held_(Flow->Lock)
VOID
DrainWake(_Inout_ FLOW *Flow);

/* A deadline or the retry of a flow is due. */
TIMER_RETAIN DrainTimerRetain;
TIMER_EXPIRE DrainTimerExpire;

/* What is undecided goes on or dooms the flow, as at its deadline. */
_Requires_lock_held_(Flow->Lock)
VOID
DrainUndecided(_Inout_ FLOW *Flow, _In_ ULONG Direction);
