/* SPDX-License-Identifier: MIT */
/* Each reading in turn, and each defect of this Windows in turn. Sources: contract section 9 (what
 * documents leave open), field reports d2 (lawful behaviours that surprise). */
#include "explore/readings.h"

#include "explore/campaign.h"
#include "netio/quirk.h"

#include <stdio.h>

static const struct {
    const char *name, *value;
} readings[] = {
    {"countBytesRequired", "total"},
    {"countBytesRequired", "additional"},
    {"reindicate_chain", "offset_nbl"},
    {"inline_emit", "inside_inject"},
    {"outside_inject", "interleaved"},
    {"completion", "sync"},
    {"completion", "late"},
    {"completion", "reordered"},
    {"dead_flow_inject", "complete"},
    {"fin_mode", "with_data"},
    {"classify_irql", "passive"},
    {"classify_irql", "dispatch"},
    {"serialisation", "direction"},
    {"missed_bytes", "blocked_less_injected"},
    {"missed_bytes", "zero"},
    {"rst_without_classify", "on"},
    {"rst_without_classify", "off"},
    {"flow_remove", "sync"},
    {"flow_remove", "pending"},
    {"compartment_metadata", "on"},
    {"classify_rights", "off"},
    {"reserved_offsets", "set"},
    {"absent_metadata", "other"},
    {"low_resources", "on"},
    {"batch", "4"},
    {"slow_reader", "8"},
    {"chain_shape", "plain"},
};

bool reading_at(size_t index, const char **name, const char **value)
{
    if (index >= sizeof(readings) / sizeof(readings[0]))
        return false;
    *name = readings[index].name;
    *value = readings[index].value;
    return true;
}

bool reading_set(struct machine_config *machine, size_t index)
{
    const struct netio_switches switches = machine->switches;
    const struct tcpip_config tcpip = machine->tcpip;

    if (!netio_switches_set(&machine->switches, readings[index].name, readings[index].value) &&
        !tcpip_config_set(&machine->tcpip, readings[index].name, readings[index].value))
        return false;
    return !netio_switches_same(&switches, &machine->switches) ||
           !tcpip_config_same(&tcpip, &machine->tcpip);
}

bool campaign_readings(struct campaign *campaign)
{
    const struct run_config *base = &campaign_config_of(campaign)->run;
    const char *name, *value;

    for (size_t i = 0; reading_at(i, &name, &value); i++) {
        struct machine_config machine = base->machine;
        char reading[96];
        if (!reading_set(&machine, i))
            continue;
        snprintf(reading, sizeof(reading), "%s=%s", name, value);
        campaign_progress(campaign, reading, i, sizeof(readings) / sizeof(readings[0]));
        if (!campaign_try(campaign, &base->plan, &machine, reading, NULL))
            return false;
        campaign_counts_of(campaign)->readings++;
    }
    return true;
}

bool campaign_quirks(struct campaign *campaign)
{
    const struct run_config *base = &campaign_config_of(campaign)->run;
    const struct netio_quirk_row *row;

    for (size_t i = 0; (row = netio_quirk_at(i)) != NULL; i++) {
        struct machine_config machine = base->machine;
        char reading[96];
        if (row->how == NULL || !netio_quirk_belongs(row, machine.profile))
            continue;
        netio_quirk_set(&machine.switches, row);
        if (netio_switches_same(&machine.switches, &base->machine.switches))
            continue;
        snprintf(reading, sizeof(reading), "quirk %s", row->name);
        campaign_progress(campaign, reading, i, 0);
        if (!campaign_try(campaign, &base->plan, &machine, reading, NULL))
            return false;
        campaign_counts_of(campaign)->quirks++;
    }
    return true;
}
