/* SPDX-License-Identifier: MIT */
/* R01: no actionType on one path: what is too short to look at leaves with whatever verdict stood
   there before. */
#define SPECIMEN_VERDICT
#include "specimen.h"

#define HEADER 16

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
#ifndef SPECIMEN_BAD
    Out->actionType = FWP_ACTION_PERMIT;
#endif
    if (Packet->streamData->dataLength != 0 && Packet->streamData->dataLength < HEADER)
        return;
    Out->actionType = FWP_ACTION_PERMIT;
}
