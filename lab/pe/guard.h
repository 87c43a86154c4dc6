/* SPDX-License-Identifier: MIT */
/* The lab's own memory against driver code. A run that ended with a crash of the lab is done again
 * guarded: while driver code runs, the lab's data and heap cannot be written; while the lab runs,
 * driver code cannot be executed. Each crossing is a fault, so this is slow, and exact: the
 * driver's instruction that writes into the lab is the one that traps. Stacks and everything
 * drivers may see (the arena) stay as they are. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parent, before the child is made: finds out what is the lab's. False when it cannot be known, or
 * under AddressSanitizer, which has ideas of its own. */
bool pe_guard_prepare(void);

/* Child, before any world is made: guarded from now on. False when the system refuses, or nothing
 * was prepared. */
bool pe_guard_begin(void);

/* This process is guarded. */
bool pe_guard_is_on(void);

/* Code of an image came, or goes: its pages, readable and executable. */
void pe_guard_code(const void *start, size_t bytes);
void pe_guard_forget(const void *start, size_t bytes);

/* First thing in the signal handler. True when the signal was a crossing: execution simply goes on.
 * execute: the fault was an attempt to execute at `rip`; write: one to write at info->si_addr. */
bool pe_guard_crossing(const siginfo_t *info, uint64_t rip, bool execute, bool write,
                       bool in_driver);

/* The address is the lab's own, and guarded. */
bool pe_guard_holds(uint64_t address);
