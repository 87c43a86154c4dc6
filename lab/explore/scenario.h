/* SPDX-License-Identifier: MIT */
/* The traffic of `sluice check`: every shape that the receive path can offer, and every way that a
 * flow can end. */
#pragma once

#include "explore/machine.h"

/* Runs it through the machine's driver. False when a bug check ended the world. Host only. */
bool scenario_run(struct machine *machine);
