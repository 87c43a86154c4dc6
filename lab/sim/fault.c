/* SPDX-License-Identifier: MIT */
/* Fault points: calls that fail because a judge says so, or by a plan. */
#include "sim/fault.h"

#include "sim/faults.h"
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

/* The driver's frame that a call came from. NULL: the kernel's own needs are no calls of a driver,
 * and their names ("NETIO!...") no functions that it can see fail. */
static const struct sim_frame *driver_of(const char *call)
{
    const struct sim_frame *frame = strchr(call, '!') == NULL ? *sim_frame_list() : NULL;

    while (frame != NULL && frame->address == NULL)
        frame = frame->up;
    return frame;
}

/* Whether the plan's site, "CALL" or "CALL:WAY", names this call; *way: which one it means. */
static bool is_planned(const char *site, const char *call, unsigned *way)
{
    const size_t length = strlen(call);

    *way = 1;
    if (site == NULL || site == call)
        return true;
    if (strncmp(site, call, length) != 0)
        return false;
    if (site[length] == ':')
        *way = (unsigned)strtoul(site + length + 1, NULL, 10);
    return site[length] == '\0' || site[length] == ':';
}

static unsigned by_plan(struct sim_faults *faults, const char *call, unsigned ways)
{
    unsigned way;

    if (!is_planned(faults->site, call, &way))
        return 0;
    faults->seen++;
    if (faults->seen != faults->n && (!faults->forever || faults->seen < faults->n))
        return 0;
    return way <= ways ? way : ways;
}

unsigned sim_fault_way(struct sim *sim, const char *call, unsigned ways)
{
    struct sim_faults *faults = sim->faults;
    const struct sim_frame *driver;
    unsigned way;

    if (__builtin_expect(!faults->active, 1))
        return 0;
    driver = driver_of(call);
    faults->nth = 0;
    if (faults->n != 0)
        way = by_plan(faults, call, ways);
    else
        way = driver != NULL ? faults->judge.decide(faults->judge.context, call, ways) : 0;
    if (way == 0 || driver == NULL)
        return way;
    if (faults->taken_count < SIM_FAULTS_TAKEN)
        faults->taken[faults->taken_count] =
            (struct sim_fault_taken){call, way, faults->nth, driver->address};
    faults->taken_count++;
    return way;
}

bool sim_fault(struct sim *sim, const char *site)
{
    return sim_fault_way(sim, site, 1) != 0;
}

void sim_fault_judge(struct sim *sim, const struct sim_fault_judge *judge)
{
    *sim->faults = (struct sim_faults){0};
    if (judge != NULL && judge->decide != NULL) {
        sim->faults->judge = *judge;
        sim->faults->active = true;
    }
}

void sim_fault_plan(struct sim *sim, const char *site, uint64_t n, bool forever)
{
    struct sim_faults *faults = sim->faults;

    faults->site = site;
    faults->n = n;
    faults->seen = 0;
    faults->forever = forever;
    faults->active = n != 0 || faults->judge.decide != NULL;
}

uint64_t sim_fault_seen(const struct sim *sim)
{
    return sim->faults->seen;
}

uint64_t sim_fault_taken(const struct sim *sim, const struct sim_fault_taken **list)
{
    *list = sim->faults->taken;
    return sim->faults->taken_count;
}
