/* SPDX-License-Identifier: MIT */
/* The fault sweep: each documented failure of each fallible call, once for each way through the
 * driver that leads to the call; then shortage, a stopped BFE, and completions as they may come. */
#include "explore/campaign.h"
#include "explore/fault_plan.h"

#include <stdlib.h>
#include <string.h>

#define PART          "faults"
#define RANDOM_ROUNDS 3 /* of each rate */
#define POOL_POINTS   12
#define POOL_WHILE    25 /* allocations that fail in a row */

static const uint32_t rates[] = {1000, 20000, 200000}; /* of a million calls */

/* What led to a point: the plan in which it was seen first. A failure that only another one brings
 * about (code of a clean-up path) is tried with that one in front of it. */
struct origin {
    struct plan_fault faults[PLAN_FAULTS];
    size_t count;
};

struct sweep {
    struct campaign *campaign;
    struct run_plan plan; /* of the base run, with the log */
    struct fault_log log;
    struct origin *origins; /* by point */
    size_t capacity;
    bool too_deep; /* a point needs more failures in a row than a plan holds */
};

static bool keep_origins(struct sweep *sweep, size_t from, const struct run_plan *plan)
{
    struct origin origin = {.count = plan->fault_count};

    memcpy(origin.faults, plan->faults, sizeof(origin.faults));
    if (sweep->log.count > sweep->capacity) {
        struct origin *grown =
            realloc(sweep->origins, sweep->log.capacity * sizeof(*sweep->origins));
        if (grown == NULL)
            return false;
        sweep->origins = grown;
        sweep->capacity = sweep->log.capacity;
    }
    for (size_t i = from; i < sweep->log.count; i++)
        sweep->origins[i] = origin;
    return true;
}

/* One run; points that it reached first are its own. */
static bool try(struct sweep *sweep, const struct run_plan *plan)
{
    const size_t before = sweep->log.count;

    if (!campaign_try(sweep->campaign, plan, NULL, NULL, NULL))
        return false;
    return !sweep->log.no_memory && keep_origins(sweep, before, plan);
}

/* Its nth call fails, in each way. */
static bool fail_call(struct sweep *sweep, size_t index, uint32_t nth)
{
    const struct fault_point point = sweep->log.points[index];
    const struct origin origin = sweep->origins[index];

    for (unsigned way = 1; way <= point.ways; way++) {
        struct run_plan plan = sweep->plan;
        memcpy(plan.faults, origin.faults, sizeof(plan.faults));
        plan.fault_count = origin.count + 1;
        struct plan_fault *fault = &plan.faults[origin.count];
        *fault = (struct plan_fault){.nth = nth, .way = way};
        strncpy(fault->call, point.call, sizeof(fault->call) - 1);
        campaign_counts_of(sweep->campaign)->faults++;
        if (!try(sweep, &plan))
            return false;
    }
    return true;
}

/* The first call from there; and the last one: what earlier rounds of a loop took has to be given
 * back, too. */
static bool fail_point(struct sweep *sweep, size_t index)
{
    const struct fault_point point = sweep->log.points[index];

    if (point.benign)
        return true;
    if (sweep->origins[index].count == PLAN_FAULTS) {
        sweep->too_deep = true;
        return true;
    }
    campaign_counts_of(sweep->campaign)->fault_stacks++;
    return fail_call(sweep, index, point.nth) &&
           (point.last == point.nth || fail_call(sweep, index, point.last));
}

/* Each point, those that failures bring to light included, until none is left. */
static bool until_fixpoint(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->log.count; i++) {
        campaign_progress(sweep->campaign, PART, i, sweep->log.count);
        if (!fail_point(sweep, i))
            return false;
    }
    campaign_counts_of(sweep->campaign)->faults_to_fixpoint = !sweep->too_deep;
    return true;
}

/* No memory for a while, from several moments on. */
static bool low_pool(struct sweep *sweep, uint64_t allocations)
{
    for (unsigned i = 0; i < POOL_POINTS; i++) {
        struct run_plan plan = sweep->plan;
        plan.fault_count = 1;
        plan.faults[0] = (struct plan_fault){.call = PLAN_LOW_POOL,
                                             .nth = (uint32_t)(1 + allocations * i / POOL_POINTS)};
        /* The first of them meets DriverEntry, the last one all that is left. */
        plan.faults[0].way = i + 1 < POOL_POINTS ? POOL_WHILE : UINT32_MAX;
        campaign_counts_of(sweep->campaign)->faults++;
        if (!try(sweep, &plan))
            return false;
    }
    return true;
}

static bool at_random(struct sweep *sweep)
{
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        for (unsigned round = 0; round < RANDOM_ROUNDS; round++) {
            struct run_plan plan = sweep->plan;
            plan.seed += round;
            plan.faults_per_million = rates[i];
            campaign_counts_of(sweep->campaign)->faults++;
            if (!try(sweep, &plan))
                return false;
        }
    }
    return true;
}

/* BFE is not there when the driver loads, and starts before the traffic. */
static bool without_bfe(struct sweep *sweep)
{
    struct run_plan plan = sweep->plan;

    plan.bfe_stopped = true;
    return try(sweep, &plan);
}

/* Each time at which a completion may run, and one that says that the bytes did not get out. */
static bool completions(struct sweep *sweep)
{
    static const struct {
        const char *reading;
        enum netio_completion when;
        NTSTATUS status;
    } rows[] = {
        {"completion=sync", NETIO_COMPLETION_SYNC, STATUS_SUCCESS},
        {"completion=late", NETIO_COMPLETION_LATE, STATUS_SUCCESS},
        {"completion=reordered", NETIO_COMPLETION_REORDERED, STATUS_SUCCESS},
        {"completion_status=0xc000009a", NETIO_COMPLETION_RANDOM, STATUS_INSUFFICIENT_RESOURCES},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct machine_config machine = campaign_config_of(sweep->campaign)->run.machine;
        const size_t before = sweep->log.count;
        machine.switches.completion = rows[i].when;
        machine.switches.complete_status = rows[i].status;
        if (!campaign_try(sweep->campaign, &sweep->plan, &machine, rows[i].reading, NULL) ||
            !keep_origins(sweep, before, &sweep->plan))
            return false;
    }
    return true;
}

/* Several ways through the driver may lead to one call. */
static void tell_benign(const struct sweep *sweep)
{
    const struct campaign_listener *listener = &campaign_config_of(sweep->campaign)->listener;
    const struct fault_log *log = &sweep->log;

    for (size_t i = 0; i < log->count && listener->benign != NULL; i++) {
        const struct fault_point *point = &log->points[i];
        bool told = !point->benign;
        for (size_t j = 0; j < i && !told; j++)
            told = log->points[j].benign && strcmp(log->points[j].call, point->call) == 0 &&
                   strcmp(log->points[j].where, point->where) == 0;
        if (!told)
            listener->benign(listener->context, point->call, point->where);
    }
}

bool campaign_faults(struct campaign *campaign)
{
    struct sweep sweep = {.campaign = campaign, .plan = campaign_config_of(campaign)->run.plan};
    bool going_on;

    sweep.plan.fault_log = &sweep.log;
    going_on = try(&sweep, &sweep.plan);
    const uint64_t allocations = sweep.log.allocations;
    going_on = going_on && until_fixpoint(&sweep) && low_pool(&sweep, allocations) &&
               at_random(&sweep) && without_bfe(&sweep) && completions(&sweep);
    tell_benign(&sweep);
    free(sweep.origins);
    fault_log_clear(&sweep.log);
    return going_on;
}
