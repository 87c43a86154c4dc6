/* SPDX-License-Identifier: MIT */
/* Neighbours: ready-made second callout drivers beside the one under test, above it (heavier
 * sublayer) or below. Native code of the lab that calls the same exports as any driver; what a
 * neighbour does wrong is not told of the driver under test. */
#pragma once

#include "explore/machine.h"
#include "explore/plan.h"

struct neighbour {
    const char *name;  /* "above-hold" */
    const char *title; /* one line for people */
    bool above;
    bool lawful; /* keeps the contract: a driver must be clean beside it. Else it must only not
                    crash or leak */
    bool keeps;  /* what it is shown comes out again, as it was and in order */
    void *entry; /* DRIVER_INITIALIZE */
};

/* NULL when there is no such name / beyond the last. */
const struct neighbour *neighbour_find(const char *name);
const struct neighbour *neighbour_at(size_t index);

/* The neighbours of one machine. */
struct neighbour_set {
    struct machine *machine;
    size_t count;
    struct nt_driver *drivers[PLAN_NEIGHBOURS];
};

/* Loads those of the plan, before the driver under test. False when one has no name in the table,
 * or memory is short; text (size bytes) says why. What they do wrong is ignored from here on. */
bool neighbour_set_load(struct neighbour_set *set, struct machine *machine,
                        const struct run_plan *plan, char *text, size_t size);

/* Unloads them, after the driver under test. Does nothing when none is there. */
void neighbour_set_unload(struct neighbour_set *set);

/* True when every neighbour of the plan keeps the bytes. */
bool neighbour_plan_keeps(const struct run_plan *plan);

/* Beside one that breaks the contract a driver must only not crash, hang or leave anything behind:
 * other findings are folded away. Called when a run is over. */
void neighbour_excuse(const struct run_plan *plan, struct check_findings *findings);
