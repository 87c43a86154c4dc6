/* SPDX-License-Identifier: MIT */
/* Places in a row, and a Fenwick tree that counts which of them are taken up. */
#include "netio/completion_queue.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 16u

static void count_place(struct completion_queue *queue, uint32_t place, uint32_t by)
{
    for (uint32_t i = place + 1; i <= queue->room; i += i & -i)
        queue->counts[i] += by;
}

/* Closes the gaps; false when memory for more places is short. */
static bool make_room(struct completion_queue *queue)
{
    uint32_t room = queue->room, kept = 0;

    if (queue->count >= room / 2) {
        NET_BUFFER_LIST **places;
        uint32_t *counts;

        room = room != 0 ? room * 2 : FIRST_ROOM;
        places = realloc(queue->places, room * sizeof(NET_BUFFER_LIST *));
        if (places == NULL)
            return false;
        queue->places = places;
        counts = realloc(queue->counts, (room + (size_t)1) * sizeof(*counts));
        if (counts == NULL)
            return false;
        queue->counts = counts;
        queue->room = room;
    }
    memset(queue->counts, 0, (room + (size_t)1) * sizeof(*queue->counts));
    for (uint32_t i = 0; i < queue->used; i++) {
        if (queue->places[i] == NULL)
            continue;
        queue->places[kept] = queue->places[i];
        count_place(queue, kept++, 1);
    }
    queue->used = kept;
    return true;
}

bool completion_queue_add(struct completion_queue *queue, NET_BUFFER_LIST *nbl)
{
    if (queue->used == queue->room && !make_room(queue))
        return false;
    queue->places[queue->used] = nbl;
    count_place(queue, queue->used++, 1);
    queue->count++;
    return true;
}

NET_BUFFER_LIST *completion_queue_take(struct completion_queue *queue, uint32_t index)
{
    uint32_t place = 0;
    NET_BUFFER_LIST *nbl;

    for (uint32_t step = queue->room; step != 0; step >>= 1) {
        if (place + step <= queue->room && queue->counts[place + step] <= index) {
            place += step;
            index -= queue->counts[place];
        }
    }
    nbl = queue->places[place];
    queue->places[place] = NULL;
    count_place(queue, place, UINT32_MAX);
    if (--queue->count == 0)
        queue->used = 0;
    return nbl;
}

void completion_queue_free(struct completion_queue *queue)
{
    free(queue->places);
    free(queue->counts);
    *queue = (struct completion_queue){0};
}
