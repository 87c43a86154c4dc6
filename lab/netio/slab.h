/* SPDX-License-Identifier: MIT */
/* Objects of one size from the world's arena, used again after they were given back. No call per
 * segment leaves this folder. */
#pragma once

#include "sim/sim.h"

struct slab {
    size_t size; /* of one object, a multiple of 16 */
    void *free;
    uint64_t live;
};

/* Zeroed object, or NULL when the arena is used up. Memory goes back with the world. */
void *slab_take(struct slab *slab, struct sim *sim);
void slab_give(struct slab *slab, void *object);
