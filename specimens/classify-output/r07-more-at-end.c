/* SPDX-License-Identifier: MIT */
/* R07: more data is asked for although none will come: the flag of the FIN is not looked at. */
#include "specimen.h"

#define HEADER 16

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const SIZE_T Length = Packet->streamData->dataLength;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
#ifndef SPECIMEN_BAD
    if ((Out->flags & FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA) != 0)
        return;
#endif
    if (Length >= HEADER || (Out->flags & FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED) != 0)
        return;
    Packet->streamAction = FWPS_STREAM_ACTION_NEED_MORE_DATA;
    Packet->countBytesRequired = (UINT32)(HEADER - Length);
    Out->actionType = FWP_ACTION_NONE;
}
