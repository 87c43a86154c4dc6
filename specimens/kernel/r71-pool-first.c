/* SPDX-License-Identifier: MIT */
/* R71: the NET_BUFFER_LIST pool is freed while an NBL from it is alive. */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_STOPPED
#include "specimen.h"

static NET_BUFFER_LIST *Spare;

static NTSTATUS Start(VOID)
{
    Spare = NdisAllocateNetBufferList(Specimen.NblPool, 0, 0);
    return Spare == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

static VOID Stopped(VOID)
{
#ifndef SPECIMEN_BAD
    if (Spare != NULL)
        NdisFreeNetBufferList(Spare);
#endif
}

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
}
