/* SPDX-License-Identifier: MIT */
/* One callout and the bytes on offer to it: the loop of contract 1.5, under the kernel's own names.
 */
#include "netio/stream_verdict.h"

#include <string.h>

enum stage_route {
    ROUTE_CALLOUT,
    ROUTE_NEXT,     /* has no say here: the next filter */
    ROUTE_SUBLAYER, /* permits: the next sublayer */
    ROUTE_BLOCK,
};

static enum stage_route stage_route(const struct netio_stage *stage)
{
    const struct netio_callout *const callout = stage->callout;

    /* The flow meets its new stages when its present work is done; this one has no say any more. */
    if (stage->filter->deleted)
        return ROUTE_NEXT;
    if (stage->allow || stage->kind == STAGE_PERMIT)
        return ROUTE_SUBLAYER;
    if (stage->kind == STAGE_BLOCK)
        return ROUTE_BLOCK;
    if (callout == NULL || !callout->registered) {
        if (stage->filter->fwps.action.type == FWP_ACTION_CALLOUT_INSPECTION)
            return ROUTE_NEXT;
        if (stage->filter->fwps.flags & FWPS_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED)
            return ROUTE_SUBLAYER;
        return ROUTE_BLOCK;
    }
    if ((callout->flags & FWP_CALLOUT_FLAG_CONDITIONAL_ON_FLOW) && stage->context == 0)
        return ROUTE_NEXT;
    return ROUTE_CALLOUT;
}

uint32_t stream_next_target(struct netio_flow *flow, enum netio_direction direction, uint32_t index)
{
    while (index < flow->stage_count) {
        const struct netio_stage *const stage = &flow->stages[index];

        /* What waits there must not be overtaken. */
        if (stage->half[direction].first != NULL)
            return index;
        switch (stage_route(stage)) {
        case ROUTE_NEXT:
            index++;
            break;
        case ROUTE_SUBLAYER:
            index = stage->next_sublayer;
            break;
        default:
            return index;
        }
    }
    return index;
}

static void describe(const struct netio *netio, const struct chunk *chunk, uint32_t flags,
                     FWPS_STREAM_DATA0 *data)
{
    const struct ndis_cursor *const cursor = &chunk->cursor;

    memset(data, 0, sizeof(*data));
    data->flags = flags;
    data->dataLength = chunk->length;
    data->netBufferListChain = chunk->head;
    if (netio->switches.reindicate == NETIO_REINDICATE_OFFSET_NBL)
        data->netBufferListChain = cursor->nbl;
    data->dataOffset.netBufferList = cursor->nbl;
    data->dataOffset.netBuffer = cursor->nb;
    data->dataOffset.mdl = cursor->mdl;
    data->dataOffset.mdlOffset = cursor->mdl_offset;
    if (chunk->length > 0)
        return;
    /* A bare FIN or RST: the place where data would be. */
    data->dataOffset.netBuffer = NET_BUFFER_LIST_FIRST_NB(chunk->head);
    if (data->dataOffset.netBuffer == NULL)
        return;
    data->dataOffset.mdl = NET_BUFFER_CURRENT_MDL(data->dataOffset.netBuffer);
    data->dataOffset.mdlOffset = NET_BUFFER_CURRENT_MDL_OFFSET(data->dataOffset.netBuffer);
}

/* Raises to the IRQL at which this classify runs; returns the one before. */
static uint8_t classify_irql(struct netio *netio, enum netio_direction direction)
{
    const uint8_t before = sim_task_irql(netio->sim);
    bool passive = false;

    if (before >= DISPATCH_LEVEL)
        return before;
    if (direction == NETIO_OUTBOUND)
        passive = netio->switches.send_passive == NETIO_ALWAYS ||
                  (netio->switches.send_passive == NETIO_BY_SEED &&
                   sim_choose(netio->sim, SIM_CHOICE_IRQL, 2) == 1);
    if (!passive)
        sim_task_set_irql(netio->sim, DISPATCH_LEVEL);
    return before;
}

/* What is allocated from here on belongs to this classify. */
static struct netio_attribution attribute(struct netio *netio, struct netio_attribution to)
{
    const struct netio_attribution before = netio->attribution;

    netio->attribution = to;
    nt_pool_attribute(netio->nt, to.flow, to.classify);
    ndis_attribute(netio->ndis, to.flow, to.classify);
    return before;
}

