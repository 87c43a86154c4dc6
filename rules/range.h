/* SPDX-License-Identifier: MIT */
/* Sets of addresses and ports: sorted, disjoint, inclusive ranges. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/arena.h"

enum rules_space { RULES_SPACE_IPV4, RULES_SPACE_IPV6, RULES_SPACE_PORT };

/* A number of 128 bits: high half first. */
struct rules_number128 {
    uint64_t high, low;
};

struct rules_range {
    enum rules_space space;
    struct rules_number128 first, last;
};

struct rules_ranges {
    struct rules_range *items;
    size_t count;
};

/* All of a space. */
struct rules_range rules_range_all(enum rules_space space);

/* Sorts and joins in place. */
void rules_ranges_normalize(struct rules_ranges *ranges);

/* a without b, both normalized; made in `arena`. False: no memory. */
bool rules_ranges_without(struct rules_arena *arena, const struct rules_ranges *a,
                          const struct rules_ranges *b, struct rules_ranges *result);

int rules_number_compare(struct rules_number128 a, struct rules_number128 b);
