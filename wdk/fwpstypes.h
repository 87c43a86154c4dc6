/* SPDX-License-Identifier: MIT */
/* What the filter engine passes to callouts. Source: the fwpstypes and ns-fwpsk-* pages. */
#pragma once
#include <fwptypes.h>
#include <ws2ipdef.h>
#include <ifdef.h>
#include <fwpslayers.h>

typedef struct FWPS_INCOMING_VALUE0_ {
    FWP_VALUE0 value;
} FWPS_INCOMING_VALUE0;
typedef struct FWPS_INCOMING_VALUES0_ {
    UINT16 layerId;
    UINT32 valueCount;
    FWPS_INCOMING_VALUE0 *incomingValue;
} FWPS_INCOMING_VALUES0;
#define FWPS_INCOMING_VALUE  FWPS_INCOMING_VALUE0
#define FWPS_INCOMING_VALUES FWPS_INCOMING_VALUES0

typedef struct FWPS_FILTER_CONDITION0_ {
    UINT16 fieldId;
    UINT16 reserved;
    FWP_MATCH_TYPE matchType;
    FWP_CONDITION_VALUE0 conditionValue;
} FWPS_FILTER_CONDITION0;
#define FWPS_FILTER_CONDITION FWPS_FILTER_CONDITION0
typedef struct FWPS_ACTION0_ {
    FWP_ACTION_TYPE type;
    UINT32 calloutId;
} FWPS_ACTION0;
#define FWPS_ACTION FWPS_ACTION0

struct FWPM_PROVIDER_CONTEXT0_;
struct FWPM_PROVIDER_CONTEXT1_;
struct FWPM_PROVIDER_CONTEXT2_;
struct FWPM_PROVIDER_CONTEXT3_;
#define SLUICE_FWPS_FILTER(n)                                                                      \
    typedef struct FWPS_FILTER##n##_ {                                                             \
        UINT64 filterId;                                                                           \
        FWP_VALUE0 weight;                                                                         \
        UINT16 subLayerWeight;                                                                     \
        UINT16 flags;                                                                              \
        UINT32 numFilterConditions;                                                                \
        FWPS_FILTER_CONDITION0 *filterCondition;                                                   \
        FWPS_ACTION0 action;                                                                       \
        UINT64 context;                                                                            \
        struct FWPM_PROVIDER_CONTEXT##n##_ *providerContext;                                       \
    } FWPS_FILTER##n
SLUICE_FWPS_FILTER(0);
SLUICE_FWPS_FILTER(1);
SLUICE_FWPS_FILTER(2);
SLUICE_FWPS_FILTER(3);
#define FWPS_FILTER_FLAG_CLEAR_ACTION_RIGHT                  0x0001
#define FWPS_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED      0x0002
#define FWPS_FILTER_FLAG_OR_CONDITIONS                       0x0004
#define FWPS_FILTER_FLAG_HAS_SECURITY_REALM_PROVIDER_CONTEXT 0x0008
#define FWPS_FILTER_FLAG_SILENT_MODE                         0x0010

typedef struct FWPS_CLASSIFY_OUT0_ {
    FWP_ACTION_TYPE actionType;
    UINT64 outContext;
    UINT64 filterId;
    UINT32 rights;
    UINT32 flags;
    UINT32 reserved;
} FWPS_CLASSIFY_OUT0;
#define FWPS_CLASSIFY_OUT                              FWPS_CLASSIFY_OUT0
#define FWPS_RIGHT_ACTION_WRITE                        0x00000001
#define FWPS_CLASSIFY_OUT_FLAG_ABSORB                  0x00000001
#define FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED    0x00000002
#define FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA            0x00000004
#define FWPS_CLASSIFY_OUT_FLAG_ALE_FAST_CACHE_CHECK    0x00000008
#define FWPS_CLASSIFY_OUT_FLAG_ALE_FAST_CACHE_POSSIBLE 0x00000010

typedef enum FWPS_DISCARD_MODULE0_ {
    FWPS_DISCARD_MODULE_NETWORK = 0,
    FWPS_DISCARD_MODULE_TRANSPORT = 1,
    FWPS_DISCARD_MODULE_GENERAL = 2,
    FWPS_DISCARD_MODULE_MAX = 3
} FWPS_DISCARD_MODULE0;
typedef struct FWPS_DISCARD_METADATA0_ {
    FWPS_DISCARD_MODULE0 discardModule;
    UINT32 discardReason;
    UINT64 filterId;
} FWPS_DISCARD_METADATA0;
typedef struct FWPS_INBOUND_FRAGMENT_METADATA0_ {
    UINT32 fragmentIdentification;
    UINT16 fragmentOffset;
    ULONG fragmentLength;
} FWPS_INBOUND_FRAGMENT_METADATA0;

