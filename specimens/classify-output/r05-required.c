/* SPDX-License-Identifier: MIT */
/* R05: countBytesRequired is set before it is known whether more is needed, and stays in verdicts
   that ask for nothing. */
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
#ifdef SPECIMEN_BAD
    Packet->countBytesRequired = HEADER;
#endif
    if (Length == 0 || Length >= HEADER ||
        (Out->flags &
         (FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA | FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED)) != 0)
        return;
    Packet->streamAction = FWPS_STREAM_ACTION_NEED_MORE_DATA;
    Packet->countBytesRequired = (UINT32)(HEADER - Length);
    Out->actionType = FWP_ACTION_NONE;
}
