/* SPDX-License-Identifier: MIT */
/* Tasks: making and ending them, waiting, waking, and their IRQL. */
#include "sim/task.h"
#include "sim/decider.h"
#include "sim/scheduler.h"
#include "sim/timers.h"

#include <assert.h>
#include <stdlib.h>

#define DEFAULT_STACK ((size_t)256 << 10)

/* So many fruitless spins of every task that can run are a deadlock: each has looked at its lock
 * again and again, and nothing else happened in between. */
#define SPIN_ROUNDS   64

/* Something happened: who waits for a lock may find it free. */
static void go_on(struct sim_scheduler *scheduler)
{
    scheduler->spins = 0;
    scheduler->progress++;
}

static void own_processor(struct sim_scheduler *scheduler, struct sim_coroutine *self)
{
    if (scheduler->owner[self->task.processor] == NULL)
        scheduler->owner[self->task.processor] = self;
}

static void free_processor(struct sim_scheduler *scheduler, struct sim_coroutine *self)
{
    if (scheduler->owner[self->task.processor] == self)
        scheduler->owner[self->task.processor] = NULL;
}

static void deadline_reached(void *context)
{
    struct sim_coroutine *coroutine = context;

    if (coroutine->task.state == SIM_TASK_BLOCKED)
        sim_scheduler_add_ready(coroutine->sim, coroutine);
}

/* An ended task whose stack has the size that is asked for, or a new one without a stack. */
static struct sim_coroutine *take_coroutine(struct sim_scheduler *scheduler, size_t stack_size)
{
    for (struct sim_coroutine **link = &scheduler->free; *link != NULL; link = &(*link)->newer) {
        struct sim_coroutine *found = *link;

        if (found->stack_size == stack_size) {
            *link = found->newer;
            return found;
        }
    }
    return calloc(1, sizeof(struct sim_coroutine));
}

struct sim_task *sim_task_create(struct sim *sim, const struct sim_task_config *config)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    const size_t stack_size =
        config->stack_size == 0 ? DEFAULT_STACK : (config->stack_size + 4095) & ~(size_t)4095;
    struct sim_coroutine *coroutine = take_coroutine(scheduler, stack_size);

    if (coroutine == NULL)
        return NULL;
    *coroutine = (struct sim_coroutine){
        .task = {.name = config->name,
                 .irql = config->irql,
                 .processor = (uint8_t)(config->processor < 0 ? 0 : config->processor),
                 .stack_base = coroutine->task.stack_base,
                 .stack_limit = coroutine->task.stack_limit},
        .sim = sim,
        .function = config->function,
        .context = config->context,
        .stack_size = stack_size,
        .wanted_processor = config->processor,
    };
    assert(coroutine->task.processor < scheduler->processors);
    if (!sim_scheduler_prepare(sim, coroutine, stack_size)) {
        free(coroutine);
        return NULL;
    }
    scheduler->live++;
    coroutine->task.number = ++scheduler->created;
    if (sim_by_priority(sim->decider))
        coroutine->priority = sim_priority_new(sim->decider);
    coroutine->deadline.fire = deadline_reached;
    coroutine->deadline.context = coroutine;
    coroutine->older = scheduler->all;
    if (scheduler->all != NULL)
        scheduler->all->newer = coroutine;
    scheduler->all = coroutine;
    go_on(scheduler);
    sim_scheduler_add_ready(sim, coroutine);
    sim_trace_add(&sim->trace, SIM_EVENT_TASK_START, coroutine->task.number, 0, 0);
    return &coroutine->task;
}

_Noreturn void sim_task_exit(struct sim *sim)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    struct sim_coroutine *self = (struct sim_coroutine *)sim->task;

    assert(self != NULL);
    sim_trace_add(&sim->trace, SIM_EVENT_TASK_END, self->task.number, 0, 0);
    free_processor(scheduler, self);
    self->task.state = SIM_TASK_ENDED;
    scheduler->live--;
    if (self->newer != NULL)
        self->newer->older = self->older;
    else
        scheduler->all = self->older;
    if (self->older != NULL)
        self->older->newer = self->newer;
    go_on(scheduler);
    scheduler->ending = self;
    sim_scheduler_leave(sim);
    abort();
}

/* The host's way to wait: the world runs, and time goes on, until it is woken. */
static bool host_block(struct sim *sim, uint64_t deadline)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    struct sim_task *host = &scheduler->host.task;
    const bool waited = scheduler->host_waits;

    scheduler->host_waits = true;
    while (!host->woken) {
        uint64_t next;

        if (sim_scheduler_step(sim))
            continue;
        if (sim->stopped)
            sim_stop(sim);
        if (host->woken)
            break;
        next = sim_timer_next(sim);
        if (next > deadline || next == UINT64_MAX) {
            if (deadline != SIM_NO_DEADLINE)
                sim_clock_advance(sim, deadline);
            break;
        }
        sim_clock_advance(sim, next);
    }
    scheduler->host_waits = waited;
    return host->woken;
}

