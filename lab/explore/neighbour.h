/* SPDX-License-Identifier: MIT */
/* Neighbours: ready-made second callout drivers beside the one under test, above it (heavier
 * sublayer) or below. Native code of the lab that calls the same exports as any driver; what a
 * neighbour does wrong is not told of the driver under test. */
#pragma once

#include "explore/machine.h"

struct neighbour {
    const char *name;  /* "above-hold" */
    const char *title; /* one line for people */
    bool above;
    bool lawful; /* keeps the contract: a driver must be clean beside it. Else it must only not
                    crash or leak */
    void *entry; /* DRIVER_INITIALIZE */
};

/* NULL when there is no such name / beyond the last. */
const struct neighbour *neighbour_find(const char *name);
const struct neighbour *neighbour_at(size_t index);
