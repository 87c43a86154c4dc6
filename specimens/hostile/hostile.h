/* SPDX-License-Identifier: MIT */
/* What the hostile drivers share: a lawful driver that does one hostile act (-D ACT=...) at one
   place
   (-D PLACE=...). Without ACT it does nothing else: the good twin of all. A source writes
   Act(StreamData), whose argument is NULL outside classify. */
#pragma once

#define SPECIMEN_INJECT
#define SPECIMEN_FLOW
#define SPECIMEN_NOTIFY
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#define SPECIMEN_UNLOAD
#include "specimen.h"

#define TAG_HOSTILE 0x74736F48 /* "Host" */

enum { NO_ACT, FIRST_ACT };
enum {
    IN_ENTRY,
    IN_CLASSIFY,
    IN_NOTIFY,
    IN_FLOW_DELETE,
    IN_COMPLETION,
    IN_UNLOAD,
    IN_THREAD,
    IN_WORK_ITEM,
    IN_DPC,
    IN_TIMER,
};

#ifndef ACT
#define ACT NO_ACT
#endif
#ifndef PLACE
#define PLACE IN_CLASSIFY
#endif

#include "carriers.h"

static VOID Act(FWPS_STREAM_DATA *StreamData);

/* Where a function of the kernel begins: what the import address table holds. */
extern const ULONG_PTR __imp_KeSetEvent;
#define LabFunction __imp_KeSetEvent

static volatile LONG Acted;
static UINT64 WatchedFlow;
static UINT16 WatchedLayer;
static UINT32 WatchedCallout;

/* Once: a driver that is still there has done what it can. */
static VOID ActAt(ULONG Where, FWPS_STREAM_DATA *StreamData)
{
    if (PLACE == Where && InterlockedExchange(&Acted, 1) == 0)
        Act(StreamData);
}

static VOID NTAPI Completed(VOID *Context, NET_BUFFER_LIST *NetBufferList, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    ActAt(IN_COMPLETION, NULL);
    FwpsFreeCloneNetBufferList(NetBufferList, DispatchLevel ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL : 0);
}

/* The whole offer goes on as a clone. */
static VOID PassOn(UINT64 FlowId, UINT16 LayerId, FWPS_STREAM_CALLOUT_IO_PACKET *Packet,
                   FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_DATA *Data = Packet->streamData;
    NET_BUFFER_LIST *Clone;
    NTSTATUS Status;

    if (Data->dataLength == 0 || !NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Clone)))
        return;
    Status = FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, FlowId,
                                   Specimen.CalloutId[LayerId == FWPS_LAYER_STREAM_V6], LayerId,
                                   Data->flags, Clone, Data->dataLength, Completed, NULL);
    if (!NT_SUCCESS(Status)) {
        FwpsDiscardClonedStreamData(Clone, 0, FALSE);
        return;
    }
    Out->actionType = FWP_ACTION_BLOCK;
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    if (PLACE == IN_COMPLETION)
        PassOn(Meta->flowHandle, Values->layerId, Packet, Out);
    else if (Packet->streamData->dataLength != 0)
        ActAt(IN_CLASSIFY, Packet->streamData);
}

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    NTSTATUS Status;

    if (PLACE != IN_FLOW_DELETE || WatchedFlow != 0)
        return STATUS_SUCCESS;
    Status = FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, 1);
    if (Status == STATUS_SUCCESS) {
        WatchedFlow = FlowId;
        WatchedLayer = StreamLayerId;
        WatchedCallout = StreamCalloutId;
    }
    return Status;
}

static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    UNREFERENCED_PARAMETER(FlowContext);
    ActAt(IN_FLOW_DELETE, NULL);
}

static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE NotifyType, const GUID *FilterKey,
                             FWPS_FILTER *Filter)
{
    UNREFERENCED_PARAMETER(NotifyType);
    UNREFERENCED_PARAMETER(FilterKey);
    UNREFERENCED_PARAMETER(Filter);
    ActAt(IN_NOTIFY, NULL);
    return STATUS_SUCCESS;
}

static NTSTATUS Start(VOID)
{
    ActAt(IN_ENTRY, NULL);
    return CarrierStart();
}

static VOID Drain(VOID)
{
    CarrierDrain();
    if (WatchedFlow != 0)
        (VOID) FwpsFlowRemoveContext(WatchedFlow, WatchedLayer, WatchedCallout);
}

static VOID NTAPI DriverUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    ActAt(IN_UNLOAD, NULL);
    SpecimenStop();
}
