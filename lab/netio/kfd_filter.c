/* SPDX-License-Identifier: MIT */
/* Filters at run time: per layer, heaviest sublayer first, in it heaviest filter first
 * (contract 3.5). */
#include "netio/quirk.h"
#include "netio/state.h"

#include "sim/breach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const GUID no_guid;

struct netio_callout *kfd_filter_callout(struct netio *netio, const struct kfd_filter *filter)
{
    return filter->has_key ? netio_callout_by_key(netio, &filter->callout_key) : NULL;
}

void kfd_filter_release(struct netio *netio, struct kfd_filter *filter)
{
    if (--filter->references > 0)
        return;
    kfd_conditions_free(netio, filter);
    slab_give(&netio->filter_slab, filter);
}

/* True when a comes before b. */
static bool heavier(const struct kfd_filter *a, const struct kfd_filter *b)
{
    if (a->fwps.subLayerWeight != b->fwps.subLayerWeight)
        return a->fwps.subLayerWeight > b->fwps.subLayerWeight;
    return a->weight > b->weight;
}

NTSTATUS netio_filter_add(struct netio *netio, const struct netio_filter *wanted)
{
    struct kfd_filter *filter, **link;
    struct netio_callout *callout;
    NTSTATUS status;

    if (wanted->layer >= NETIO_LAYERS)
        return STATUS_FWP_LAYER_NOT_FOUND;
    filter = slab_take(&netio->filter_slab, netio->sim);
    if (filter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    filter->references = 1;
    filter->id = wanted->id;
    filter->weight = wanted->weight;
    filter->layer = wanted->layer;
    filter->callout_key = wanted->callout;
    filter->has_key = (wanted->action & FWP_ACTION_FLAG_CALLOUT) != 0 &&
                      memcmp(&wanted->callout, &no_guid, sizeof(no_guid)) != 0;
    callout = kfd_filter_callout(netio, filter);
    filter->fwps.filterId = wanted->id;
    filter->fwps.weight.type = FWP_UINT64;
    filter->fwps.weight.uint64 = &filter->weight;
    filter->fwps.subLayerWeight = wanted->sublayer_weight;
    filter->fwps.flags = wanted->flags;
    filter->fwps.action.type = wanted->action;
    filter->fwps.action.calloutId = callout == NULL ? 0 : callout->id;
    filter->fwps.context = wanted->context;
    if (!kfd_conditions_copy(netio, wanted->conditions, wanted->condition_count, filter)) {
        kfd_filter_release(netio, filter);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (callout != NULL) {
        status = kfd_notify(netio, callout, FWPS_CALLOUT_NOTIFY_ADD_FILTER, wanted->filter_key,
                            &filter->fwps);
        if (!NT_SUCCESS(status)) {
            kfd_filter_release(netio, filter);
            return STATUS_FWP_CALLOUT_NOTIFICATION_FAILED;
        }
    }
    filter->born = ++netio->sequence;
    link = &netio->filters[wanted->layer];
    while (*link != NULL && !heavier(filter, *link))
        link = &(*link)->next;
    filter->next = *link;
    *link = filter;
    netio->generation++;
    sim_trace_add(&netio->sim->trace, SIM_EVENT_FILTER, filter->id, 1, 0);
    return STATUS_SUCCESS;
}

static bool is_used(const struct netio *netio, const struct netio_callout *callout)
{
    for (unsigned layer = 0; layer < NETIO_LAYERS; layer++)
        for (const struct kfd_filter *filter = netio->filters[layer]; filter != NULL;
             filter = filter->next)
            if (filter->has_key &&
                memcmp(&filter->callout_key, &callout->key, sizeof(callout->key)) == 0)
                return true;
    return false;
}

/* "If a callout driver's notifyFn does not recognize the notification type, it should ignore it and
 * return STATUS_SUCCESS"; FWPS_CALLOUT_NOTIFY_TYPE_MAX is there "for testing purposes"
 * (nc-fwpsk-fwps_callout_notify_fn0). Asked once for a callout, right behind the notification that
 * its last filter was deleted: where notifyFn may be called, and as little as can be follows. The
 * key is some key: only deletions have none. */
static void ask_unknown(struct netio *netio, struct netio_callout *callout, FWPS_FILTER1 *filter)
{
    NTSTATUS status;

    if (!netio->checks || callout->asked_unknown || callout->notify == NULL ||
        is_used(netio, callout))
        return;
    callout->asked_unknown = true;
    callout->asking = true;
    status = kfd_notify(netio, callout, FWPS_CALLOUT_NOTIFY_TYPE_MAX, &callout->key, filter);
    callout->asking = false;
    if (status == STATUS_SUCCESS)
        return;
    char detail[120];
    snprintf(detail, sizeof(detail),
             "notifyFn returned 0x%08X for a type that it does not know; it is to ignore it",
             (unsigned)status);
    sim_breach(netio->sim, &(struct sim_breach){.rule = "R58",
                                                .function = "notifyFn",
                                                .detail = detail,
                                                .address = callout->notify});
}

NTSTATUS netio_filter_delete(struct netio *netio, uint64_t id)
{
    for (unsigned layer = 0; layer < NETIO_LAYERS; layer++)
        for (struct kfd_filter **link = &netio->filters[layer]; *link != NULL;
             link = &(*link)->next) {
            struct kfd_filter *const filter = *link;
            struct netio_callout *callout;

            if (filter->id != id)
                continue;
            *link = filter->next;
            filter->next = NULL;
            filter->deleted = true;
            netio->generation++;
            sim_trace_add(&netio->sim->trace, SIM_EVENT_FILTER, id, 0, 0);
            if (layer == FWPS_LAYER_STREAM_V4 || layer == FWPS_LAYER_STREAM_V6)
                stages_filter_deleted(netio, filter);
            /* The result of DELETE is ignored, and the key is NULL. */
            callout = kfd_filter_callout(netio, filter);
            if (callout != NULL &&
                !(filter->references > 1 && netio_quirk_acts(netio, QUIRK_NOTIFY_LOST, callout)))
                kfd_notify(netio, callout, FWPS_CALLOUT_NOTIFY_DELETE_FILTER, NULL, &filter->fwps);
            if (callout != NULL)
                ask_unknown(netio, callout, &filter->fwps);
            kfd_filter_release(netio, filter);
            return STATUS_SUCCESS;
        }
    return STATUS_FWP_FILTER_NOT_FOUND;
}

void netio_filters_by_others(struct netio *netio, bool others)
{
    netio->others = others;
}

void kfd_destroy(struct netio *netio)
{
    for (unsigned layer = 0; layer < NETIO_LAYERS; layer++)
        while (netio->filters[layer] != NULL) {
            struct kfd_filter *const filter = netio->filters[layer];

            netio->filters[layer] = filter->next;
            filter->references = 1;
            kfd_filter_release(netio, filter);
        }
    while (netio->callouts != NULL) {
        struct kfd_callout *const callout = netio->callouts;

        netio->callouts = callout->next;
        free(callout);
    }
}
