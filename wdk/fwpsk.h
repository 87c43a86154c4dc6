/* SPDX-License-Identifier: MIT */
/* The callout interface: registration, classify, the stream layer, injection. Source: the
   nf-fwpsk-*, ns-fwpsk-* and nc-fwpsk-* pages. */
#pragma once
#include <ntddk.h>
#include <ndis.h>
#include <fwpmtypes.h>
#include <fwpstypes.h>

/* --- callouts --- */
typedef enum FWPS_CALLOUT_NOTIFY_TYPE_ {
    FWPS_CALLOUT_NOTIFY_ADD_FILTER,
    FWPS_CALLOUT_NOTIFY_DELETE_FILTER,
    FWPS_CALLOUT_NOTIFY_ADD_FILTER_POST_COMMIT,
    FWPS_CALLOUT_NOTIFY_TYPE_MAX
} FWPS_CALLOUT_NOTIFY_TYPE;

typedef VOID NTAPI WDK_CLASSIFY_FN0(const FWPS_INCOMING_VALUES0 *inFixedValues,
                                    const FWPS_INCOMING_METADATA_VALUES0 *inMetaValues,
                                    VOID *layerData, const FWPS_FILTER0 *filter, UINT64 flowContext,
                                    FWPS_CLASSIFY_OUT0 *classifyOut);
typedef WDK_CLASSIFY_FN0 *FWPS_CALLOUT_CLASSIFY_FN0;
#define WDK_CLASSIFY_FN(n)                                                                         \
    typedef VOID NTAPI WDK_CLASSIFY_FN##n(const FWPS_INCOMING_VALUES0 *inFixedValues,              \
                                          const FWPS_INCOMING_METADATA_VALUES0 *inMetaValues,      \
                                          VOID *layerData, const VOID *classifyContext,            \
                                          const FWPS_FILTER##n *filter, UINT64 flowContext,        \
                                          FWPS_CLASSIFY_OUT0 *classifyOut);                        \
    typedef WDK_CLASSIFY_FN##n *FWPS_CALLOUT_CLASSIFY_FN##n
WDK_CLASSIFY_FN(1);
WDK_CLASSIFY_FN(2);
WDK_CLASSIFY_FN(3);
typedef VOID NTAPI WDK_FLOW_DELETE_FN0(UINT16 layerId, UINT32 calloutId, UINT64 flowContext);
typedef WDK_FLOW_DELETE_FN0 *FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0;
#define FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0
#define WDK_CALLOUT(n)                                                                             \
    typedef NTSTATUS NTAPI WDK_NOTIFY_FN##n(FWPS_CALLOUT_NOTIFY_TYPE notifyType,                   \
                                            const GUID *filterKey, FWPS_FILTER##n *filter);        \
    typedef WDK_NOTIFY_FN##n *FWPS_CALLOUT_NOTIFY_FN##n;                                           \
    typedef struct FWPS_CALLOUT##n##_ {                                                            \
        GUID calloutKey;                                                                           \
        UINT32 flags;                                                                              \
        FWPS_CALLOUT_CLASSIFY_FN##n classifyFn;                                                    \
        FWPS_CALLOUT_NOTIFY_FN##n notifyFn;                                                        \
        FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0 flowDeleteFn;                                          \
    } FWPS_CALLOUT##n;                                                                             \
    NTKERNELAPI NTSTATUS NTAPI FwpsCalloutRegister##n(                                             \
        VOID *deviceObject, const FWPS_CALLOUT##n *callout, UINT32 *calloutId)
WDK_CALLOUT(0);
WDK_CALLOUT(1);
WDK_CALLOUT(2);
WDK_CALLOUT(3);
NTKERNELAPI NTSTATUS NTAPI FwpsCalloutUnregisterById0(UINT32 calloutId);
NTKERNELAPI NTSTATUS NTAPI FwpsCalloutUnregisterByKey0(const GUID *calloutKey);

