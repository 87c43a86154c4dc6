/* SPDX-License-Identifier: MIT */
/* R47: the association fails, and the context that nobody took is forgotten. */
#define SPECIMEN_FLOW
#include "specimen.h"

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    VOID *Flow = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(UINT64), TAG_SPECIMEN);
    NTSTATUS Status;

    if (Flow == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, (ULONG_PTR)Flow);
#ifndef SPECIMEN_BAD
    if (Status != STATUS_SUCCESS)
        ExFreePoolWithTag(Flow, TAG_SPECIMEN);
#endif
    return Status;
}

static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    ExFreePoolWithTag((VOID *)(ULONG_PTR)FlowContext, TAG_SPECIMEN);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
}
