/* SPDX-License-Identifier: MIT */
/* R63: classifyFn, at DISPATCH_LEVEL, counts in a table that lies in paged pool. */
#define SPECIMEN_START
#define SPECIMEN_STOPPED
#include "specimen.h"

#ifdef SPECIMEN_BAD
#define TABLE_POOL PagedPool
#else
#define TABLE_POOL NonPagedPoolNx
#endif

static volatile ULONG *Table;

static NTSTATUS Start(VOID)
{
    Table = ExAllocatePoolWithTag(TABLE_POOL, 64 * sizeof(ULONG), TAG_SPECIMEN);
    if (Table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < 64; i++)
        Table[i] = 0;
    return STATUS_SUCCESS;
}

static VOID Stopped(VOID)
{
    if (Table != NULL)
        ExFreePoolWithTag((VOID *)Table, TAG_SPECIMEN);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    Table[Packet->streamData->dataLength % 64]++;
}
