/* SPDX-License-Identifier: MIT */
/* R62: a function that takes the lock is called by one that has it. */
#define SPECIMEN_START
#include "specimen.h"

static KSPIN_LOCK Lock;
static ULONG Bytes, Ends;

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Lock);
    return STATUS_SUCCESS;
}

static VOID EndsCount(VOID)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    Ends++;
    KeReleaseSpinLock(&Lock, Irql);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    KeAcquireSpinLock(&Lock, &Irql);
    Bytes += (ULONG)Packet->streamData->dataLength;
#ifdef SPECIMEN_BAD
    if (Packet->streamData->dataLength == 0)
        EndsCount();
    KeReleaseSpinLock(&Lock, Irql);
#else
    KeReleaseSpinLock(&Lock, Irql);
    if (Packet->streamData->dataLength == 0)
        EndsCount();
#endif
}
