/* SPDX-License-Identifier: MIT */
/* How far the output of a callout has come, by the positions of what it was offered. */
#include "check/order.h"

#include "check/tell.h"

#include <inttypes.h>

/* Their first, their last, and the last that came out. */
#define COME_BEHIND "bytes %" PRIu64 " to %" PRIu64 " come out behind byte %" PRIu64

void check_order_inject(struct check *check, struct check_flow *flow, struct check_track *track,
                        const struct netio_inject *inject)
{
    const uint64_t first = inject->of_check.first, behind = inject->of_check.behind;

    if (!inject->of_check.known || behind == first)
        return;
    /* That the order is lost may follow from a mistake that was told. */
    if (flow->mixed == NULL && (first < track->out || !inject->of_check.ordered))
        check_tell_inject(check, "R37", inject, first, behind - first, COME_BEHIND, first,
                          behind - 1, track->out - 1);
    if (behind > track->out)
        track->out = behind;
}

void check_order_pass(struct check *check, struct check_flow *flow, struct check_track *track,
                      const struct netio_classify *classify, uint64_t bytes)
{
    if (bytes == 0)
        return;
    if (flow->mixed == NULL && track->decided < track->out)
        check_tell_answer(check, "R37", classify, track->decided, bytes, COME_BEHIND,
                          track->decided, track->decided + bytes - 1, track->out - 1);
    if (track->decided + bytes > track->out)
        track->out = track->decided + bytes;
}
