/* SPDX-License-Identifier: MIT */
/* A campaign's runs beside each neighbour, and between two that both inject. */
#include "explore/campaign.h"
#include "explore/neighbour.h"

#define PART "neighbours"

static const char *const between[][2] = {
    {"above-reinject", "below-reinject"},
    {"above-worker", "below-worker"},
    {"above-hold", "below-late"},
};

bool campaign_neighbours(struct campaign *campaign)
{
    const size_t pairs = sizeof(between) / sizeof(between[0]);
    struct campaign_counts *counts = campaign_counts_of(campaign);
    struct run_plan plan = campaign_config_of(campaign)->run.plan;
    size_t all = 0;

    while (neighbour_at(all) != NULL)
        all++;
    for (size_t i = 0; i < all + pairs; i++) {
        if (i < all && !neighbour_at(i)->lawful && !campaign_config_of(campaign)->every_neighbour)
            continue;
        plan.neighbour_count = i < all ? 1 : 2;
        for (size_t k = 0; k < plan.neighbour_count; k++)
            plan.neighbours[k] = i < all ? neighbour_at(i)->name : between[i - all][k];
        campaign_progress(campaign, PART, i, all + pairs);
        counts->neighbours++;
        if (!campaign_try(campaign, &plan, NULL, NULL, NULL))
            return false;
    }
    return true;
}
