/* SPDX-License-Identifier: MIT */
/* Records of flows, and of the callouts that see them. */
#include "check/state.h"

#include <stdlib.h>
#include <string.h>

struct check_flow *check_flow_of(struct check *check, struct netio_flow *flow)
{
    struct check_flow *own = netio_flow_of_check(flow);

    if (own != NULL)
        return own;
    own = calloc(1, sizeof(*own));
    if (own == NULL)
        return NULL;
    own->flow = flow;
    own->handle = netio_flow_handle(flow);
    own->older = check->flows;
    if (check->flows != NULL)
        check->flows->newer = own;
    check->flows = own;
    netio_flow_set_of_check(flow, own);
    return own;
}

struct check_track *check_track_of(struct check_flow *flow, uint32_t callout,
                                   enum netio_direction direction)
{
    struct check_track *track = flow->tracks;

    if (callout == 0)
        return NULL;
    while (track != NULL && (track->callout != callout || track->direction != direction))
        track = track->next;
    if (track != NULL)
        return track;
    if (flow->own[0].callout == 0)
        track = &flow->own[0];
    else if (flow->own[1].callout == 0)
        track = &flow->own[1];
    else
        track = calloc(1, sizeof(*track));
    if (track == NULL)
        return NULL;
    track->callout = callout;
    track->direction = direction;
    track->next = flow->tracks;
    flow->tracks = track;
    return track;
}

void check_flow_forget(struct check *check, struct check_flow *flow)
{
    struct check_track *track = flow->tracks;

    while (track != NULL) {
        struct check_track *const next = track->next;

        free(track->samples);
        if (track != &flow->own[0] && track != &flow->own[1])
            free(track);
        track = next;
    }
    if (flow->newer != NULL)
        flow->newer->older = flow->older;
    else
        check->flows = flow->older;
    if (flow->older != NULL)
        flow->older->newer = flow->newer;
    free(flow);
}

/* Handles are numbers from 1 on. */
void check_flow_end_note(struct check *check, uint64_t handle)
{
    if (handle >= check->ended_size) {
        const size_t size = (size_t)handle * 2 + 64;
        uint64_t *ended = realloc(check->ended, size * sizeof(*ended));

        if (ended == NULL)
            return;
        memset(ended + check->ended_size, 0, (size - check->ended_size) * sizeof(*ended));
        check->ended = ended;
        check->ended_size = size;
    }
    check->ended[handle] = check->sim->now != 0 ? check->sim->now : 1;
}

uint64_t check_flow_end(const struct check *check, uint64_t handle)
{
    return handle < check->ended_size ? check->ended[handle] : 0;
}
