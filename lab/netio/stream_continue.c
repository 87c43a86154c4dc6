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

static const char name[] = "FwpsStreamContinue0", not_deferred[] = "the stream is not deferred";

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

static void compare_flags(const struct netio_flow *flow, enum netio_direction direction,
                          uint32_t flags, uint32_t deferred)
{
    char detail[80];

    if (flags == deferred)
        return;
    snprintf(detail, sizeof(detail), "streamFlags is 0x%x, DEFER was answered with 0x%x",
             (unsigned)flags, (unsigned)deferred);
    broken(flow, direction, NULL, detail);
}

static bool is_classified(const struct netio_flow *flow, enum netio_direction direction,
                          uint32_t callout)
{
    const struct stream_call *call = flow->calls;

    while (call != NULL && (call->told.direction != direction || call->stage->callout == NULL ||
                            call->stage->callout->id != callout))
        call = call->up;
    return call != NULL;
}

bool stream_continued_early(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                            uint32_t flags, bool deferred)
{
    struct netio_stage_half *const half = &flow->stages[index].half[direction];

    half->continued = false;
    if (deferred)
        compare_flags(flow, direction, half->continue_flags, flags);
    else
        broken(flow, direction, NULL, not_deferred);
    return deferred;
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
    if (!stage->half[direction].deferred && is_classified(flow, direction, callout_id)) {
        sim_trace_add(&netio->sim->trace, SIM_EVENT_CONTINUE, flow->handle, stream_flags, 0);
        stage->half[direction].continued = true;
        stage->half[direction].continue_flags = stream_flags;
        return STATUS_SUCCESS;
    }
    if (!stage->half[direction].deferred) {
        broken(flow, direction, NULL, not_deferred);
        return STATUS_UNSUCCESSFUL;
    }
    compare_flags(flow, direction, stream_flags, stage->half[direction].defer_flags);
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
