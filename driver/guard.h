/* SPDX-License-Identifier: MIT */
/*
 * What Windows 7 and Vista do to indicated chains.
 *
 * The chain guard. On Windows 7 SP1 (netio 6.1.7601.17514) an inject inside classify was seen to
 * set the first indicated NBL's Next to NULL; with two injects the rest of the chain leaked. Sluice
 * injects once, which is the cure. The guard records the indicated links on entry and compares them
 * on exit: count tells that it happened, restore also puts the recorded links back (the workaround
 * that was reported; outside the contract, R24).
 *
 * The tail. When a callout blocks a chain of several NBLs the last one leaks (KB979223; the hotfix
 * was not for everybody). How that comes about is not told; a BLOCK that covers one NBL only, and
 * one that leaves the end of the chain undecided, are not what the report describes. So a chain is
 * answered in two parts: all but its last NBL, and, when the engine has shown that again, it.
 *
 * Only on NT 6.0 and 6.1. Only links are read after the inject, never bytes. The NBLs stay valid
 * until classify returns.
 */
#pragma once

#include <fwpsk.h>

#define GUARD_LINKS 32

typedef struct _GUARD {
    ULONG Count;
    NET_BUFFER_LIST *Nbls[GUARD_LINKS + 1]; /* what each one's Next was is the one behind it */
} GUARD;

/* Learns whether this Windows needs the guard. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID GuardDriverEntry(VOID);

/* What of an indication is answered at once. TRUE: only the bytes before its last NBL, which Part
 * then describes; FALSE: all. OutFlags: of the FWPS_CLASSIFY_OUT0; at BUFFER_LIMIT_REACHED all is
 * answered at once (R08). So are bytes that come with a FIN, which may be permitted (gate.h):
 * rather an NBL lost than an inject in the classify of a disconnect. */
BOOLEAN
GuardPart(_In_ const FWPS_STREAM_DATA0 *Data, _In_ ULONG OutFlags, _Out_ FWPS_STREAM_DATA0 *Part);

VOID
GuardEnter(_Out_ GUARD *Guard, _In_opt_ NET_BUFFER_LIST *Chain);

/* The number of links that changed. Puts them back when Restore is set. */
ULONG
GuardLeave(_In_ const GUARD *Guard, _In_ BOOLEAN Restore);
