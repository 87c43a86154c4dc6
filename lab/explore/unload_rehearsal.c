/* SPDX-License-Identifier: MIT */
/* Unload rehearsal: the driver is taken away before each step of the traffic, and behind the last.
 */
#include "explore/campaign.h"
#include "explore/scenario.h"
#include "traffic/script.h"

#include <string.h>

#define PART "unload"

bool campaign_unload(struct campaign *campaign)
{
    struct campaign_counts *counts = campaign_counts_of(campaign);
    struct run_plan plan = campaign_config_of(campaign)->run.plan;
    const char *text = plan.script != NULL ? plan.script : scenario_script;
    char error[160];
    struct traffic_script *script = traffic_script_parse(text, strlen(text), error, sizeof(error));
    bool going_on = true;

    if (script == NULL) /* the base run has said why */
        return false;
    const size_t steps = traffic_script_steps(script);
    traffic_script_free(script);
    for (size_t step = 1; step <= steps && going_on; step++) {
        plan.unload_step = step;
        campaign_progress(campaign, PART, step, steps);
        counts->unload_points++;
        going_on = campaign_try(campaign, &plan, NULL, NULL, NULL);
    }
    return going_on;
}
