/* SPDX-License-Identifier: MIT */
/* The scripts that `sluice check` runs when it is given none. */
#pragma once

/* Every shape that the receive path can offer, and every way that a flow can end. */
extern const char scenario_script[];

/* One connection, for the bounded search through all schedules. */
extern const char scenario_short[];
