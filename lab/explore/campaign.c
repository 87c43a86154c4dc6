/* SPDX-License-Identifier: MIT */
/* The runs of a campaign: each is judged, and what is new is looked at a second time. */
#include "explore/campaign.h"

#include <stdlib.h>
#include <string.h>

struct campaign {
    const struct campaign_config *config;
    struct campaign_result *result;
    struct check_findings told;  /* everything */
    struct check_findings known; /* of it, what came of runs in which nothing failed */
    bool over;
    size_t errors_shown, warnings_shown; /* of the run that is the exhibit so far */
};

/* What one run found, copied: its world goes. */
struct haul {
    struct campaign *campaign;
    struct check_findings found;
    bool no_memory;
};

const struct campaign_config *campaign_config_of(const struct campaign *campaign)
{
    return campaign->config;
}

struct campaign_counts *campaign_counts_of(struct campaign *campaign)
{
    return &campaign->result->counts;
}

void campaign_progress(struct campaign *campaign, const char *part, uint64_t done, uint64_t all)
{
    const struct campaign_listener *listener = &campaign->config->listener;

    if (listener->progress != NULL)
        listener->progress(listener->context, part, done, all);
}

static bool copy(struct check_findings *to, const struct check_finding *finding, bool *is_new)
{
    struct check_finding *place =
        check_findings_get(to, finding->rule, finding->function, finding->tag, is_new);

    if (place != NULL && *is_new)
        *place = *finding;
    return place != NULL;
}

static bool has(const struct check_findings *findings, const struct check_finding *finding)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct check_finding *other = findings->list[i];
        if (other->rule == finding->rule && other->tag == finding->tag &&
            strcmp(other->function, finding->function) == 0)
            return true;
    }
    return false;
}

static void collect(void *context, const struct check_finding *finding)
{
    struct haul *haul = context;
    bool is_new;

    if (!has(&haul->campaign->told, finding) && !copy(&haul->found, finding, &is_new))
        haul->no_memory = true;
}

static bool fails_calls(const struct run_plan *plan)
{
    return plan->fault_count != 0 || plan->faults_per_million != 0;
}

static void tell(struct campaign *campaign, const struct campaign_found *found)
{
    const struct campaign_listener *listener = &campaign->config->listener;
    const struct check_finding *finding = found->finding;
    bool is_new;

    if (!copy(&campaign->told, finding, &is_new) ||
        (!fails_calls(&found->run->plan) && !copy(&campaign->known, finding, &is_new)))
        campaign->result->last.status = MACHINE_NO_MEMORY;
    if (finding->severity == CHECK_ERROR)
        campaign->result->errors++;
    else
        campaign->result->warnings++;
    if (listener->finding != NULL)
        listener->finding(listener->context, found);
}

/* Whether this run is the one to be looked at, of all so far; who listens is told then. The base
 * run has been told already. */
static bool is_worst(struct campaign *campaign, const struct run_config *run, const char *reading,
                     const struct haul *fresh)
{
    const struct campaign_listener *listener = &campaign->config->listener;
    const size_t errors = check_findings_of(&fresh->found, CHECK_ERROR);
    const struct check_finding *worst = NULL;

    if (campaign->errors_shown != 0 || (errors == 0 && campaign->warnings_shown != 0))
        return false;
    campaign->errors_shown = errors;
    campaign->warnings_shown = fresh->found.count - errors;
    if (campaign->result->counts.runs == 1 || listener->exhibit == NULL)
        return false;
    for (size_t i = 0; i < fresh->found.count && worst == NULL; i++) {
        if (errors == 0 || fresh->found.list[i]->severity == CHECK_ERROR)
            worst = fresh->found.list[i];
    }
    listener->exhibit(listener->context,
                      &(struct campaign_found){.finding = worst, .run = run, .reading = reading});
    return true;
}

/* The same run again with histories, and its choices written down. What it tells is told; what it
 * does not tell again, as it was. */
static void explain(struct campaign *campaign, const struct run_config *shown,
                    const struct run_result *first, const char *reading, const struct haul *fresh)
{
    struct run_config run = *shown;
    struct sim_decisions decisions = {0};
    struct haul again = {.campaign = campaign};
    struct run_result result;

    run.machine.explain = true;
    run.record = &decisions;
    run.listener = is_worst(campaign, shown, reading, fresh) ? campaign->config->exhibit
                                                             : (struct run_listener){0};
    run.judge = (struct run_judge){.context = &again, .finding = collect};
    run_once(&run, &result);
    const bool same = result.trace_hash == first->trace_hash && !decisions.no_memory;
    for (size_t i = 0; i < fresh->found.count; i++) {
        const struct check_finding *finding = fresh->found.list[i];
        for (size_t j = 0; same && j < again.found.count; j++) {
            const struct check_finding *explained = again.found.list[j];
            if (explained->rule == finding->rule && explained->tag == finding->tag &&
                strcmp(explained->function, finding->function) == 0)
                finding = explained;
        }
        tell(campaign, &(struct campaign_found){.finding = finding,
                                                .run = shown,
                                                .reading = reading,
                                                .decisions = same ? &decisions : NULL,
                                                .trace_hash = first->trace_hash});
    }
    check_findings_clear(&again.found);
    sim_decisions_clear(&decisions);
}