/* --- the stream layer --- */
#define FWPS_STREAM_FLAG_RECEIVE            0x00000001
#define FWPS_STREAM_FLAG_RECEIVE_EXPEDITED  0x00000002
#define FWPS_STREAM_FLAG_RECEIVE_DISCONNECT 0x00000004
#define FWPS_STREAM_FLAG_RECEIVE_ABORT      0x00000008
#define FWPS_STREAM_FLAG_RECEIVE_PUSH       0x00000010
#define FWPS_STREAM_FLAG_SEND               0x00010000
#define FWPS_STREAM_FLAG_SEND_EXPEDITED     0x00020000
#define FWPS_STREAM_FLAG_SEND_NODELAY       0x00040000
#define FWPS_STREAM_FLAG_SEND_DISCONNECT    0x00080000
#define FWPS_STREAM_FLAG_SEND_ABORT         0x00100000

typedef struct FWPS_STREAM_DATA_OFFSET0_ {
    NET_BUFFER_LIST *netBufferList;
    NET_BUFFER *netBuffer;
    MDL *mdl;
    UINT32 mdlOffset;
    UINT32 netBufferOffset;
    SIZE_T streamDataOffset;
} FWPS_STREAM_DATA_OFFSET0;
typedef struct FWPS_STREAM_DATA0_ {
    UINT32 flags;
    FWPS_STREAM_DATA_OFFSET0 dataOffset;
    SIZE_T dataLength;
    NET_BUFFER_LIST *netBufferListChain;
} FWPS_STREAM_DATA0;
typedef enum FWPS_STREAM_ACTION_TYPE_ {
    FWPS_STREAM_ACTION_NONE,
    FWPS_STREAM_ACTION_NEED_MORE_DATA,
    FWPS_STREAM_ACTION_DROP_CONNECTION,
    FWPS_STREAM_ACTION_DEFER,
#if NTDDI_VERSION >= NTDDI_WIN7
    FWPS_STREAM_ACTION_ALLOW_CONNECTION,
#endif
    FWPS_STREAM_ACTION_TYPE_MAX
} FWPS_STREAM_ACTION_TYPE;
typedef struct FWPS_STREAM_CALLOUT_IO_PACKET0_ {
    FWPS_STREAM_DATA0 *streamData;
    SIZE_T missedBytes;
    UINT32 countBytesRequired;
    SIZE_T countBytesEnforced;
    FWPS_STREAM_ACTION_TYPE streamAction;
} FWPS_STREAM_CALLOUT_IO_PACKET0;
#define FWPS_STREAM_DATA_OFFSET       FWPS_STREAM_DATA_OFFSET0
#define FWPS_STREAM_DATA              FWPS_STREAM_DATA0
#define FWPS_STREAM_CALLOUT_IO_PACKET FWPS_STREAM_CALLOUT_IO_PACKET0

typedef VOID NTAPI WDK_INJECT_COMPLETE_FN0(VOID *context, NET_BUFFER_LIST *netBufferList,
                                           BOOLEAN dispatchLevel);
typedef WDK_INJECT_COMPLETE_FN0 *FWPS_INJECT_COMPLETE0;
#define FWPS_INJECT_COMPLETE FWPS_INJECT_COMPLETE0

NTKERNELAPI NTSTATUS NTAPI FwpsStreamInjectAsync0(HANDLE injectionHandle, HANDLE injectionContext,
                                                  UINT32 flags, UINT64 flowId, UINT32 calloutId,
                                                  UINT16 layerId, UINT32 streamFlags,
                                                  NET_BUFFER_LIST *netBufferList, SIZE_T dataLength,
                                                  FWPS_INJECT_COMPLETE0 completionFn,
                                                  HANDLE completionContext);
NTKERNELAPI NTSTATUS NTAPI FwpsStreamContinue0(UINT64 flowId, UINT32 calloutId, UINT16 layerId,
                                               UINT32 streamFlags);
NTKERNELAPI VOID NTAPI FwpsCopyStreamDataToBuffer0(const FWPS_STREAM_DATA0 *calloutStreamData,
                                                   PVOID buffer, SIZE_T bytesToCopy,
                                                   SIZE_T *bytesCopied);
NTKERNELAPI NTSTATUS NTAPI FwpsCloneStreamData0(FWPS_STREAM_DATA0 *calloutStreamData,
                                                NDIS_HANDLE netBufferListPoolHandle,
                                                NDIS_HANDLE netBufferPoolHandle,
                                                ULONG allocateCloneFlags,
                                                NET_BUFFER_LIST **netBufferListChain);
NTKERNELAPI VOID NTAPI FwpsDiscardClonedStreamData0(NET_BUFFER_LIST *netBufferListChain,
                                                    UINT32 allocateCloneFlags,
                                                    BOOLEAN dispatchLevel);

