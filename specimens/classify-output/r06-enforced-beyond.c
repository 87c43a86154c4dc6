/* SPDX-License-Identifier: MIT */
/* R06: countBytesEnforced beyond dataLength: a header's size is subtracted from an indication that
   is shorter than the header, and the unsigned count wraps round. */
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
    UNREFERENCED_PARAMETER(Out);
#ifdef SPECIMEN_BAD
    Packet->countBytesEnforced = Packet->streamData->dataLength - HEADER;
#else
    if (Packet->streamData->dataLength > HEADER)
        Packet->countBytesEnforced = Packet->streamData->dataLength - HEADER;
#endif
}
