/* SPDX-License-Identifier: MIT */
/* A set of flows, one bit for each handle: NETIO counts handles from 1. Zero-initialised is empty.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check_flow_set {
    uint64_t *words;
    size_t count;
};

/* Memory short: the flow is not remembered, and what depends on it is not reported. */
void check_flow_set_add(struct check_flow_set *set, uint64_t flow);
void check_flow_set_clear(struct check_flow_set *set);

static inline bool check_flow_set_has(const struct check_flow_set *set, uint64_t flow)
{
    return flow / 64 < set->count && (set->words[flow / 64] >> (flow % 64) & 1) != 0;
}