/* --- NBLs --- */
NTKERNELAPI NTSTATUS NTAPI FwpsAllocateNetBufferAndNetBufferList0(
    NDIS_HANDLE poolHandle, USHORT contextSize, USHORT contextBackFill, MDL *mdlChain,
    ULONG dataOffset, SIZE_T dataLength, NET_BUFFER_LIST **netBufferList);
NTKERNELAPI VOID NTAPI FwpsFreeNetBufferList0(NET_BUFFER_LIST *netBufferList);
NTKERNELAPI NTSTATUS NTAPI FwpsAllocateCloneNetBufferList0(NET_BUFFER_LIST *originalNetBufferList,
                                                           NDIS_HANDLE netBufferListPoolHandle,
                                                           NDIS_HANDLE netBufferPoolHandle,
                                                           ULONG allocateCloneFlags,
                                                           NET_BUFFER_LIST **netBufferList);
NTKERNELAPI VOID NTAPI FwpsFreeCloneNetBufferList0(NET_BUFFER_LIST *netBufferList,
                                                   ULONG freeCloneFlags);
NTKERNELAPI VOID NTAPI FwpsReferenceNetBufferList0(NET_BUFFER_LIST *netBufferList,
                                                   BOOLEAN intendToModify);
NTKERNELAPI VOID NTAPI FwpsDereferenceNetBufferList0(NET_BUFFER_LIST *netBufferList,
                                                     BOOLEAN dispatchLevel);

/* --- injection --- */
#define FWPS_INJECTION_TYPE_STREAM            0x00000001
#define FWPS_INJECTION_TYPE_TRANSPORT         0x00000002
#define FWPS_INJECTION_TYPE_NETWORK           0x00000004
#define FWPS_INJECTION_TYPE_FORWARD           0x00000008
#define FWPS_INJECTION_TYPE_L2                0x00000010
#define FWPS_INJECTION_TYPE_VSWITCH_TRANSPORT 0x00000020
typedef enum FWPS_PACKET_INJECTION_STATE_ {
    FWPS_PACKET_NOT_INJECTED,
    FWPS_PACKET_INJECTED_BY_SELF,
    FWPS_PACKET_INJECTED_BY_OTHER,
    FWPS_PACKET_PREVIOUSLY_INJECTED_BY_SELF,
    FWPS_PACKET_INJECTION_STATE_MAX
} FWPS_PACKET_INJECTION_STATE;
NTKERNELAPI NTSTATUS NTAPI FwpsInjectionHandleCreate0(ADDRESS_FAMILY addressFamily, UINT32 flags,
                                                      HANDLE *injectionHandle);
NTKERNELAPI NTSTATUS NTAPI FwpsInjectionHandleDestroy0(HANDLE injectionHandle);
NTKERNELAPI FWPS_PACKET_INJECTION_STATE NTAPI FwpsQueryPacketInjectionState0(
    HANDLE injectionHandle, const NET_BUFFER_LIST *netBufferList, HANDLE *injectionContext);

typedef struct FWPS_TRANSPORT_SEND_PARAMS0_ {
    UCHAR *remoteAddress;
    SCOPE_ID remoteScopeId;
    WSACMSGHDR *controlData;
    ULONG controlDataLength;
} FWPS_TRANSPORT_SEND_PARAMS0;
typedef struct FWPS_TRANSPORT_SEND_PARAMS1_ {
    UCHAR *remoteAddress;
    SCOPE_ID remoteScopeId;
    WSACMSGHDR *controlData;
    ULONG controlDataLength;
    UCHAR *headerIncludeHeader;
    ULONG headerIncludeHeaderLength;
} FWPS_TRANSPORT_SEND_PARAMS1;
NTKERNELAPI NTSTATUS NTAPI FwpsInjectTransportSendAsync0(
    HANDLE injectionHandle, HANDLE injectionContext, UINT64 endpointHandle, UINT32 flags,
    FWPS_TRANSPORT_SEND_PARAMS0 *sendArgs, ADDRESS_FAMILY addressFamily,
    COMPARTMENT_ID compartmentId, NET_BUFFER_LIST *netBufferList,
    FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);
