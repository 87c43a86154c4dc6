/* SPDX-License-Identifier: MIT */
/*
 * Stopping: no new flows; what is undecided goes on or is dropped, as at a deadline; then what is
 * held, under way and deferred comes to rest. After DrainBoundMs connections that are still not at
 * rest are aborted, and given the same time again for that: on Windows 7, which cannot abort them
 * from outside, they are dropped at their next classify, so that a connection on which nothing
 * arrives within the bound keeps living, without the bytes that were held.
 */
#pragma once

#include <ntddk.h>

/* TRUE: everything came to rest, nothing was aborted for that. May be called again. */
_IRQL_requires_(PASSIVE_LEVEL)
BOOLEAN
StopFlows(VOID);
