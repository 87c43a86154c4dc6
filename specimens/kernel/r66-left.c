/* SPDX-License-Identifier: MIT */
/* R66: what the last classify allocated is still there when the driver has gone. */
#define SPECIMEN_STOPPED
#include "specimen.h"

static VOID *volatile Last;

static VOID Stopped(VOID)
{
#ifndef SPECIMEN_BAD
    if (Last != NULL)
        ExFreePoolWithTag(Last, TAG_SPECIMEN);
#endif
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    VOID *Before;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    Before =
        InterlockedExchangePointer(&Last, ExAllocatePoolWithTag(NonPagedPoolNx, 32, TAG_SPECIMEN));
    if (Before != NULL)
        ExFreePoolWithTag(Before, TAG_SPECIMEN);
}
