/* SPDX-License-Identifier: MIT */
/* How long drivers have what belongs to others. */
#include "ndis/state.h"

#include <stdio.h>

#define HELD_LIMIT (30 * SIM_SECOND)

void ndis_held_check(const struct ndis_nbl_header *header, const char *function)
{
    struct ndis *const ndis = header->ndis;
    const uint64_t held = ndis->sim->now - header->held_since;
    const bool clone = header->origin == NDIS_NBL_CLONE || header->origin == NDIS_NBL_FWPS_CLONE ||
                       header->origin == NDIS_NBL_STREAM_CLONE;
    char text[128];

    if (held <= HELD_LIMIT || !nt_checks(ndis->nt) || (header->driver && !clone))
        return;
    snprintf(text, sizeof(text), "%s NBL %llu was held for %.1f s",
             clone ? "the clone" : "a reference to", (unsigned long long)header->number,
             (double)held / SIM_SECOND);
    sim_breach(ndis->sim, &(struct sim_breach){.rule = "R22",
                                               .function = function,
                                               .detail = text,
                                               .flow = header->flow,
                                               .classify = header->classify,
                                               .nbls = 1,
                                               .bytes = header->payload,
                                               .address = header->caller,
                                               .object = header->number});
}
