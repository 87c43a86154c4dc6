/* SPDX-License-Identifier: MIT */
/* R23: dispatchLevel is TRUE wherever the driver is, because receiving always runs at
   DISPATCH_LEVEL; sending need not. */
#include "specimen.h"

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
    FwpsDereferenceNetBufferList(Nbl, TRUE);
#else
    FwpsDereferenceNetBufferList(Nbl, KeGetCurrentIrql() == DISPATCH_LEVEL);
#endif
}
