/* SPDX-License-Identifier: MIT */
/* Seeded random numbers: xoshiro256**, seeded by splitmix64 (both in the public domain). */
#pragma once

#include <stdint.h>

struct sim_random {
    uint64_t state[4];
};

void sim_random_seed(struct sim_random *random, uint64_t seed);
uint64_t sim_random_next(struct sim_random *random);

/* Uniform in 0..n-1; n >= 1. */
uint32_t sim_random_below(struct sim_random *random, uint32_t n);
