/* SPDX-License-Identifier: MIT */
/* R22: clones are held for most of a minute. While a clone lives the NIC's buffer behind it cannot
   be used again, and the machine cannot sleep. */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#ifdef SPECIMEN_BAD
#define HELD_DELAY (-40ll * 1000 * 1000 * 10)
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
