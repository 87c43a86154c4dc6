/* SPDX-License-Identifier: MIT */
/* Where tcpip hands bytes in, and the rule that a flow is classified by one virtual processor at a
 * time. */
#include "netio/state.h"

#define FLAGS_DISCONNECT (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)
#define FLAGS_ABORT      (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)

static void KfdClassify(struct netio_flow *flow, enum netio_direction direction,
                        struct chunk *chunk)
{
    SIM_FRAME("NETIO", "KfdClassify");
    stream_emit(flow, direction, 0, chunk);
}

static void StreamClassify(struct netio_flow *flow, enum netio_direction direction,
                           struct chunk *chunk)
{
    SIM_FRAME("NETIO", "StreamClassify");
    KfdClassify(flow, direction, chunk);
}

static void discard_list(struct netio_flow *flow, struct chunk *chunks)
{
    while (chunks != NULL) {
        struct chunk *const chunk = chunks;

        chunks = chunk->next;
        chunk->next = NULL;
        chunk_discard(flow, chunk, STATUS_CONNECTION_ABORTED);
    }
}

static void indicate(struct netio_flow *flow, enum netio_direction direction, struct chunk *chunks)
{
    stages_refresh(flow);
    while (chunks != NULL && !flow->closed && !flow->reset) {
        struct chunk *const chunk = chunks;

        chunks = chunk->next;
        chunk->next = NULL;
        chunk->indication = ++flow->indications;
        if (chunk->flags & FLAGS_ABORT)
            stream_abort(flow, direction, chunk);
        else
            StreamClassify(flow, direction, chunk);
    }
    discard_list(flow, chunks);
}

static void run_op(struct netio_flow *flow, struct stream_op *op)
{
    struct netio_stage *stage;

    switch (op->kind) {
    case OP_INDICATE:
        indicate(flow, op->direction, op->chunks);
        break;
    case OP_INJECT:
        inject_emit(flow, op->direction, op->callout, op->chunks);
        break;
    case OP_RESUME:
        stage = stages_find(flow, op->callout);
        if (stage != NULL && !flow->closed && !flow->reset)
            StreamCalloutProcessingLoop(flow, op->direction, (uint32_t)(stage - flow->stages));
        break;
    }
}

bool lane_enter(struct netio_flow *flow, enum netio_direction direction)
{
    struct stream_lane *const lane = flow_lane(flow, direction);

    if (lane->busy)
        return false;
    lane->busy = true;
    flow_enter(flow);
    return true;
}

void flow_enter(struct netio_flow *flow)
{
    flow->references++;
    flow->users++;
}

void flow_leave(struct netio_flow *flow)
{
    if (--flow->users == 0) {
        if (flow->reset && !flow->closed)
            stages_discard(flow);
        flow_contexts_settle(flow);
        if (flow->closed)
            flow_finish(flow);
    }
    flow_dereference(flow);
}

void lane_leave(struct netio_flow *flow, enum netio_direction direction)
{
    struct stream_lane *const lane = flow_lane(flow, direction);

    while (lane->first != NULL) {
        struct stream_op *const op = lane->first;

        lane->first = op->next;
        if (lane->first == NULL)
            lane->last = NULL;
        run_op(flow, op);
        slab_give(&flow->netio->ops, op);
    }
    lane->busy = false;
    flow_leave(flow);
}

bool lane_queue(struct netio_flow *flow, enum stream_op_kind kind, enum netio_direction direction,
                uint32_t flags, uint32_t callout, struct chunk *chunks)
{
    struct stream_lane *const lane = flow_lane(flow, direction);
    struct stream_op *const op = slab_take(&flow->netio->ops, flow->netio->sim);

    if (op == NULL)
        return false;
    *op = (struct stream_op){
        .kind = kind, .direction = direction, .flags = flags, .callout = callout, .chunks = chunks};
    if (lane->last != NULL)
        lane->last->next = op;
    else
        lane->first = op;
    lane->last = op;
    return true;
}

void lanes_discard(struct netio_flow *flow)
{
    for (unsigned i = 0; i < 2; i++) {
        struct stream_lane *const lane = &flow->lanes[i];

        while (lane->first != NULL) {
            struct stream_op *const op = lane->first;

            lane->first = op->next;
            discard_list(flow, op->chunks);
            slab_give(&flow->netio->ops, op);
        }
        lane->last = NULL;
    }
}

