/* SPDX-License-Identifier: MIT */
/* Injected NBLs that are to be completed, in the order in which they came, any of which can be next
 * (completion=reordered, random). */
#pragma once

#include <ndis.h>

#include <stdbool.h>
#include <stdint.h>

struct completion_queue {
    uint32_t count;
    uint32_t used, room; /* places: the first `used` were given out; room is a power of two, or 0 */
    NET_BUFFER_LIST **places; /* NULL: taken */
    uint32_t *counts;         /* how many wait in stretches of places: a Fenwick tree, from 1 */
};

/* Puts the NBL behind all others; false when memory is short. */
bool completion_queue_add(struct completion_queue *queue, NET_BUFFER_LIST *nbl);

/* Takes out the NBL before which `index` others wait; there are more than that. */
NET_BUFFER_LIST *completion_queue_take(struct completion_queue *queue, uint32_t index);

void completion_queue_free(struct completion_queue *queue);
