/* SPDX-License-Identifier: MIT */
/* Gives recorded connections other initial sequence numbers, so that a short one wraps around. */
#pragma once

#include "schedule.h"

#include <stddef.h>
#include <stdint.h>

#define RENUMBER_FLOWS 64

struct renumber {
    uint32_t isn[2]; /* wanted, by direction */
    unsigned count;
    struct renumber_flow {
        uint8_t key[36]; /* client's and server's address and port */
        uint32_t shift[2];
    } flows[RENUMBER_FLOWS];
};

/* Moves sequence number, acknowledgement and SACK blocks of the frame by the same distance as the
 * SYN of their direction, and mends the checksum. Frames without TCP, fragments, and connections
 * whose SYN was not seen stay as they are. */
void renumber_frame(struct renumber *renumber, enum direction direction, uint8_t *frame,
                    size_t size);
