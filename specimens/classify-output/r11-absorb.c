/* SPDX-License-Identifier: MIT */
/* R11: FWPS_CLASSIFY_OUT_FLAG_ABSORB beside BLOCK, as at packet layers; at stream layers it means
   nothing. */
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
    Out->actionType = FWP_ACTION_BLOCK;
#ifdef SPECIMEN_BAD
    Out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
#endif
}
