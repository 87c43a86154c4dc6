/* SPDX-License-Identifier: MIT */
/* Flows: opening, finding, closing, and their ledgers. */
#include "netio/state.h"

#include "sim/breach.h"

#include <stdlib.h>
#include <string.h>

static struct netio_flow **bucket_of(struct netio *netio, uint64_t handle)
{
    return &netio->buckets[handle % NETIO_FLOW_BUCKETS];
}

struct netio_flow *flow_find(struct netio *netio, uint64_t handle)
{
    struct netio_flow *flow = *bucket_of(netio, handle);

    while (flow != NULL && flow->handle != handle)
        flow = flow->bucket_next;
    return flow;
}

void flow_reference(struct netio_flow *flow)
{
    flow->references++;
}

void flow_dereference(struct netio_flow *flow)
{
    if (--flow->references > 0)
        return;
    if (flow->stages != flow->own_stages)
        free(flow->stages);
    free(flow->application);
    slab_give(&flow->netio->flows, flow);
}

/* The values and metadata of the stream layer are the same for every classify of the flow
 * (contract 7.1, frame 12). */
static void fill_values(struct netio_flow *flow)
{
    const struct netio_profile *const profile = flow->netio->profile;
    const struct netio_flow_info *const info = &flow->info;
    FWPS_INCOMING_VALUE0 *const fields = flow->fields;
    FWP_VALUE0 *const local = &fields[FWPS_FIELD_STREAM_V4_IP_LOCAL_ADDRESS].value;
    FWP_VALUE0 *const remote = &fields[FWPS_FIELD_STREAM_V4_IP_REMOTE_ADDRESS].value;

    if (info->v6) {
        memcpy(flow->address6[0].byteArray16, info->local6, sizeof(flow->address6[0]));
        memcpy(flow->address6[1].byteArray16, info->remote6, sizeof(flow->address6[1]));
        *local = (FWP_VALUE0){.type = FWP_BYTE_ARRAY16_TYPE, .byteArray16 = &flow->address6[0]};
        *remote = (FWP_VALUE0){.type = FWP_BYTE_ARRAY16_TYPE, .byteArray16 = &flow->address6[1]};
    } else {
        *local = (FWP_VALUE0){.type = FWP_UINT32, .uint32 = info->local4};
        *remote = (FWP_VALUE0){.type = FWP_UINT32, .uint32 = info->remote4};
    }
    fields[FWPS_FIELD_STREAM_V4_IP_LOCAL_ADDRESS_TYPE].value =
        (FWP_VALUE0){.type = FWP_UINT8, .uint8 = 1};
    fields[FWPS_FIELD_STREAM_V4_IP_LOCAL_PORT].value =
        (FWP_VALUE0){.type = FWP_UINT16, .uint16 = info->local_port};
    fields[FWPS_FIELD_STREAM_V4_IP_REMOTE_PORT].value =
        (FWP_VALUE0){.type = FWP_UINT16, .uint16 = info->remote_port};
    fields[FWPS_FIELD_STREAM_V4_DIRECTION].value =
        (FWP_VALUE0){.type = FWP_UINT32,
                     .uint32 = info->direction == NETIO_INBOUND ? FWP_DIRECTION_INBOUND
                                                                : FWP_DIRECTION_OUTBOUND};
    fields[FWPS_FIELD_STREAM_V4_FLAGS].value = (FWP_VALUE0){.type = FWP_UINT32, .uint32 = 0};
    fields[FWPS_FIELD_STREAM_V4_COMPARTMENT_ID].value =
        (FWP_VALUE0){.type = FWP_UINT32, .uint32 = 1};
    flow->values = (FWPS_INCOMING_VALUES0){flow->layer, profile->stream_fields, fields};
    netio_metadata_poison(flow->netio, &flow->metadata);
    flow->metadata.currentMetadataValues =
        FWPS_METADATA_FIELD_FLOW_HANDLE | FWPS_METADATA_FIELD_SYSTEM_FLAGS;
    flow->metadata.flowHandle = flow->handle;
    flow->metadata.flags = 0;
    if (flow->netio->switches.stream_compartment) {
        flow->metadata.currentMetadataValues |= FWPS_METADATA_FIELD_COMPARTMENT_ID;
        flow->metadata.compartmentId = 1;
    }
}

static void enlist(struct netio_flow *flow)
{
    struct netio *const netio = flow->netio;
    struct netio_flow **const bucket = bucket_of(netio, flow->handle);

    flow->bucket_next = *bucket;
    *bucket = flow;
    flow->older = netio->newest;
    if (netio->newest != NULL)
        netio->newest->newer = flow;
    else
        netio->oldest = flow;
    netio->newest = flow;
}

