/* SPDX-License-Identifier: MIT */
/* Outcomes of a run in which calls failed. */
#include "check/fault_blame.h"

#include "check/cause.h"
#include "nt/failure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a failed call can lead to. Rules that a driver breaks whether calls fail or not are told as
 * themselves. */
static const char *const outcomes[] = {
    "CRASH", "HANG", "LEAK", "LOST", "R37", "R40", "R52",
    "R53",   "R54",  "R60",  "R65",  "R66", "R68", "R71",
};

static bool is_outcome(const struct check_finding *finding)
{
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        if (strcmp(finding->rule->id, outcomes[i]) == 0)
            return true;
    }
    return false;
}

static bool is_known(const struct check_findings *known, const struct check_finding *finding)
{
    for (size_t i = 0; known != NULL && i < known->count; i++) {
        const struct check_finding *other = known->list[i];
        if (other->rule == finding->rule && other->tag == finding->tag &&
            strcmp(other->function, finding->function) == 0)
            return true;
    }
    return false;
}

/* " failed with STATUS_NO_MEMORY", " returned NULL" */
static void describe_way(const struct sim_fault_taken *taken, char *text, size_t size)
{
    const struct nt_failure *failure = nt_failure_find(taken->call);

    if (failure == NULL || taken->way == 0 || taken->way > nt_failure_ways(failure))
        snprintf(text, size, "failed");
    else if (strcmp(failure->ways[taken->way - 1].name, "NULL") == 0)
        snprintf(text, size, "returned NULL");
    else
        snprintf(text, size, "failed with %s", failure->ways[taken->way - 1].name);
}

void check_describe_failure(const struct sim_fault_taken *taken, uint64_t count, struct pe *pe,
                            char *text, size_t size)
{
    char nth[24] = "", where[96], more[48] = "", way[64];

    if (taken->nth != 0)
        snprintf(nth, sizeof(nth), "call %" PRIu32 ", ", taken->nth);
    if (count > 1)
        snprintf(more, sizeof(more), ", and %" PRIu64 " more failures", count - 1);
    describe_way(taken, way, sizeof(way));
    snprintf(text, size, "after %s %s (%sat %s)%s", taken->call, way, nth,
             pe_describe(pe, taken->where, where, sizeof(where)), more);
}

void check_blame_faults(struct check_findings *findings, const struct check_findings *known,
                        struct sim *sim, struct pe *pe)
{
    const struct sim_fault_taken *taken;
    const uint64_t count = sim_fault_taken(sim, &taken);
    const size_t before = findings->count;

    for (size_t i = 0; i < before && count != 0; i++) {
        struct check_finding *effect = findings->list[i];
        struct check_finding *blame;
        bool is_new;

        if (effect->folded || !is_outcome(effect) || is_known(known, effect))
            continue;
        blame =
            check_findings_get(findings, check_rule_find("R70"), taken->call, effect->tag, &is_new);
        if (blame == NULL)
            return;
        blame->count++;
        if (is_new) {
            blame->flow = effect->flow;
            blame->classify = effect->classify;
            blame->inject = effect->inject;
            blame->object = effect->object;
            blame->direction = effect->direction;
            blame->has_offset = effect->has_offset;
            blame->offset = effect->offset;
            blame->time = effect->time;
            blame->stack = effect->stack;
            check_describe_failure(taken, count, pe, blame->detail, sizeof(blame->detail));
        }
        blame->nbls += effect->nbls;
        blame->bytes += effect->bytes;
        check_fold_into(blame, effect);
    }
}

bool check_call_failed(const struct sim *sim, const char *call)
{
    const struct sim_fault_taken *taken;
    const uint64_t count = sim_fault_taken(sim, &taken);

    for (uint64_t i = 0; i < count && i < SIM_FAULTS_TAKEN; i++) {
        if (strcmp(taken[i].call, call) == 0)
            return true;
    }
    return false;
}
