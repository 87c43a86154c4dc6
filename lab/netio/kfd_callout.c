/* SPDX-License-Identifier: MIT */
/* Callouts at run time: registration, and calls of their functions (contract 1.3, 1.12). */
#include "netio/quirk.h"
#include "netio/state.h"

#include "nt/call.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CALLOUT 0x101

NTSTATUS netio_callout_register(struct netio *netio, const GUID *key, uint8_t version,
                                uint32_t flags, void *classify, void *notify, void *flow_delete,
                                uint32_t *id)
{
    struct kfd_callout *callout;

    if (netio_callout_by_key(netio, key) != NULL)
        return STATUS_FWP_ALREADY_EXISTS;
    callout = calloc(1, sizeof(*callout));
    if (callout == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    callout->public = (struct netio_callout){.id = FIRST_CALLOUT + netio->next_callout++,
                                             .key = *key,
                                             .version = version,
                                             .flags = flags,
                                             .classify = classify,
                                             .notify = notify,
                                             .flow_delete = flow_delete,
                                             .registered = true,
                                             .spared = netio_quirks_spared(netio, classify)};
    callout->next = netio->callouts;
    netio->callouts = callout;
    netio->generation++;
    if (id != NULL)
        *id = callout->public.id;
    return STATUS_SUCCESS;
}

struct netio_callout *netio_callout_by_id(struct netio *netio, uint32_t id)
{
    for (struct kfd_callout *c = netio->callouts; c != NULL; c = c->next)
        if (c->public.id == id && c->public.registered)
            return &c->public;
    return NULL;
}

struct netio_callout *netio_callout_by_key(struct netio *netio, const GUID *key)
{
    for (struct kfd_callout *c = netio->callouts; c != NULL; c = c->next)
        if (c->public.registered && memcmp(&c->public.key, key, sizeof(*key)) == 0)
            return &c->public;
    return NULL;
}

void netio_callout_each(struct netio *netio, void (*visit)(void *, const struct netio_callout *),
                        void *context)
{
    for (struct kfd_callout *c = netio->callouts; c != NULL; c = c->next)
        if (c->public.registered)
            visit(context, &c->public);
}

NTSTATUS netio_callout_unregister(struct netio *netio, uint32_t id)
{
    struct netio_callout *const callout = netio_callout_by_id(netio, id);

    if (callout == NULL)
        return STATUS_FWP_CALLOUT_NOT_FOUND;
    if (callout->contexts > 0)
        return STATUS_DEVICE_BUSY;
    /* From here on no new call begins; those that run are waited for. */
    callout->registered = false;
    netio->generation++;
    while (callout->running > 0 && netio->sim->task != NULL)
        sim_task_block(netio->sim, netio->sim->now + SIM_MILLISECOND);
    return STATUS_SUCCESS;
}

void kfd_invoke(struct netio *netio, struct netio_callout *callout,
                const FWPS_INCOMING_VALUES0 *values, const FWPS_INCOMING_METADATA_VALUES0 *metadata,
                void *layer_data, struct netio_classify_context *context,
                const FWPS_FILTER1 *filter, uint64_t flow_context, FWPS_CLASSIFY_OUT0 *out)
{
    struct nt_call call;

    callout->running++;
    nt_call_enter(netio->nt, &call, "classifyFn", callout->classify);
    if (callout->version == 0)
        ((FWPS_CALLOUT_CLASSIFY_FN0)(uintptr_t)callout->classify)(
            values, metadata, layer_data, (const void *)filter, flow_context, out);
    else
        ((FWPS_CALLOUT_CLASSIFY_FN1)(uintptr_t)callout->classify)(
            values, metadata, layer_data, context, filter, flow_context, out);
    nt_call_leave(netio->nt, &call);
    callout->running--;
}

NTSTATUS kfd_notify(struct netio *netio, struct netio_callout *callout,
                    FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *filter_key, FWPS_FILTER1 *filter)
{
    struct nt_call call;
    NTSTATUS status;

    if (callout->notify == NULL)
        return STATUS_SUCCESS;
    callout->running++;
    nt_call_enter(netio->nt, &call, "notifyFn", callout->notify);
    callout->notified_null = filter_key == NULL;
    status = ((FWPS_CALLOUT_NOTIFY_FN1)(uintptr_t)callout->notify)(type, filter_key, filter);
    callout->notified_null = false;
    nt_call_leave(netio->nt, &call);
    callout->running--;
    return status;
}

void kfd_flow_delete(struct netio *netio, struct netio_callout *callout, uint16_t layer,
                     uint64_t context)
{
    const uint8_t before = sim_task_irql(netio->sim);
    struct nt_call call;

    callout->running++;
    if (before < DISPATCH_LEVEL)
        sim_task_set_irql(netio->sim, DISPATCH_LEVEL);
    nt_call_enter(netio->nt, &call, "flowDeleteFn", callout->flow_delete);
    ((FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0)(uintptr_t)callout->flow_delete)(layer, callout->id,
                                                                           context);
    nt_call_leave(netio->nt, &call);
    if (before < DISPATCH_LEVEL)
        sim_task_set_irql(netio->sim, before);
    callout->running--;
}
