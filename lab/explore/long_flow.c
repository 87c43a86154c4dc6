/* SPDX-License-Identifier: MIT */
/* A campaign's run with more than 4 GB in each direction of a flow (contract R74). */
#include "explore/campaign.h"
#include "explore/scenario.h"

bool campaign_long_flow(struct campaign *campaign)
{
    struct run_plan plan = campaign_config_of(campaign)->run.plan;

    plan.script = scenario_four_gigabytes;
    campaign_progress(campaign, "a flow of 4 GB", 0, 1);
    campaign_counts_of(campaign)->long_flows++;
    return campaign_try(campaign, &plan, NULL, NULL, NULL);
}
