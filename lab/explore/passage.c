/* SPDX-License-Identifier: MIT */
/* Which bytes stay in a callout's hands. */
#include "explore/passage.h"

#include "netio/listener.h"

#include <stdlib.h>
#include <string.h>

struct passage_flow {
    struct passage_flow *next; /* touched */
    struct netio_flow *flow;   /* NULL: closed */
    bool touched;
    uint64_t out[2];     /* bytes that had come out at the last look */
    uint64_t held_to[2]; /* told as held up to here */
    uint64_t since[2];
};

struct passage {
    struct netio *netio;
    struct passage_listener told; /* who is told */
    struct netio_listener listener;
    struct passage_flow **flows; /* by handle */
    size_t capacity;
    struct passage_flow *touched;
};

static struct passage_flow *passage_find(struct passage *passage, struct netio_flow *flow)
{
    uint64_t handle = netio_flow_handle(flow);

    if (handle >= passage->capacity) {
        size_t capacity = passage->capacity != 0 ? passage->capacity : 256;
        while (capacity <= handle)
            capacity *= 2;
        struct passage_flow **grown =
            realloc(passage->flows, capacity * sizeof(struct passage_flow *));
        if (grown == NULL)
            return NULL;
        memset(grown + passage->capacity, 0,
               (capacity - passage->capacity) * sizeof(struct passage_flow *));
        passage->flows = grown;
        passage->capacity = capacity;
    }
    if (passage->flows[handle] == NULL)
        passage->flows[handle] = calloc(1, sizeof(struct passage_flow));
    if (passage->flows[handle] != NULL)
        passage->flows[handle]->flow = flow;
    return passage->flows[handle];
}

static void passage_touch(struct passage *passage, struct netio_flow *flow)
{
    struct passage_flow *own = passage_find(passage, flow);

    if (own == NULL || own->touched)
        return;
    own->touched = true;
    own->next = passage->touched;
    passage->touched = own;
}

static void look_direction(struct passage *passage, struct passage_flow *own,
                           enum netio_direction direction, uint64_t now)
{
    struct netio_ledger ledger;
    struct passage_range range = {.flow = netio_flow_handle(own->flow),
                                  .info = netio_flow_info(own->flow),
                                  .direction = direction};

    netio_flow_ledger(own->flow, direction, &ledger);
    if (ledger.delivered > own->out[direction]) {
        range.begin = own->out[direction];
        range.end = ledger.delivered;
        own->out[direction] = ledger.delivered;
        /* What came and went since the last look was never held. */
        if (range.end > own->held_to[direction])
            range.end = own->held_to[direction];
        if (range.begin < range.end)
            passage->told.released(passage->told.context, &range, own->since[direction], now);
    }
    range.begin = own->held_to[direction] > own->out[direction] ? own->held_to[direction]
                                                                : own->out[direction];
    range.end = ledger.offered;
    if (range.begin >= range.end)
        return;
    if (own->held_to[direction] <= own->out[direction])
        own->since[direction] = now;
    own->held_to[direction] = range.end;
    passage->told.held(passage->told.context, &range);
}

void passage_look(struct passage *passage, uint64_t now)
{
    while (passage->touched != NULL) {
        struct passage_flow *own = passage->touched;
        passage->touched = own->next;
        own->touched = false;
        if (own->flow == NULL)
            continue;
        look_direction(passage, own, NETIO_OUTBOUND, now);
        look_direction(passage, own, NETIO_INBOUND, now);
    }
}

static void classify_enter(void *context, struct netio_classify *classify)
{
    struct passage *passage = context;

    passage_touch(passage, classify->flow);
}

static void inject_enter(void *context, struct netio_inject *inject)
{
    struct passage *passage = context;

    if (inject->flow != NULL)
        passage_touch(passage, inject->flow);
}

static void flow_open(void *context, struct netio_flow *flow)
{
    struct passage *passage = context;

    if (passage_find(passage, flow) != NULL)
        passage->told.opened(passage->told.context, netio_flow_handle(flow), netio_flow_info(flow));
}

static void flow_close(void *context, struct netio_flow *flow)
{
    struct passage *passage = context;
    uint64_t handle = netio_flow_handle(flow);

    if (handle < passage->capacity && passage->flows[handle] != NULL)
        passage->flows[handle]->flow = NULL;
}

struct passage *passage_create(struct netio *netio, const struct passage_listener *listener)
{
    struct passage *passage = calloc(1, sizeof(*passage));

    if (passage == NULL)
        return NULL;
    passage->netio = netio;
    passage->told = *listener;
    passage->listener = (struct netio_listener){
        .hooks = {.classify_enter = classify_enter,
                  .inject_enter = inject_enter,
                  .flow_open = flow_open,
                  .flow_close = flow_close},
        .context = passage,
    };
    netio_listener_add(netio, &passage->listener);
    return passage;
}

void passage_destroy(struct passage *passage)
{
    if (passage == NULL)
        return;
    netio_listener_remove(passage->netio, &passage->listener);
    for (size_t i = 0; i < passage->capacity; i++)
        free(passage->flows[i]);
    free(passage->flows);
    free(passage);
}
