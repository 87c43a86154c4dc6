/* SPDX-License-Identifier: MIT */
/*
 * What the inspection core decides by: limits, the block list and the rule set in force, and the
 * counters of rules with a threshold.
 *
 * A policy never changes. A new block list or rule set makes a new policy, which shares the other
 * part with the one before; each flow moves to it as soon as it may (AnalysisRefresh): with the
 * same rule set at its next classify, with another one not before it stands between messages. A
 * flow holds a reference of its own on its policy, a policy one on each of its parts; what nobody
 * refers to any more is freed.
 */
#pragma once

#include <ntddk.h>

#include <sluice/ioctl.h>

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

/* Puts a rule set in force; Length 0: none. The blob is copied, and verified in full before
 * anything of it is used. STATUS_INVALID_PARAMETER: it is damaged or too large,
 * STATUS_REVISION_MISMATCH: made by another version; the set in force stays. */
_IRQL_requires_(PASSIVE_LEVEL)
NTSTATUS
PolicySetRules(_In_reads_bytes_(Length) const VOID *Blob, _In_ SIZE_T Length);

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

/* One table for all rule sets: it goes by the rules' numbers, so that a set that is loaded again
 * counts on. */
struct inspect_thresholds *PolicyThresholds(VOID);

/* Fills in what is known of rule sets. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
PolicyStatistics(_Inout_ struct sluice_statistics *Statistics);
