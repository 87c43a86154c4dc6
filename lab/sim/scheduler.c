/* SPDX-License-Identifier: MIT */
/* Which task runs next, and the switch between stacks. */
#include "sim/scheduler.h"
#include "sim/arena.h"
#include "sim/breach.h"
#include "sim/decider.h"
#include "sim/timers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIM_ASAN 1
#endif
#endif
#ifdef SIM_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#define CONTROL_WORDS   0x037F00001F80ull /* x87 and SSE as a fresh process has them */
#define SAVED_REGISTERS 6

void sim_switch(void **save, void *load);

/* Stack annotations: without them ASan takes a switch for a wild stack pointer. */
static void switch_begins(void **fake_stack, const void *bottom, size_t size)
{
#ifdef SIM_ASAN
    __sanitizer_start_switch_fiber(fake_stack, bottom, size);
#endif
}

static void switch_ended(void *fake_stack, const void **bottom, size_t *size)
{
#ifdef SIM_ASAN
    __sanitizer_finish_switch_fiber(fake_stack, bottom, size);
#endif
}

int sim_scheduler_open(struct sim *sim, unsigned processors)
{
    struct sim_scheduler *scheduler = calloc(1, sizeof(*scheduler));

    if (processors == 0)
        processors = 2;
    if (scheduler == NULL || processors > SIM_MAX_PROCESSORS) {
        free(scheduler);
        return processors > SIM_MAX_PROCESSORS ? EINVAL : ENOMEM;
    }
    scheduler->processors = processors;
    scheduler->progress = 1;
    scheduler->host.sim = sim;
    scheduler->host.placed = true;
    scheduler->host.task.name = "host";
    scheduler->host.task.state = SIM_TASK_RUNNING;
    sim->scheduler = scheduler;
    sim->self = &scheduler->host.task;
    return 0;
}

static void free_list(struct sim_coroutine *coroutine, size_t next_offset)
{
    while (coroutine != NULL) {
        struct sim_coroutine *next;

        memcpy(&next, (char *)coroutine + next_offset, sizeof(struct sim_coroutine *));
        free(coroutine);
        coroutine = next;
    }
}

void sim_scheduler_close(struct sim *sim)
{
    struct sim_scheduler *scheduler = sim->scheduler;

    if (scheduler == NULL)
        return;
    free_list(scheduler->all, offsetof(struct sim_coroutine, older));
    free_list(scheduler->free, offsetof(struct sim_coroutine, newer));
    free(scheduler->ready);
    free(scheduler);
    sim->scheduler = NULL;
}

/* ---- who can run ---- */

static bool is_urgent(const struct sim_scheduler *scheduler, const struct sim_coroutine *coroutine)
{
    return coroutine->task.irql >= SIM_DISPATCH_LEVEL &&
           scheduler->owner[coroutine->task.processor] != coroutine;
}

static unsigned free_processors(const struct sim_scheduler *scheduler)
{
    unsigned free_count = 0;

    for (unsigned i = 0; i < scheduler->processors; i++)
        free_count += scheduler->owner[i] == NULL;
    return free_count;
}

static bool can_run(const struct sim_scheduler *scheduler, const struct sim_coroutine *coroutine,
                    unsigned free_count)
{
    if (coroutine->task.irql < SIM_DISPATCH_LEVEL ||
        (!coroutine->placed && coroutine->wanted_processor < 0))
        return free_count != 0;
    const struct sim_coroutine *owner = scheduler->owner[coroutine->task.processor];
    return owner == NULL || owner == coroutine;
}

void sim_scheduler_add_ready(struct sim *sim, struct sim_coroutine *coroutine)
{
    struct sim_scheduler *scheduler = sim->scheduler;

    coroutine->task.state = SIM_TASK_READY;
    coroutine->ready_index = scheduler->ready_count;
    scheduler->ready[scheduler->ready_count++] = coroutine;
    scheduler->urgent += is_urgent(scheduler, coroutine);
}

static void remove_ready(struct sim_scheduler *scheduler, struct sim_coroutine *coroutine)
{
    struct sim_coroutine *last = scheduler->ready[--scheduler->ready_count];

    scheduler->ready[coroutine->ready_index] = last;
    last->ready_index = coroutine->ready_index;
    scheduler->urgent -= is_urgent(scheduler, coroutine);
}

bool sim_scheduler_others(const struct sim *sim, const struct sim_coroutine *self)
{
    const struct sim_scheduler *scheduler = sim->scheduler;
    const unsigned free_count = free_processors(scheduler);

    for (uint32_t i = 0; i < scheduler->ready_count; i++)
        if (scheduler->ready[i] != self && can_run(scheduler, scheduler->ready[i], free_count))
            return true;
    return false;
}

