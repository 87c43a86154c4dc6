/* SPDX-License-Identifier: MIT */
/* R17: FirstNetBuffer of the indicated NBL is used as the cursor of a loop, and stays where the
   loop ended. */
#include "specimen.h"

static volatile SIZE_T Seen;

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    NET_BUFFER_LIST *Nbl = Packet->streamData->netBufferListChain;
    SIZE_T Length = 0;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
#ifdef SPECIMEN_BAD
    for (; NET_BUFFER_LIST_FIRST_NB(Nbl) != NULL;
         NET_BUFFER_LIST_FIRST_NB(Nbl) = NET_BUFFER_NEXT_NB(NET_BUFFER_LIST_FIRST_NB(Nbl)))
        Length += NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(Nbl));
#else
    for (NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb != NULL; Nb = NET_BUFFER_NEXT_NB(Nb))
        Length += NET_BUFFER_DATA_LENGTH(Nb);
#endif
    Seen += Length;
}
