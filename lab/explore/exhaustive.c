/* SPDX-License-Identifier: MIT */
/* All schedules of a short script with few preemptions (Musuvathi, Qadeer: "Iterative context
 * bounding for systematic testing of multithreaded programs", PLDI 2007), and as few other changes
 * of the order in which tasks take turns (Emmi, Qadeer, Rakamaric: "Delay-bounded scheduling", POPL
 * 2011): each run is the choices of an earlier one up to a point, another choice there, and the
 * first possibility ever after. Those with the fewest changes come first. */
#include "explore/campaign.h"
#include "explore/scenario.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIMIT  5000
#define PROGRESS_EVERY 64

/* The choices of a run that others branch off from. */
struct trunk {
    size_t users;
    struct sim_decisions decisions;
};

struct branch {
    struct trunk *trunk; /* NULL: all choices are the first possibility */
    size_t at;           /* this choice of the trunk */
    uint32_t chosen;     /* becomes this */
    unsigned preemptions;
    unsigned turns; /* choices of another task where the running one stopped by itself */
};

struct search {
    struct campaign *campaign;
    struct run_plan plan;
    struct machine_config machine;
    unsigned most; /* preemptions */
    struct branch *queue;
    size_t first, count, capacity;
    bool no_memory;
};

static void release(struct trunk *trunk)
{
    if (trunk == NULL || --trunk->users != 0)
        return;
    sim_decisions_clear(&trunk->decisions);
    free(trunk);
}

static void push(struct search *search, const struct branch *branch)
{
    if (search->count == search->capacity) {
        const size_t capacity = search->capacity != 0 ? search->capacity * 2 : 1024;
        struct branch *queue = realloc(search->queue, capacity * sizeof(*queue));
        if (queue == NULL) {
            search->no_memory = true;
            return;
        }
        search->queue = queue;
        search->capacity = capacity;
    }
    search->queue[search->count++] = *branch;
    if (branch->trunk != NULL)
        branch->trunk->users++;
}

/* Every preemption and every choice of another task that is left, behind the place where this run
 * left its trunk. Who runs behind a preemption is part of it. */
static void branch_off(struct search *search, struct trunk *trunk, size_t from,
                       const struct branch *branch)
{
    for (size_t i = from; i < trunk->decisions.count && !search->no_memory; i++) {
        const struct sim_decision *decision = &trunk->decisions.list[i];
        const bool preempts = decision->kind == SIM_CHOICE_PREEMPT;
        const bool belongs =
            i != 0 && decision[-1].kind == SIM_CHOICE_PREEMPT && decision[-1].chosen != 0;
        const bool turns = !preempts && !belongs;

        if (!preempts && decision->kind != SIM_CHOICE_TASK)
            continue;
        if (branch->preemptions + preempts > search->most || branch->turns + turns > search->most)
            continue;
        for (uint32_t chosen = 1; chosen < decision->n; chosen++)
            push(search, &(struct branch){trunk, i, chosen, branch->preemptions + preempts,
                                          branch->turns + turns});
    }
}

/* One schedule. False: the campaign is over. */
static bool try(struct search *search, const struct branch *branch)
{
    struct trunk *trunk = calloc(1, sizeof(*trunk));
    const size_t count = branch->trunk != NULL ? branch->at + 1 : 0;
    struct sim_decision *list = malloc((count + 1) * sizeof(*list));
    bool goes_on = false;

    if (trunk == NULL || list == NULL) {
        search->no_memory = true;
        goto done;
    }
    if (count != 0) {
        memcpy(list, branch->trunk->decisions.list, count * sizeof(*list));
        list[branch->at].chosen = branch->chosen;
    }
    search->plan.decisions = list;
    search->plan.decision_count = count;
    goes_on =
        campaign_try_recorded(search->campaign, &search->plan, &search->machine, &trunk->decisions);
    trunk->users = 1;
    if (goes_on)
        branch_off(search, trunk, count, branch);
    release(trunk);
    trunk = NULL;

done:
    free(trunk);
    free(list);
    return goes_on;
}

bool campaign_exhaustive(struct campaign *campaign)
{
    const struct campaign_config *config = campaign_config_of(campaign);
    struct campaign_counts *counts = campaign_counts_of(campaign);
    const uint64_t limit = config->schedules != 0 ? config->schedules : DEFAULT_LIMIT;
    struct search search = {
        .campaign = campaign,
        .plan = config->run.plan,
        .machine = config->run.machine,
        .most = config->preemptions,
    };
    bool goes_on = true;

    if (search.plan.script == NULL)
        search.plan.script = scenario_short;
    search.plan.preempt_per_million = 1; /* kernel calls are points of choice */
    search.machine.tcpip.random_shapes = false;
    push(&search, &(struct branch){0});
    while (goes_on && search.first < search.count && counts->schedules < limit) {
        const struct branch branch = search.queue[search.first++];
        if (counts->schedules % PROGRESS_EVERY == 0)
            campaign_progress(campaign, "schedules", counts->schedules, 0);
        counts->schedules++;
        goes_on = try(&search, &branch) && !search.no_memory;
        release(branch.trunk);
    }
    counts->schedules_all = goes_on && search.first == search.count;
    while (search.first < search.count)
        release(search.queue[search.first++].trunk);
    free(search.queue);
    return goes_on;
}
