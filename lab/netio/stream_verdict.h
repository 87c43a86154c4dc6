/* SPDX-License-Identifier: MIT */
/* What a callout's answer means (contract 1.4), and the rules about it that show at once. */
#pragma once

#include "netio/state.h"

#define STREAM_ACTION_POISON 0xA5A5A5A5u

/* What the engine put into the out structure before the call. */
struct stream_asked {
    uint64_t out_context, filter_id;
    uint32_t reserved;
    uint32_t action; /* poison or 0 */
};

struct stream_verdict stream_verdict_normalise(struct netio_flow *flow,
                                               const struct netio_classify *told,
                                               const struct stream_asked *asked);
