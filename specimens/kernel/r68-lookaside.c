/* SPDX-License-Identifier: MIT */
/* R68: memory is freed that holds a lookaside list which was not deleted. */
#define SPECIMEN_START
#define SPECIMEN_STOPPED
#include "specimen.h"

static NPAGED_LOOKASIDE_LIST *List;

static NTSTATUS Start(VOID)
{
    List = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*List), TAG_SPECIMEN);
    if (List == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExInitializeNPagedLookasideList(List, NULL, NULL, POOL_NX_ALLOCATION, 64, TAG_SPECIMEN, 0);
    return STATUS_SUCCESS;
}

static VOID Stopped(VOID)
{
    if (List == NULL)
        return;
#ifndef SPECIMEN_BAD
    ExDeleteNPagedLookasideList(List);
#endif
    ExFreePoolWithTag(List, TAG_SPECIMEN);
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
