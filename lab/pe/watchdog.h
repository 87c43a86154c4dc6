/* SPDX-License-Identifier: MIT */
/* Driver code that spins without calling anything is stopped after so much processor time. */
#pragma once

#include "pe/pe.h"

#define PE_WATCHDOG_DEFAULT_MS 2000u

/* Starts to watch the driver code of this world: user time of the process, milliseconds (0: the
 * default). A stretch of driver code of that length without one export call ends in bug check 0x133
 * (DPC_WATCHDOG_VIOLATION). One world of a process at a time is watched: the one that runs. Uses
 * ITIMER_VIRTUAL. */
void pe_watchdog_start(struct pe *pe, unsigned ms);
void pe_watchdog_stop(struct pe *pe);

/* A tick each millisecond. */
void pe_watchdog_hurry(struct pe *pe);

/* Driver code may have damaged what telling about it needs: the C library's heap above all, whose
 * locks may never be free again. In a watched world the process is ended by SIGALRM when a bug
 * check has not led to the world's end within this time of the clock. */
#define PE_WATCHDOG_DYING_S 20
void pe_watchdog_dying(struct pe *pe);
