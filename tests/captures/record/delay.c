/* SPDX-License-Identifier: MIT */
/* Frames under way in the relay, in the order in which they arrive. */
#include "delay.h"

#include <stdlib.h>
#include <string.h>

static int delay_insert(struct delay *delay, uint64_t due_ns, enum direction direction,
                        const uint8_t *frame, size_t size)
{
    struct delay_frame **at = &delay->first;
    struct delay_frame *item = malloc(sizeof *item + size);

    if (item == NULL) {
        return -1;
    }
    while (*at != NULL && (*at)->due_ns <= due_ns) {
        at = &(*at)->next;
    }
    *item =
        (struct delay_frame){.next = *at, .due_ns = due_ns, .direction = direction, .size = size};
    memcpy(item->bytes, frame, size);
    *at = item;
    return 0;
}

int delay_send(struct delay *delay, uint64_t now_ns, const struct fate *fate, uint64_t again_ns,
               enum direction direction, const uint8_t *frame, size_t size)
{
    uint64_t due = now_ns + fate->delay_us * 1000;

    if (!fate->overtaken) {
        if (due < delay->latest_ns[direction]) {
            due = delay->latest_ns[direction];
        }
        delay->latest_ns[direction] = due;
    }
    for (unsigned i = 0; i < fate->copies; i++) {
        if (delay_insert(delay, due + i * again_ns, direction, frame, size) != 0) {
            return -1;
        }
    }
    return 0;
}

struct delay_frame *delay_arrive(struct delay *delay, uint64_t now_ns)
{
    struct delay_frame *item = delay->first;

    if (item == NULL || item->due_ns > now_ns) {
        return NULL;
    }
    delay->first = item->next;
    return item;
}

void delay_clear(struct delay *delay)
{
    while (delay->first != NULL) {
        struct delay_frame *item = delay->first;

        delay->first = item->next;
        free(item);
    }
}