struct stream_verdict StreamInvokeCalloutAndNormalizeAction(struct netio_flow *flow,
                                                            enum netio_direction direction,
                                                            struct netio_stage *stage,
                                                            struct chunk *chunk, uint32_t flags,
                                                            uint32_t out_flags)
{
    SIM_FRAME("NETIO", "StreamInvokeCalloutAndNormalizeAction");
    struct netio *const netio = flow->netio;
    struct netio_stage_half *const half = &stage->half[direction];
    const struct stream_asked asked = {.action = netio->checks ? STREAM_ACTION_POISON : 0,
                                       .out_context = netio->checks ? 0xA5A5A5A5A5A5A5A5ull : 0,
                                       .filter_id = stage->filter->id,
                                       .reserved = 0};
    FWPS_STREAM_DATA0 data;
    FWPS_STREAM_CALLOUT_IO_PACKET0 io = {
        .streamData = &data, .missedBytes = half->missed, .streamAction = FWPS_STREAM_ACTION_NONE};
    FWPS_CLASSIFY_OUT0 out = {.actionType = asked.action,
                              .outContext = asked.out_context,
                              .filterId = asked.filter_id,
                              .rights =
                                  netio->switches.classify_rights ? FWPS_RIGHT_ACTION_WRITE : 0,
                              .flags = out_flags,
                              .reserved = asked.reserved};
    struct netio_classify_context context = {NETIO_CLASSIFY_CONTEXT_MAGIC, flow->layer};
    struct stream_call
        call; /* set field by field: zeroing it costs more than the rest of the call */
    struct netio_attribution outer;
    struct stream_verdict verdict;
    uint8_t irql;

    sim_point(netio->sim);
    if (chunk->length > 0 && chunk->cursor.mdl == NULL) {
        const uint64_t parameters[4] = {8, DISPATCH_LEVEL, 0, 0};

        nt_bugcheck(netio->nt, 0xD1, parameters, NULL,
                    "NULL read at offset 8 (FirstNetBuffer) in "
                    "NETIO!StreamInvokeCalloutAndNormalizeAction: bytes are left, but the chain "
                    "has no NBL for them");
    }
    describe(netio, chunk, flags, &data);
    call.up = flow->calls;
    call.task = netio->sim->task;
    call.stage = stage;
    call.chunk = chunk;
    call.told.flow = flow;
    call.told.direction = direction;
    call.told.callout = stage->callout;
    call.told.filter_action = stage->filter->fwps.action.type;
    call.told.number = ++flow->classifies;
    call.told.indication = chunk->indication;
    call.told.io = &io;
    call.told.out = &out;
    call.told.flow_context = stage->context;
    call.told.injects = 0;
    call.told.chain = data.netBufferListChain;
    call.told.length = chunk->length;
    call.out = call.out_last = NULL;
    call.slot = NULL;
    call.static_injects = 0;
    flow->ledger[direction].classifies++;
    flow->metadata.flags = stage->mid_stream ? FWPS_INCOMING_FLAG_MID_STREAM_INSPECTION : 0;
    flow->calls = &call;
    sim_trace_add(&netio->sim->trace, SIM_EVENT_CLASSIFY, flow->handle, stage->callout->id,
                  chunk->length);
    if (netio->hooks->classify_enter != NULL)
        netio->hooks->classify_enter(netio->hook_context, &call.told);
    irql = classify_irql(netio, direction);
    outer = attribute(netio, (struct netio_attribution){flow->handle, call.told.number});
    kfd_invoke(netio, stage->callout, &flow->values, &flow->metadata, &io, &context,
               &stage->filter->fwps, stage->context, &out);
    attribute(netio, outer);
    sim_task_set_irql(netio->sim, irql);
    if (netio->hooks->classify_exit != NULL)
        netio->hooks->classify_exit(netio->hook_context, &call.told);
    /* Calls of other tasks may stand above this one. */
    for (struct stream_call **link = &flow->calls; *link != NULL; link = &(*link)->up)
        if (*link == &call) {
            *link = call.up;
            break;
        }
    half->missed = 0;
    out.flags |= out_flags;
    verdict = stream_verdict_normalise(flow, &call.told, &asked);
    sim_trace_add(&netio->sim->trace, SIM_EVENT_VERDICT, flow->handle,
                  (uint64_t)out.actionType << 32 | (uint32_t)io.streamAction, verdict.bytes);
    quirk_after_classify(netio, &call);
    inject_emit_behind(flow, direction, stage->next_sublayer, call.out);
    return verdict;
}

