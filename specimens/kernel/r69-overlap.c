/* SPDX-License-Identifier: MIT */
/* R69: RtlCopyMemory moves what is left of a buffer to its front: the ranges overlap. */
#define SPECIMEN_START
#include "specimen.h"

#define USED 64

/* The function of the kernel. The kit's macro is memcpy, which compilers write out where they can:
   such copies nobody can look at. */
#undef RtlCopyMemory
#undef RtlMoveMemory
NTSYSAPI VOID NTAPI RtlCopyMemory(VOID *Destination, const VOID *Source, SIZE_T Length);
NTSYSAPI VOID NTAPI RtlMoveMemory(VOID *Destination, const VOID *Source, SIZE_T Length);

static UCHAR Buffer[1024];
static KSPIN_LOCK Lock;
static SIZE_T volatile Filled = sizeof(Buffer);

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Lock);
    return STATUS_SUCCESS;
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    KeAcquireSpinLock(&Lock, &Irql);
#ifdef SPECIMEN_BAD
    RtlCopyMemory(Buffer, Buffer + USED, Filled - USED);
#else
    RtlMoveMemory(Buffer, Buffer + USED, Filled - USED);
#endif
    KeReleaseSpinLock(&Lock, Irql);
}
