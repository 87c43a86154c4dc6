/* SPDX-License-Identifier: MIT */
/* Who makes a world's choices when it is not the seed alone, and where they are written down: for
 * the files of this folder only. */
#pragma once

#include "sim/decision.h"
#include "sim/random.h"

struct sim_coroutine;

#define SIM_CHANGES_MOST 64

struct sim_decider {
    bool active;                         /* something below is in use */
    struct sim_decisions *record;        /* NULL: not wanted */
    const struct sim_decision *replayed; /* NULL: nothing is replayed */
    size_t replay_count, replay_next;
    enum sim_schedule schedule;
    struct sim_random random;          /* of priorities: choices are made by another */
    uint64_t change[SIM_CHANGES_MOST]; /* kernel calls at which the running task falls, ascending */
    unsigned change_count, change_next;
    uint64_t calls;  /* kernel calls so far */
    uint64_t lowest; /* the next priority of one that falls */
};

/* One choice while the decider is active. `wanted`: what the schedule asks for, n: the seed
 * chooses. `first`: the possibility that is written down as 0, those behind it follow, then those
 * before it. */
uint32_t sim_decide(struct sim *sim, enum sim_choice kind, uint32_t n, uint32_t wanted,
                    uint32_t first, enum sim_branch branch);

/* sim_choose() of a task or a processor; the rest as above. */
uint32_t sim_choose_task(struct sim *sim, uint32_t n, uint32_t wanted, uint32_t first,
                         enum sim_branch branch);

/* sim_choose() when a schedule knows what it wants (n: it does not care). */
uint32_t sim_choose_wanted(struct sim *sim, enum sim_choice kind, uint32_t n, uint32_t wanted);

/* True while tasks are chosen by priority. */
static inline bool sim_by_priority(const struct sim_decider *decider)
{
    return decider->schedule == SIM_SCHEDULE_PCT && decider->replayed == NULL;
}

/* A priority for a new task. */
uint64_t sim_priority_new(struct sim_decider *decider);

/* The coroutine gave way on purpose, or waits for another: it falls below all others. */
void sim_priority_fall(struct sim_decider *decider, struct sim_coroutine *coroutine);

/* A kernel call of this coroutine: it falls when one of the points of change is reached. */
void sim_priority_call(struct sim_decider *decider, struct sim_coroutine *coroutine);
