/* SPDX-License-Identifier: MIT */
/* The world that tests of ndis and of the floors above stand on: sim, pe, nt, ndis, and the
 * breaches seen. */
#pragma once

#include "ndis/ndis.h"
#include "sim/breach.h"

struct world {
    struct sim *sim, *previous;
    struct pe *pe;
    struct nt *nt;
    struct ndis *ndis;
    unsigned breaches;
    char rule[8]; /* of the last breach */
    char function[64];
    char detail[256];
    uint32_t nbls;
    uint64_t bytes;
};

struct world *world_create(void);

/* Asserts that no NBL, no pool block and no unread breach is left, then ends the world. */
void world_destroy(struct world *world);

/* Asserts that the only breach since the last call was of this rule. */
void world_expect(struct world *world, const char *rule, const char *function);

/* Pool blocks and NBLs alive. */
unsigned world_blocks(const struct world *world);
unsigned world_nbls(const struct world *world);
