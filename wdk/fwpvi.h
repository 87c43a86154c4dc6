/* SPDX-License-Identifier: MIT */
/* Unversioned names of the callout interface, by target version. Source: "WFP version-independent
   names and targeting specific versions of Windows". */
#pragma once
#include <sdkddkver.h>

#if NTDDI_VERSION >= NTDDI_WIN10_RS3
#define FwpsCalloutRegister      FwpsCalloutRegister3
#define FWPS_CALLOUT             FWPS_CALLOUT3
#define FWPS_FILTER              FWPS_FILTER3
#define FWPS_CALLOUT_CLASSIFY_FN FWPS_CALLOUT_CLASSIFY_FN3
#define FWPS_CALLOUT_NOTIFY_FN   FWPS_CALLOUT_NOTIFY_FN3
#elif NTDDI_VERSION >= NTDDI_WIN8
#define FwpsCalloutRegister      FwpsCalloutRegister2
#define FWPS_CALLOUT             FWPS_CALLOUT2
#define FWPS_FILTER              FWPS_FILTER2
#define FWPS_CALLOUT_CLASSIFY_FN FWPS_CALLOUT_CLASSIFY_FN2
#define FWPS_CALLOUT_NOTIFY_FN   FWPS_CALLOUT_NOTIFY_FN2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define FwpsCalloutRegister      FwpsCalloutRegister1
#define FWPS_CALLOUT             FWPS_CALLOUT1
#define FWPS_FILTER              FWPS_FILTER1
#define FWPS_CALLOUT_CLASSIFY_FN FWPS_CALLOUT_CLASSIFY_FN1
#define FWPS_CALLOUT_NOTIFY_FN   FWPS_CALLOUT_NOTIFY_FN1
#else
#define FwpsCalloutRegister      FwpsCalloutRegister0
#define FWPS_CALLOUT             FWPS_CALLOUT0
#define FWPS_FILTER              FWPS_FILTER0
#define FWPS_CALLOUT_CLASSIFY_FN FWPS_CALLOUT_CLASSIFY_FN0
#define FWPS_CALLOUT_NOTIFY_FN   FWPS_CALLOUT_NOTIFY_FN0
#endif

#if NTDDI_VERSION >= NTDDI_WIN7
#define FwpsInjectTransportSendAsync FwpsInjectTransportSendAsync1
#define FWPS_TRANSPORT_SEND_PARAMS   FWPS_TRANSPORT_SEND_PARAMS1
#else
#define FwpsInjectTransportSendAsync FwpsInjectTransportSendAsync0
#define FWPS_TRANSPORT_SEND_PARAMS   FWPS_TRANSPORT_SEND_PARAMS0
#endif

#define FwpsCalloutUnregisterById               FwpsCalloutUnregisterById0
#define FwpsCalloutUnregisterByKey              FwpsCalloutUnregisterByKey0
#define FwpsStreamInjectAsync                   FwpsStreamInjectAsync0
#define FwpsStreamContinue                      FwpsStreamContinue0
#define FwpsCopyStreamDataToBuffer              FwpsCopyStreamDataToBuffer0
#define FwpsCloneStreamData                     FwpsCloneStreamData0
#define FwpsDiscardClonedStreamData             FwpsDiscardClonedStreamData0
#define FwpsAllocateNetBufferAndNetBufferList   FwpsAllocateNetBufferAndNetBufferList0
#define FwpsFreeNetBufferList                   FwpsFreeNetBufferList0
#define FwpsAllocateCloneNetBufferList          FwpsAllocateCloneNetBufferList0
#define FwpsFreeCloneNetBufferList              FwpsFreeCloneNetBufferList0
#define FwpsReferenceNetBufferList              FwpsReferenceNetBufferList0
#define FwpsDereferenceNetBufferList            FwpsDereferenceNetBufferList0
#define FwpsInjectionHandleCreate               FwpsInjectionHandleCreate0
#define FwpsInjectionHandleDestroy              FwpsInjectionHandleDestroy0
#define FwpsQueryPacketInjectionState           FwpsQueryPacketInjectionState0
#define FwpsInjectTransportReceiveAsync         FwpsInjectTransportReceiveAsync0
#define FwpsInjectNetworkSendAsync              FwpsInjectNetworkSendAsync0
#define FwpsInjectNetworkReceiveAsync           FwpsInjectNetworkReceiveAsync0
#define FwpsInjectForwardAsync                  FwpsInjectForwardAsync0
#define FwpsInjectMacReceiveAsync               FwpsInjectMacReceiveAsync0
#define FwpsInjectMacSendAsync                  FwpsInjectMacSendAsync0
#define FwpsConstructIpHeaderForTransportPacket FwpsConstructIpHeaderForTransportPacket0
#define FwpsFlowAssociateContext                FwpsFlowAssociateContext0
#define FwpsFlowRemoveContext                   FwpsFlowRemoveContext0
#define FwpsFlowAbort                           FwpsFlowAbort0
#define FwpsPendOperation                       FwpsPendOperation0
#define FwpsCompleteOperation                   FwpsCompleteOperation0
#define FwpsAcquireClassifyHandle               FwpsAcquireClassifyHandle0
#define FwpsReleaseClassifyHandle               FwpsReleaseClassifyHandle0
#define FwpsPendClassify                        FwpsPendClassify0
#define FwpsCompleteClassify                    FwpsCompleteClassify0
#define FwpsAcquireWritableLayerDataPointer     FwpsAcquireWritableLayerDataPointer0
#define FwpsApplyModifiedLayerData              FwpsApplyModifiedLayerData0
#define FwpsRedirectHandleCreate                FwpsRedirectHandleCreate0
#define FwpsRedirectHandleDestroy               FwpsRedirectHandleDestroy0
#define FwpsQueryConnectionRedirectState        FwpsQueryConnectionRedirectState0
#define FwpsClassifyOptionSet                   FwpsClassifyOptionSet0
#define FwpsGetPacketListSecurityInformation    FwpsGetPacketListSecurityInformation0
