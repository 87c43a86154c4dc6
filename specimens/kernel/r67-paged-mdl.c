/* SPDX-License-Identifier: MIT */
/* R67: MmBuildMdlForNonPagedPool over a block of paged pool. */
#define SPECIMEN_START
#include "specimen.h"

#ifdef SPECIMEN_BAD
#define BUFFER_POOL PagedPool
#else
#define BUFFER_POOL NonPagedPoolNx
#endif

static NTSTATUS Start(VOID)
{
    VOID *Buffer = ExAllocatePoolWithTag(BUFFER_POOL, 512, TAG_SPECIMEN);
    MDL *Mdl;

    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Mdl = IoAllocateMdl(Buffer, 512, FALSE, FALSE, NULL);
    if (Mdl != NULL) {
        MmBuildMdlForNonPagedPool(Mdl);
        IoFreeMdl(Mdl);
    }
    ExFreePoolWithTag(Buffer, TAG_SPECIMEN);
    return Mdl == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
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
