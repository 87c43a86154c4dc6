/* SPDX-License-Identifier: MIT */
/* The scripts that `sluice check` runs when it is given none. */
#pragma once

#include <stddef.h>

/* Every shape that the receive path can offer, and every way that a flow can end. */
extern const char scenario_script[];

/* The same for sluice.sys that was given rules or a block list: they go and come again while
 * connections are open. */
extern const char scenario_swap[];

/* The one of these two that is meant when a plan has no script. */
struct run_config;
const char *scenario_of(const struct run_config *run);

/* The nth short case, for the bounded search through all schedules: its name, or NULL behind the
 * last. */
const char *scenario_short_at(size_t index, const char **script);

/* The name of the short case that this text (by address) is; NULL: none. */
const char *scenario_short_name(const char *script);

/* One connection that carries more than 4 GB in each direction, so that counters of 32 bits turn
 * over: in indications of 64 NBLs, little enough to stay in a processor's cache. Seconds. */
extern const char scenario_four_gigabytes[];
