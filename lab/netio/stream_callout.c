/* SPDX-License-Identifier: MIT */
/* One callout and the bytes on offer to it: the loop of contract 1.5, under the kernel's own names.
 */
#include "netio/state.h"

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

static bool dead(const struct netio_flow *flow)
{
    return flow->closed || flow->reset;
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
    const bool whole = verdict->bytes == chunk->length, data = chunk->length > 0;
    const NET_BUFFER_LIST *const first = chunk->cursor.nbl;

    half->accumulating = false;
    if (whole)
        half_pop(half);
    if (verdict->kind == VERDICT_BLOCK) {
        stream_block(flow, direction, index, chunk, verdict->bytes);
        if (whole && data)
            quirk_at_block(flow, chunk, first, flow->classifies, stage->callout);
        if (whole)
            chunk_release(flow, chunk);
        if (data)
            quirk_after_block(flow, direction, stage->callout);
    } else if (whole) {
        chunk->passes = verdict->kind != VERDICT_CONTINUE && next < stage->next_sublayer;
        stream_emit(flow, direction, next, chunk);
    } else {
        stream_emit_part(flow, direction, next, chunk, verdict->bytes,
                         verdict->kind != VERDICT_CONTINUE && next < stage->next_sublayer);
    }
}

/* What is first in the queue goes on without a call, or nowhere; true when that was so. */
static bool pass_by(struct netio_flow *flow, enum netio_direction direction, uint32_t index)
{
    struct netio_stage *const stage = &flow->stages[index];
    struct netio_stage_half *const half = &stage->half[direction];
    struct chunk *const chunk = half->first;

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
    return false;
}

/* Undecided data that came later joins the first chunk. False when memory is short. */
static bool join_waiting(struct netio_flow *flow, struct netio_stage_half *half)
{
    struct chunk *const chunk = half->first;

    while (chunk->kind == CHUNK_DATA && !chunk->fin && chunk->next != NULL &&
           chunk->next->kind == CHUNK_DATA && !chunk->next->passes) {
        struct chunk *const more = chunk->next;

        chunk->next = more->next;
        more->next = NULL;
        if (chunk->next == NULL)
            half->last = chunk;
        if (!chunk_join(flow, chunk, more))
            return false;
    }
    return true;
}

/* What follows from an answer; true when the loop goes on. more: something could still be added to
 * the offer. */
static bool act(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                uint32_t flags, bool more, const struct stream_verdict *verdict)
{
    struct netio_stage_half *const half = &flow->stages[index].half[direction];
    struct chunk *const chunk = half->first;
    const bool early = half->continued && stream_continued_early(flow, direction, index, flags,
                                                                 verdict->kind == VERDICT_DEFER);

    switch (verdict->kind) {
    case VERDICT_NEED:
        half->accumulating = true;
        half->threshold = need_threshold(flow->netio, chunk->length, verdict->needed);
        /* Something may have come during the call. At the end of the stream nothing will: it waits
         * for ever. */
        return more && chunk->next != NULL;
    case VERDICT_DEFER:
        if (early)
            return true;
        half->deferred = true;
        half->defer_flags = flags;
        flow->netio->deferred++;
        if (direction == NETIO_INBOUND)
            flow->client.window(flow->connection, true);
        return false;
    case VERDICT_DROP:
        /* The offer leaves the stream for good, as after BLOCK. */
        stream_block(flow, direction, index, chunk, chunk->length);
        flow_reset(flow);
        return false;
    case VERDICT_ALLOW:
        allow_connection(flow, direction, index);
        return true;
    default:
        enforce(flow, direction, index, chunk, verdict);
        return true;
    }
}

/* The classify of what is first in the queue; true when the loop goes on. */
static bool StreamCalloutProcessData(struct netio_flow *flow, enum netio_direction direction,
                                     uint32_t index)
{
    SIM_FRAME("NETIO", "StreamCalloutProcessData");
    struct netio_stage *const stage = &flow->stages[index];
    struct netio_stage_half *const half = &stage->half[direction];
    struct chunk *const chunk = half->first;
    uint32_t flags, out_flags = 0;
    struct stream_verdict verdict;
    bool last, full, barred;

    if (pass_by(flow, direction, index))
        return true;
    if (!join_waiting(flow, half)) {
        flow_reset(flow);
        return false;
    }
    flags = chunk->flags;
    /* Decided bytes follow: what is before them can only be decided as it is. */
    barred = chunk->next != NULL && chunk->next->kind == CHUNK_DATA;
    last = chunk->kind == CHUNK_FIN || chunk->fin || half->last->kind == CHUNK_FIN;
    full = half->accumulating && chunk->length >= flow->netio->switches.accumulate_limit;
    if (half->threshold != 0 && chunk->length < half->threshold && !last && !full && !barred)
        return false;
    half->threshold = 0;
    if (last)
        out_flags |= FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA;
    if (full)
        out_flags |= FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED;
    if (chunk->fin)
        flags |= direction == NETIO_INBOUND ? FWPS_STREAM_FLAG_RECEIVE_DISCONNECT
                                            : FWPS_STREAM_FLAG_SEND_DISCONNECT;
    verdict =
        StreamInvokeCalloutAndNormalizeAction(flow, direction, stage, chunk, flags, out_flags);
    if (!dead(flow))
        return act(flow, direction, index, flags, !last && !barred, &verdict);
    /* The flow died during the call; what the callout took out of the stream is its own all the
     * same. */
    if (verdict.kind == VERDICT_BLOCK)
        stream_block(flow, direction, index, chunk, verdict.bytes);
    else if (verdict.kind == VERDICT_DROP)
        stream_block(flow, direction, index, chunk, chunk->length);
    return false;
}

void StreamCalloutProcessingLoop(struct netio_flow *flow, enum netio_direction direction,
                                 uint32_t index)
{
    SIM_FRAME("NETIO", "StreamCalloutProcessingLoop");
    struct netio_stage_half *const half = &flow->stages[index].half[direction];

    if (half->active)
        return;
    half->active = true;
    for (;;) {
        /* Here, not later: from the choice of the callout to its call nobody may come in between
         * and unregister it. */
        sim_point(flow->netio->sim);
        if (half->first == NULL || dead(flow))
            break;
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
