/* SPDX-License-Identifier: MIT */
/* Bytes that leave a stage: to the next one that wants them, to the client, or nowhere. */
#include "netio/state.h"

static void deliver_run(struct netio_flow *flow, enum netio_direction direction,
                        const struct netio_run *run, uint32_t flags, bool injected)
{
    struct netio *const netio = flow->netio;
    struct netio_ledger *const ledger = &flow->ledger[direction];

    if (injected && netio->switches.complete_status < 0) {
        ledger->inject_pending += run->length;
        return;
    }
    if (injected) {
        ledger->injected += run->length;
    } else {
        ledger->permitted += run->length;
        ledger->held_engine -= run->length;
    }
    ledger->delivered += run->length;
    sim_trace_add(&netio->sim->trace, SIM_EVENT_DELIVER, flow->handle, flags, run->length);
    flow->client.deliver(flow->connection, direction, run, flags, injected);
}

/* A stretch in which TCP's bytes and injected ones alternate. */
static void deliver_mixed(struct netio_flow *flow, enum netio_direction direction,
                          const struct chunk_portion *portion, uint32_t flags)
{
    struct ndis_cursor cursor = portion->start;
    size_t left = portion->found;

    while (left > 0) {
        const bool injected = chunk_nbl_injected(cursor.nbl);
        struct netio_run run = {.start = cursor};

        while (left > 0 && chunk_nbl_injected(cursor.nbl) == injected) {
            size_t step;

            ndis_cursor_bytes(&cursor, &step);
            step = ndis_cursor_advance(&cursor, step < left ? step : left);
            run.length += step;
            left -= step;
        }
        deliver_run(flow, direction, &run, flags, injected);
    }
}

/* The first n bytes come out; those that the chain no longer leads to are lost. */
static void deliver(struct netio_flow *flow, enum netio_direction direction, struct chunk *chunk,
                    size_t n)
{
    struct netio_ledger *const ledger = &flow->ledger[direction];
    struct chunk_portion portion;

    chunk_take(chunk, n, &portion);
    chunk->lost_bytes += portion.missing_offered;
    ledger->lost += portion.missing_offered;
    ledger->held_engine -= portion.missing_offered;
    ledger->inject_pending += portion.missing - portion.missing_offered;
    if (portion.found == 0)
        return;
    if (portion.offered == portion.found || portion.offered == 0) {
        const struct netio_run run = {portion.start, portion.found};

        deliver_run(flow, direction, &run, chunk->flags, portion.offered == 0);
    } else {
        deliver_mixed(flow, direction, &portion, chunk->flags);
    }
}

static void disconnect(struct netio_flow *flow, enum netio_direction direction,
                       const struct chunk *chunk)
{
    if (flow->closed || flow->reset ||
        (chunk->injected_fin && flow->netio->switches.complete_status < 0))
        return;
    flow->ledger[direction].fins_delivered++;
    sim_trace_add(&flow->netio->sim->trace, SIM_EVENT_DELIVER, flow->handle, chunk->flags, 0);
    flow->client.disconnect(flow->connection, direction, chunk->injected_fin);
}

static void terminal(struct netio_flow *flow, enum netio_direction direction, struct chunk *chunk)
{
    if (chunk->length > 0)
        deliver(flow, direction, chunk, chunk->length);
    if (chunk->kind == CHUNK_FIN || chunk->fin)
        disconnect(flow, direction, chunk);
    chunk_release(flow, chunk);
}

static void StreamProcessCallout(struct netio_flow *flow, enum netio_direction direction,
                                 uint32_t index)
{
    SIM_FRAME("NETIO", "StreamProcessCallout");
    StreamCalloutProcessingLoop(flow, direction, index);
}

static void ProcessCallout(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                           struct chunk *chunk)
{
    SIM_FRAME("NETIO", "ProcessCallout");
    struct netio_stage_half *const half = &flow->stages[index].half[direction];

    if (half->first == NULL)
        half->first = chunk;
    else
        half->last->next = chunk;
    half->last = chunk;
    StreamProcessCallout(flow, direction, index);
}

static void ArbitrateAndEnforce(struct netio_flow *flow, enum netio_direction direction,
                                uint32_t index, struct chunk *chunk)
{
    SIM_FRAME("NETIO", "ArbitrateAndEnforce");
    const uint32_t target = stream_next_target(flow, direction, index);

    if (target >= flow->stage_count)
        terminal(flow, direction, chunk);
    else
        ProcessCallout(flow, direction, target, chunk);
}

void stream_emit(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                 struct chunk *chunk)
{
    if (flow->closed || flow->reset)
        chunk_discard(flow, chunk, STATUS_CONNECTION_ABORTED);
    else
        ArbitrateAndEnforce(flow, direction, index, chunk);
}

void stream_emit_part(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                      struct chunk *chunk, size_t n, bool passes)
{
    struct chunk *part;

    if (stream_next_target(flow, direction, index) >= flow->stage_count) {
        deliver(flow, direction, chunk, n);
        return;
    }
    part = chunk_describe(flow, chunk, n);
    if (part == NULL)
        flow_reset(flow); /* out of memory: the stream cannot go on whole */
    else if (part->length == 0)
        chunk_release(flow, part);
    else {
        part->passes = passes;
        stream_emit(flow, direction, index, part);
    }
}

/* What lower callouts will be told they did not see. */
static void count_missed(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                         size_t n)
{
    if (flow->netio->switches.missed == NETIO_MISSED_ZERO)
        return;
    for (uint32_t i = index + 1; i < flow->stage_count; i++) {
        struct netio_stage_half *const half = &flow->stages[i].half[direction];
        const size_t used = half->made_up < n ? half->made_up : n;

        half->made_up -= used;
        half->missed += n - used;
    }
}

void stream_block(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                  struct chunk *chunk, size_t n)
{
    struct netio_ledger *const ledger = &flow->ledger[direction];
    struct chunk_portion portion = {.found = n, .offered = chunk->offered};

    if (n < chunk->length) {
        chunk_take(chunk, n, &portion);
    } else {
        /* All of it: nothing is read any more, so nothing needs to be found. */
        chunk->length = 0;
        chunk->offered = 0;
    }
    portion.offered += portion.missing_offered;
    ledger->blocked += portion.offered;
    ledger->held_engine -= portion.offered;
    ledger->inject_blocked += n - portion.offered;
    count_missed(flow, direction, index, n);
}
