/* SPDX-License-Identifier: MIT */
/* The heap of armed timers. */
#pragma once

#include "sim/clock.h"

#include <stddef.h>

struct sim_timers {
    struct sim_timer **heap; /* from index 1 */
    uint32_t count, capacity;
    uint64_t armed; /* ever: gives each arming its order */
};

void sim_timers_close(struct sim_timers *timers);

/* Fires the next timer when it is due by now. False when none is. */
bool sim_timers_fire(struct sim *sim);

/* Virtual time goes on. */
void sim_clock_advance(struct sim *sim, uint64_t now);