NTKERNELAPI NTSTATUS NTAPI FwpsInjectTransportSendAsync1(
    HANDLE injectionHandle, HANDLE injectionContext, UINT64 endpointHandle, UINT32 flags,
    FWPS_TRANSPORT_SEND_PARAMS1 *sendArgs, ADDRESS_FAMILY addressFamily,
    COMPARTMENT_ID compartmentId, NET_BUFFER_LIST *netBufferList,
    FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);
NTKERNELAPI NTSTATUS NTAPI FwpsInjectTransportReceiveAsync0(
    HANDLE injectionHandle, HANDLE injectionContext, PVOID reserved, UINT32 flags,
    ADDRESS_FAMILY addressFamily, COMPARTMENT_ID compartmentId, IF_INDEX interfaceIndex,
    IF_INDEX subInterfaceIndex, NET_BUFFER_LIST *netBufferList, FWPS_INJECT_COMPLETE0 completionFn,
    HANDLE completionContext);
NTKERNELAPI NTSTATUS NTAPI FwpsInjectNetworkSendAsync0(
    HANDLE injectionHandle, HANDLE injectionContext, UINT32 flags, COMPARTMENT_ID compartmentId,
    NET_BUFFER_LIST *netBufferList, FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);
NTKERNELAPI NTSTATUS NTAPI FwpsInjectNetworkReceiveAsync0(
    HANDLE injectionHandle, HANDLE injectionContext, UINT32 flags, COMPARTMENT_ID compartmentId,
    IF_INDEX interfaceIndex, IF_INDEX subInterfaceIndex, NET_BUFFER_LIST *netBufferList,
    FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);
NTKERNELAPI NTSTATUS NTAPI FwpsInjectForwardAsync0(
    HANDLE injectionHandle, HANDLE injectionContext, UINT32 flags, ADDRESS_FAMILY addressFamily,
    COMPARTMENT_ID compartmentId, IF_INDEX interfaceIndex, NET_BUFFER_LIST *netBufferList,
    FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);
NTKERNELAPI NTSTATUS NTAPI FwpsInjectMacReceiveAsync0(
    HANDLE injectionHandle, HANDLE injectionContext, UINT32 flags, UINT16 layerId,
    IF_INDEX interfaceIndex, NDIS_PORT_NUMBER NdisPortNumber, NET_BUFFER_LIST *netBufferLists,
    FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);
NTKERNELAPI NTSTATUS NTAPI FwpsInjectMacSendAsync0(
    HANDLE injectionHandle, HANDLE injectionContext, UINT32 flags, UINT16 layerId,
    IF_INDEX interfaceIndex, NDIS_PORT_NUMBER NdisPortNumber, NET_BUFFER_LIST *netBufferLists,
    FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);
NTKERNELAPI NTSTATUS NTAPI FwpsConstructIpHeaderForTransportPacket0(
    NET_BUFFER_LIST *netBufferList, ULONG headerIncludeHeaderLength, ADDRESS_FAMILY addressFamily,
    const UCHAR *sourceAddress, const UCHAR *remoteAddress, IPPROTO nextProtocol,
    UINT64 endpointHandle, const WSACMSGHDR *controlData, ULONG controlDataLength, UINT32 flags,
    PVOID reserved, IF_INDEX interfaceIndex, IF_INDEX subInterfaceIndex);

/* --- flows --- */
NTKERNELAPI NTSTATUS NTAPI FwpsFlowAssociateContext0(UINT64 flowId, UINT16 layerId,
                                                     UINT32 calloutId, UINT64 flowContext);
NTKERNELAPI NTSTATUS NTAPI FwpsFlowRemoveContext0(UINT64 flowId, UINT16 layerId, UINT32 calloutId);
NTKERNELAPI NTSTATUS NTAPI FwpsFlowAbort0(UINT64 flowId);

/* --- pending and modifying --- */
#define FWPS_CLASSIFY_FLAG_REAUTHORIZE_IF_MODIFIED_BY_OTHERS 0x00000001
NTKERNELAPI NTSTATUS NTAPI FwpsPendOperation0(HANDLE completionHandle, HANDLE *completionContext);
NTKERNELAPI VOID NTAPI FwpsCompleteOperation0(HANDLE completionContext,
                                              NET_BUFFER_LIST *netBufferList);
NTKERNELAPI NTSTATUS NTAPI FwpsAcquireClassifyHandle0(VOID *classifyContext, UINT32 flags,
                                                      UINT64 *classifyHandle);
