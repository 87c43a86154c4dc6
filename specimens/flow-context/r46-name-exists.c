/* SPDX-License-Identifier: MIT */
/* R46: STATUS_OBJECT_NAME_EXISTS, which NT_SUCCESS takes for a success: the flow had a context
   already, and the second one belongs to nobody. */
#define SPECIMEN_FLOW
#include "specimen.h"

typedef struct _FLOW {
    ULONG Classifies;
} FLOW;

static NTSTATUS FlowAttach(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    FLOW *Flow = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Flow), TAG_SPECIMEN);
    NTSTATUS Status;

    if (Flow == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Flow->Classifies = 0;
    Status = FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, (ULONG_PTR)Flow);
#ifdef SPECIMEN_BAD
    if (!NT_SUCCESS(Status))
        ExFreePoolWithTag(Flow, TAG_SPECIMEN);
#else
    if (Status != STATUS_SUCCESS)
        ExFreePoolWithTag(Flow, TAG_SPECIMEN);
#endif
    return Status;
}

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    return FlowAttach(FlowId, StreamLayerId, StreamCalloutId);
}

static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    ExFreePoolWithTag((VOID *)(ULONG_PTR)FlowContext, TAG_SPECIMEN);
}

/* The first classify makes sure that there is a context: flows may be older than the driver. */
static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FLOW *Flow = (FLOW *)(ULONG_PTR)FlowContext;

    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(Out);
    if (Flow == NULL || Flow->Classifies++ == 0)
        (VOID) FlowAttach(Meta->flowHandle, Values->layerId,
                          Specimen.CalloutId[Values->layerId == FWPS_LAYER_STREAM_V6]);
}
