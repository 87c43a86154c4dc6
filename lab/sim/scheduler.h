/* SPDX-License-Identifier: MIT */
/* The scheduler of virtual processors: which task runs next, and the switch between stacks. */
#pragma once

#include "sim/sim.h"

struct sim_coroutine {
    struct sim_task task; /* first: what everybody else sees */
    struct sim *sim;
    sim_task_function function;
    void *context;
    void *sp;      /* while it does not run */
    uint64_t seal; /* of what lies there */
    size_t stack_size;
    struct sim_timer deadline;
    struct sim_coroutine *newer,
        *older; /* all that have not ended; in `newer` also the free list */
    uint32_t ready_index;
    uint64_t priority;    /* SIM_SCHEDULE_PCT: the highest that can run runs */
    int wanted_processor; /* -1: any; asked for before it first ran */
    bool placed;          /* ran on some processor before */
    uint64_t spun;        /* progress when it last looked at a lock in vain */
    void *sanitizer;      /* ASan's fake stack while it does not run */
};

struct sim_scheduler {
    struct sim_coroutine host; /* stands for the host: frames, IRQL, saved stack pointer */
    struct sim_coroutine *owner[SIM_MAX_PROCESSORS]; /* who is at DISPATCH_LEVEL or above there */
    unsigned processors;
    unsigned urgent; /* ready at DISPATCH or above without owning a processor */
    struct sim_coroutine **ready;
    uint32_t ready_count, ready_capacity;
    struct sim_coroutine *all;    /* newest first */
    struct sim_coroutine *free;   /* ended: structure and stack are used again */
    struct sim_coroutine *ending; /* its stack is left with the next switch */
    struct sim_coroutine *last;   /* gave way on purpose: not the next one while there is another */
    uint64_t created;
    uint32_t live;
    struct sim_coroutine *interrupted; /* an urgent task took its processor: it could have gone on;
                                          NULL: nobody, or somebody else ran on purpose */
    uint64_t spins;    /* sim_task_spin() calls in a row, nothing else happened between them */
    uint64_t progress; /* from 1: how often something happened that is no such call */
    bool host_waits;   /* the host is in sim_task_spin(), yield or block: one more who can go on */
    bool urgent_first; /* an IRQL was lowered: what waits for that processor comes first */
    const void *host_stack; /* for ASan */
    size_t host_stack_size;
    struct sim_guard *guard; /* innermost */
};

/* Makes everything but the stacks. 0 or an errno value. */
int sim_scheduler_open(struct sim *sim, unsigned processors);
void sim_scheduler_close(struct sim *sim);

/* The coroutine of the running task; the host's when none runs. */
static inline struct sim_coroutine *sim_scheduler_self(const struct sim *sim)
{
    return (struct sim_coroutine *)sim->self;
}

void sim_scheduler_add_ready(struct sim *sim, struct sim_coroutine *coroutine);

/* True when something that could run now has a higher priority than `self`. */
bool sim_scheduler_above(const struct sim *sim, const struct sim_coroutine *self);

/* True when something other than `self` could run now. */
bool sim_scheduler_others(const struct sim *sim, const struct sim_coroutine *self);

/* Host only: fires what is due and lets one task run until it switches away. False when nothing
 * could run. */
bool sim_scheduler_step(struct sim *sim);

/* Task only: back to the host's loop. The caller has set its state and put itself where it belongs.
 */
void sim_scheduler_leave(struct sim *sim);

/* Makes a coroutine's stack and first frame. False when there is no memory. */
bool sim_scheduler_prepare(struct sim *sim, struct sim_coroutine *coroutine, size_t stack_size);
