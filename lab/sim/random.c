/* SPDX-License-Identifier: MIT */
/* Seeded random numbers (xoshiro256**, splitmix64). */
#include "sim/random.h"

static uint64_t rotate_left(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

void sim_random_seed(struct sim_random *random, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++) {
        seed += 0x9E3779B97F4A7C15ull;
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
        random->state[i] = z ^ (z >> 31);
    }
}

uint64_t sim_random_next(struct sim_random *random)
{
    uint64_t *s = random->state;
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint32_t sim_random_below(struct sim_random *random, uint32_t n)
{
    /* The top half of a 32x32 product is uniform once the few low halves that favour small results
     * are drawn again. */
    uint64_t product = (sim_random_next(random) >> 32) * n;

    if ((uint32_t)product < n) {
        const uint32_t unfair = -n % n;

        while ((uint32_t)product < unfair)
            product = (sim_random_next(random) >> 32) * n;
    }
    return (uint32_t)(product >> 32);
}