static bool has_errors(const struct check_findings *findings)
{
    return check_findings_of(findings, CHECK_ERROR) != 0;
}

/* Who listens wants no more runs. */
static bool is_stopped(struct campaign *campaign)
{
    const struct campaign_listener *listener = &campaign->config->listener;

    if (listener->stop == NULL || !listener->stop(listener->context))
        return false;
    campaign->result->stopped = true;
    campaign->over = true;
    return true;
}

static bool run_and_judge(struct campaign *campaign, struct run_config *run, const char *reading,
                          struct run_result *result)
{
    struct haul haul = {.campaign = campaign};
    struct campaign_result *sum = campaign->result;
    struct run_config inner = *run;

    inner.judge = (struct run_judge){.context = &haul, .finding = collect};
    inner.known = &campaign->known;
    run_once(&inner, result);
    sum->counts.runs++;
    sum->counts.classifies += result->classifies;
    if (result->unload_time > sum->counts.slowest_unload)
        sum->counts.slowest_unload = result->unload_time;
    if (sum->counts.runs == 1) {
        sum->trace_hash = result->trace_hash;
    } else {
        struct sim_trace trace = {.hash = sum->trace_hash};
        sim_trace_add(&trace, SIM_EVENT_CHOICE, result->trace_hash, 0, 0);
        sum->trace_hash = trace.hash;
    }
    const bool failed = has_errors(&haul.found);
    if (haul.found.count != 0)
        explain(campaign, &inner, result, reading, &haul);
    check_findings_clear(&haul.found);
    if (haul.no_memory)
        result->status = MACHINE_NO_MEMORY;

    bool goes_on = result->status == MACHINE_OK || result->status == MACHINE_STOPPED;
    /* A driver may refuse to start when a call fails. */
    if (result->status == MACHINE_NO_VERDICT && result->not_loaded &&
        (fails_calls(&run->plan) || run->plan.bfe_stopped))
        goes_on = true;
    if (failed && !campaign->config->go_on)
        goes_on = false;
    if (!goes_on) {
        sum->last = *result;
        campaign->over = true;
    }
    return goes_on;
}

bool campaign_try_recorded(struct campaign *campaign, const struct run_plan *plan,
                           const struct machine_config *machine, struct sim_decisions *decisions,
                           struct run_result *result)
{
    struct run_config run = campaign->config->run;

    if (campaign->over || is_stopped(campaign))
        return false;
    run.plan = *plan;
    run.machine = *machine;
    run.listener = (struct run_listener){0};
    run.record = decisions;
    return run_and_judge(campaign, &run, NULL, result) && !decisions->no_memory;
}

bool campaign_try(struct campaign *campaign, const struct run_plan *plan,
                  const struct machine_config *machine, const char *reading,
                  struct run_result *result)
{
    struct run_config run = campaign->config->run;
    struct run_result own;

    if (campaign->over || is_stopped(campaign))
        return false;
    run.plan = *plan;
    if (machine != NULL)
        run.machine = *machine;
    run.listener = (struct run_listener){0};
    return run_and_judge(campaign, &run, reading, result != NULL ? result : &own);
}

void campaign_run(const struct campaign_config *config, struct campaign_result *result)
{
    static const struct {
        enum campaign_part part;
        bool (*run)(struct campaign *campaign);
    } parts[] = {
        {CAMPAIGN_SEEDS, campaign_seeds},   {CAMPAIGN_READINGS, campaign_readings},
        {CAMPAIGN_QUIRKS, campaign_quirks}, {CAMPAIGN_EXHAUSTIVE, campaign_exhaustive},
        {CAMPAIGN_FAULTS, campaign_faults}, {CAMPAIGN_NEIGHBOURS, campaign_neighbours},
        {CAMPAIGN_UNLOAD, campaign_unload}, {CAMPAIGN_LONG_FLOW, campaign_long_flow},
    };
    struct campaign campaign = {.config = config, .result = result};
    struct run_config base = config->run;

    memset(result, 0, sizeof(*result));
    bool goes_on = run_and_judge(&campaign, &base, NULL, &result->last);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && goes_on; i++) {
        if (config->parts & parts[i].part)
            goes_on = parts[i].run(&campaign) && !campaign.over;
    }
    check_findings_clear(&campaign.told);
    check_findings_clear(&campaign.known);
}
