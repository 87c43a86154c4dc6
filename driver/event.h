/* SPDX-License-Identifier: MIT */
/*
 * Events: a ring that flows write to, and read requests that wait for it. When the ring is full an
 * event is lost, and the next one that is written says how many were.
 *
 * Writing only copies; EventPump completes waiting requests, with no flow's lock held.
 */
#pragma once

#include "flow.h"

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS EventDriverEntry(VOID);

_IRQL_requires_(PASSIVE_LEVEL)
VOID EventUnload(VOID);

/* Something the inspection tells. HoldMs: how long bytes of its direction had been held, Flags:
 * enum sluice_event_flag. */
_Requires_lock_held_(Flow->Lock)
VOID
EventMessage(_In_ const FLOW *Flow, _In_ const struct inspect_event *Message, _In_ ULONG HoldMs,
             _In_ ULONG Flags);

/* The flow is over, with these figures. */
_Requires_lock_held_(Flow->Lock)
VOID
EventFlowEnd(_In_ const FLOW *Flow);

/* Hands what was written to requests that wait. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID EventPump(VOID);

/* A read request: STATUS_PENDING, or why not. It is completed here or by EventPump. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS
EventRead(_Inout_ PIRP Irp, _In_ ULONG Length);

/* Cancels the waiting requests of one file, or all with NULL. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
EventCancel(_In_opt_ PFILE_OBJECT File);
