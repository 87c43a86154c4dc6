/* SPDX-License-Identifier: MIT */
/* Fault points: calls that fail by plan. */
#include "sim/faults.h"
#include "sim/sim.h"

#include <string.h>

bool sim_fault(struct sim *sim, const char *site)
{
    struct sim_faults *faults = sim->faults;

    if (__builtin_expect(faults->n == 0, 1))
        return false;
    if (faults->site != NULL && faults->site != site && strcmp(faults->site, site) != 0)
        return false;
    faults->seen++;
    return faults->seen == faults->n || (faults->forever && faults->seen > faults->n);
}

void sim_fault_plan(struct sim *sim, const char *site, uint64_t n, bool forever)
{
    *sim->faults = (struct sim_faults){.site = site, .n = n, .forever = forever};
}

uint64_t sim_fault_seen(const struct sim *sim)
{
    return sim->faults->seen;
}
