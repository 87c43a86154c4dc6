/* SPDX-License-Identifier: MIT */
/* R08: at BUFFER_LIMIT_REACHED a part is decided only; the buffer is full, so all must be. */
#include "specimen.h"

#define MESSAGE (1024 * 1024 * 1024) /* gathered until it is whole, or the buffer full */

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const SIZE_T Length = Packet->streamData->dataLength;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    if (Length == 0 || (Out->flags & FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA) != 0)
        return;
    if ((Out->flags & FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED) != 0) {
#ifdef SPECIMEN_BAD
        Packet->countBytesEnforced = Length / 2;
#endif
        return;
    }
    Packet->streamAction = FWPS_STREAM_ACTION_NEED_MORE_DATA;
    Packet->countBytesRequired = (UINT32)(MESSAGE - Length);
    Out->actionType = FWP_ACTION_NONE;
}
