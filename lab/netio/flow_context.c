/* SPDX-License-Identifier: MIT */
/* Flow contexts: one for each flow, layer and callout; flowDelete exactly once (contract 1.13). */
#include "netio/state.h"

#include "sim/breach.h"

static struct flow_context *find(const struct netio_flow *flow, uint16_t layer, uint32_t callout)
{
    for (struct flow_context *c = flow->contexts; c != NULL; c = c->next)
        if (c->layer == layer && c->callout->id == callout && !c->removed)
            return c;
    return NULL;
}

uint64_t flow_context_of(const struct netio_flow *flow, uint16_t layer, uint32_t callout)
{
    const struct flow_context *const context = find(flow, layer, callout);

    return context == NULL ? 0 : context->context;
}

/* True while a classify of this callout runs for the flow, or waits further up the stack. */
static bool is_running(const struct netio_flow *flow, const struct netio_callout *callout)
{
    for (const struct stream_call *call = flow->calls; call != NULL; call = call->up)
        if (call->stage->callout == callout)
            return true;
    return false;
}

static NTSTATUS associate(struct netio *netio, uint64_t handle, uint16_t layer, uint32_t id,
                          uint64_t value)
{
    struct netio_flow *const flow = flow_find(netio, handle);
    struct netio_callout *const callout = netio_callout_by_id(netio, id);
    struct flow_context *context;

    if (callout == NULL)
        return STATUS_FWP_CALLOUT_NOT_FOUND;
    if (value == 0 || callout->flow_delete == NULL) {
        if (netio->checks)
            sim_breach_text(netio->sim, "R45", "FwpsFlowAssociateContext0", "%s",
                            value == 0 ? "the flow context is 0"
                                       : "the callout has no flowDeleteFn");
        return STATUS_INVALID_PARAMETER;
    }
    if (flow == NULL)
        return STATUS_NOT_FOUND;
    if (flow->closed)
        return STATUS_UNSUCCESSFUL;
    if (find(flow, layer, id) != NULL)
        return STATUS_OBJECT_NAME_EXISTS;
    context = slab_take(&netio->contexts, netio->sim);
    if (context == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    context->callout = callout;
    context->context = value;
    context->layer = layer;
    context->next = flow->contexts;
    flow->contexts = context;
    callout->contexts++;
    stages_contexts(flow);
    return STATUS_SUCCESS;
}

static void tell_associated(struct netio *netio, uint64_t handle, uint32_t callout, uint64_t value,
                            NTSTATUS status)
{
    const struct netio_context_event event = {
        .flow = handle, .callout = callout, .value = value, .status = status};

    NETIO_TELL(netio, context_associated, &event);
}

NTSTATUS netio_flow_associate(struct netio *netio, uint64_t handle, uint16_t layer, uint32_t id,
                              uint64_t value)
{
    const NTSTATUS status = associate(netio, handle, layer, id, value);

    tell_associated(netio, handle, id, value, status);
    return status;
}

void netio_flow_associate_refused(struct netio *netio, uint64_t handle, uint32_t callout,
                                  uint64_t context, NTSTATUS status)
{
    tell_associated(netio, handle, callout, context, status);
}

/* Takes the context off the flow, tells its callout, forgets it. */
static void end(struct netio_flow *flow, struct flow_context **link)
{
    struct netio *const netio = flow->netio;
    struct flow_context *const context = *link;
    struct netio_callout *const callout = context->callout;
    const uint16_t layer = context->layer;
    const struct netio_context_event event = {
        .flow = flow->handle,
        .callout = callout->id,
        .value = context->context,
        .classifies = flow->classifies,
        .late = context->removed,
        .function = callout->flow_delete,
    };
    /* Who held a spin lock while it removed the context must not meet it in flowDeleteFn: that may
     * run inside the call (nf-fwpsk-fwpsflowremovecontext0). */
    struct nt_lock_watch watch = {
        .rule = "R50",
        .function = "FwpsFlowRemoveContext0",
        .detail = context->removed
                      ? "flowDeleteFn takes a spin lock that was held when the context "
                        "was removed; this time it was called later"
                      : "flowDeleteFn, called inside FwpsFlowRemoveContext0, takes a "
                        "spin lock that the caller holds",
        .flow = flow->handle,
        .count = context->held_count,
    };

    for (unsigned i = 0; i < context->held_count; i++)
        watch.locks[i] = context->held[i];
    *link = context->next;
    slab_give(&netio->contexts, context);
    stages_contexts(flow);
    NETIO_TELL(netio, context_deleting, &event);
    if (watch.count != 0)
        nt_lock_watch_begin(netio->nt, &watch);
    kfd_flow_delete(netio, callout, layer, event.value);
    if (watch.count != 0)
        nt_lock_watch_end(netio->nt, &watch);
    NETIO_TELL_END(netio, context_deleted, &event);
    callout->contexts--;
}

static struct flow_context **link_of(struct netio_flow *flow, const struct flow_context *context)
{
    struct flow_context **link = &flow->contexts;

    while (*link != context)
        link = &(*link)->next;
    return link;
}

/* Removal that the switch puts off runs in a DPC. */
struct late_removal {
    struct nt_deferred deferred; /* first */
    struct netio_flow *flow;
};

_Static_assert(sizeof(struct late_removal) <= LATE_REMOVAL_BYTES, "it fits its slab");

static void run_late(struct nt_deferred *deferred)
{
    struct late_removal *const late = (struct late_removal *)deferred;
    struct netio_flow *const flow = late->flow;

    slab_give(&flow->netio->late_removals, late);
    if (flow->users == 0)
        flow_contexts_settle(flow);
    flow_dereference(flow);
}

static bool put_off(struct netio_flow *flow)
{
    struct netio *const netio = flow->netio;
    struct late_removal *late;

    if (netio->switches.remove == NETIO_REMOVE_SYNC ||
        (netio->switches.remove == NETIO_REMOVE_RANDOM &&
         sim_choose(netio->sim, SIM_CHOICE_REMOVE, 2) == 0))
        return false;
    late = slab_take(&netio->late_removals, netio->sim);
    if (late == NULL)
        return false;
    late->deferred.run = run_late;
    late->flow = flow;
    flow_reference(flow);
    nt_defer(netio->nt, sim_task_processor(netio->sim), &late->deferred);
    return true;
}

NTSTATUS netio_flow_remove(struct netio *netio, uint64_t handle, uint16_t layer, uint32_t id)
{
    struct netio_flow *const flow = flow_find(netio, handle);
    struct flow_context *const context = flow == NULL ? NULL : find(flow, layer, id);

    if (context == NULL)
        return STATUS_UNSUCCESSFUL;
    if (netio->checks)
        context->held_count = (uint8_t)nt_locks_held(netio->nt, context->held);
    if (is_running(flow, context->callout) || put_off(flow)) {
        context->removed = true;
        stages_contexts(flow);
        return STATUS_PENDING;
    }
    end(flow, link_of(flow, context));
    return STATUS_SUCCESS;
}

void flow_contexts_settle(struct netio_flow *flow)
{
    struct flow_context *context = flow->contexts;

    while (context != NULL) {
        if (context->removed && !is_running(flow, context->callout)) {
            end(flow, link_of(flow, context));
            context = flow->contexts;
        } else {
            context = context->next;
        }
    }
}

void flow_contexts_end(struct netio_flow *flow)
{
    while (flow->contexts != NULL)
        end(flow, &flow->contexts);
}
