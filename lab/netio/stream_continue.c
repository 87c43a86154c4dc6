/* SPDX-License-Identifier: MIT */
/* FwpsStreamContinue0: the end of a DEFER (contract 2.1). */
#include "netio/state.h"

#include "sim/breach.h"

#include <stdio.h>

static bool injects_now(const struct netio_flow *flow, uint32_t callout)
{
    const struct inject_running *running = flow->injecting;

    while (running != NULL && running->callout != callout)
        running = running->next;
    return running != NULL;
}

static const char name[] = "FwpsStreamContinue0";

static void broken(const struct netio_flow *flow, enum netio_direction direction,
                   const struct stream_call *inside, const char *detail)
{
    if (!flow->netio->checks)
        return;
    sim_breach(flow->netio->sim,
               &(struct sim_breach){.rule = "R39",
                                    .function = name,
                                    .detail = detail,
                                    .flow = flow->handle,
                                    .classify = inside == NULL ? 0 : inside->told.number,
                                    .direction = (uint8_t)(direction + 1)});
}

NTSTATUS netio_stream_continue(struct netio *netio, uint64_t flow_handle, uint32_t callout_id,
                               uint16_t layer, uint32_t stream_flags)
{
    struct netio_flow *const flow = flow_find(netio, flow_handle);
    const enum netio_direction direction =
        stream_flags & FWPS_STREAM_FLAG_SEND ? NETIO_OUTBOUND : NETIO_INBOUND;
    const struct stream_call *inside;
    struct netio_stage *stage;

    if (flow == NULL || inject_is_dead(flow))
        return STATUS_NOT_FOUND;
    if (layer != flow->layer)
        return STATUS_INVALID_PARAMETER;
    stage = stages_find(flow, callout_id);
    if (stage == NULL)
        return STATUS_FWP_CALLOUT_NOT_FOUND;
    inside = inject_find_inside(flow, direction, callout_id);
    if (inside != NULL) {
        broken(flow, direction, inside, "called inside classifyFn of the same stream");
        return STATUS_UNSUCCESSFUL;
    }
    /* Of another callout's a driver cannot know. */
    if (injects_now(flow, callout_id))
        broken(flow, direction, NULL, "overlaps FwpsStreamInjectAsync0 for the flow");
    if (!stage->half[direction].deferred) {
        broken(flow, direction, NULL, "the stream is not deferred");
        return STATUS_UNSUCCESSFUL;
    }
    if (stage->half[direction].defer_flags != stream_flags) {
        char detail[80];

        snprintf(detail, sizeof(detail), "streamFlags is 0x%x, DEFER was answered with 0x%x",
                 (unsigned)stream_flags, (unsigned)stage->half[direction].defer_flags);
        broken(flow, direction, NULL, detail);
    }
    sim_trace_add(&netio->sim->trace, SIM_EVENT_CONTINUE, flow->handle, stream_flags, 0);
    flow_reference(flow);
    stream_continue(flow, direction, stage);
    if (lane_enter(flow, direction)) {
        stages_refresh(flow);
        stage = stages_find(flow, callout_id);
        if (stage != NULL && !inject_is_dead(flow))
            StreamCalloutProcessingLoop(flow, direction, (uint32_t)(stage - flow->stages));
        lane_leave(flow, direction);
    } else if (!lane_queue(flow, OP_RESUME, direction, stream_flags, callout_id, NULL)) {
        flow_reset(flow);
    }
    flow_dereference(flow);
    return STATUS_SUCCESS;
}