bool sim_task_block(struct sim *sim, uint64_t deadline)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    struct sim_coroutine *self = sim_scheduler_self(sim);

    go_on(scheduler);
    free_processor(scheduler, self);
    self->task.woken = false;
    self->task.state = SIM_TASK_BLOCKED;
    if (sim->task == NULL) {
        host_block(sim, deadline);
        self->task.state = SIM_TASK_RUNNING;
        if (self->task.irql >= SIM_DISPATCH_LEVEL)
            own_processor(scheduler, self);
        return self->task.woken;
    }
    if (deadline != SIM_NO_DEADLINE)
        sim_timer_set(sim, &self->deadline, deadline);
    sim_scheduler_leave(sim);
    return self->task.woken;
}

void sim_task_wake(struct sim *sim, struct sim_task *task)
{
    struct sim_coroutine *coroutine = (struct sim_coroutine *)task;

    if (task->state != SIM_TASK_BLOCKED)
        return;
    go_on(sim->scheduler);
    task->woken = true;
    if (coroutine == &sim->scheduler->host)
        return;
    sim_timer_cancel(sim, &coroutine->deadline);
    sim_scheduler_add_ready(sim, coroutine);
}

/* Hands control on; true when something else could run. */
static bool give_way(struct sim *sim)
{
    struct sim_scheduler *scheduler = sim->scheduler;

    if (sim->task == NULL) {
        const bool waited = scheduler->host_waits;
        bool ran;

        scheduler->host_waits = true;
        ran = sim_scheduler_step(sim);
        scheduler->host_waits = waited;
        if (sim->stopped)
            sim_stop(sim);
        return ran;
    }
    if (!scheduler->host_waits && sim_timer_next(sim) > sim->now &&
        !sim_scheduler_others(sim, (struct sim_coroutine *)sim->task))
        return false;
    scheduler->last = (struct sim_coroutine *)sim->task;
    sim_scheduler_add_ready(sim, scheduler->last);
    sim_scheduler_leave(sim);
    return true;
}

/* Who waits for others must not stand above them. */
static void fall(struct sim *sim)
{
    if (sim_by_priority(sim->decider))
        sim_priority_fall(sim->decider, sim_scheduler_self(sim));
}

void sim_task_yield(struct sim *sim)
{
    go_on(sim->scheduler);
    fall(sim);
    give_way(sim);
}

bool sim_task_spin(struct sim *sim)
{
    struct sim_scheduler *scheduler = sim->scheduler;

    if (++scheduler->spins > SPIN_ROUNDS * ((uint64_t)scheduler->ready_count + 2)) {
        scheduler->spins = 0;
        return false;
    }
    fall(sim);
    sim_scheduler_self(sim)->spun = scheduler->progress;
    return give_way(sim);
}

void sim_point_slow(struct sim *sim)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    struct sim_coroutine *self = (struct sim_coroutine *)sim->task;
    const bool by_priority = sim_by_priority(sim->decider);
    bool switches;

    if (by_priority)
        sim_priority_call(sim->decider, self);
    if (scheduler->ready_count == 0 || !sim_scheduler_others(sim, self))
        return;
    /* Recorded as yes or no, however likely it was. */
    if (by_priority)
        switches = sim_scheduler_above(sim, self);
    else
        switches = sim->decider->replayed == NULL &&
                   sim_random_below(&sim->random, 1000000) < sim->preempt_per_million;
    if (sim_choose_wanted(sim, SIM_CHOICE_PREEMPT, 2, switches) != 0) {
        go_on(scheduler);
        scheduler->interrupted = NULL;
        give_way(sim);
    }
}

void sim_task_set_irql(struct sim *sim, uint8_t irql)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    struct sim_coroutine *self = sim_scheduler_self(sim);
    struct sim_coroutine **owner = &scheduler->owner[self->task.processor];

    self->task.irql = irql;
    if (__builtin_expect(sim->irql_changed != NULL, 0))
        sim->irql_changed(sim->irql_context);
    go_on(scheduler);
    if (irql >= SIM_DISPATCH_LEVEL) {
        if (*owner == NULL)
            *owner = self;
    } else if (*owner == self) {
        *owner = NULL;
        /* DPCs that wait for this processor run before the code that lowered its IRQL goes on. */
        if (scheduler->urgent != 0 && sim->task != NULL) {
            scheduler->urgent_first = true;
            scheduler->interrupted = self;
            give_way(sim);
        }
    }
}

struct sim_task *sim_task_self(struct sim *sim)
{
    return sim->self;
}

struct sim_task *sim_look_as(struct sim *sim, struct sim_task *task)
{
    struct sim_task *previous = sim->self;

    assert(task->state != SIM_TASK_ENDED);
    sim->task = sim->self = task;
    return previous;
}

void sim_look_back(struct sim *sim, struct sim_task *previous)
{
    sim->task = previous == &sim->scheduler->host.task ? NULL : previous;
    sim->self = previous;
}