/* What the running system offers decides how much of this exists: a driver reads only the fields
   whose presence bit is set. */
typedef struct FWPS_INCOMING_METADATA_VALUES0_ {
    UINT32 currentMetadataValues;
    UINT32 flags;
    UINT64 reserved;
    FWPS_DISCARD_METADATA0 discardMetadata;
    UINT64 flowHandle;
    UINT32 ipHeaderSize;
    UINT32 transportHeaderSize;
    FWP_BYTE_BLOB *processPath;
    UINT64 token;
    UINT64 processId;
    UINT32 sourceInterfaceIndex;
    UINT32 destinationInterfaceIndex;
    ULONG compartmentId;
    FWPS_INBOUND_FRAGMENT_METADATA0 fragmentMetadata;
    ULONG pathMtu;
    HANDLE completionHandle;
    UINT64 transportEndpointHandle;
    SCOPE_ID remoteScopeId;
    WSACMSGHDR *controlData;
    ULONG controlDataLength;
    FWP_DIRECTION packetDirection;
#if NTDDI_VERSION >= NTDDI_WIN6SP1
    PVOID headerIncludeHeader;
    ULONG headerIncludeHeaderLength;
#endif
#if NTDDI_VERSION >= NTDDI_WIN7
    IP_ADDRESS_PREFIX destinationPrefix;
    UINT16 frameLength;
    UINT64 parentEndpointHandle;
    UINT32 icmpIdAndSequence;
    DWORD localRedirectTargetPID;
    SOCKADDR *originalDestination;
#endif
#if NTDDI_VERSION >= NTDDI_WIN8
    HANDLE redirectRecords;
    UINT32 currentL2MetadataValues;
    UINT32 l2Flags;
    UINT32 ethernetMacHeaderSize;
    UINT32 wiFiOperationMode;
    UINT32 vSwitchSourcePortId;
    UINT16 vSwitchSourceNicIndex;
    UINT32 vSwitchDestinationPortId;
    HANDLE vSwitchPacketContext;
    PVOID subProcessTag;
    UINT64 reserved1;
#endif
} FWPS_INCOMING_METADATA_VALUES0;
#define FWPS_INCOMING_METADATA_VALUES                        FWPS_INCOMING_METADATA_VALUES0

#define FWPS_METADATA_FIELD_DISCARD_REASON                   0x00000001
#define FWPS_METADATA_FIELD_FLOW_HANDLE                      0x00000002
#define FWPS_METADATA_FIELD_IP_HEADER_SIZE                   0x00000004
#define FWPS_METADATA_FIELD_PROCESS_PATH                     0x00000008
#define FWPS_METADATA_FIELD_TOKEN                            0x00000010
#define FWPS_METADATA_FIELD_PROCESS_ID                       0x00000020
#define FWPS_METADATA_FIELD_SYSTEM_FLAGS                     0x00000040
#define FWPS_METADATA_FIELD_RESERVED                         0x00000080
#define FWPS_METADATA_FIELD_SOURCE_INTERFACE_INDEX           0x00000100
#define FWPS_METADATA_FIELD_DESTINATION_INTERFACE_INDEX      0x00000200
#define FWPS_METADATA_FIELD_TRANSPORT_HEADER_SIZE            0x00000400
#define FWPS_METADATA_FIELD_COMPARTMENT_ID                   0x00000800
#define FWPS_METADATA_FIELD_FRAGMENT_DATA                    0x00001000
#define FWPS_METADATA_FIELD_PATH_MTU                         0x00002000
#define FWPS_METADATA_FIELD_COMPLETION_HANDLE                0x00004000
#define FWPS_METADATA_FIELD_TRANSPORT_ENDPOINT_HANDLE        0x00008000
#define FWPS_METADATA_FIELD_TRANSPORT_CONTROL_DATA           0x00010000
#define FWPS_METADATA_FIELD_REMOTE_SCOPE_ID                  0x00020000
#define FWPS_METADATA_FIELD_PACKET_DIRECTION                 0x00040000
#define FWPS_METADATA_FIELD_PACKET_SYSTEM_CRITICAL           0x00080000
#define FWPS_METADATA_FIELD_FORWARD_LAYER_OUTBOUND_PASS_THRU 0x00100000
#define FWPS_METADATA_FIELD_FORWARD_LAYER_INBOUND_PASS_THRU  0x00200000
#define FWPS_METADATA_FIELD_ALE_CLASSIFY_REQUIRED            0x00400000
#define FWPS_METADATA_FIELD_TRANSPORT_HEADER_INCLUDE_HEADER  0x00800000
#define FWPS_METADATA_FIELD_DESTINATION_PREFIX               0x01000000
#define FWPS_METADATA_FIELD_ETHER_FRAME_LENGTH               0x02000000
#define FWPS_METADATA_FIELD_PARENT_ENDPOINT_HANDLE           0x04000000
#define FWPS_METADATA_FIELD_ICMP_ID_AND_SEQUENCE             0x08000000
#define FWPS_METADATA_FIELD_LOCAL_REDIRECT_TARGET_PID        0x10000000
#define FWPS_METADATA_FIELD_ORIGINAL_DESTINATION             0x20000000
#define FWPS_METADATA_FIELD_REDIRECT_RECORD_HANDLE           0x40000000
#define FWPS_METADATA_FIELD_SUB_PROCESS_TAG                  0x80000000
#define FWPS_IS_METADATA_FIELD_PRESENT(m, f)                 (((m)->currentMetadataValues & (f)) == (f))
#define FWPS_IS_L2_METADATA_FIELD_PRESENT(m, f)              (((m)->currentL2MetadataValues & (f)) == (f))

