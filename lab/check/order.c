/* SPDX-License-Identifier: MIT */
/* How far the output of a callout has come, by the positions of what it was offered. */
#include "check/order.h"

#include "check/state.h"

#include <stdio.h>

static void tell(struct check *check, const struct check_flow *flow,
                 const struct check_track *track, uint64_t first, uint64_t bytes,
                 const struct netio_classify *classify, uint32_t inject)
{
    char detail[160];

    /* That the order is lost follows from a mistake that was told. */
    if (flow->mixed != NULL)
        return;
    snprintf(detail, sizeof(detail), "bytes %llu to %llu come out behind byte %llu",
             (unsigned long long)first, (unsigned long long)(first + bytes - 1),
             (unsigned long long)(track->out - 1));
    check_note(
        check,
        &(struct sim_breach){
            .rule = "R37",
            .function = inject != 0 || classify == NULL ? "FwpsStreamInjectAsync0" : "classifyFn",
            .detail = detail,
            .flow = flow->handle,
            .classify = classify != NULL ? classify->number : 0,
            .inject = inject,
            .bytes = bytes,
            .address = classify != NULL && inject == 0 ? classify->callout->classify : NULL,
            .direction = (uint8_t)(track->direction + 1),
            .has_offset = true,
            .offset = first,
        });
}

void check_order_inject(struct check *check, struct check_flow *flow, struct check_track *track,
                        const struct netio_inject *inject)
{
    const uint64_t first = inject->of_check.first, behind = inject->of_check.behind;

    if (!inject->of_check.known || behind == first)
        return;
    if (first < track->out || !inject->of_check.ordered)
        tell(check, flow, track, first, behind - first, inject->classify, inject->number);
    if (behind > track->out)
        track->out = behind;
}

void check_order_pass(struct check *check, struct check_flow *flow, struct check_track *track,
                      const struct netio_classify *classify, uint64_t bytes)
{
    if (bytes == 0)
        return;
    if (track->decided < track->out)
        tell(check, flow, track, track->decided, bytes, classify, 0);
    if (track->decided + bytes > track->out)
        track->out = track->decided + bytes;
}
