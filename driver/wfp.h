/* SPDX-License-Identifier: MIT */
/*
 * Callouts and filters: provider, sublayer, and for IPv4 and IPv6 each a callout and a filter at
 * FLOW_ESTABLISHED and at STREAM. The objects live in a dynamic session, so that they go when the
 * driver goes; with Persistent they stay, and block what is then not inspected.
 */
#pragma once

#include <ntddk.h>

/* Registers the callouts, and adds the objects as soon as the base filtering engine runs. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
WfpDriverEntry(_In_ PDEVICE_OBJECT DeviceObject);

/* Takes the filters away: no new indication is shown from here on. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID WfpRemoveFilters(VOID);

/* Takes the flows' contexts away, and unregisters the callouts until none is busy. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID WfpUnload(VOID);

/* The id of the stream callout of a family. */
UINT32
WfpStreamCallout(_In_ BOOLEAN V6);