/* The chunks of one indication: data, then FIN. NULL when memory is short. */
static struct chunk *offered_chunks(struct netio_flow *flow, enum netio_direction direction,
                                    NET_BUFFER_LIST *chain, size_t length, uint32_t flags)
{
    struct netio *const netio = flow->netio;
    const bool fin = (flags & FLAGS_DISCONNECT) != 0;
    struct chunk *data, *end;

    if (length == 0)
        return chunk_make(netio, CHUNK_FIN, direction, flags, chain, 0, false);
    data =
        chunk_make(netio, CHUNK_DATA, direction, flags & ~FLAGS_DISCONNECT, chain, length, false);
    if (data == NULL || !fin)
        return data;
    if (netio->switches.fin_with_data) {
        data->fin = true;
        return data;
    }
    end = chunk_make(netio, CHUNK_FIN, direction, flags & ~FWPS_STREAM_FLAG_RECEIVE_PUSH, NULL, 0,
                     false);
    data->next = end;
    if (end == NULL) {
        chunk_unmake(netio, data);
        return NULL;
    }
    return data;
}

static void drop_chain(NET_BUFFER_LIST *chain)
{
    while (chain != NULL) {
        NET_BUFFER_LIST *const next = NET_BUFFER_LIST_NEXT_NBL(chain);

        NET_BUFFER_LIST_NEXT_NBL(chain) = NULL;
        ndis_nbl_dereference(chain);
        chain = next;
    }
}

void netio_flow_rst(struct netio_flow *flow, enum netio_rst how)
{
    flow->rst = (uint8_t)how;
}

/* True when this RST ends the flow without a classify. */
static bool abort_is_silent(const struct netio_flow *flow)
{
    struct netio *const netio = flow->netio;

    if (!netio->profile->abort_indications)
        return true;
    if (flow->rst != NETIO_RST_SWITCHED)
        return flow->rst == NETIO_RST_SILENT;
    if (netio->switches.rst_without_classify == NETIO_BY_SEED)
        return sim_choose(netio->sim, SIM_CHOICE_RST, 2) == 1;
    return netio->switches.rst_without_classify == NETIO_ALWAYS;
}

static void StreamCommonInspect(struct netio_flow *flow, enum netio_direction direction,
                                NET_BUFFER_LIST *chain, size_t length, uint32_t flags)
{
    SIM_FRAME("NETIO", "StreamCommonInspect");
    struct netio *const netio = flow->netio;
    struct netio_ledger *const ledger = &flow->ledger[direction];
    struct chunk *chunks;

    sim_trace_add(&netio->sim->trace, SIM_EVENT_INDICATE, flow->handle, flags, length);
    if (!netio->profile->receive_push)
        flags &= ~FWPS_STREAM_FLAG_RECEIVE_PUSH;
    flow->fed = flow->feeds = 0;
    ledger->offered += length;
    ledger->held_engine += length;
    if (flags & FLAGS_DISCONNECT)
        ledger->fins_offered++;
    if (flags & FLAGS_ABORT) {
        flow->aborted = true;
        flow->aborted_at = netio->sim->now;
        if (abort_is_silent(flow)) {
            drop_chain(chain);
            ledger->discarded += length;
            ledger->held_engine -= length;
            return;
        }
        flow->send_aborted |= (flags & FWPS_STREAM_FLAG_SEND_ABORT) != 0;
        /* Nobody decides about data that comes with an RST. */
        ledger->discarded += length;
        ledger->held_engine -= length;
        length = 0;
    } else if (length == 0 && (flags & FLAGS_DISCONNECT) == 0) {
        drop_chain(chain);
        return;
    }
    chunks = offered_chunks(flow, direction, chain, length, flags);
    if (chunks == NULL) {
        drop_chain(chain);
        ledger->discarded += length;
        ledger->held_engine -= length;
        flow_reset(flow);
        return;
    }
    if (flow->closed || flow->reset) {
        discard_list(flow, chunks);
    } else if (lane_enter(flow, direction)) {
        indicate(flow, direction, chunks);
        lane_leave(flow, direction);
    } else if (!lane_queue(flow, OP_INDICATE, direction, flags, 0, chunks)) {
        discard_list(flow, chunks);
        flow_reset(flow);
    }
}

void WfpStreamInspectReceive(struct netio_flow *flow, NET_BUFFER_LIST *chain, size_t length,
                             uint32_t flags)
{
    SIM_FRAME("NETIO", "WfpStreamInspectReceive");
    StreamCommonInspect(flow, NETIO_INBOUND, chain, length, flags);
}

void WfpStreamInspectSend(struct netio_flow *flow, NET_BUFFER_LIST *chain, size_t length,
                          uint32_t flags)
{
    SIM_FRAME("NETIO", "WfpStreamInspectSend");
    StreamCommonInspect(flow, NETIO_OUTBOUND, chain, length, flags);
}
