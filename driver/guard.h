/* SPDX-License-Identifier: MIT */
/*
 * The chain guard. On Windows 7 SP1 (netio 6.1.7601.17514) an inject inside classify was seen to
 * set the first indicated NBL's Next to NULL; with two injects the rest of the chain leaked. Sluice
 * injects once, which is the cure. The guard records the indicated links on entry and compares them
 * on exit: count tells that it happened, restore also puts the recorded links back (the workaround
 * that was reported; outside the contract, R24).
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

VOID
GuardEnter(_Out_ GUARD *Guard, _In_opt_ NET_BUFFER_LIST *Chain);

/* The number of links that changed. Puts them back when Restore is set. */
ULONG
GuardLeave(_In_ const GUARD *Guard, _In_ BOOLEAN Restore);