NTKERNELAPI VOID NTAPI FwpsReleaseClassifyHandle0(UINT64 classifyHandle);
NTKERNELAPI NTSTATUS NTAPI FwpsPendClassify0(UINT64 classifyHandle, UINT64 filterId, UINT32 flags,
                                             FWPS_CLASSIFY_OUT0 *classifyOut);
NTKERNELAPI VOID NTAPI FwpsCompleteClassify0(UINT64 classifyHandle, UINT32 flags,
                                             const FWPS_CLASSIFY_OUT0 *classifyOut);
NTKERNELAPI NTSTATUS NTAPI FwpsAcquireWritableLayerDataPointer0(UINT64 classifyHandle,
                                                                UINT64 filterId, UINT32 flags,
                                                                PVOID *writableLayerData,
                                                                FWPS_CLASSIFY_OUT0 *classifyOut);
NTKERNELAPI VOID NTAPI FwpsApplyModifiedLayerData0(UINT64 classifyHandle, PVOID modifiedLayerData,
                                                   UINT32 flags);
NTKERNELAPI NTSTATUS NTAPI FwpsRedirectHandleCreate0(const GUID *providerGuid, UINT32 flags,
                                                     HANDLE *redirectHandle);
NTKERNELAPI VOID NTAPI FwpsRedirectHandleDestroy0(HANDLE redirectHandle);
NTKERNELAPI FWPS_CONNECTION_REDIRECT_STATE NTAPI FwpsQueryConnectionRedirectState0(
    HANDLE redirectRecords, HANDLE redirectHandle, VOID **redirectContext);
NTKERNELAPI NTSTATUS NTAPI FwpsClassifyOptionSet0(const VOID *classifyContext,
                                                  FWP_CLASSIFY_OPTION_TYPE option,
                                                  SIZE_T optionBufferSize, VOID *optionBuffer);
typedef struct FWPS_PACKET_LIST_INBOUND_IPSEC_INFORMATION0_ {
    unsigned isSecure : 1;
    unsigned isTransportMode : 1;
    unsigned isTunnelMode : 1;
    unsigned isTransportModeVerified : 1;
    unsigned isTunnelModeVerified : 1;
    unsigned isDeTunneled : 1;
} FWPS_PACKET_LIST_INBOUND_IPSEC_INFORMATION0;
typedef struct FWPS_PACKET_LIST_OUTBOUND_IPSEC_INFORMATION0_ {
    unsigned isIPsecPolicyMatch : 1;
    unsigned isTransportPolicyMatch : 1;
    unsigned isTunnelPolicyMatch : 1;
    unsigned isTunnelIPinIP : 1;
} FWPS_PACKET_LIST_OUTBOUND_IPSEC_INFORMATION0;
typedef struct FWPS_PACKET_LIST_IPSEC_INFORMATION0_ {
    union {
        FWPS_PACKET_LIST_INBOUND_IPSEC_INFORMATION0 inbound;
        FWPS_PACKET_LIST_OUTBOUND_IPSEC_INFORMATION0 outbound;
        unsigned flags;
    };
} FWPS_PACKET_LIST_IPSEC_INFORMATION0;
typedef struct FWPS_PACKET_LIST_FWP_INFORMATION0_ {
    unsigned isReinjected : 1;
} FWPS_PACKET_LIST_FWP_INFORMATION0;
typedef struct FWPS_PACKET_LIST_INFORMATION0_ {
    FWPS_PACKET_LIST_IPSEC_INFORMATION0 ipsecInformation;
    FWPS_PACKET_LIST_FWP_INFORMATION0 fwpInformation;
} FWPS_PACKET_LIST_INFORMATION0;
NTKERNELAPI NTSTATUS NTAPI
FwpsGetPacketListSecurityInformation0(NET_BUFFER_LIST *packetList, UINT32 queryFlags,
                                      FWPS_PACKET_LIST_INFORMATION0 *packetInformation);
#define FWPS_PACKET_LIST_INFORMATION                FWPS_PACKET_LIST_INFORMATION0
#define FWPS_PACKET_LIST_INFORMATION_QUERY_IPSEC    0x00000001
#define FWPS_PACKET_LIST_INFORMATION_QUERY_INBOUND  0x00000002
#define FWPS_PACKET_LIST_INFORMATION_QUERY_OUTBOUND 0x00000004

#include <fwpvi.h>
