/* SPDX-License-Identifier: MIT */
/* The command line of `sluice check` that repeats one of its runs. */
#pragma once

#define FAULT_RANDOM "random:" /* --fault random:N: N of a million calls fail, by the seed */

#include "cli/options.h"
#include "cli/rerun.h"
#include "explore/run.h"

/* run: which one; reading: as campaigns tell it, or NULL. The base's plan comes from options. */
void rerun_check(struct rerun *rerun, const struct options *options, const char *profile,
                 const struct run_config *run, const char *reading);

/* The switches and the quirk in a reading, one after the other: `each` is called with the word (its
 * memory is gone afterwards). */
void rerun_reading(const char *reading,
                   void (*each)(void *context, const char *word, bool is_quirk), void *context);