bool sim_scheduler_above(const struct sim *sim, const struct sim_coroutine *self)
{
    const struct sim_scheduler *scheduler = sim->scheduler;
    const unsigned free_count = free_processors(scheduler);

    for (uint32_t i = 0; i < scheduler->ready_count; i++)
        if (scheduler->ready[i] != self && scheduler->ready[i]->priority > self->priority &&
            can_run(scheduler, scheduler->ready[i], free_count))
            return true;
    return false;
}

static struct sim_coroutine *pick(struct sim *sim, const struct sim_coroutine *but,
                                  bool urgent_only)
{
    const struct sim_scheduler *scheduler = sim->scheduler;
    const unsigned free_count = free_processors(scheduler);
    uint32_t count = 0;
    uint32_t chosen, highest = 0, first = UINT32_MAX;
    uint64_t priority = 0;
    enum sim_branch branch = scheduler->spins > 1 ? SIM_BRANCH_SAME : SIM_BRANCH_FREE;

#define CANDIDATE(c)                                                                               \
    ((c) != but && (!urgent_only || is_urgent(scheduler, (c))) &&                                  \
     can_run(scheduler, (c), free_count))
    for (uint32_t i = 0; i < scheduler->ready_count; i++) {
        if (!CANDIDATE(scheduler->ready[i]))
            continue;
        if (scheduler->ready[i]->priority > priority) {
            priority = scheduler->ready[i]->priority;
            highest = count;
        }
        if (scheduler->ready[i] == scheduler->interrupted) {
            first = count;
            branch = SIM_BRANCH_PREEMPTS;
        } else if (first == UINT32_MAX && scheduler->ready[i]->spun != scheduler->progress) {
            first = count;
        }
        count++;
    }
    if (count == 0)
        return NULL;
    chosen = sim_choose_task(sim, count, sim_by_priority(sim->decider) ? highest : count,
                             first != UINT32_MAX ? first : 0, branch);
    for (uint32_t i = 0; i < scheduler->ready_count; i++)
        if (CANDIDATE(scheduler->ready[i]) && chosen-- == 0)
            return scheduler->ready[i];
#undef CANDIDATE
    return NULL;
}

static struct sim_coroutine *pick_next(struct sim *sim)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    struct sim_coroutine *last = scheduler->last;
    struct sim_coroutine *next = NULL;

    if (scheduler->urgent_first && scheduler->urgent != 0)
        next = pick(sim, last, true);
    scheduler->urgent_first = false;
    scheduler->last = NULL;
    if (next == NULL)
        next = pick(sim, last, false);
    if (next == NULL && last != NULL)
        next = pick(sim, NULL, false);
    return next;
}

/* Gives the coroutine a processor where nobody is at DISPATCH_LEVEL. */
static void place(struct sim *sim, struct sim_coroutine *coroutine)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    unsigned processor = coroutine->task.processor;

    if (scheduler->owner[processor] == coroutine)
        return;
    if (!coroutine->placed && coroutine->wanted_processor < 0) {
        const unsigned free_count = free_processors(scheduler);
        uint32_t skip = sim_choose_task(sim, free_count, free_count, 0, SIM_BRANCH_SAME);

        for (processor = 0; scheduler->owner[processor] != NULL || skip-- != 0;)
            processor++;
    } else if (scheduler->owner[processor] != NULL) {
        for (processor = 0; scheduler->owner[processor] != NULL;)
            processor++;
    }
    coroutine->placed = true;
    coroutine->task.processor = (uint8_t)processor;
    if (coroutine->task.irql >= SIM_DISPATCH_LEVEL)
        scheduler->owner[processor] = coroutine;
}

/* ---- switching ---- */

/* Over what sim_switch() saved: whoever writes over the stack of a task that waits breaks it. */
static uint64_t stack_seal(const struct sim_coroutine *coroutine)
{
    const uint64_t *word = coroutine->sp;
    uint64_t seal = (uintptr_t)word;

    for (unsigned i = 0; i < SAVED_REGISTERS + 2; i++)
        seal = (seal ^ word[i]) * 0x100000001B3ull;
    return seal;
}

/* Nothing that stands there can be followed. */
static void stop_overwritten(struct sim *sim, const struct sim_coroutine *coroutine)
{
    sim_breach_text(sim, "CRASH", coroutine->task.name,
                    "the stack of a thread that waited (%s) was overwritten by driver code",
                    coroutine->task.name);
    sim->stopped = true;
}