#define FWPS_INCOMING_FLAG_CACHE_SAFE                        0x00000001
#define FWPS_INCOMING_FLAG_ENFORCE_QUERY                     0x00000002
#define FWPS_INCOMING_FLAG_ABSORB                            0x00000004
#define FWPS_INCOMING_FLAG_CONNECTION_FAILING_INDICATION     0x00000008
#define FWPS_INCOMING_FLAG_MID_STREAM_INSPECTION             0x00000010
#define FWPS_INCOMING_FLAG_RECLASSIFY                        0x00000020
#define FWPS_INCOMING_FLAG_IS_LOOSE_SOURCE_FLOW              0x00000040
#define FWPS_INCOMING_FLAG_IS_LOCAL_ONLY_FLOW                0x00000080

typedef struct FWPS_CONNECT_REQUEST0_ {
    SOCKADDR_STORAGE localAddressAndPort;
    SOCKADDR_STORAGE remoteAddressAndPort;
    UINT64 portReservationToken;
    DWORD localRedirectTargetPID;
    struct FWPS_CONNECT_REQUEST0_ *previousVersion;
    UINT64 modifierFilterId;
    HANDLE localRedirectHandle;
    PVOID localRedirectContext;
    SIZE_T localRedirectContextSize;
} FWPS_CONNECT_REQUEST0;
typedef struct FWPS_BIND_REQUEST0_ {
    SOCKADDR_STORAGE localAddressAndPort;
    UINT64 portReservationToken;
    struct FWPS_BIND_REQUEST0_ *previousVersion;
    UINT64 modifierFilterId;
} FWPS_BIND_REQUEST0;
#define FWPS_CONNECT_REQUEST FWPS_CONNECT_REQUEST0
#define FWPS_BIND_REQUEST    FWPS_BIND_REQUEST0
typedef enum FWPS_CONNECTION_REDIRECT_STATE_ {
    FWPS_CONNECTION_NOT_REDIRECTED,
    FWPS_CONNECTION_REDIRECTED_BY_SELF,
    FWPS_CONNECTION_REDIRECTED_BY_OTHER,
    FWPS_CONNECTION_PREVIOUSLY_REDIRECTED_BY_SELF
} FWPS_CONNECTION_REDIRECT_STATE;

typedef enum FWPS_CLASSIFY_OPTION_TYPE_ {
    FWP_CLASSIFY_OPTION_MULTICAST_STATE,
    FWP_CLASSIFY_OPTION_LOOSE_SOURCE_MAPPING,
    FWP_CLASSIFY_OPTION_UNICAST_LIFETIME,
    FWP_CLASSIFY_OPTION_MCAST_BCAST_LIFETIME,
    FWP_CLASSIFY_OPTION_MAX
} FWP_CLASSIFY_OPTION_TYPE;
