/* SPDX-License-Identifier: MIT */
/* Unload rehearsal: the driver is taken away before each step of the traffic, and behind the last;
 * once while what the steps before brought about is still going on, once when it has come to rest.
 */
#include "explore/campaign.h"
#include "explore/scenario.h"
#include "traffic/script.h"

#include <string.h>

#define PART "unload"

static bool try(struct campaign *campaign, struct run_plan *plan, size_t step, bool rested)
{
    plan->unload_step = step;
    plan->unload_rested = rested;
    campaign_counts_of(campaign)->unload_points++;
    return campaign_try(campaign, plan, NULL, NULL, NULL);
}

bool campaign_unload(struct campaign *campaign)
{
    struct run_plan plan = campaign_config_of(campaign)->run.plan;
    const char *text =
        plan.script != NULL ? plan.script : scenario_of(&campaign_config_of(campaign)->run);
    char error[160];
    struct traffic_script *script = traffic_script_parse(text, strlen(text), error, sizeof(error));
    bool going_on = script != NULL; /* else the base run has said why */
    const size_t steps = going_on ? traffic_script_steps(script) : 0;

    for (size_t step = 1; step <= steps && going_on; step++) {
        campaign_progress(campaign, PART, step, steps);
        going_on = try(campaign, &plan, step, false) && try(campaign, &plan, step, true);
    }
    traffic_script_free(script);
    return going_on;
}
