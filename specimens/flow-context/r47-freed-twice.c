/* SPDX-License-Identifier: MIT */
/* R47: a context is freed when its connection closes, and by flowDeleteFn once more. */
#define SPECIMEN_FLOW
#include "specimen.h"

typedef struct _FLOW {
    ULONG Ends;
} FLOW;

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    FLOW *Flow = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Flow), TAG_SPECIMEN);
    NTSTATUS Status;

    if (Flow == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Flow->Ends = 0;
    Status = FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, (ULONG_PTR)Flow);
    if (Status != STATUS_SUCCESS)
        ExFreePoolWithTag(Flow, TAG_SPECIMEN);
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
    FLOW *Flow = (FLOW *)(ULONG_PTR)FlowContext;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(Out);
    if (Flow != NULL &&
        (Packet->streamData->flags &
         (FWPS_STREAM_FLAG_SEND_DISCONNECT | FWPS_STREAM_FLAG_RECEIVE_DISCONNECT)) != 0 &&
        ++Flow->Ends == 2) {
#ifdef SPECIMEN_BAD
        ExFreePoolWithTag(Flow, TAG_SPECIMEN);
#endif
    }
}
