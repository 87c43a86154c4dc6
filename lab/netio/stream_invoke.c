/* SPDX-License-Identifier: MIT */
/* One call of a callout at a stream layer: what it is given, and what the engine does around it. */
#include "netio/stream_verdict.h"

#include <string.h>

#define RESERVED_OFFSET 0x2B67u /* odd, and more than a segment */

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
    if (netio->switches.reserved_offsets) {
        data->dataOffset.netBufferOffset = RESERVED_OFFSET;
        data->dataOffset.streamDataOffset = (size_t)RESERVED_OFFSET << 32 | RESERVED_OFFSET;
    }
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
    struct sim_task *const task = sim_task_self(netio->sim);
    const uint64_t outer_flow = task->flow;
    const uint32_t outer_classify = task->classify;
    struct netio_offer *offer;
    struct stream_verdict verdict;
    uint8_t irql;

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
    call.told.start = &chunk->cursor;
    call.told.flags = flags;
    call.told.of_check = NULL;
    call.out = call.out_last = NULL;
    call.slot = NULL;
    call.static_injects = 0;
    flow->ledger[direction].classifies++;
    flow->metadata.flags = stage->mid_stream ? FWPS_INCOMING_FLAG_MID_STREAM_INSPECTION : 0;
    flow->calls = &call;
    sim_trace_add(&netio->sim->trace, SIM_EVENT_CLASSIFY, flow->handle, stage->callout->id,
                  chunk->length);
    offer = netio_offer_open(netio, &netio->offers, &io, &out, &flow->values, &flow->metadata);
    if (offer != NULL) {
        offer->flow = flow->handle;
        offer->classify = call.told.number;
        offer->function = stage->callout->classify;
        call.told.io = &offer->io;
        call.told.out = &offer->out;
    }
    NETIO_TELL(netio, classify_enter, &call.told);
    stage->callout->running++; /* raising the IRQL may let others run */
    irql = classify_irql(netio, direction);
    task->flow = flow->handle;
    task->classify = call.told.number;
    if (offer != NULL) {
        kfd_invoke(netio, stage->callout, &offer->values, &offer->metadata, &offer->io, &context,
                   &stage->filter->fwps, stage->context, &offer->out);
        netio_offer_close(&netio->offers, offer, &io, &out);
        call.told.io = &io;
        call.told.out = &out;
    } else {
        kfd_invoke(netio, stage->callout, &flow->values, &flow->metadata, &io, &context,
                   &stage->filter->fwps, stage->context, &out);
    }
    task->flow = outer_flow;
    task->classify = outer_classify;
    stage->callout->running--;
    sim_task_set_irql(netio->sim, irql);
    /* Calls of other tasks may stand above this one. */
    for (struct stream_call **link = &flow->calls; *link != NULL; link = &(*link)->up)
        if (*link == &call) {
            *link = call.up;
            break;
        }
    half->missed = 0;
    out.flags |= out_flags;
    verdict = stream_verdict_normalise(flow, &call.told, &asked);
    call.told.verdict = verdict.kind;
    call.told.covered = verdict.bytes;
    NETIO_TELL_END(netio, classify_exit, &call.told);
    sim_trace_add(&netio->sim->trace, SIM_EVENT_VERDICT, flow->handle,
                  (uint64_t)out.actionType << 32 | (uint32_t)io.streamAction, verdict.bytes);
    quirk_after_classify(netio, &call);
    inject_emit_behind(flow, direction, stage->next_sublayer, call.out);
    if (__builtin_expect(netio->switches.quirks != 0, 0))
        quirk_after_disconnect(flow, &call.told, flags, &verdict);
    return verdict;
}