static struct chunk *half_pop(struct netio_stage_half *half)
{
    struct chunk *const chunk = half->first;

    half->first = chunk->next;
    if (half->first == NULL)
        half->last = NULL;
    chunk->next = NULL;
    half->accumulating = false;
    return chunk;
}

static void resume_half(struct netio_flow *flow, enum netio_direction direction,
                        struct netio_stage *stage)
{
    struct netio_stage_half *const half = &stage->half[direction];

    half->threshold = 0;
    if (half->deferred) {
        half->deferred = false;
        flow->netio->deferred--;
        if (direction == NETIO_INBOUND && !flow->closed && !flow->reset)
            flow->client.window(flow->connection, false);
    }
}

/* ALLOW_CONNECTION is for both directions: what the other one holds goes on too. */
static void allow_connection(struct netio_flow *flow, enum netio_direction direction,
                             uint32_t index)
{
    struct netio_stage *const stage = &flow->stages[index];
    const enum netio_direction other = direction == NETIO_INBOUND ? NETIO_OUTBOUND : NETIO_INBOUND;

    stage->allow = true;
    resume_half(flow, direction, stage);
    resume_half(flow, other, stage);
    if (stage->half[other].first == NULL)
        return;
    if (lane_enter(flow, other)) {
        StreamCalloutProcessingLoop(flow, other, index);
        lane_leave(flow, other);
    } else if (!lane_queue(flow, OP_RESUME, other, 0, stage->callout->id, NULL)) {
        flow_reset(flow);
    }
}

static size_t need_threshold(const struct netio *netio, size_t length, uint32_t needed)
{
    const size_t wanted =
        netio->switches.required == NETIO_REQUIRED_TOTAL ? needed : length + needed;

    /* Asking for no more than there is can only mean: when anything more has come. */
    return wanted > length ? wanted : length + 1;
}

/* Where permitted bytes go: to the next sublayer, unless a lighter filter of this one still holds
 * bytes that came before them. There they wait in the queue, decided (see chunk.passes). */
static uint32_t next_in_order(const struct netio_flow *flow, enum netio_direction direction,
                              uint32_t index, uint32_t next_sublayer)
{
    for (uint32_t i = index + 1; i < next_sublayer; i++)
        if (flow->stages[i].half[direction].first != NULL)
            return i;
    return next_sublayer;
}

/* Bytes leave the offer by a verdict that covers the first n of the chunk. */
static void enforce(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                    struct chunk *chunk, const struct stream_verdict *verdict)
{
    struct netio_stage *const stage = &flow->stages[index];
    struct netio_stage_half *const half = &stage->half[direction];
    const uint32_t next = verdict->kind == VERDICT_CONTINUE
                              ? index + 1
                              : next_in_order(flow, direction, index, stage->next_sublayer);
    const bool whole = verdict->bytes == chunk->length;

    half->accumulating = false;
    if (whole)
        half_pop(half);
    if (verdict->kind == VERDICT_BLOCK) {
        stream_block(flow, direction, index, chunk, verdict->bytes);
        if (whole)
            chunk_release(flow, chunk);
    } else if (whole) {
        chunk->passes = verdict->kind != VERDICT_CONTINUE && next < stage->next_sublayer;
        stream_emit(flow, direction, next, chunk);
    } else {
        stream_emit_part(flow, direction, next, chunk, verdict->bytes,
                         verdict->kind != VERDICT_CONTINUE && next < stage->next_sublayer);
    }
}

static bool dead(const struct netio_flow *flow)
{
    return flow->closed || flow->reset;
}

/* The classify of what is first in the queue and what follows from it; true when the loop goes on.
 */
