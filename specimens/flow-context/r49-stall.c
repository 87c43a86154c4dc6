/* SPDX-License-Identifier: MIT */
/* R49: flowDeleteFn stalls its processor, to let those finish who may still use the context. */
#define SPECIMEN_FLOW
#include "specimen.h"

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    return FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, 1);
}

static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    UNREFERENCED_PARAMETER(FlowContext);
#ifdef SPECIMEN_BAD
    for (ULONG i = 0; i < 10; i++)
        KeStallExecutionProcessor(50);
#endif
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
