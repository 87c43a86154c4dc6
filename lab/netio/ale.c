/* SPDX-License-Identifier: MIT */
/* The ALE layers of a connection's life: authorisation and flow established (contract 3.3, 3.6).
 * What a layer passes stands in tables by field. */
#include "netio/state.h"

#include <stdio.h>
#include <string.h>

enum field {
    FIELD_EMPTY,
    FIELD_APP_ID,
    FIELD_USER_ID,
    FIELD_LOCAL_ADDRESS,
    FIELD_ADDRESS_TYPE,
    FIELD_LOCAL_PORT,
    FIELD_PROTOCOL,
    FIELD_REMOTE_ADDRESS,
    FIELD_REMOTE_PORT,
    FIELD_INTERFACE,
    FIELD_DIRECTION,
    FIELD_FLAGS,
    FIELD_INTERFACE_TYPE,
    FIELD_INTERFACE_INDEX,
    FIELD_ZERO, /* a UINT32 that is 0 here: tunnel type, sub-interface, profiles, reasons */
    FIELD_COMPARTMENT,
};

/* The V4 and V6 forms of a layer have the same fields in the same order. */
static const uint8_t connect_fields[FWPS_FIELD_ALE_AUTH_CONNECT_V4_MAX] = {
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_ALE_APP_ID] = FIELD_APP_ID,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_ALE_USER_ID] = FIELD_USER_ID,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_LOCAL_ADDRESS] = FIELD_LOCAL_ADDRESS,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_LOCAL_ADDRESS_TYPE] = FIELD_ADDRESS_TYPE,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_LOCAL_PORT] = FIELD_LOCAL_PORT,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_PROTOCOL] = FIELD_PROTOCOL,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_REMOTE_ADDRESS] = FIELD_REMOTE_ADDRESS,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_REMOTE_PORT] = FIELD_REMOTE_PORT,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_DESTINATION_ADDRESS_TYPE] = FIELD_ADDRESS_TYPE,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_LOCAL_INTERFACE] = FIELD_INTERFACE,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_FLAGS] = FIELD_FLAGS,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_INTERFACE_TYPE] = FIELD_INTERFACE_TYPE,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_TUNNEL_TYPE] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_INTERFACE_INDEX] = FIELD_INTERFACE_INDEX,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_SUB_INTERFACE_INDEX] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_ORIGINAL_PROFILE_ID] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_CURRENT_PROFILE_ID] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_REAUTHORIZE_REASON] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_ALE_ORIGINAL_APP_ID] = FIELD_APP_ID,
    [FWPS_FIELD_ALE_AUTH_CONNECT_V4_COMPARTMENT_ID] = FIELD_COMPARTMENT,
};

static const uint8_t accept_fields[FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_MAX] = {
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_ALE_APP_ID] = FIELD_APP_ID,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_ALE_USER_ID] = FIELD_USER_ID,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_IP_LOCAL_ADDRESS] = FIELD_LOCAL_ADDRESS,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_IP_LOCAL_ADDRESS_TYPE] = FIELD_ADDRESS_TYPE,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_IP_LOCAL_PORT] = FIELD_LOCAL_PORT,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_IP_PROTOCOL] = FIELD_PROTOCOL,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_IP_REMOTE_ADDRESS] = FIELD_REMOTE_ADDRESS,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_IP_REMOTE_PORT] = FIELD_REMOTE_PORT,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_IP_LOCAL_INTERFACE] = FIELD_INTERFACE,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_FLAGS] = FIELD_FLAGS,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_INTERFACE_TYPE] = FIELD_INTERFACE_TYPE,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_TUNNEL_TYPE] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_INTERFACE_INDEX] = FIELD_INTERFACE_INDEX,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_SUB_INTERFACE_INDEX] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_IP_ARRIVAL_INTERFACE] = FIELD_INTERFACE,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_ARRIVAL_INTERFACE_TYPE] = FIELD_INTERFACE_TYPE,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_ARRIVAL_TUNNEL_TYPE] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_ARRIVAL_INTERFACE_INDEX] = FIELD_INTERFACE_INDEX,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_ORIGINAL_PROFILE_ID] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_CURRENT_PROFILE_ID] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_REAUTHORIZE_REASON] = FIELD_ZERO,
    [FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_COMPARTMENT_ID] = FIELD_COMPARTMENT,
};

static const uint8_t established_fields[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_MAX] = {
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_ALE_APP_ID] = FIELD_APP_ID,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_ALE_USER_ID] = FIELD_USER_ID,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_ADDRESS] = FIELD_LOCAL_ADDRESS,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_ADDRESS_TYPE] = FIELD_ADDRESS_TYPE,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_PORT] = FIELD_LOCAL_PORT,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_PROTOCOL] = FIELD_PROTOCOL,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_REMOTE_ADDRESS] = FIELD_REMOTE_ADDRESS,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_REMOTE_PORT] = FIELD_REMOTE_PORT,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_DESTINATION_ADDRESS_TYPE] = FIELD_ADDRESS_TYPE,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_INTERFACE] = FIELD_INTERFACE,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_DIRECTION] = FIELD_DIRECTION,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_INTERFACE_TYPE] = FIELD_INTERFACE_TYPE,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_TUNNEL_TYPE] = FIELD_ZERO,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_FLAGS] = FIELD_FLAGS,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_ALE_ORIGINAL_APP_ID] = FIELD_APP_ID,
    [FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_COMPARTMENT_ID] = FIELD_COMPARTMENT,
};

