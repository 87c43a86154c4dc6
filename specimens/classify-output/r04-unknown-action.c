/* SPDX-License-Identifier: MIT */
/* R04: the verdict is written into the wrong member: FWP_ACTION_PERMIT is no stream action. */
#include "specimen.h"

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
#ifdef SPECIMEN_BAD
    UNREFERENCED_PARAMETER(Out);
    Packet->streamAction = (FWPS_STREAM_ACTION_TYPE)FWP_ACTION_PERMIT;
#else
    UNREFERENCED_PARAMETER(Packet);
    Out->actionType = FWP_ACTION_PERMIT;
#endif
}
