/* SPDX-License-Identifier: MIT */
/* Figures over all flows: each processor counts for itself, a request adds them up. Held bytes
 * alone are counted in one place, for the total cap needs the truth. */
#pragma once

#include <ntddk.h>

#include <sluice/ioctl.h>

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS StatisticsDriverEntry(VOID);

_IRQL_requires_(PASSIVE_LEVEL)
VOID StatisticsUnload(VOID);

/* The running processor's figures. Valid while the IRQL stays at DISPATCH_LEVEL. */
_IRQL_requires_(DISPATCH_LEVEL)
struct sluice_statistics *StatisticsHere(VOID);

/* Bytes came into the driver's hands, or left them. */
VOID
StatisticsHeldAdd(_In_ LONG64 Bytes);

/* Some of them stay beyond the classify they came with. */
VOID StatisticsHeldMark(VOID);

UINT64
StatisticsHeld(VOID);

/* A connection is let through without inspection. */
VOID StatisticsNotInspected(VOID);

/* Flows that have a context now. */
VOID
StatisticsFlowsAdd(_In_ LONG64 Flows);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
StatisticsSum(_Out_ struct sluice_statistics *Statistics);
