/* SPDX-License-Identifier: MIT */
/* R74: only the first 64 KB of a stream are looked at closely, in pieces, and what has passed is
   counted in 32 bits: after 4 GB the counter begins anew, and so does the close look. */
#include "specimen.h"

#define CLOSE_LOOK 65536
#define PIECE      4096

#ifdef SPECIMEN_BAD
typedef ULONG COUNTER;
#else
typedef ULONG64 COUNTER;
#endif

/* Of what is received on the one connection that is watched. */
typedef struct _WATCHED {
    UINT64 FlowId;
    COUNTER Passed;
} WATCHED;

static WATCHED Watched;

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    if ((Data->flags & FWPS_STREAM_FLAG_RECEIVE) == 0 || Data->dataLength == 0)
        return;
    if (Watched.FlowId == 0)
        Watched.FlowId = Meta->flowHandle;
    if (Watched.FlowId != Meta->flowHandle)
        return;
    if (Watched.Passed < CLOSE_LOOK && Data->dataLength > PIECE) {
        Packet->countBytesEnforced = PIECE;
        Watched.Passed += PIECE;
        return;
    }
    Watched.Passed += (COUNTER)Data->dataLength;
}
