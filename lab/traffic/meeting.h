/* SPDX-License-Identifier: MIT */
/* How often the same two ends have met: connections that use addresses and ports again need names
 * of their own. */
#pragma once

#include "netio/flow.h"

struct meeting;

struct meetings {
    struct meeting *slots;
    size_t mask, count;
};

/* One more connection between these ends, whoever began it. The how-manieth it is, from 1; 0: no
 * memory. */
uint32_t meetings_add(struct meetings *meetings, const struct netio_flow_info *info);
void meetings_close(struct meetings *meetings);
