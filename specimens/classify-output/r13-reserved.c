/* SPDX-License-Identifier: MIT */
/* R13: an offer whose streamDataOffset is not 0 is taken for one that was inspected before. The
   field is reserved: what it holds means nothing to a driver. */
#include "specimen.h"

#define STEP 512 /* bytes */

static volatile LONG64 Inspected;

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
#ifdef SPECIMEN_BAD
    if (Data->dataOffset.streamDataOffset != 0)
        return;
#endif
    if (Data->dataLength > STEP)
        Packet->countBytesEnforced = STEP;
    InterlockedExchangeAdd64(&Inspected, (LONG64)Data->dataLength);
}
