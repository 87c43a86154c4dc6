/* SPDX-License-Identifier: MIT */
/* R39: a stream is deferred and continued by a DPC, as it should be; and continued once more from
   inside classifyFn when the bytes come again, "to be sure". */
#include "deferred.h"

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const DEFER Defer = DeferOffer(Values, Meta, Packet, Filter, Out);

    UNREFERENCED_PARAMETER(FlowContext);
    if (Defer == DeferBegun)
        (VOID) KeInsertQueueDpc(&Deferred.Dpc, NULL, NULL);
#ifdef SPECIMEN_BAD
    else if (Defer == DeferAgain)
        (VOID) FwpsStreamContinue(Meta->flowHandle, Filter->action.calloutId, Values->layerId,
                                  Packet->streamData->flags);
#endif
}
