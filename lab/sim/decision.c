/* SPDX-License-Identifier: MIT */
/* Choices written down, taken from a list, or made by priority. */
#include "sim/decider.h"
#include "sim/scheduler.h"
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

#define PRIORITY_SEED 0x9D5A3C7711EEull   /* another stream than that of the choices */
#define FIRST_FALLEN  ((uint64_t)1 << 32) /* whoever has not fallen is above */

static bool append(struct sim_decisions *decisions, struct sim_decision decision)
{
    if (decisions->count == decisions->capacity) {
        const size_t capacity = decisions->capacity != 0 ? decisions->capacity * 2 : 1024;
        struct sim_decision *list = realloc(decisions->list, capacity * sizeof(*list));

        if (list == NULL)
            return false;
        decisions->list = list;
        decisions->capacity = capacity;
    }
    decisions->list[decisions->count++] = decision;
    return true;
}

void sim_decisions_clear(struct sim_decisions *decisions)
{
    free(decisions->list);
    memset(decisions, 0, sizeof(*decisions));
}

static void look_active(struct sim_decider *decider)
{
    decider->active = decider->record != NULL || decider->replayed != NULL ||
                      decider->schedule != SIM_SCHEDULE_RANDOM;
}

void sim_record(struct sim *sim, struct sim_decisions *record)
{
    sim->decider->record = record;
    look_active(sim->decider);
}

void sim_replay(struct sim *sim, const struct sim_decision *list, size_t count)
{
    /* An empty list is a list: all choices are the first possibility. */
    static const struct sim_decision none;

    sim->decider->replayed = list == NULL && count == 0 ? NULL : list != NULL ? list : &none;
    sim->decider->replay_count = list != NULL ? count : 0;
    sim->decider->replay_next = 0;
    look_active(sim->decider);
}

static int ascending(const void *a, const void *b)
{
    const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

    return (first > second) - (first < second);
}

void sim_schedule(struct sim *sim, enum sim_schedule schedule, unsigned changes, uint64_t length)
{
    struct sim_decider *decider = sim->decider;

    decider->schedule = schedule;
    look_active(decider);
    if (schedule != SIM_SCHEDULE_PCT)
        return;
    if (sim->preempt_per_million == 0)
        sim->preempt_per_million = 1; /* kernel calls are points of choice */
    if (changes > SIM_CHANGES_MOST)
        changes = SIM_CHANGES_MOST;
    sim_random_seed(&decider->random, sim->seed ^ PRIORITY_SEED);
    for (unsigned i = 0; i < changes; i++)
        decider->change[i] = 1 + sim_random_next(&decider->random) % (length != 0 ? length : 1);
    qsort(decider->change, changes, sizeof(decider->change[0]), ascending);
    decider->change_count = changes;
    decider->change_next = 0;
    decider->calls = 0;
    decider->lowest = FIRST_FALLEN - 1;
}

uint64_t sim_priority_new(struct sim_decider *decider)
{
    return FIRST_FALLEN + (sim_random_next(&decider->random) >> 32);
}

void sim_priority_fall(struct sim_decider *decider, struct sim_coroutine *coroutine)
{
    if (coroutine->priority != decider->lowest + 1) /* it is there already */
        coroutine->priority = decider->lowest--;
}

void sim_priority_call(struct sim_decider *decider, struct sim_coroutine *coroutine)
{
    decider->calls++;
    while (decider->change_next < decider->change_count &&
           decider->change[decider->change_next] <= decider->calls) {
        decider->change_next++;
        sim_priority_fall(decider, coroutine);
    }
}

/* value + offset modulo n, both below n: which may be all that 32 bits hold. */
static uint32_t behind(uint32_t value, uint32_t offset, uint32_t n)
{
    return value < n - offset ? value + offset : value - (n - offset);
}

uint32_t sim_decide(struct sim *sim, enum sim_choice kind, uint32_t n, uint32_t wanted,
                    uint32_t first, enum sim_branch branch)
{
    struct sim_decider *decider = sim->decider;
    uint32_t chosen;

    if (decider->replayed != NULL) {
        chosen = first;
        if (decider->replay_next < decider->replay_count)
            chosen = behind(decider->replayed[decider->replay_next++].chosen % n, first, n);
    } else {
        chosen = wanted < n ? wanted : sim_random_below(&sim->random, n);
    }
    if (decider->record != NULL &&
        !append(decider->record,
                (struct sim_decision){.kind = (uint8_t)kind,
                                      .branch = (uint8_t)branch,
                                      .n = n,
                                      .chosen = behind(chosen, (n - first) % n, n)}))
        decider->record->no_memory = true;
    return chosen;
}
