/* SPDX-License-Identifier: MIT */
/* Frames under way in the relay, in the order in which they arrive. */
#pragma once

#include "packet.h"
#include "schedule.h"

struct delay_frame {
    struct delay_frame *next;
    uint64_t due_ns;
    enum direction direction;
    size_t size;
    uint8_t bytes[];
};

struct delay {
    struct delay_frame *first;
    uint64_t latest_ns[2]; /* by direction: the arrival nobody but an overtaken frame may precede */
};

/* Sends the frame on its way as its fate says: one that is not overtaken arrives no earlier than
 * those sent before it; a duplicate arrives `again_ns` after the frame. -1: out of memory. */
int delay_send(struct delay *delay, uint64_t now_ns, const struct fate *fate, uint64_t again_ns,
               enum direction direction, const uint8_t *frame, size_t size);

/* The next frame that is due, now the caller's to free; NULL if none is. */
struct delay_frame *delay_arrive(struct delay *delay, uint64_t now_ns);

void delay_clear(struct delay *delay);
