/* SPDX-License-Identifier: MIT */
/* Changing the IRQL of the running task by the kernel's rules. */
#pragma once

#include "nt/state.h"

/* Lowers, or raises, and returns what it was. Nothing is checked. */
static inline uint8_t nt_irql_set(struct nt *nt, uint8_t irql)
{
    const uint8_t old = sim_task_irql(nt->sim);

    if (old != irql)
        sim_task_set_irql(nt->sim, irql);
    return old;
}

/* As driver code asks for it: a wrong direction or value, or lowering while a spin lock is held, is
 * a breach. */
void nt_irql_raise(struct nt *nt, const char *function, uint8_t irql);
void nt_irql_lower(struct nt *nt, const char *function, uint8_t irql);
