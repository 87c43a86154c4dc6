/* SPDX-License-Identifier: MIT */
/* A run's choices as a word of the command line (--schedule). SPEC.md has its look. */
#pragma once

#include "cli/rerun.h"
#include "explore/plan.h"

#include <stdbool.h>

/* Sets how tasks take turns: "seed" (as a run of --explore with the plan's seed), or
 * "AT=CHOSEN,..." in ascending order, every other choice being the first possibility; "0=0": all of
 * them. The plan's decisions are the caller's to free with schedule_clear(). False after filling
 * `error`. */
bool schedule_parse(struct run_plan *plan, const char *text, char *error, size_t size);
void schedule_clear(struct run_plan *plan);

/* Adds the option for this plan, when it has a schedule. */
void schedule_add(struct rerun *rerun, const struct run_plan *plan);
