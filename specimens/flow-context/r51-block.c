/* SPDX-License-Identifier: MIT */
/* R51: connections are refused at ALE_FLOW_ESTABLISHED, when they are there already. */
#define SPECIMEN_FLOW
#define SPECIMEN_ESTABLISHED_BLOCKS
#include "specimen.h"

static LONG Flows;

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    UNREFERENCED_PARAMETER(FlowId);
    UNREFERENCED_PARAMETER(StreamLayerId);
    UNREFERENCED_PARAMETER(StreamCalloutId);
#ifdef SPECIMEN_BAD
    if (InterlockedIncrement(&Flows) % 8 == 0)
        return STATUS_ACCESS_DENIED;
#else
    InterlockedIncrement(&Flows);
#endif
    return STATUS_SUCCESS;
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