static bool StreamCalloutProcessData(struct netio_flow *flow, enum netio_direction direction,
                                     uint32_t index)
{
    SIM_FRAME("NETIO", "StreamCalloutProcessData");
    struct netio *const netio = flow->netio;
    struct netio_stage *const stage = &flow->stages[index];
    struct netio_stage_half *const half = &stage->half[direction];
    struct chunk *const chunk = half->first;
    uint32_t flags, out_flags = 0;
    struct stream_verdict verdict;
    bool last, full,
        barred; /* barred: decided bytes follow, so these can only be decided as they are */

    if (chunk->passes) {
        half_pop(half);
        chunk->passes = false;
        stream_emit(flow, direction, stage->next_sublayer, chunk);
        return true;
    }
    switch (stage_route(stage)) {
    case ROUTE_NEXT:
        stream_emit(flow, direction, index + 1, half_pop(half));
        return true;
    case ROUTE_SUBLAYER:
        stream_emit(flow, direction, stage->next_sublayer, half_pop(half));
        return true;
    case ROUTE_BLOCK:
        half_pop(half);
        stream_block(flow, direction, index, chunk, chunk->length);
        chunk_release(flow, chunk);
        return true;
    case ROUTE_CALLOUT:
        break;
    }
    while (chunk->kind == CHUNK_DATA && !chunk->fin && chunk->next != NULL &&
           chunk->next->kind == CHUNK_DATA && !chunk->next->passes) {
        struct chunk *const more = chunk->next, *const behind = more->next;

        if (!chunk_join(flow, chunk, more)) {
            flow_reset(flow);
            return false;
        }
        chunk->next = behind;
        if (behind == NULL)
            half->last = chunk;
    }
    barred = chunk->next != NULL && chunk->next->kind == CHUNK_DATA;
    last = chunk->kind == CHUNK_FIN || chunk->fin || half->last->kind == CHUNK_FIN;
    full = half->accumulating && chunk->length >= netio->switches.accumulate_limit;
    if (half->threshold != 0 && chunk->length < half->threshold && !last && !full && !barred)
        return false;
    half->threshold = 0;
    if (last)
        out_flags |= FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA;
    if (full)
        out_flags |= FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED;
    flags = chunk->flags;
    if (chunk->fin)
        flags |= direction == NETIO_INBOUND ? FWPS_STREAM_FLAG_RECEIVE_DISCONNECT
                                            : FWPS_STREAM_FLAG_SEND_DISCONNECT;
    verdict =
        StreamInvokeCalloutAndNormalizeAction(flow, direction, stage, chunk, flags, out_flags);
    if (dead(flow))
        return false;
    switch (verdict.kind) {
    case VERDICT_NEED:
        half->accumulating = true;
        half->threshold = need_threshold(netio, chunk->length, verdict.needed);
        /* Something may have come during the call. At the end of the stream nothing will: it waits
         * for ever. */
        return !last && !barred && chunk->next != NULL;
    case VERDICT_DEFER:
        half->deferred = true;
        half->defer_flags = flags;
        netio->deferred++;
        if (direction == NETIO_INBOUND)
            flow->client.window(flow->connection, true);
        return false;
    case VERDICT_DROP:
        flow_reset(flow);
        return false;
    case VERDICT_ALLOW:
        allow_connection(flow, direction, index);
        return true;
    default:
        enforce(flow, direction, index, chunk, &verdict);
        return true;
    }
}

void StreamCalloutProcessingLoop(struct netio_flow *flow, enum netio_direction direction,
                                 uint32_t index)
{
    SIM_FRAME("NETIO", "StreamCalloutProcessingLoop");
    struct netio_stage_half *const half = &flow->stages[index].half[direction];

    if (half->active)
        return;
    half->active = true;
    while (half->first != NULL && !dead(flow)) {
        /* A callout that went away can no longer end its DEFER. */
        if (half->deferred && stage_route(&flow->stages[index]) == ROUTE_CALLOUT)
            break;
        if (!StreamCalloutProcessData(flow, direction, index))
            break;
    }
    half->active = false;
}

void stream_abort(struct netio_flow *flow, enum netio_direction direction, struct chunk *chunk)
{
    /* An RST overtakes what waits, and no verdict can stop it. */
    for (uint32_t i = 0; i < flow->stage_count && !dead(flow); i++)
        if (stage_route(&flow->stages[i]) == ROUTE_CALLOUT)
            StreamInvokeCalloutAndNormalizeAction(flow, direction, &flow->stages[i], chunk,
                                                  chunk->flags,
                                                  FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA);
    chunk_release(flow, chunk);
}

bool stream_continue(struct netio_flow *flow, enum netio_direction direction,
                     struct netio_stage *stage)
{
    if (!stage->half[direction].deferred)
        return false;
    resume_half(flow, direction, stage);
    return true;
}