static void delist(struct netio_flow *flow)
{
    struct netio *const netio = flow->netio;
    struct netio_flow **link = bucket_of(netio, flow->handle);

    while (*link != flow)
        link = &(*link)->bucket_next;
    *link = flow->bucket_next;
    if (flow->newer != NULL)
        flow->newer->older = flow->older;
    else
        netio->newest = flow->older;
    if (flow->older != NULL)
        flow->older->newer = flow->newer;
    else
        netio->oldest = flow->newer;
}

enum netio_open netio_flow_open(struct netio *netio, const struct netio_flow_info *info,
                                const struct netio_stream_client *client, void *connection,
                                struct netio_flow **opened)
{
    struct netio_flow *flow;

    *opened = NULL;
    if (!info->mid_stream && !ale_authorise(netio, info))
        return NETIO_OPEN_BLOCKED;
    flow = slab_take(&netio->flows, netio->sim);
    if (flow == NULL)
        return NETIO_OPEN_NO_MEMORY;
    flow->netio = netio;
    flow->references = 1;
    flow->handle = ++netio->next_handle;
    flow->born = ++netio->sequence;
    flow->layer = info->v6 ? FWPS_LAYER_STREAM_V6 : FWPS_LAYER_STREAM_V4;
    flow->stages = flow->own_stages;
    flow->stage_capacity = NETIO_OWN_STAGES;
    flow->client = *client;
    flow->connection = connection;
    flow->info = *info;
    if (info->application != NULL)
        flow->application = strdup(info->application);
    flow->info.application = flow->application;
    fill_values(flow);
    enlist(flow);
    sim_trace_add(&netio->sim->trace, SIM_EVENT_FLOW_CREATE, flow->handle, 0, 0);
    NETIO_TELL(netio, flow_open, flow);
    if (!info->mid_stream && !ale_establish(flow)) {
        netio_flow_close(flow);
        return NETIO_OPEN_BLOCKED;
    }
    *opened = flow;
    return NETIO_OPEN_OK;
}

static void add_ledger(struct netio_ledger *sum, const struct netio_ledger *part)
{
    const uint64_t *const from = (const uint64_t *)part;
    uint64_t *const to = (uint64_t *)sum;

    for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
        to[i] += from[i];
}

void flow_finish(struct netio_flow *flow)
{
    struct netio *const netio = flow->netio;

    if (flow->finished)
        return;
    flow->finished = true;
    quirk_flow_ends(flow);
    /* Discarding completes injections, and their functions may call in again: the flow is dead for
     * them. */
    lanes_discard(flow);
    stages_discard(flow);
    flow_contexts_end(flow);
    delist(flow);
    sim_trace_add(&netio->sim->trace, SIM_EVENT_FLOW_DELETE, flow->handle, 0, 0);
    NETIO_TELL(netio, flow_close, flow);
    for (unsigned i = 0; i < 2; i++)
        add_ledger(&netio->closed_ledger[i], &flow->ledger[i]);
    flow_dereference(flow);
}

void netio_flow_close(struct netio_flow *flow)
{
    if (flow->closed)
        return;
    flow->closed = true;
    if (flow->users == 0)
        flow_finish(flow);
}

void flow_reset(struct netio_flow *flow)
{
    if (flow->reset || flow->closed)
        return;
    flow->reset = true;
    flow->client.reset(flow->connection);
}

NTSTATUS netio_flow_abort(struct netio *netio, uint64_t handle)
{
    struct netio_flow *const flow = flow_find(netio, handle);
    bool alone;

    if (flow == NULL || flow->closed)
        return STATUS_NOT_FOUND;
    alone = lane_enter(flow, NETIO_INBOUND);
    flow_reset(flow);
    if (alone)
        lane_leave(flow, NETIO_INBOUND);
    return STATUS_SUCCESS;
}

uint64_t netio_flow_handle(const struct netio_flow *flow)
{
    return flow->handle;
}

const struct netio_flow_info *netio_flow_info(const struct netio_flow *flow)
{
    return &flow->info;
}

bool netio_flow_is_dead(const struct netio_flow *flow)
{
    return flow->closed || flow->reset || flow->aborted;
}

bool netio_flow_is_aborted(const struct netio_flow *flow)
{
    return flow->reset || flow->aborted;
}

void *netio_flow_of_check(const struct netio_flow *flow)
{
    return flow->of_check;
}

void netio_flow_set_of_check(struct netio_flow *flow, void *own)
{
    flow->of_check = own;
}

void netio_flow_ledger(const struct netio_flow *flow, enum netio_direction direction,
                       struct netio_ledger *ledger)
{
    *ledger = flow->ledger[direction];
}

void netio_total_ledger(const struct netio *netio, enum netio_direction direction,
                        struct netio_ledger *ledger)
{
    *ledger = netio->closed_ledger[direction];
    for (const struct netio_flow *flow = netio->oldest; flow != NULL; flow = flow->newer)
        add_ledger(ledger, &flow->ledger[direction]);
}
