/* SPDX-License-Identifier: MIT */
/* R03: CONTINUE under a terminating filter is taken as BLOCK: short indications are lost in
   silence. */
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
    if (Packet->streamData->dataLength == 0 || Packet->streamData->dataLength >= HEADER)
        return;
#ifdef SPECIMEN_BAD
    Out->actionType = FWP_ACTION_CONTINUE;
#else
    Out->actionType = FWP_ACTION_PERMIT;
#endif
}
