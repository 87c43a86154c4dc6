/* SPDX-License-Identifier: MIT */
/* One host's view of the traffic, put into a capture file with the edits that were asked for. */
#pragma once

#include "renumber.h"
#include "schedule.h"
#include "writer.h"

/* Settings first, zero means off. The edits change the recording only, never what is delivered. */
struct recorder {
    struct writer writer;
    enum direction sends;                        /* the direction that this host sends */
    struct schedule_range omit[SCHEDULE_RANGES]; /* TCP frames by direction, left out */
    unsigned omit_count;
    uint64_t first, last; /* TCP frames of both directions; outside: left out */
    unsigned conflict;    /* every Nth data segment is followed by a forged one */
    bool renumbers;
    struct renumber renumber;

    uint64_t seen[2]; /* TCP frames so far */
    uint64_t data;    /* recorded data segments so far */
};

/* Records a frame that this host sent or received. A forged segment (`conflict`) begins in the
 * middle of the one before, reaches as far beyond its end, and has every bit of the payload turned
 * over: it disputes bytes that were delivered and bytes that are still to come. -1 with errno. */
int recorder_frame(struct recorder *recorder, uint64_t time_ns, enum direction direction,
                   const uint8_t *frame, size_t size);
