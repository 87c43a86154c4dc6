/* SPDX-License-Identifier: MIT */
/* R02: FWP_ACTION_NONE beside no stream action: the driver means to have no opinion, the engine
   blocks the bytes. */
#define SPECIMEN_ACTION FWP_ACTION_CALLOUT_UNKNOWN
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
    Out->actionType = FWP_ACTION_NONE;
#else
    Out->actionType = FWP_ACTION_CONTINUE;
#endif
}
