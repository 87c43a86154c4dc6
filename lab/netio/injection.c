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

static void give_unused(struct netio *netio, struct injection *injection)
{
    while (injection->unused != NULL) {
        struct injected_nbl *const unused = injection->unused;

        injection->unused = unused->next;
        slab_give(&netio->injected_nbls, unused);
    }
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
    for (uint32_t i = 0; i < count; i++) {
        struct injected_nbl *const unused = slab_take(&netio->injected_nbls, netio->sim);

        if (unused == NULL) {
            give_unused(netio, injection);
            slab_give(&netio->injections, injection);
            return NULL;
        }
        unused->injection = injection;
        unused->next = injection->unused;
        injection->unused = unused;
    }
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
    give_unused(injection->injector->netio, injection);
    injection->injector->netio->pending -= injection->remaining;
    injection->injector->pending -= injection->remaining;
    injection_end(injection);
}

static void complete(struct netio *netio, NET_BUFFER_LIST *nbl)
{
    struct ndis_nbl_header *const header = ndis_nbl_header(nbl);
    struct injected_nbl *const injected = header->release_context;
    struct injection *const injection = injected->injection;
    struct netio_injector *const injector = injection->injector;
    const FWPS_INJECT_COMPLETE0 completion = injection->completion;
    void *const context = injection->context;
    const NTSTATUS status = injection->status;
    struct netio_flow *const flow = injection->flow;
    struct nt_call call;

    NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
    NET_BUFFER_LIST_STATUS(nbl) = status;
    injected_memory_remove(injected);
    slab_give(&netio->injected_nbls, injected);
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

/* False when memory is short. */
static bool complete_later(struct netio *netio, NET_BUFFER_LIST *nbl)
{
    NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
    if (!completion_queue_add(&netio->done, nbl))
        return false;
    if (!netio->completer.queued)
        nt_defer(netio->nt, completion_processor(netio), &netio->completer);
    return true;
}

void inject_complete_all(struct netio *netio)
{
    while (netio->done.count != 0) {
        const bool any_order = netio->switches.completion == NETIO_COMPLETION_REORDERED ||
                               netio->switches.completion == NETIO_COMPLETION_RANDOM;
        const uint32_t index = any_order && netio->done.count > 1
                                   ? sim_choose(netio->sim, SIM_CHOICE_ORDER, netio->done.count)
                                   : 0;
        complete(netio, completion_queue_take(&netio->done, index));
    }
}

/* The last reference to an injected NBL went, and its last child. */
static void released(void *context, NET_BUFFER_LIST *nbl)
{
    struct netio *const netio = ((struct injected_nbl *)context)->injection->injector->netio;
    bool now = netio->switches.completion == NETIO_COMPLETION_SYNC;

    ndis_nbl_header(nbl)->release = NULL; /* once */
    if (netio->switches.completion == NETIO_COMPLETION_RANDOM)
        now = sim_choose(netio->sim, SIM_CHOICE_COMPLETION, 2) == 0;
    if (now || !complete_later(netio, nbl))
        complete(netio, nbl);
}

void injection_own(struct injection *injection, NET_BUFFER_LIST *chain)
{
    for (; chain != NULL; chain = NET_BUFFER_LIST_NEXT_NBL(chain)) {
        struct ndis_nbl_header *const header = ndis_nbl_header(chain);
        struct injected_nbl *const injected = injection->unused;

        injection->unused = injected->next;
        injected->next = NULL;
        ndis_held_check(header);
        injected_memory_add(injected, chain);
        header->owner = NDIS_OWNER_ENGINE;
        header->injected_twice = false;
        header->references++;
        header->release = released;
        header->release_context = injected;
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
        ((struct injected_nbl *)header->release_context)->injection->status = status;
}
