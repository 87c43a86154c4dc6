/* SPDX-License-Identifier: MIT */
/* The clocks that drivers see. */
#pragma once

#include "nt/state.h"

/* System time at virtual time 0: 2020-01-01 00:00:00 UTC, in 100 ns since 1601. */
#define NT_BOOT_TIME 132223104000000000ull

/* Interrupt time at virtual time 0: the machine has been up for ten minutes. */
#define NT_UPTIME    (600 * SIM_SECOND)

/* Length of a clock tick. */
#define NT_TICK      156250ull

/* Fills the shared page and keeps it up to date with virtual time. */
void nt_clock_open(struct nt *nt);

/* The processor's counter: 3 GHz, and a little more at each read, so that a loop on it ends. */
uint64_t nt_clock_tsc(struct nt *nt);
