/* SPDX-License-Identifier: MIT */
/* Many seeds: kernel calls switch tasks, every fourth run by priorities; behaviours that documents
 * leave open are drawn by the seed, too. */
#include "explore/campaign.h"
#include "explore/readings.h"

#include "sim/random.h"

#include <stdio.h>
#include <string.h>

#define PREEMPT        20000 /* of a million kernel calls switch tasks */
#define PCT_EVERY      4
#define PCT_CHANGES    3
#define PCT_LENGTH     30000 /* kernel calls at which priorities may change */
#define READINGS_SEED  0x5EAD1465ull
#define READING_EVERY  8 /* one reading of so many is drawn */
#define PROGRESS_EVERY 16

void campaign_seed_schedule(struct run_plan *plan)
{
    plan->preempt_per_million = PREEMPT;
    if (plan->seed % PCT_EVERY == 0) {
        plan->schedule = SIM_SCHEDULE_PCT;
        plan->changes = PCT_CHANGES;
        plan->length = PCT_LENGTH;
    }
}

void campaign_seed_plan(const struct run_config *base, uint64_t seed, struct run_plan *plan,
                        struct machine_config *machine, char *reading, size_t size)
{
    struct sim_random random;
    const char *name, *value;
    size_t used = 0;

    *plan = base->plan;
    *machine = base->machine;
    reading[0] = '\0';
    plan->seed = machine->seed = seed;
    campaign_seed_schedule(plan);
    if (seed % 2 != 0) /* every second run is as the base is */
        return;
    sim_random_seed(&random, seed ^ READINGS_SEED);
    for (size_t i = 0; reading_at(i, &name, &value); i++) {
        struct machine_config changed = *machine;
        if (sim_random_below(&random, READING_EVERY) != 0 || !reading_set(&changed, i))
            continue;
        const int length =
            snprintf(reading + used, size - used, "%s%s=%s", used != 0 ? "," : "", name, value);
        if (length < 0 || (size_t)length >= size - used) {
            reading[used] = '\0'; /* what cannot be told is not done */
            return;
        }
        used += (size_t)length;
        *machine = changed;
    }
}

bool campaign_seeds(struct campaign *campaign)
{
    const struct campaign_config *config = campaign_config_of(campaign);
    const uint64_t first = config->run.plan.seed;

    for (uint64_t i = 0; i < config->seeds; i++) {
        struct machine_config machine;
        struct run_plan plan;
        char reading[256];

        if (i % PROGRESS_EVERY == 0)
            campaign_progress(campaign, "seeds", i, config->seeds);
        campaign_seed_plan(&config->run, first + i, &plan, &machine, reading, sizeof(reading));
        campaign_counts_of(campaign)->seeds++;
        if (!campaign_try(campaign, &plan, &machine, reading[0] != '\0' ? reading : NULL, NULL))
            return false;
    }
    return true;
}
