/* SPDX-License-Identifier: MIT */
/* A small world with every kind of choice; prints its trace hash. Built at -O0 and at -O2 for
 * test_sim.c. */
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>

struct shared {
    struct sim *sim;
    bool held;
    uint64_t turns;
};

static void worker(void *context)
{
    struct shared *shared = context;
    struct sim *sim = shared->sim;

    for (int i = 0; i < 50; i++) {
        const uint8_t old = sim_task_irql(sim);

        sim_task_set_irql(sim, SIM_DISPATCH_LEVEL);
        while (shared->held)
            if (!sim_task_spin(sim))
                abort();
        shared->held = true;
        sim_point(sim);
        shared->turns++;
        sim_trace_add(&sim->trace, SIM_EVENT_DELIVER, sim->task->number, shared->turns, 0);
        shared->held = false;
        sim_task_set_irql(sim, old);
        sim_point(sim);
        if (sim_choose(sim, SIM_CHOICE_GENERATOR, 4) == 0)
            sim_task_block(sim, sim->now + sim_choose(sim, SIM_CHOICE_GENERATOR, 1000));
    }
}

int main(int count, char **arguments)
{
    const uint64_t seed = count == 2 ? strtoull(arguments[1], NULL, 10) : 0;
    struct shared shared = {0};

    shared.sim = sim_create(
        &(struct sim_config){.seed = seed, .processors = 3, .preempt_per_million = 200000});
    if (shared.sim == NULL)
        return 1;
    for (int i = 0; i < 6; i++)
        if (sim_task_create(shared.sim,
                            &(struct sim_task_config){"worker", 0, -1, 0, worker, &shared}) == NULL)
            return 1;
    if (!sim_run_idle(shared.sim, UINT64_MAX) || shared.turns != 300)
        return 1;
    printf("%016llx %llu\n", (unsigned long long)shared.sim->trace.hash,
           (unsigned long long)shared.sim->trace.events);
    sim_destroy(shared.sim);
    return 0;
}
