/* SPDX-License-Identifier: MIT */
/* DEFER, and nobody calls FwpsStreamContinue0: the window closes, the other side stops, the
   application waits. Here the DPC that was to do it is forgotten for short data. */
#include "deferred.h"

#define SHORT_DATA 100

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(FlowContext);
    if (DeferOffer(Values, Meta, Packet, Filter, Out) != DeferBegun)
        return;
#ifdef SPECIMEN_BAD
    if (Packet->streamData->dataLength <= SHORT_DATA)
        return;
#endif
    (VOID) KeInsertQueueDpc(&Deferred.Dpc, NULL, NULL);
}
