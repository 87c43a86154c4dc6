/* SPDX-License-Identifier: MIT */
/*
 * What the inspection core decides by: limits, and the block list in force. A policy never changes;
 * a new block list makes a new one, and each flow moves to it at its next classify. A flow holds a
 * reference on its own.
 */
#pragma once

#include <ntddk.h>

#include "inspect/inspect.h"

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS PolicyDriverEntry(VOID);

/* Every flow is gone. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID PolicyUnload(VOID);

/* Puts a block list in force; Length 0: none. STATUS_INVALID_PARAMETER: the blob is damaged, and
 * the list in force stays. */
_IRQL_requires_(PASSIVE_LEVEL)
NTSTATUS
PolicySetBlocklist(_In_reads_bytes_(Length) const VOID *Blob, _In_ SIZE_T Length);

/* The policy in force, with a reference. Pass: of directions whose bytes are never held. */
_IRQL_requires_max_(DISPATCH_LEVEL)
const struct inspect_policy *
PolicyReference(_In_ BOOLEAN Pass);

/* TRUE if another one came into force. A look, no lock: for every classify. */
BOOLEAN
PolicyIsStale(_In_ const struct inspect_policy *Policy, _In_ BOOLEAN Pass);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
PolicyDereference(_In_ const struct inspect_policy *Policy, _In_ BOOLEAN Pass);
