/* SPDX-License-Identifier: MIT */
/* R40: the FIN of what is received is blocked, "nothing more is wanted", and never injected: the
   application waits for the end of the stream for ever. */
#include "specimen.h"

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Out);
#ifdef SPECIMEN_BAD
    if (Packet->streamData->flags & FWPS_STREAM_FLAG_RECEIVE_DISCONNECT)
        Out->actionType = FWP_ACTION_BLOCK;
#endif
}
