/* SPDX-License-Identifier: MIT */
/* Forgets a block when it is unloaded after fewer than ENOUGH classifies: a defect that only an
   early unload, or a neighbour that keeps data away, brings to light. */
#define SPECIMEN_DRAIN
#include "specimen.h"

static volatile LONG Classifies;

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    (VOID) InterlockedIncrement(&Classifies);
}

static VOID Drain(VOID)
{
    if (Classifies < ENOUGH)
        (VOID) ExAllocatePoolWithTag(NonPagedPool, 100, TAG_SPECIMEN);
}
