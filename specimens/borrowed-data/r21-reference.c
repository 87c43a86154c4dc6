/* SPDX-License-Identifier: MIT */
/* R21: a reference to the indicated NBL is taken, and on one path not released. */
#include "specimen.h"

#define HEADER 16

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    NET_BUFFER_LIST *Nbl = Packet->streamData->netBufferListChain;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    FwpsReferenceNetBufferList(Nbl, FALSE);
#ifdef SPECIMEN_BAD
    if (Packet->streamData->dataLength != 0 && Packet->streamData->dataLength < HEADER)
        return;
#endif
    FwpsDereferenceNetBufferList(Nbl, FALSE);
}
