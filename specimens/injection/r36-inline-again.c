/* SPDX-License-Identifier: MIT */
/* R36: out of band, and when nothing is held the next bytes pass inline "to save a copy". */
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
    if (Packet->streamData->dataLength > 20 && HeldIsEmpty())
        return;
#endif
    HeldTake(Values, Meta, Packet, Filter, Out);
}
