/* SPDX-License-Identifier: MIT */
/* Injection handles, and completions: one for each NBL, when nothing refers to it any more. */
#include "netio/injection.h"

#include "netio/injected_memory.h"

#include "nt/call.h"

#include <stdlib.h>

NTSTATUS netio_injector_create(struct netio *netio, uint16_t family, uint32_t types,
                               struct netio_injector **made)
{
    struct netio_injector *const injector = calloc(1, sizeof(*injector));

    if (injector == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *injector = (struct netio_injector){
        .netio = netio, .next = netio->injectors, .family = family, .types = types};
    netio->injectors = injector;
    *made = injector;
    return STATUS_SUCCESS;
}

uint64_t netio_injector_pending(const struct netio_injector *injector)
{
    return injector->pending;
}

uint64_t netio_injections_pending(const struct netio *netio)
{
    return netio->pending;
}

void netio_injector_destroy(struct netio_injector *injector)
{
    struct netio *const netio = injector->netio;
    struct netio_injector **link = &netio->injectors;

    injector->closing = true;
    while (injector->pending > 0 && netio->sim->task != NULL) {
        injector->waiter = netio->sim->task;
        sim_task_block(netio->sim, SIM_NO_DEADLINE);
    }
    /* The host cannot block: it lets the world run instead. */
    if (injector->pending > 0)
        sim_run(netio->sim);
    while (*link != injector)
        link = &(*link)->next;
    *link = injector->next;
    free(injector);
}

struct injection *injection_make(struct netio_injector *injector, struct netio_flow *flow,
                                 enum netio_direction direction, uint32_t count,
                                 FWPS_INJECT_COMPLETE0 completion, void *context)
{
    struct netio *const netio = injector->netio;
    struct injection *const injection = slab_take(&netio->injections, netio->sim);

    if (injection == NULL)
        return NULL;
    *injection = (struct injection){.injector = injector,
                                    .flow = flow,
                                    .direction = direction,
                                    .status = netio->switches.complete_status,
                                    .remaining = count,
                                    .completion = completion,
                                    .context = context};
    injector->pending += count;
    netio->pending += count;
    if (flow != NULL)
        flow_reference(flow);
    return injection;
}

static void injection_end(struct injection *injection)
{
    struct netio *const netio = injection->injector->netio;

    if (injection->flow != NULL)
        flow_dereference(injection->flow);
    slab_give(&netio->injections, injection);
}

void injection_drop(struct injection *injection)
{
    injection->injector->netio->pending -= injection->remaining;
    injection->injector->pending -= injection->remaining;
    injection_end(injection);
}

static void complete(struct netio *netio, struct injection *injection, NET_BUFFER_LIST *nbl)
{
    struct netio_injector *const injector = injection->injector;
    struct ndis_nbl_header *const header = ndis_nbl_header(nbl);
    const FWPS_INJECT_COMPLETE0 completion = injection->completion;
    void *const context = injection->context;
    const NTSTATUS status = injection->status;
    struct netio_flow *const flow = injection->flow;
    struct nt_call call;

    NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
    NET_BUFFER_LIST_STATUS(nbl) = status;
    injected_memory_remove(injection, nbl);
    header->owner = NDIS_OWNER_DRIVER;
    header->held_since = netio->sim->now;
    header->release_context = NULL;
    sim_trace_add(&netio->sim->trace, SIM_EVENT_COMPLETE, header->number, (uint32_t)status, 0);
    if (flow != NULL && !flow->finished)
        flow->ledger[injection->direction].completions++;
    else
        netio->closed_ledger[injection->direction].completions++;
    NETIO_TELL(netio, completed, flow, nbl, status);
    nt_call_enter(netio->nt, &call, "completionFn", (const void *)(uintptr_t)completion);
    completion(context, nbl, sim_task_irql(netio->sim) >= DISPATCH_LEVEL);
    nt_call_leave(netio->nt, &call);
    /* Pending until the function has returned: whoever waits may unload the driver then. */
    netio->pending--;
    if (--injection->remaining == 0)
        injection_end(injection);
    if (--injector->pending == 0 && injector->waiter != NULL) {
        struct sim_task *const waiter = injector->waiter;

        injector->waiter = NULL;
        sim_task_wake(netio->sim, waiter);
    }
}

/* Any processor may run it: on another one it meets the classify that goes on here. */
static unsigned completion_processor(struct netio *netio)
{
    if (netio->switches.completion != NETIO_COMPLETION_RANDOM || netio->processors < 2)
        return sim_task_processor(netio->sim);
    return sim_choose(netio->sim, SIM_CHOICE_COMPLETION, netio->processors);
}

static void complete_later(struct netio *netio, NET_BUFFER_LIST *nbl)
{
    NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
    if (netio->done_last != NULL)
        NET_BUFFER_LIST_NEXT_NBL(netio->done_last) = nbl;
    else
        netio->done = nbl;
    netio->done_last = nbl;
    netio->done_count++;
    if (!netio->completer.queued)
        nt_defer(netio->nt, completion_processor(netio), &netio->completer);
}

static NET_BUFFER_LIST *take_done(struct netio *netio, uint32_t index)
{
    NET_BUFFER_LIST **link = &netio->done, *before = NULL, *nbl;

    for (; index > 0; index--) {
        before = *link;
        link = &NET_BUFFER_LIST_NEXT_NBL(*link);
    }
    nbl = *link;
    *link = NET_BUFFER_LIST_NEXT_NBL(nbl);
    if (netio->done_last == nbl)
        netio->done_last = before;
    netio->done_count--;
    return nbl;
}

void inject_complete_all(struct netio *netio)
{
    while (netio->done != NULL) {
        const bool any_order = netio->switches.completion == NETIO_COMPLETION_REORDERED ||
                               netio->switches.completion == NETIO_COMPLETION_RANDOM;
        const uint32_t index = any_order && netio->done_count > 1
                                   ? sim_choose(netio->sim, SIM_CHOICE_ORDER, netio->done_count)
                                   : 0;
        NET_BUFFER_LIST *const nbl = take_done(netio, index);

        complete(netio, ndis_nbl_header(nbl)->release_context, nbl);
    }
}

/* The last reference to an injected NBL went, and its last child. */
static void released(void *context, NET_BUFFER_LIST *nbl)
{
    struct injection *const injection = context;
    struct netio *const netio = injection->injector->netio;
    bool now = netio->switches.completion == NETIO_COMPLETION_SYNC;

    ndis_nbl_header(nbl)->release = NULL; /* once */
    if (netio->switches.completion == NETIO_COMPLETION_RANDOM)
        now = sim_choose(netio->sim, SIM_CHOICE_COMPLETION, 2) == 0;
    if (now)
        complete(netio, injection, nbl);
    else
        complete_later(netio, nbl);
}

void injection_own(struct injection *injection, NET_BUFFER_LIST *chain)
{
    for (; chain != NULL; chain = NET_BUFFER_LIST_NEXT_NBL(chain)) {
        struct ndis_nbl_header *const header = ndis_nbl_header(chain);

        ndis_held_check(header);
        injected_memory_add(injection, chain);
        header->owner = NDIS_OWNER_ENGINE;
        header->injected_twice = false;
        header->references++;
        header->release = released;
        header->release_context = injection;
    }
}

void injection_refuse(struct injection *injection, NET_BUFFER_LIST *chain)
{
    injection->status = STATUS_CONNECTION_ABORTED;
    injection_own(injection, chain);
    while (chain != NULL) {
        NET_BUFFER_LIST *const next = NET_BUFFER_LIST_NEXT_NBL(chain);

        ndis_nbl_dereference(chain);
        chain = next;
    }
}

void inject_fail(NET_BUFFER_LIST *nbl, NTSTATUS status)
{
    const struct ndis_nbl_header *header = ndis_nbl_header(nbl);

    while (header != NULL && header->origin == NDIS_NBL_STREAM) {
        nbl = nbl->ParentNetBufferList;
        header = ndis_nbl_header(nbl);
    }
    if (header != NULL && header->owner == NDIS_OWNER_ENGINE)
        ((struct injection *)header->release_context)->status = status;
}
