/* SPDX-License-Identifier: MIT */
/* The words of `sluice check` for one run. */
#include "cli/rerun_check.h"

#include "cli/schedule.h"
#include "explore/fault_plan.h"
#include "explore/scenario.h"

#include <stdio.h>
#include <string.h>

#define QUIRK "quirk "

static void add_number(struct rerun *rerun, const char *option, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    rerun_add(rerun, option);
    rerun_add(rerun, text);
}

static void add_list(struct rerun *rerun, const char *option, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rerun_add(rerun, option);
        rerun_add(rerun, list[i]);
    }
}

void rerun_reading(const char *reading,
                   void (*each)(void *context, const char *word, bool is_quirk), void *context)
{
    char word[128];

    if (reading == NULL)
        return;
    if (strncmp(reading, QUIRK, strlen(QUIRK)) == 0) {
        each(context, reading + strlen(QUIRK), true);
        return;
    }
    while (*reading != '\0') {
        const size_t length = strcspn(reading, ",");
        snprintf(word, sizeof(word), "%.*s", (int)length, reading);
        each(context, word, false);
        reading += length + (reading[length] == ',');
    }
}

static void add_reading(void *context, const char *word, bool is_quirk)
{
    struct rerun *rerun = context;

    rerun_add(rerun, is_quirk ? "--quirk" : "--switch");
    rerun_add(rerun, word);
}

static void add_plan(struct rerun *rerun, const struct run_plan *plan)
{
    const char *short_case = plan->script != NULL ? scenario_short_name(plan->script) : NULL;

    if (short_case != NULL)
        add_list(rerun, "--case", &short_case, 1);
    schedule_add(rerun, plan);
    for (size_t i = 0; i < plan->fault_count; i++) {
        char text[PLAN_NAME + 32];
        rerun_add(rerun, "--fault");
        rerun_add(rerun, fault_plan_text(&plan->faults[i], text, sizeof(text)));
    }
    if (plan->faults_per_million != 0) {
        char text[24];
        snprintf(text, sizeof(text), FAULT_RANDOM "%u", (unsigned)plan->faults_per_million);
        rerun_add(rerun, "--fault");
        rerun_add(rerun, text);
    }
    if (plan->bfe_stopped)
        rerun_add(rerun, "--bfe-stopped");
    add_list(rerun, "--neighbour", plan->neighbours, plan->neighbour_count);
    if (plan->unload_step != 0)
        add_number(rerun, plan->unload_rested ? "--unload-at-rest" : "--unload-at",
                   plan->unload_step);
}

void rerun_check(struct rerun *rerun, const struct options *options, const char *profile,
                 const struct run_config *run, const char *reading)
{
    rerun_begin(rerun, "check");
    rerun_add(rerun, options->files[0]);
    rerun_add(rerun, "--profile");
    rerun_add(rerun, profile);
    add_number(rerun, "--seed", run->plan.seed);
    add_plan(rerun, &run->plan);
    if (run->plan.script == scenario_four_gigabytes) {
        rerun_add(rerun, "--four-gigabytes");
    } else if (options->script != NULL) {
        rerun_add(rerun, "--script");
        rerun_add(rerun, options->script);
    }
    add_list(rerun, "--rules", options->rules, options->rules_count);
    add_list(rerun, "--block", &options->block, options->block != NULL);
    add_list(rerun, "--set", options->settings, options->setting_count);
    add_list(rerun, "--switch", options->switches, options->switch_count);
    for (size_t i = 0; i < options->quirk_count; i++) {
        if (strcmp(options->quirks[i], "all") != 0)
            add_list(rerun, "--quirk", &options->quirks[i], 1);
    }
    rerun_reading(reading, add_reading, rerun);
    if (run->plan.decisions != NULL && !run->machine.tcpip.random_shapes)
        add_reading(rerun, "chain_shape=plain", false);
    if (!options->checks) {
        rerun_add(rerun, "--checks");
        rerun_add(rerun, "off");
    }
    if (options->special_pool)
        rerun_add(rerun, "--special-pool");
}
