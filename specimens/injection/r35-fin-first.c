/* SPDX-License-Identifier: MIT */
/* R35: out of band, but the FIN passes at once: "it carries no data". It overtakes what is held. */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "out_of_band.h"

static NTSTATUS Start(VOID)
{
    HeldStart();
    return STATUS_SUCCESS;
}

static VOID Drain(VOID)
{
    HeldDrain();
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(FlowContext);
#ifdef SPECIMEN_BAD
    if (Packet->streamData->dataLength == 0)
        return;
#endif
    HeldTake(Values, Meta, Packet, Filter, Out);
}
