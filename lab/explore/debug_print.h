/* SPDX-License-Identifier: MIT */
/* What a driver says with DbgPrint in a run, kept until somebody is told: a call is made on the
 * driver's stack, where there is room for little. */
#pragma once

#include "explore/machine.h"

#include <stddef.h>
#include <stdint.h>

#define DEBUG_PRINT_LINES 1000 /* of a run; more are counted */

/* One line, without its newline. Bytes are the driver's: any value but 0 may occur. */
struct run_debug {
    uint64_t time; /* virtual, 100 ns */
    unsigned processor;
    const char *text;
    uint64_t more; /* not 0: this is the end, and so many lines more were said */
};

struct debug_print;

/* Listens to the machine's kernel. NULL: no memory. */
struct debug_print *debug_print_create(struct machine *machine);

/* All lines, in order. False: some were not kept for want of memory. */
bool debug_print_tell(const struct debug_print *print,
                      void (*told)(void *context, const struct run_debug *line), void *context);

/* Before the machine goes; NULL does nothing. */
void debug_print_destroy(struct debug_print *print);
