/* SPDX-License-Identifier: MIT */
/* How long drivers have what belongs to others. */
#include "ndis/state.h"

#include <stdio.h>

#define HELD_LIMIT (30 * SIM_SECOND)

/* What made it a driver's: the findings of one kind are one. */
static const char *taken_by(const struct ndis_nbl_header *header)
{
    switch ((enum ndis_nbl_origin)header->origin) {
    case NDIS_NBL_CLONE:
        return "NdisAllocateCloneNetBufferList";
    case NDIS_NBL_FWPS_CLONE:
        return "FwpsAllocateCloneNetBufferList0";
    case NDIS_NBL_STREAM_CLONE:
        return "FwpsCloneStreamData0";
    default:
        return "FwpsReferenceNetBufferList0";
    }
}

void ndis_held_check(const struct ndis_nbl_header *header)
{
    struct ndis *const ndis = header->ndis;
    const uint64_t held = ndis->sim->now - header->held_since;
    const bool own = header->origin == NDIS_NBL_ALLOCATED || header->origin == NDIS_NBL_FWPS;
    char text[128];

    if (held <= HELD_LIMIT || own || !nt_checks(ndis->nt))
        return;
    snprintf(text, sizeof(text), "%s NBL %llu was held for %.1f s",
             header->driver ? "the clone" : "a reference to", (unsigned long long)header->number,
             (double)held / SIM_SECOND);
    sim_breach(ndis->sim, &(struct sim_breach){.rule = "R22",
                                               .function = taken_by(header),
                                               .detail = text,
                                               .flow = header->flow,
                                               .classify = header->classify,
                                               .nbls = 1,
                                               .bytes = header->payload,
                                               .address = header->caller,
                                               .object = header->number});
}
