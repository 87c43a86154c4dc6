/* SPDX-License-Identifier: MIT */
/* Virtual time: timers that fire in order of due time, then of arming. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim;

#define SIM_MICROSECOND 10ull /* 100 ns units, as in the NT kernel */
#define SIM_MILLISECOND (1000 * SIM_MICROSECOND)
#define SIM_SECOND      (1000 * SIM_MILLISECOND)

/* Embedded in its owner; zero-initialised before first use. */
struct sim_timer {
    uint64_t due;
    uint64_t order;
    void (*fire)(
        void *context); /* runs in the host's context, must not block: queue or wake something */
    void *context;
    uint32_t heap_index; /* 0: not armed */
};

/* Arms (or re-arms) the timer for virtual time `due`; a past time fires at the next run. */
void sim_timer_set(struct sim *sim, struct sim_timer *timer, uint64_t due);

/* True when the timer was armed. */
bool sim_timer_cancel(struct sim *sim, struct sim_timer *timer);

/* Due time of the next timer, UINT64_MAX when none is armed. */
uint64_t sim_timer_next(const struct sim *sim);
