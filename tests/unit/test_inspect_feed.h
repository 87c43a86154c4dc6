/* SPDX-License-Identifier: MIT */
/* Feeds streams to the inspection core as a driver would, and checks that no cut of a stream
 * changes the results. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/inspect.h"

#define FEED_EVENTS_MAX 48

/* A flow and what it said so far. */
struct feed {
    struct inspect_flow flow;
    struct inspect_call call;
    struct inspect_scratch *scratch[2];
    struct inspect_event events[FEED_EVENTS_MAX];
    size_t events_count;
    struct inspect_result result; /* of the last call, with the last reason since the bytes before;
                                     its event pointer is not valid any more */
};

/* A direction's results as a function of the number of bytes fed. */
struct feed_trace {
    size_t length;
    uint8_t *verdicts;    /* length + 1 */
    uint64_t *release_to; /* length + 1 */
    uint8_t *protocols;   /* length + 1 */
    struct feed feed;     /* after the last byte */
};

void feed_begin(struct feed *feed, const struct inspect_policy *policy);
void feed_data(struct feed *feed, enum inspect_direction direction, const void *data,
               size_t length);
void feed_end(struct feed *feed, enum inspect_direction direction);
void feed_deadline(struct feed *feed, enum inspect_direction direction);
void feed_gap(struct feed *feed, enum inspect_direction direction, uint64_t length);
/* Frees what an undecided flow still holds. */
void feed_finish(struct feed *feed);

/* Scratches handed out and not returned, by all feeds. */
size_t feed_scratches(void);

/* Feeds byte by byte, then in one piece, cut in two at every boundary, and cut at random; fails the
 * test if any of them differs in verdict, release or event. Leaves the outcome in `trace` (free
 * with feed_trace_free). */
void feed_every_cut(const struct inspect_policy *policy, enum inspect_direction direction,
                    const void *data, size_t length, struct feed_trace *trace);
void feed_trace_free(struct feed_trace *trace);

/* The offset at which the direction was first not held; the length if never. */
size_t feed_trace_decided(const struct feed_trace *trace);
