/* SPDX-License-Identifier: MIT */
/* R37: what is held is released from the wrong end of the list: the last comes first. */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#define HELD_DELAY (-10 * 1000)
#ifdef SPECIMEN_BAD
#define HELD_NEXT RemoveTailList
#endif
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
    HeldTake(Values, Meta, Packet, Filter, Out);
}
