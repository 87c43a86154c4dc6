/* SPDX-License-Identifier: MIT */
/* R18: the data start of an indicated NET_BUFFER is moved back over its header, and not moved
   forward again. */
#include "specimen.h"

#define HEADER 20

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Packet->streamData->netBufferListChain);

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    if (Nb == NULL || NdisRetreatNetBufferDataStart(Nb, HEADER, 0, NULL) != NDIS_STATUS_SUCCESS)
        return;
#ifndef SPECIMEN_BAD
    NdisAdvanceNetBufferDataStart(Nb, HEADER, TRUE, NULL);
#endif
}