static _Noreturn void coroutine_main(void)
{
    struct sim *sim = sim_current;
    struct sim_coroutine *self = (struct sim_coroutine *)sim->task;

    switch_ended(NULL, &sim->scheduler->host_stack, &sim->scheduler->host_stack_size);
    self->function(self->context);
    sim_task_exit(sim);
}

bool sim_scheduler_prepare(struct sim *sim, struct sim_coroutine *coroutine, size_t stack_size)
{
    struct sim_scheduler *scheduler = sim->scheduler;

    if (scheduler->live >= scheduler->ready_capacity) {
        const uint32_t capacity =
            scheduler->ready_capacity == 0 ? 64 : scheduler->ready_capacity * 2;
        struct sim_coroutine **ready =
            realloc(scheduler->ready, capacity * sizeof(struct sim_coroutine *));

        if (ready == NULL)
            return false;
        scheduler->ready = ready;
        scheduler->ready_capacity = capacity;
    }
    if (coroutine->task.stack_base == 0) {
        uint8_t *stack = sim_arena_take(sim, stack_size + SIM_PAGE_SIZE);

        if (stack == NULL || mprotect(stack, SIM_PAGE_SIZE, PROT_NONE) != 0)
            return false;
        coroutine->stack_size = stack_size;
        coroutine->task.stack_limit = (uintptr_t)stack + SIM_PAGE_SIZE;
        coroutine->task.stack_base = coroutine->task.stack_limit + stack_size;
    }
#ifdef SIM_ASAN
    __asan_unpoison_memory_region((void *)coroutine->task.stack_limit, coroutine->stack_size);
#endif
    /* As if coroutine_main had been called from address 0 and sim_switch from its first
     * instruction. */
    uint64_t *top = (uint64_t *)coroutine->task.stack_base;
    *--top = 0;
    *--top = (uint64_t)(uintptr_t)coroutine_main;
    for (unsigned i = 0; i < SAVED_REGISTERS; i++)
        *--top = 0;
    *--top = CONTROL_WORDS;
    coroutine->sp = top;
    coroutine->seal = stack_seal(coroutine);
    coroutine->sanitizer = NULL;
    return true;
}

static void resume(struct sim *sim, struct sim_coroutine *coroutine)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    struct sim_coroutine *ended;

    remove_ready(scheduler, coroutine);
    if (coroutine == scheduler->interrupted)
        scheduler->interrupted = NULL;
    if (__builtin_expect(stack_seal(coroutine) != coroutine->seal, 0)) {
        stop_overwritten(sim, coroutine);
        return;
    }
    place(sim, coroutine);
    coroutine->task.state = SIM_TASK_RUNNING;
    sim_trace_add(&sim->trace, SIM_EVENT_TASK_SWITCH, coroutine->task.number,
                  coroutine->task.processor, 0);
    sim->task = sim->self = &coroutine->task;
    if (__builtin_expect(sim->irql_changed != NULL, 0))
        sim->irql_changed(sim->irql_context);
    switch_begins(&scheduler->host.sanitizer, (void *)coroutine->task.stack_limit,
                  coroutine->stack_size);
    sim_switch(&scheduler->host.sp, coroutine->sp);
    switch_ended(scheduler->host.sanitizer, NULL, NULL);
    coroutine->seal = stack_seal(coroutine);
    sim->task = NULL;
    sim->self = &scheduler->host.task;
    if (__builtin_expect(sim->irql_changed != NULL, 0))
        sim->irql_changed(sim->irql_context);

    ended = scheduler->ending;
    if (ended != NULL) {
        scheduler->ending = NULL;
        ended->newer = scheduler->free;
        scheduler->free = ended;
    }
}

void sim_scheduler_leave(struct sim *sim)
{
    struct sim_scheduler *scheduler = sim->scheduler;
    struct sim_coroutine *self = (struct sim_coroutine *)sim->task;

    switch_begins(scheduler->ending == self ? NULL : &self->sanitizer, scheduler->host_stack,
                  scheduler->host_stack_size);
    sim_switch(&self->sp, scheduler->host.sp);
    switch_ended(self->sanitizer, &scheduler->host_stack, &scheduler->host_stack_size);
}

bool sim_scheduler_step(struct sim *sim)
{
    struct sim_coroutine *next;

    if (sim->stopped)
        return false;
    while (sim_timers_fire(sim)) {
        if (sim->stopped)
            return false;
    }
    next = pick_next(sim);
    if (next == NULL)
        return false;
    resume(sim, next);
    return true;
}