_Static_assert(
    (int)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_MAX == (int)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V6_MAX &&
        (int)FWPS_FIELD_ALE_AUTH_CONNECT_V4_MAX == (int)FWPS_FIELD_ALE_AUTH_CONNECT_V6_MAX &&
        (int)FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_MAX == (int)FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V6_MAX,
    "one table serves both address families");

#define MOST_FIELDS    FWPS_FIELD_ALE_AUTH_CONNECT_V4_MAX
#define PATH_BYTES     520

/* Ethernet interface 1, as an interface LUID: type in the upper 16 bits, index in the next 24. */
#define INTERFACE_LUID 0x0006000001000000ull

/* Everything one classify points to. */
struct ale_call {
    FWPS_INCOMING_VALUES0 values;
    FWPS_INCOMING_VALUE0 fields[MOST_FIELDS];
    FWPS_INCOMING_METADATA_VALUES0 metadata;
    FWP_BYTE_ARRAY16 local, remote;
    FWP_BYTE_BLOB path, token;
    UINT64 luid;
    uint8_t path_bytes[PATH_BYTES];
};

/* The path as ALE gives it: UTF-16, with its NUL. */
static void fill_path(struct ale_call *call, const char *application)
{
    uint32_t size = 0;

    for (const char *c = application == NULL ? "" : application;
         *c != '\0' && size + 4 <= PATH_BYTES; c++) {
        call->path_bytes[size++] = (uint8_t)*c;
        call->path_bytes[size++] = 0;
    }
    call->path_bytes[size++] = 0;
    call->path_bytes[size++] = 0;
    call->path = (FWP_BYTE_BLOB){size, call->path_bytes};
}

static bool is_loopback(const struct netio_flow_info *info)
{
    static const uint8_t loopback6[16] = {[15] = 1};

    return info->v6 ? memcmp(info->remote6, loopback6, sizeof(loopback6)) == 0
                    : info->remote4 >> 24 == 127;
}

static void fill_address(FWP_VALUE0 *value, bool v6, uint32_t address, FWP_BYTE_ARRAY16 *address6)
{
    value->type = v6 ? FWP_BYTE_ARRAY16_TYPE : FWP_UINT32;
    if (v6)
        value->byteArray16 = address6;
    else
        value->uint32 = address;
}

static void fill_field(struct ale_call *call, enum field field, const struct netio_flow_info *info,
                       FWP_VALUE0 *value)
{
    switch (field) {
    case FIELD_EMPTY:
        value->type = FWP_EMPTY;
        break;
    case FIELD_APP_ID:
        value->type = FWP_BYTE_BLOB_TYPE;
        value->byteBlob = &call->path;
        break;
    case FIELD_USER_ID:
        value->type = FWP_TOKEN_ACCESS_INFORMATION_TYPE;
        value->tokenAccessInformation = &call->token;
        break;
    case FIELD_LOCAL_ADDRESS:
        fill_address(value, info->v6, info->local4, &call->local);
        break;
    case FIELD_REMOTE_ADDRESS:
        fill_address(value, info->v6, info->remote4, &call->remote);
        break;
    case FIELD_ADDRESS_TYPE:
        value->type = FWP_UINT8;
        value->uint8 = 1; /* NlatUnicast */
        break;
    case FIELD_LOCAL_PORT:
        value->type = FWP_UINT16;
        value->uint16 = info->local_port;
        break;
    case FIELD_REMOTE_PORT:
        value->type = FWP_UINT16;
        value->uint16 = info->remote_port;
        break;
    case FIELD_PROTOCOL:
        value->type = FWP_UINT8;
        value->uint8 = 6;
        break;
    case FIELD_INTERFACE:
        value->type = FWP_UINT64;
        value->uint64 = &call->luid;
        break;
    case FIELD_DIRECTION:
        value->type = FWP_UINT32;
        value->uint32 =
            info->direction == NETIO_INBOUND ? FWP_DIRECTION_INBOUND : FWP_DIRECTION_OUTBOUND;
        break;
    case FIELD_FLAGS:
        value->type = FWP_UINT32;
        value->uint32 = is_loopback(info) ? FWP_CONDITION_FLAG_IS_LOOPBACK : 0;
        break;
    case FIELD_INTERFACE_TYPE:
        value->type = FWP_UINT32;
        value->uint32 = 6; /* IF_TYPE_ETHERNET_CSMACD */
        break;
    case FIELD_INTERFACE_INDEX:
    case FIELD_COMPARTMENT:
        value->type = FWP_UINT32;
        value->uint32 = 1;
        break;
    case FIELD_ZERO:
        value->type = FWP_UINT32;
        value->uint32 = 0;
        break;
    }
}

