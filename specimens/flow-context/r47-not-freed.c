/* SPDX-License-Identifier: MIT */
/* R47: flowDeleteFn frees the contexts of flows that ended well, and forgets those that were reset.
 */
#define SPECIMEN_FLOW
#include "specimen.h"

typedef struct _FLOW {
    BOOLEAN Closed;
} FLOW;

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    FLOW *Flow = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Flow), TAG_SPECIMEN);
    NTSTATUS Status;

    if (Flow == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Flow->Closed = FALSE;
    Status = FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, (ULONG_PTR)Flow);
    if (Status != STATUS_SUCCESS)
        ExFreePoolWithTag(Flow, TAG_SPECIMEN);
    return Status;
}

static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    FLOW *Flow = (FLOW *)(ULONG_PTR)FlowContext;

    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
#ifdef SPECIMEN_BAD
    if (!Flow->Closed)
        return;
#endif
    ExFreePoolWithTag(Flow, TAG_SPECIMEN);
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
    if (Flow != NULL && (Packet->streamData->flags & (FWPS_STREAM_FLAG_SEND_DISCONNECT |
                                                      FWPS_STREAM_FLAG_RECEIVE_DISCONNECT)) != 0)
        Flow->Closed = TRUE;
}
