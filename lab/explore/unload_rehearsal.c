/* SPDX-License-Identifier: MIT */
/* Unload rehearsal: the driver is taken away before each step of the traffic, and behind the last;
 * once while what the steps before brought about is still going on, once when it has come to rest.
 */
#include "explore/campaign.h"
#include "explore/scenario.h"
#include "traffic/script.h"

#include <stdlib.h>
#include <string.h>

#define PART "unload"
#define REST "run\n"

/* The script with a rest before step `step`, from 1: allocated. NULL: no memory. */
static char *with_rest(const struct traffic_script *script, size_t step)
{
    const size_t steps = traffic_script_steps(script);
    size_t size = sizeof(REST), at = 0;
    char *text;

    for (size_t i = 0; i < steps; i++)
        size += strlen(traffic_script_text(script, i)) + 1;
    text = malloc(size);
    for (size_t i = 0; i < steps && text != NULL; i++) {
        const char *line = traffic_script_text(script, i);
        const size_t length = strlen(line);
        if (i + 1 == step) {
            memcpy(text + at, REST, sizeof(REST) - 1);
            at += sizeof(REST) - 1;
        }
        memcpy(text + at, line, length);
        text[at + length] = '\n';
        at += length + 1;
    }
    if (text != NULL)
        text[at] = '\0';
    return text;
}

static bool try(struct campaign *campaign, struct run_plan *plan, size_t step)
{
    plan->unload_step = step;
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
        char *rested = with_rest(script, step);
        campaign_progress(campaign, PART, step, steps);
        going_on = rested != NULL && try(campaign, &plan, step);
        if (going_on) {
            struct run_plan quiet = plan;
            quiet.script = rested;
            going_on = try(campaign, &quiet, step + 1);
        }
        free(rested);
    }
    traffic_script_free(script);
    return going_on;
}
