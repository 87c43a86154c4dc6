/* SPDX-License-Identifier: MIT */
/* R10: DROP_CONNECTION under an inspection filter is ignored: the connection lives on. */
#ifdef SPECIMEN_BAD
#define SPECIMEN_ACTION FWP_ACTION_CALLOUT_INSPECTION
#else
#define SPECIMEN_ACTION FWP_ACTION_CALLOUT_UNKNOWN
#endif
#include "specimen.h"

#define TOO_LONG 8192

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    if (Packet->streamData->dataLength < TOO_LONG)
        return;
    Packet->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
    Out->actionType = FWP_ACTION_NONE;
}
