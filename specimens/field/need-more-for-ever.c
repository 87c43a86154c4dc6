/* SPDX-License-Identifier: MIT */
/* NEED_MORE_DATA that never ends: the callout waits for the end of an HTTP header, and asks for
   more until it comes. In other protocols it never does; at the FIN the stream hangs. */
#include "specimen.h"

#define LOOK_AT 512

static BOOLEAN HasHeaderEnd(const UCHAR *Bytes, SIZE_T Length)
{
    for (SIZE_T i = 0; i + 4 <= Length; i++)
        if (Bytes[i] == '\r' && Bytes[i + 1] == '\n' && Bytes[i + 2] == '\r' &&
            Bytes[i + 3] == '\n')
            return TRUE;
    return FALSE;
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UCHAR Bytes[LOOK_AT];
    SIZE_T Copied;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    if (Packet->streamData->dataLength == 0)
        return;
    FwpsCopyStreamDataToBuffer(Packet->streamData, Bytes, sizeof(Bytes), &Copied);
    if (HasHeaderEnd(Bytes, Copied))
        return;
#ifndef SPECIMEN_BAD
    if (Copied == sizeof(Bytes) || (Out->flags & (FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA |
                                                  FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED)))
        return;
#endif
    Out->actionType = FWP_ACTION_NONE;
    Packet->streamAction = FWPS_STREAM_ACTION_NEED_MORE_DATA;
    Packet->countBytesRequired = 1;
}
