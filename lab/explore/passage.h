/* SPDX-License-Identifier: MIT */
/* Watches which bytes of which flow stay in a callout's hands, and when they come out: by the
 * engine's own counters, so for any driver. */
#pragma once

#include "netio/flow.h"
#include "traffic/replay.h"

struct passage;

/* Bytes of one direction, by their place in the stream as it was offered. */
struct passage_range {
    uint64_t flow; /* handle */
    const struct netio_flow_info *info;
    enum netio_direction direction;
    uint64_t begin, end;
};

struct passage_listener {
    void *context;
    void (*opened)(void *context, uint64_t flow, const struct netio_flow_info *info);
    /* They were offered, and did not come out at once. */
    void (*held)(void *context, const struct passage_range *range);
    /* They were held since `since` (virtual time), and came out now. */
    void (*released)(void *context, const struct passage_range *range, uint64_t since,
                     uint64_t now);
};

/* Listens to the engine from now on. NULL: no memory. */
struct passage *passage_create(struct netio *netio, const struct passage_listener *listener);

/* Listens no more. */
void passage_destroy(struct passage *passage);

/* Looks at the flows that were touched since the last look. Call it whenever the world is quiet.
 * now: virtual time. */
void passage_look(struct passage *passage, uint64_t now);
