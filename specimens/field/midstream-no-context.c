/* SPDX-License-Identifier: MIT */
/* A connection that is older than the driver. The callout asks to see such connections, and counts
   on a flow context that is made when a connection is established; the first bytes find none. */
#define SPECIMEN_FLOW
#define SPECIMEN_CALLOUT_FLAGS FWP_CALLOUT_FLAG_ALLOW_MID_STREAM_INSPECTION
#include "specimen.h"

typedef struct _FLOW {
    volatile LONG64 Bytes;
} FLOW;

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    FLOW *Flow = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Flow), TAG_SPECIMEN);
    NTSTATUS Status;

    if (Flow == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Flow->Bytes = 0;
    Status =
        FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, (UINT64)(ULONG_PTR)Flow);
    if (Status != STATUS_SUCCESS)
        ExFreePoolWithTag(Flow, TAG_SPECIMEN);
    return Status;
}

static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    ExFreePoolWithTag((PVOID)(ULONG_PTR)FlowContext, TAG_SPECIMEN);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FLOW *Flow = (FLOW *)(ULONG_PTR)FlowContext;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(Out);
#ifndef SPECIMEN_BAD
    if (Flow == NULL)
        return;
#endif
    (VOID) InterlockedAdd64(&Flow->Bytes, (LONG64)Packet->streamData->dataLength);
}
