/* SPDX-License-Identifier: MIT */
/* The world: its making, its running from the host, its end, and its choices. */
#include "sim/sim.h"

#include "sim/arena.h"
#include "sim/breach.h"
#include "sim/decider.h"
#include "sim/faults.h"
#include "sim/scheduler.h"
#include "sim/timers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

/* Of one world at one moment: far beyond what any traffic or schedule causes. */
#define RESTLESS_STEPS  5000000u
#define RESTLESS_TIMERS 1000000u

#define DEFAULT_ARENA   ((uint64_t)64 << 30)

_Thread_local struct sim *sim_current;

struct sim_guard {
    jmp_buf back;
    struct sim_guard *up;
};

struct sim *sim_create(const struct sim_config *config)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    int error = ENOMEM;

    if (sim == NULL)
        goto fail;
    sim->timers = calloc(1, sizeof(*sim->timers));
    sim->faults = calloc(1, sizeof(*sim->faults));
    sim->decider = calloc(1, sizeof(*sim->decider));
    sim->arena = calloc(1, sizeof(*sim->arena));
    if (sim->timers == NULL || sim->faults == NULL || sim->decider == NULL || sim->arena == NULL)
        goto fail;
    sim->seed = config->seed;
    sim->preempt_per_million = config->preempt_per_million;
    sim_random_seed(&sim->random, config->seed);
    error = sim_scheduler_open(sim, config->processors);
    if (error != 0)
        goto fail;
    error =
        sim_arena_open(sim->arena, config->arena_bytes == 0 ? DEFAULT_ARENA : config->arena_bytes);
    if (error != 0)
        goto fail;
    return sim;

fail:
    if (sim != NULL)
        sim_destroy(sim);
    errno = error;
    return NULL;
}

void sim_destroy(struct sim *sim)
{
    sim_scheduler_close(sim);
    if (sim->timers != NULL)
        sim_timers_close(sim->timers);
    if (sim->arena != NULL)
        sim_arena_close(sim->arena);
    free(sim->timers);
    free(sim->faults);
    free(sim->decider);
    free(sim->arena);
    if (sim_current == sim)
        sim_current = NULL;
    free(sim);
}

struct sim *sim_enter(struct sim *sim)
{
    struct sim *previous = sim_current;

    sim_current = sim;
    return previous;
}

void sim_leave(struct sim *previous)
{
    sim_current = previous;
}

/* Work that makes new work for ever, in no time: a DPC or a timer that queues itself. */
static void stop_restless(struct sim *sim)
{
    sim_breach_text(sim, "HANG", NULL,
                    "nothing comes to rest: work makes new work while time stands still");
    sim->stopped = true;
}

bool sim_run(struct sim *sim)
{
    struct sim *previous = sim_enter(sim);

    for (uint64_t steps = 0; sim_scheduler_step(sim);) {
        if (++steps == RESTLESS_STEPS)
            stop_restless(sim);
    }
    sim_leave(previous);
    return !sim->stopped;
}

bool sim_run_idle(struct sim *sim, uint64_t limit)
{
    uint64_t idle = 0, last = sim->now;

    while (sim_run(sim)) {
        const uint64_t next = sim_timer_next(sim);

        if (next == UINT64_MAX || next > limit)
            return true;
        idle = sim->now == last ? idle + 1 : 0;
        last = sim->now;
        if (idle == RESTLESS_TIMERS) {
            stop_restless(sim);
            return false;
        }
        sim_clock_advance(sim, next);
    }
    return false;
}

bool sim_run_until(struct sim *sim, uint64_t until)
{
    if (!sim_run_idle(sim, until))
        return false;
    sim_clock_advance(sim, until);
    return true;
}

_Noreturn void sim_stop(struct sim *sim)
{
    struct sim_scheduler *scheduler = sim->scheduler;

    sim->stopped = true;
    if (sim->task != NULL) {
        sim->task->state = SIM_TASK_BLOCKED;
        sim_scheduler_leave(sim);
        abort();
    }
    if (scheduler->guard == NULL) {
        fputs("sluice: the world was stopped by host code outside sim_guard()\n", stderr);
        abort();
    }
    longjmp(scheduler->guard->back, 1);
}

bool sim_guard(struct sim *sim, void (*function)(void *context), void *context)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    struct sim_coroutine *volatile host = &scheduler->host;
    struct sim_frame *volatile frames = scheduler->host.task.frames;
    struct sim *volatile previous = sim_enter(sim);
    const volatile uint8_t irql = scheduler->host.task.irql;
    struct sim_guard guard = {.up = scheduler->guard};

    if (sim->stopped) {
        sim_leave(previous);
        return false;
    }
    scheduler->guard = &guard;
    if (setjmp(guard.back) == 0)
        function(context);
    else
        host->sim->scheduler->host_waits = false;
    scheduler = host->sim->scheduler;
    scheduler->guard = guard.up;
    if (host->sim->stopped) {
        host->task.frames = frames;
        host->task.state = SIM_TASK_RUNNING;
        sim_task_set_irql(host->sim, irql);
    }
    sim_leave(previous);
    return !host->sim->stopped;
}

uint32_t sim_choose(struct sim *sim, enum sim_choice kind, uint32_t n)
{
    uint32_t chosen;

    if (n <= 1)
        return 0;
    chosen = __builtin_expect(sim->decider->active, 0)
                 ? sim_decide(sim, kind, n, n, 0, SIM_BRANCH_FREE)
                 : sim_random_below(&sim->random, n);
    sim_trace_add(&sim->trace, SIM_EVENT_CHOICE, (uint64_t)kind, n, chosen);
    return chosen;
}

uint32_t sim_choose_wanted(struct sim *sim, enum sim_choice kind, uint32_t n, uint32_t wanted)
{
    if (n <= 1)
        return 0;
    const uint32_t chosen = sim_decide(sim, kind, n, wanted, 0, SIM_BRANCH_PREEMPTS);
    sim_trace_add(&sim->trace, SIM_EVENT_CHOICE, (uint64_t)kind, n, chosen);
    return chosen;
}

uint32_t sim_choose_task(struct sim *sim, uint32_t n, uint32_t wanted, uint32_t first,
                         enum sim_branch branch)
{
    if (n <= 1)
        return 0;
    const uint32_t chosen = sim_decide(sim, SIM_CHOICE_TASK, n, wanted, first, branch);
    sim_trace_add(&sim->trace, SIM_EVENT_CHOICE, SIM_CHOICE_TASK, n, chosen);
    return chosen;
}
