/* SPDX-License-Identifier: MIT */
/* All schedules of short cases with few preemptions (Musuvathi, Qadeer: "Iterative context bounding
 * for systematic testing of multithreaded programs", PLDI 2007): with none, then with one more, and
 * so on. A preemption takes a processor from a task that could have gone on; who runs when a task
 * stops by itself, and when and in which order injections complete, costs nothing. Each run is the
 * choices of the one before up to the last that can still be another, that other one there, and the
 * first possibility ever after: nothing needs to be remembered but one run. */
#include "explore/campaign.h"
#include "explore/scenario.h"

#include <stdlib.h>

#define PROGRESS_EVERY    64
#define START_PREEMPTIONS 1 /* a driver makes a thousand calls until it is ready */

struct search {
    struct campaign *campaign;
    struct run_plan plan;
    struct machine_config machine;
    struct sim_decisions made; /* choices of the last run */
    bool starts;               /* the case is the driver's start */
    size_t from;               /* choices before these stay what they are: the driver's start */
    uint64_t left;             /* schedules until the limit is met */
};

/* An empty list is a list: all choices are the first possibility. */
static const struct sim_decision none;

static const char *const progress_names[] = {
    "schedules without preemption",
    "schedules with at most 1 preemption",
    "schedules with at most 2 preemptions",
    "schedules with at most 3 preemptions",
};

static bool is_branched(const struct sim_decision *decision)
{
    return decision->branch != SIM_BRANCH_SAME &&
           (decision->kind == SIM_CHOICE_PREEMPT || decision->kind == SIM_CHOICE_TASK ||
            decision->kind == SIM_CHOICE_COMPLETION || decision->kind == SIM_CHOICE_ORDER);
}

/* Makes the choices of the last run those of the next: cut behind the one that changes. False:
 * there is no next one with at most so many preemptions. */
static bool next_schedule(struct sim_decisions *made, size_t from, unsigned most)
{
    unsigned preemptions = 0; /* before the choice that is looked at */
    size_t last = SIZE_MAX;

    for (size_t i = 0; i < made->count; i++) {
        const struct sim_decision *decision = &made->list[i];
        const bool preempts = decision->branch == SIM_BRANCH_PREEMPTS;

        if (i >= from && is_branched(decision) && decision->chosen + 1 < decision->n &&
            preemptions + preempts <= most)
            last = i;
        preemptions += preempts && decision->chosen != 0;
    }
    if (last == SIZE_MAX)
        return false;
    made->list[last].chosen++;
    made->count = last + 1;
    return true;
}

/* One schedule: the choices in `made`, which become those of the whole run. False: the campaign is
 * over. */
static bool try(struct search *search)
{
    struct sim_decisions ahead = search->made;
    struct run_result result;

    search->made = (struct sim_decisions){0};
    search->plan.decisions = ahead.list != NULL ? ahead.list : &none;
    search->plan.decision_count = ahead.count;
    const bool goes_on = campaign_try_recorded(search->campaign, &search->plan, &search->machine,
                                               &search->made, &result);
    search->from = search->starts ? 0 : result.load_choices;
    sim_decisions_clear(&ahead);
    return goes_on;
}

/* All schedules of one case with at most so many preemptions. False: the campaign is over, or the
 * limit was met. */
static bool try_case(struct search *search, const char *script, unsigned preemptions)
{
    struct campaign_counts *counts = campaign_counts_of(search->campaign);
    bool goes_on;

    search->plan.script = script;
    search->starts = script[0] == '\0';
    sim_decisions_clear(&search->made);
    do {
        if (search->left == 0)
            return false;
        search->left--;
        if (counts->schedules % PROGRESS_EVERY == 0)
            campaign_progress(search->campaign, progress_names[preemptions], counts->schedules, 0);
        counts->schedules++;
        goes_on = try(search);
    } while (goes_on && next_schedule(&search->made, search->from, preemptions));
    return goes_on;
}

bool campaign_exhaustive(struct campaign *campaign)
{
    const struct campaign_config *config = campaign_config_of(campaign);
    struct campaign_counts *counts = campaign_counts_of(campaign);
    const char *own = config->run.plan.script, *script;
    struct search search = {
        .campaign = campaign,
        .plan = config->run.plan,
        .machine = config->run.machine,
        .left = config->schedules != 0 ? config->schedules : CAMPAIGN_SCHEDULES,
    };
    bool goes_on = true;

    search.plan.preempt_per_million = 1; /* kernel calls are points of choice */
    search.machine.tcpip.random_shapes = false;
    for (unsigned most = 0; most <= config->preemptions && goes_on; most++) {
        counts->schedules = 0;
        if (own != NULL)
            goes_on = try_case(&search, own, most);
        for (size_t i = 0; own == NULL && goes_on && scenario_short_at(i, &script) != NULL; i++) {
            if (script[0] != '\0' || most <= START_PREEMPTIONS)
                goes_on = try_case(&search, script, most);
        }
        if (goes_on) {
            counts->schedules_whole = counts->schedules;
            counts->preemptions_whole = most;
            counts->schedules_all = most == config->preemptions;
        }
    }
    sim_decisions_clear(&search.made);
    return goes_on || search.left == 0;
}
