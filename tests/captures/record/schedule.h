/* SPDX-License-Identifier: MIT */
/* The relay's impairments: what becomes of packet number N, from the seed alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum direction { DIRECTION_C2S, DIRECTION_S2C };

#define SCHEDULE_RANGES 16

/* How hard the relay treats the packets. Chances are in tenths of a percent (0 to 1000). */
struct schedule {
    uint64_t seed;
    unsigned loss;
    unsigned duplicate;
    unsigned reorder;
    uint32_t delay_us;  /* every packet */
    uint32_t jitter_us; /* up to this much more; packets keep their order */
    uint32_t hold_us;   /* a reordered packet waits this much more, and others overtake it */
    struct schedule_range {
        enum direction direction;
        uint64_t first, last;
    } lose[SCHEDULE_RANGES]; /* packets lost by name, whatever the chances say */
    unsigned lose_count;
};

struct fate {
    bool lost;
    bool overtaken;
    unsigned copies; /* 1, or 2 for a duplicate; 0 when lost */
    uint64_t delay_us;
};

/* Decides packet `index` (from 0, each direction counted for itself). Depends on nothing but the
 * arguments: the same schedule gives the same fates whatever the timing of the programs. */
struct fate schedule_decide(const struct schedule *schedule, enum direction direction,
                            uint64_t index);

/* True if the list has a range of this direction with this index in it. */
bool schedule_listed(const struct schedule_range *ranges, unsigned count, enum direction direction,
                     uint64_t index);

/* Reads "c2s:5" or "s2c:10-20". False if the text is anything else. */
bool schedule_parse_range(const char *text, struct schedule_range *range);
