/* SPDX-License-Identifier: MIT */
/* R65: a byte behind the block is written: the terminator of a text that fills it. */
#define SPECIMEN_START
#include "specimen.h"

static const CHAR Text[] = "specimen";

static NTSTATUS Start(VOID)
{
    const SIZE_T Length = sizeof(Text) - 1;
#ifdef SPECIMEN_BAD
    volatile CHAR *Copy = ExAllocatePoolWithTag(NonPagedPoolNx, Length, TAG_SPECIMEN);
#else
    volatile CHAR *Copy = ExAllocatePoolWithTag(NonPagedPoolNx, Length + 1, TAG_SPECIMEN);
#endif

    if (Copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (SIZE_T i = 0; i < Length; i++)
        Copy[i] = Text[i];
    Copy[Length] = 0;
    ExFreePoolWithTag((VOID *)Copy, TAG_SPECIMEN);
    return STATUS_SUCCESS;
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
