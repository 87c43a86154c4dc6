/* SPDX-License-Identifier: MIT */
/* R68: memory is freed that holds an ERESOURCE which was not deleted. */
#define SPECIMEN_START
#define SPECIMEN_STOPPED
#include "specimen.h"

static ERESOURCE *Resource;

static NTSTATUS Start(VOID)
{
    Resource = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Resource), TAG_SPECIMEN);
    if (Resource == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return ExInitializeResourceLite(Resource);
}

static VOID Stopped(VOID)
{
    if (Resource == NULL)
        return;
#ifndef SPECIMEN_BAD
    (VOID) ExDeleteResourceLite(Resource);
#endif
    ExFreePoolWithTag(Resource, TAG_SPECIMEN);
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
