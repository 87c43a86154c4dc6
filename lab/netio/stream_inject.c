/* SPDX-License-Identifier: MIT */
/* Injection into a stream: checks, the inside-classify path under the kernel's names, and the
 * outside one (contract 2.1, 7.1). */
#include "netio/injection.h"
#include "netio/quirk.h"

#include "sim/breach.h"

#include <stdarg.h>
#include <stdio.h>

static const char function_name[] = "FwpsStreamInjectAsync0";

#define FLAGS_DISCONNECT (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)

#define FED_BYTES        ((uint64_t)64 << 20)
#define FED_TIMES        16
#define FED_CALLS        100000

/* One call of FwpsStreamInjectAsync0 on its way. */
struct inject_call {
    struct netio *netio;
    struct netio_injector *injector;
    struct netio_inject told; /* to the listeners */
    uint64_t flow_handle;
    uint16_t layer;
    FWPS_INJECT_COMPLETE0 completion;
    void *context;
    struct stream_call *inside; /* the classify it is made in */
    struct injection *injection;
    struct chunk *chunks;
};

static void broken(const struct inject_call *call, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void broken(const struct inject_call *call, const char *rule, const char *format, ...)
{
    char text[160];
    va_list arguments;

    if (!call->netio->checks)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    sim_breach(
        call->netio->sim,
        &(struct sim_breach){.rule = rule,
                             .function = function_name,
                             .detail = text,
                             .flow = call->flow_handle,
                             .classify = call->inside == NULL ? 0 : call->inside->told.number,
                             .inject = call->told.number,
                             .bytes = call->told.length,
                             .direction = (uint8_t)(call->told.direction + 1)});
}

/* The classify of this flow, direction and callout that runs in this task: then the inject is a
 * static one. */
struct stream_call *inject_find_inside(struct netio_flow *flow, enum netio_direction direction,
                                       uint32_t callout)
{
    for (struct stream_call *call = flow->calls; call != NULL; call = call->up)
        if (call->task == flow->netio->sim->task && call->told.direction == direction &&
            call->stage->callout->id == callout)
            return call;
    return NULL;
}

/* Who owns each NBL of the chain, and how much there is. */
static NTSTATUS check_chain(const struct inject_call *call, size_t *total, uint32_t *count)
{
    *total = 0;
    *count = 0;
    for (NET_BUFFER_LIST *nbl = call->told.chain; nbl != NULL;
         nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        struct ndis_nbl_header *const header = ndis_nbl_header(nbl);

        if (header == NULL) {
            broken(call, "R44",
                   "NBL %u of the chain was not allocated from an NDIS pool, or was freed",
                   *count + 1);
            return STATUS_INVALID_PARAMETER;
        }
        if (header->owner == NDIS_OWNER_STACK) {
            broken(
                call, "R44",
                "NBL %u of the chain is not the driver's: it is an indicated one, or a stale Next",
                *count + 1);
            return STATUS_INVALID_PARAMETER;
        }
        if (header->owner != NDIS_OWNER_DRIVER) {
            broken(call, "R44", "NBL %u of the chain is injected already", *count + 1);
            header->injected_twice = true;
            return STATUS_INVALID_PARAMETER;
        }
        /* A clone has the shape of what was offered: no fault of the driver's. */
        const bool clone = header->origin == NDIS_NBL_CLONE ||
                           header->origin == NDIS_NBL_FWPS_CLONE ||
                           header->origin == NDIS_NBL_STREAM_CLONE;
        if (call->told.direction == NETIO_INBOUND && !clone &&
            NET_BUFFER_LIST_FIRST_NB(nbl) != NULL &&
            NET_BUFFER_NEXT_NB(NET_BUFFER_LIST_FIRST_NB(nbl)) != NULL)
            broken(call, "R72", "NBL %u of the chain has more than one NET_BUFFER", *count + 1);
        *total += ndis_nbl_length(nbl);
        if (++*count > 1u << 20) {
            broken(call, "R44", "the chain has no end");
            return STATUS_INVALID_PARAMETER;
        }
    }
    return STATUS_SUCCESS;
}

/* Whoever chose to inject before the RST was shown to it, on another processor, did nothing wrong:
 * time does not go by while anything can still run. */
static bool knows_of_abort(const struct inject_call *call)
{
    const struct netio_flow *const flow = call->told.flow;

    return call->netio->sim->now > flow->aborted_at ||
           (call->inside != NULL &&
            (call->inside->told.io->streamData->flags & FWPS_STREAM_FLAG_SEND_ABORT) != 0);
}

static NTSTATUS check_target(struct inject_call *call)
{
    struct netio *const netio = call->netio;
    struct netio_flow *const flow = call->told.flow;

    if (call->injector->closing)
        return STATUS_FWP_INJECT_HANDLE_CLOSING;
    if (call->layer != FWPS_LAYER_STREAM_V4 && call->layer != FWPS_LAYER_STREAM_V6) {
        broken(call, "R27", "layer %u is not a stream layer", call->layer);
        return STATUS_INVALID_PARAMETER;
    }
    /* FwpsCalloutUnregisterById0 waits for a classify that runs: until it returns the callout is
     * there. */
    if (netio_callout_by_id(netio, call->told.callout) == NULL &&
        (call->inside == NULL || call->inside->told.callout->id != call->told.callout)) {
        broken(call, "R27", "no callout %u is registered", call->told.callout);
        return STATUS_FWP_CALLOUT_NOT_FOUND;
    }
    if (call->flow_handle == 0 || call->flow_handle > netio->next_handle) {
        broken(call, "R27", "there never was a flow %llu", (unsigned long long)call->flow_handle);
        return STATUS_NOT_FOUND;
    }
    if (flow != NULL && flow->layer != call->layer) {
        broken(call, "R27", "layerId is %u (STREAM_V%c), the flow is of layer %u (STREAM_V%c)",
               call->layer, call->layer == FWPS_LAYER_STREAM_V4 ? '4' : '6', flow->layer,
               flow->layer == FWPS_LAYER_STREAM_V4 ? '4' : '6');
        return STATUS_INVALID_PARAMETER;
    }
    if (flow != NULL && flow->send_aborted) {
        if (knows_of_abort(call))
            broken(call, "R33", "the connection was aborted: SEND_ABORT was indicated");
        return STATUS_NOT_FOUND;
    }
    /* A flow that has just died is nobody's fault: the call fails, that is all. */
    if (flow == NULL || flow->closed || flow->reset || flow->aborted)
        return netio->switches.dead_flow_accepts ? STATUS_SUCCESS : STATUS_NOT_FOUND;
    return STATUS_SUCCESS;
}

bool inject_is_dead(const struct netio_flow *flow)
{
    return flow == NULL || flow->closed || flow->reset || flow->aborted;
}

static NTSTATUS make_chunks(struct inject_call *call, size_t total)
{
    struct netio *const netio = call->netio;
    const struct netio_inject *const told = &call->told;
    const bool fin = (told->stream_flags & FLAGS_DISCONNECT) != 0;
    struct chunk *end;

    if (total > 0)
        call->chunks = chunk_make(netio, CHUNK_DATA, told->direction,
                                  told->stream_flags & ~FLAGS_DISCONNECT, told->chain, total, true);
    else
        call->chunks =
            chunk_make(netio, CHUNK_FIN, told->direction, told->stream_flags, told->chain, 0, true);
    if (call->chunks == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (total == 0 || !fin)
        return STATUS_SUCCESS;
    end = chunk_make(netio, CHUNK_FIN, told->direction, told->stream_flags, NULL, 0, true);
    if (end == NULL) {
        chunk_unmake(netio, call->chunks);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    call->chunks->next = end;
    return STATUS_SUCCESS;
}

/* Bytes that a callout puts in make up for some that it took out, by one reading. */
static void count_injected(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                           const struct chunk *chunk)
{
    if (flow->netio->switches.missed != NETIO_MISSED_BLOCKED_LESS_INJECTED)
        return;
    for (uint32_t i = index; i < flow->stage_count; i++) {
        struct netio_stage_half *const half = &flow->stages[i].half[direction];
        const size_t used = half->missed < chunk->length ? half->missed : chunk->length;

        half->missed -= used;
        half->made_up += chunk->length - used;
    }
}

void inject_emit_behind(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                        struct chunk *chunks)
{
    while (chunks != NULL) {
        struct chunk *const chunk = chunks;

        chunks = chunk->next;
        chunk->next = NULL;
        count_injected(flow, direction, index, chunk);
        stream_emit(flow, direction, index, chunk);
    }
}

void inject_emit(struct netio_flow *flow, enum netio_direction direction, uint32_t callout,
                 struct chunk *chunks)
{
    const struct netio_stage *const stage = stages_find(flow, callout);

    /* A callout whose filter is gone stands behind all others. */
    inject_emit_behind(flow, direction, stage == NULL ? flow->stage_count : stage->next_sublayer,
                       chunks);
}

static void StreamDatapInject(struct inject_call *call)
{
    SIM_FRAME("NETIO", "StreamDatapInject");
    struct stream_call *const inside = call->inside;
    struct netio_flow *const flow = call->told.flow;
    struct chunk *last = call->chunks;

    quirk_at_inject(call->netio, inside);
    if (call->netio->switches.emit == NETIO_EMIT_INSIDE_INJECT) {
        inject_emit_behind(flow, call->told.direction, inside->stage->next_sublayer, call->chunks);
        return;
    }
    while (last->next != NULL)
        last = last->next;
    if (inside->out_last != NULL)
        inside->out_last->next = call->chunks;
    else
        inside->out = call->chunks;
    inside->out_last = last;
}

static void StreamDataInject(struct inject_call *call)
{
    SIM_FRAME("NETIO", "StreamDataInject");
    StreamDatapInject(call);
}

static void StreamStaticInject(struct inject_call *call)
{
    SIM_FRAME("NETIO", "StreamStaticInject");
    StreamDataInject(call);
}

/* Outside classify: in the order of the calls, behind the callout's stage. */
static void inject_outside(struct inject_call *call)
{
    struct netio_flow *const flow = call->told.flow;
    const enum netio_direction direction = call->told.direction;

    if (lane_enter(flow, direction)) {
        stages_refresh(flow);
        inject_emit(flow, direction, call->told.callout, call->chunks);
        lane_leave(flow, direction);
    } else if (call->netio->switches.outside == NETIO_OUTSIDE_INTERLEAVED) {
        flow_enter(flow);
        inject_emit(flow, direction, call->told.callout, call->chunks);
        flow_leave(flow);
    } else if (!lane_queue(flow, OP_INJECT, direction, 0, call->told.callout, call->chunks)) {
        /* Out of memory: what was accepted completes with an error, and the stream cannot go on
         * whole. */
        while (call->chunks != NULL) {
            struct chunk *const chunk = call->chunks;

            call->chunks = chunk->next;
            chunk->next = NULL;
            chunk_discard(flow, chunk, STATUS_INSUFFICIENT_RESOURCES);
        }
        flow_reset(flow);
    }
}

static void StreamInject(struct inject_call *call)
{
    SIM_FRAME("NETIO", "StreamInject");
    if (call->inside != NULL)
        StreamStaticInject(call);
    else
        inject_outside(call);
}

/* R43 (HLK NETWORK-0287): what a flow is fed without TCP offering anything in between has an end.
 * Whoever holds bytes back can let them go in as many pieces as there are bytes, and each may be
 * edited; more than that feeds on itself. The call fails then, so that the world comes to rest. */
static bool feeds_itself(struct inject_call *call, size_t total)
{
    struct netio_flow *const flow = call->told.flow;
    const uint64_t offered =
        flow->ledger[NETIO_INBOUND].offered + flow->ledger[NETIO_OUTBOUND].offered;

    flow->fed += total;
    flow->feeds++;
    if (!call->netio->checks ||
        (flow->fed <= FED_BYTES + FED_TIMES * offered && flow->feeds <= FED_CALLS + offered))
        return false;
    broken(call, "R43",
           "%llu bytes in %llu calls since TCP last offered any, which makes %llu bytes in all: "
           "the call fails",
           (unsigned long long)flow->fed, (unsigned long long)flow->feeds,
           (unsigned long long)offered);
    return true;
}

static NTSTATUS inject(struct inject_call *call)
{
    struct netio *const netio = call->netio;
    struct netio_inject *const told = &call->told;
    struct netio_flow *const flow = told->flow;
    NTSTATUS status = check_target(call);
    uint32_t count;
    size_t total;

    if (status != STATUS_SUCCESS)
        return status;
    status = check_chain(call, &total, &count);
    if (status != STATUS_SUCCESS)
        return status;
    if (total != told->length)
        broken(call, "R29", "dataLength is %zu, the chain holds %zu bytes", told->length, total);
    if (total == 0 && (told->stream_flags & FLAGS_DISCONNECT) == 0) {
        broken(call, "R29", "no bytes and no DISCONNECT flag");
        return STATUS_INVALID_PARAMETER;
    }
    told->length = total;
    if (flow != NULL && feeds_itself(call, total))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (told->chain != NULL) {
        call->injection = injection_make(call->injector, inject_is_dead(flow) ? NULL : flow,
                                         told->direction, count, call->completion, call->context);
        if (call->injection == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (inject_is_dead(flow)) {
        struct netio_ledger *const ledgers = flow != NULL ? flow->ledger : netio->closed_ledger;

        ledgers[told->direction].inject_pending += total;
        if (call->injection != NULL)
            injection_refuse(call->injection, told->chain);
        return STATUS_SUCCESS;
    }
    status = make_chunks(call, total);
    if (status != STATUS_SUCCESS) {
        if (call->injection != NULL)
            injection_drop(call->injection);
        return status;
    }
    sim_trace_add(&netio->sim->trace, SIM_EVENT_INJECT, flow->handle, told->stream_flags, total);
    flow->ledger[told->direction].injects++;
    if (call->inside != NULL)
        call->inside->told.injects++;
    if (call->injection != NULL)
        injection_own(call->injection, told->chain);
    StreamInject(call);
    return STATUS_SUCCESS;
}

NTSTATUS FwppStreamInject(struct netio_injector *injector, uint64_t flow_handle,
                          uint32_t callout_id, uint16_t layer, uint32_t stream_flags,
                          NET_BUFFER_LIST *chain, size_t length, FWPS_INJECT_COMPLETE0 completion,
                          void *completion_context)
{
    SIM_FRAME("NETIO", "FwppStreamInject");
    struct netio *const netio = injector->netio;
    struct netio_flow *const flow = flow_find(netio, flow_handle);
    struct inject_call call = {
        .netio = netio,
        .injector = injector,
        .flow_handle = flow_handle,
        .layer = layer,
        .completion = completion,
        .context = completion_context,
        .told = {.flow = flow,
                 .direction = stream_flags & FWPS_STREAM_FLAG_SEND ? NETIO_OUTBOUND : NETIO_INBOUND,
                 .callout = callout_id,
                 .stream_flags = stream_flags,
                 .chain = chain,
                 .length = length}};

    struct inject_running running = {.callout = callout_id};

    if (flow != NULL) {
        flow_reference(flow);
        running.next = flow->injecting;
        flow->injecting = &running;
        call.inside = inject_find_inside(flow, call.told.direction, callout_id);
    }
    if (call.inside != NULL) {
        call.told.classify = &call.inside->told;
        call.told.number = call.inside->told.injects + 1;
    }
    NETIO_TELL(netio, inject_enter, &call.told);
    /* On a real machine another processor may call in now: whoever does not keep it out is seen. */
    sim_point(netio->sim);
    call.told.status = inject(&call);
    NETIO_TELL_END(netio, inject_exit, &call.told);
    if (flow != NULL) {
        struct inject_running **link = &flow->injecting;
        while (*link != &running)
            link = &(*link)->next;
        *link = running.next;
        flow_dereference(flow);
    }
    if (call.told.status == STATUS_SUCCESS && sim_task_irql(netio->sim) < DISPATCH_LEVEL &&
        netio_quirk_acts(netio, QUIRK_IRQL_LEAK, netio_callout_by_id(netio, callout_id)))
        sim_task_set_irql(netio->sim, DISPATCH_LEVEL);
    return call.told.status;
}
