/* SPDX-License-Identifier: MIT */
/*
 * Releases: one chain of NBLs that goes with one inject. Held bytes go as NBLs over the hold
 * blocks' own MDLs, the present offer as its clone behind them.
 *
 * A release holds a reference on its flow from a successful inject to the completion of its last
 * NBL. When the inject call fails it is kept whole in Half->Retry, and the drainer tries again.
 */
#pragma once

#include "flow.h"

typedef struct _RELEASE {
    FLOW *Flow;
    NET_BUFFER_LIST *Chain;
    NET_BUFFER_LIST *Last;
    NET_BUFFER_LIST *Clone; /* the first cloned NBL: from there on to the end */
    SIZE_T Bytes;
    ULONG Direction;
    ULONG StreamFlags;
    volatile LONG Remaining; /* NBLs not completed; before the inject: NBLs */
    volatile LONG Failed;
} RELEASE;

/* Makes the NBL pool and the injection handle. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
ReleaseDriverEntry(_In_ PDRIVER_OBJECT DriverObject);

/* Waits for every injection. After this there are no flows left. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID ReleaseUnload(VOID);

/* An empty release; NULL when memory is short. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
RELEASE *
ReleaseCreate(_In_ FLOW *Flow, _In_ ULONG Direction);

/* Moves bytes from the queue's front into the release: up to Limit, of one run, as far as memory
 * goes. */
_Requires_lock_held_(Flow->Lock)
VOID
ReleaseTake(_Inout_ RELEASE *Release, _In_ SIZE_T Limit);

/* Clones the offer behind what the release carries. FALSE: another run, a shape that must be
 * copied, or memory is short; nothing changed. */
_Requires_lock_held_(Flow->Lock)
_Success_(return)
BOOLEAN
ReleaseClone(_Inout_ RELEASE *Release, _In_ FWPS_STREAM_DATA0 *Data);

/* Frees a release that was not injected, with its NBLs. At DISPATCH_LEVEL. */
_IRQL_requires_(DISPATCH_LEVEL)
VOID
ReleaseDiscard(_In_ _Frees_ptr_ RELEASE *Release);

/* Counts a release as outstanding: with the lock held, right before ReleaseInject. */
_Requires_lock_held_(Flow->Lock)
VOID
ReleasePrepare(_Inout_ RELEASE *Release);

/* The inject call. No lock is held. What failed goes to Half->Retry (or is discarded when the flow
 * ended or is doomed), and the direction is drained from then on. The caller has a reference on the
 * flow. TRUE: injected. */
_IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN
ReleaseInject(_In_ RELEASE *Release, _In_ BOOLEAN InClassify);

/* Injects the FIN that waits, a zero-length inject of its own. Prepare and finish as above: the
 * caller found FinWaits set, cleared it and counted the call with ReleasePrepareFin. */
_Requires_lock_held_(Flow->Lock)
VOID
ReleasePrepareFin(_Inout_ FLOW *Flow, _In_ ULONG Direction);

_IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN
ReleaseInjectFin(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ BOOLEAN InClassify);
