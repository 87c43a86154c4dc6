/* SPDX-License-Identifier: MIT */
/* Decisions: every choice that a world made, so that a run can be done again, changed at one place,
 * or made smaller. */
#pragma once

#include "sim/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;

/* What it means to choose another possibility than the first. */
enum sim_branch {
    SIM_BRANCH_FREE,     /* one is as good as the other */
    SIM_BRANCH_PREEMPTS, /* a task that could have gone on does not */
    SIM_BRANCH_SAME, /* no other order of tasks comes of it: on which free processor a task begins;
                        who runs when all that was tried since is looking at a lock */
};

/* One choice: `chosen` of `n` possibilities of a kind. 0 is what the world does by itself: a task
 * that was interrupted goes on, one that waits for a lock lets another run that does not. */
struct sim_decision {
    uint8_t kind;   /* enum sim_choice */
    uint8_t branch; /* enum sim_branch */
    uint32_t n;
    uint32_t chosen;
};

/* A growing list. Zero-initialised is empty. */
struct sim_decisions {
    struct sim_decision *list;
    size_t count, capacity;
    bool no_memory; /* something is missing at the end */
};
void sim_decisions_clear(struct sim_decisions *decisions);

/* From here on every choice is appended to *record (the caller's; NULL ends recording). */
void sim_record(struct sim *sim, struct sim_decisions *record);

/* From here on choices come from `list` (borrowed) in order; a recorded value beyond n is taken
 * modulo n, and behind the list's end the first possibility is chosen. NULL: by the seed again. */
void sim_replay(struct sim *sim, const struct sim_decision *list, size_t count);

/* How tasks are chosen when nothing is replayed. */
enum sim_schedule {
    SIM_SCHEDULE_RANDOM, /* each choice by the seed */
    SIM_SCHEDULE_PCT,    /* a random priority for each task, lowered at `changes` random points of
                            about `length` kernel calls (Burckhardt et al., "A randomized scheduler
                            with probabilistic guarantees of finding bugs", ASPLOS 2010) */
};
void sim_schedule(struct sim *sim, enum sim_schedule schedule, unsigned changes, uint64_t length);
