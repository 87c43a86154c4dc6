/* SPDX-License-Identifier: MIT */
/* Makes a run that shows a finding as small as it gets: fewer steps, faults, neighbours, choices;
 * it still shows the same rule, function and tag, as severely. */
#pragma once

#include "explore/run.h"

struct shrink_config {
    const struct run_config *run; /* plan.script is given */
    const char *rule, *function;
    uint32_t tag;
    enum check_severity severity;
    uint64_t most_runs; /* 0: 5,000 */
    void *context;
    void (*progress)(void *context, uint64_t runs, size_t steps, size_t choices); /* may be NULL */
    bool (*stop)(void *context); /* true: the smallest so far will do. May be NULL */
};

/* Sizes of a run. steps: of captures, frames. choices: those that are not the first possibility. */
struct shrink_size {
    size_t steps, faults, neighbours, choices;
};

struct shrink_outcome {
    bool shown;           /* the run shows the finding at all; else nothing below is filled in */
    bool exhausted;       /* most_runs was reached: it may get smaller still */
    bool stopped;         /* stop() said so, likewise */
    struct run_plan plan; /* script and decisions are the outcome's */
    bool plain;           /* chains come in plain shapes now */
    uint64_t runs, trace_hash;
    struct shrink_size before, after;
    char *script;
    struct plan_input *inputs; /* of the plan, when it has any */
    size_t input_count;
    struct sim_decisions decisions;
};

/* False: no memory. */
bool shrink_run(const struct shrink_config *config, struct shrink_outcome *outcome);
void shrink_clear(struct shrink_outcome *outcome);
