/* SPDX-License-Identifier: MIT */
/*
 * Gate: every indication is taken out of the stream and answered with BLOCK, all bytes. What is
 * decided leaves again in this classify, as one chain with one inject: held bytes, and behind them
 * the clone of the present offer. What stays is copied.
 *
 * The end of a direction is the exception: a FIN, with or without bytes, that nothing is before and
 * that is decided is permitted where it is, unless the direction was released outside classify
 * (then BLOCK is owed to its end, R35). In crashes of many years NETIO reads a stream object that
 * has gone while a callout blocked or injected in the classify of a disconnect.
 */
#pragma once

#include "flow.h"

/* What classify answers. */
typedef enum _GATE_ANSWER { GateBlock, GatePermit, GateDrop, GateDefer } GATE_ANSWER;

/* One indication of a Gate flow that is neither doomed nor aborted: data, FIN, or both. Partial:
 * Data is the beginning of an indication, without a FIN, and the answer is for its bytes only.
 * Called with the lock held; it is released before the inject, and on return. The caller has a
 * reference. */
_Requires_lock_held_(Flow->Lock)
_IRQL_requires_max_(DISPATCH_LEVEL)
GATE_ANSWER
GateClassify(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ FWPS_STREAM_DATA0 *Data,
             _In_ BOOLEAN Partial, _In_ SIZE_T Missed, _In_ PKLOCK_QUEUE_HANDLE Handle);

/* The same for an Inline flow whose next bytes may have to be held: GatePermit if all bytes passed
 * the inspection, so that the flow stays Inline; else the flow became Gate. */
_Requires_lock_held_(Flow->Lock)
_IRQL_requires_max_(DISPATCH_LEVEL)
GATE_ANSWER
GateClassifyInline(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ FWPS_STREAM_DATA0 *Data,
                   _In_ BOOLEAN Partial, _In_ SIZE_T Missed, _In_ PKLOCK_QUEUE_HANDLE Handle);
