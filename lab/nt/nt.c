/* SPDX-License-Identifier: MIT */
/* The kernel: its making and its end. */
#include "nt/nt.h"
#include "nt/clock.h"
#include "nt/device.h"
#include "nt/lock_order.h"
#include "nt/object.h"
#include "nt/pool_state.h"
#include "nt/registry.h"
#include "nt/thread.h"
#include "nt/timer.h"
#include "nt/trap.h"

#include <stdlib.h>

struct nt *nt_create(struct sim *sim, struct pe *pe, const struct nt_config *config)
{
    struct nt *nt = calloc(1, sizeof(*nt));

    if (nt == NULL)
        return NULL;
    nt->sim = sim;
    nt->pe = pe;
    nt->config = *config;
    nt->checks = config->checks;
    nt_list_init(&nt->work.items);
    nt_list_init(&nt->work_items);
    nt_list_init(&nt->devices);
    nt_list_init(&nt->links);
    nt_list_init(&nt->drivers);
    nt_list_init(&nt->callbacks);
    nt_list_init(&nt->rundowns);
    nt_list_init(&nt->resources);
    nt_list_init(&nt->lookasides);
    if (nt_pool_open(nt) != 0 || nt_registry_open(nt) != 0) {
        nt_destroy(nt);
        return NULL;
    }
    sim->layers[SIM_LAYER_NT] = nt;
    nt_traps_install(nt);
    nt_clock_open(nt);
    return nt;
}

void nt_destroy(struct nt *nt)
{
    if (nt == NULL)
        return;
    if (nt->sim->layers[SIM_LAYER_NT] == nt) {
        nt->sim->layers[SIM_LAYER_NT] = NULL;
        nt->sim->time_changed = NULL;
        nt->sim->irql_changed = NULL;
    }
    nt_timers_close(nt);
    if (nt->drivers.Flink != NULL)
        nt_drivers_close(nt);
    nt_devices_close(nt);
    nt_registry_close(nt);
    nt_objects_close(nt);
    nt_threads_close(nt);
    nt_lock_order_close(nt);
    nt_pool_close(nt);
    free(nt);
}

bool nt_checks(const struct nt *nt)
{
    return nt->checks;
}

bool nt_special_pool(const struct nt *nt)
{
    return nt->config.special_pool;
}

const char *nt_unmodelled(const struct nt *nt)
{
    return nt->unmodelled;
}

bool nt_run_until(struct nt *nt, const bool *done, uint64_t limit)
{
    while (!*done) {
        if (!sim_run(nt->sim))
            return false;
        if (*done)
            break;
        const uint64_t next = sim_timer_next(nt->sim);
        if (next == UINT64_MAX || next > limit)
            return false;
        sim_run_until(nt->sim, next);
    }
    return !nt->sim->stopped;
}
