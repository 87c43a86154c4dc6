/* SPDX-License-Identifier: MIT */
/* R45: a flow context of 0: contexts are indexes, and the first index is 0. */
#define SPECIMEN_FLOW
#include "specimen.h"

static LONG Flows;

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
#ifdef SPECIMEN_BAD
    const LONG Index = InterlockedIncrement(&Flows) - 1;
#else
    const LONG Index = InterlockedIncrement(&Flows);
#endif

    return FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, (UINT64)Index);
}

static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    UNREFERENCED_PARAMETER(FlowContext);
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