/* What both kinds of layer have. */
static void fill_metadata(struct netio *netio, struct ale_call *call,
                          const struct netio_flow_info *info)
{
    FWPS_INCOMING_METADATA_VALUES0 *const metadata = &call->metadata;

    netio_metadata_poison(netio, metadata);
    metadata->currentMetadataValues = FWPS_METADATA_FIELD_PROCESS_PATH | FWPS_METADATA_FIELD_TOKEN |
                                      FWPS_METADATA_FIELD_PROCESS_ID |
                                      FWPS_METADATA_FIELD_TRANSPORT_ENDPOINT_HANDLE;
    metadata->processPath = &call->path;
    metadata->token = 0x3E7; /* the LUID of the system's own session */
    metadata->processId = info->process_id;
    metadata->transportEndpointHandle = (uint64_t)info->local_port << 16 | info->remote_port;
}

static void fill_call(struct netio *netio, struct ale_call *call, uint16_t layer,
                      const uint8_t *fields, uint32_t count, const struct netio_flow_info *info)
{
    memcpy(call->local.byteArray16, info->local6, sizeof(call->local));
    memcpy(call->remote.byteArray16, info->remote6, sizeof(call->remote));
    call->token = (FWP_BYTE_BLOB){0, NULL};
    call->luid = INTERFACE_LUID;
    fill_path(call, info->application);
    memset(call->fields, 0, count * sizeof(call->fields[0]));
    for (uint32_t i = 0; i < count; i++)
        fill_field(call, fields[i], info, &call->fields[i].value);
    call->values = (FWPS_INCOMING_VALUES0){layer, count, call->fields};
    fill_metadata(netio, call, info);
}

/* Fields grew with the versions: Vista SP1, 7, 8, 10. */
static uint32_t count_for(const struct netio_profile *profile, uint32_t vista, uint32_t seven,
                          uint32_t eight, uint32_t ten)
{
    if (profile->ntddi < 0x06010000)
        return vista;
    if (profile->ntddi < 0x06020000)
        return seven;
    return profile->ntddi < 0x0A000000 ? eight : ten;
}

bool ale_authorise(struct netio *netio, const struct netio_flow_info *info)
{
    const bool outbound = info->direction == NETIO_OUTBOUND;
    const uint16_t layer =
        outbound
            ? (info->v6 ? FWPS_LAYER_ALE_AUTH_CONNECT_V6 : FWPS_LAYER_ALE_AUTH_CONNECT_V4)
            : (info->v6 ? FWPS_LAYER_ALE_AUTH_RECV_ACCEPT_V6 : FWPS_LAYER_ALE_AUTH_RECV_ACCEPT_V4);
    struct ale_call call;

    if (netio->filters[layer] == NULL)
        return true;
    if (outbound)
        fill_call(netio, &call, layer, connect_fields,
                  count_for(netio->profile,
                            FWPS_FIELD_ALE_AUTH_CONNECT_V4_NEXTHOP_SUB_INTERFACE_INDEX,
                            FWPS_FIELD_ALE_AUTH_CONNECT_V4_ALE_PACKAGE_ID,
                            FWPS_FIELD_ALE_AUTH_CONNECT_V4_ALE_SECURITY_ATTRIBUTE_FQBN_VALUE,
                            FWPS_FIELD_ALE_AUTH_CONNECT_V4_MAX),
                  info);
    else
        fill_call(netio, &call, layer, accept_fields,
                  count_for(netio->profile,
                            FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_NEXTHOP_SUB_INTERFACE_INDEX,
                            FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_ALE_PACKAGE_ID,
                            FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_ALE_SECURITY_ATTRIBUTE_FQBN_VALUE,
                            FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V4_MAX),
                  info);
    call.metadata.currentMetadataValues |= FWPS_METADATA_FIELD_SYSTEM_FLAGS;
    call.metadata.flags = 0;
    return kfd_classify(netio, &call.values, &call.metadata) == FWP_ACTION_PERMIT;
}

bool ale_establish(struct netio_flow *flow)
{
    struct netio *const netio = flow->netio;
    const uint16_t layer =
        flow->info.v6 ? FWPS_LAYER_ALE_FLOW_ESTABLISHED_V6 : FWPS_LAYER_ALE_FLOW_ESTABLISHED_V4;
    struct ale_call call;

    if (netio->filters[layer] == NULL)
        return true;
    fill_call(netio, &call, layer, established_fields, netio->profile->established_fields,
              &flow->info);
    call.metadata.currentMetadataValues |=
        FWPS_METADATA_FIELD_FLOW_HANDLE | FWPS_METADATA_FIELD_RESERVED;
    call.metadata.flowHandle = flow->handle;
    call.metadata.reserved = 0;
    if (netio->profile->metadata_size >= 280) {
        call.metadata.currentMetadataValues |= FWPS_METADATA_FIELD_SUB_PROCESS_TAG;
        call.metadata.subProcessTag = NULL;
    }
    return kfd_classify(netio, &call.values, &call.metadata) == FWP_ACTION_PERMIT;
}
