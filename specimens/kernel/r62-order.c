/* SPDX-License-Identifier: MIT */
/* R62: two spin locks taken in one order here and in the other there: a deadlock that waits for two
   processors to meet. */
#define SPECIMEN_START
#include "specimen.h"

static KSPIN_LOCK Counters, Table;
static ULONG Sent, Received, Rows;

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Counters);
    KeInitializeSpinLock(&Table);
    return STATUS_SUCCESS;
}

static VOID SentCount(VOID)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Counters, &Irql);
    Sent++;
    KeAcquireSpinLockAtDpcLevel(&Table);
    Rows++;
    KeReleaseSpinLockFromDpcLevel(&Table);
    KeReleaseSpinLock(&Counters, Irql);
}

static VOID ReceivedCount(VOID)
{
    KIRQL Irql;

#ifdef SPECIMEN_BAD
    KeAcquireSpinLock(&Table, &Irql);
    Rows++;
    KeAcquireSpinLockAtDpcLevel(&Counters);
    Received++;
    KeReleaseSpinLockFromDpcLevel(&Counters);
    KeReleaseSpinLock(&Table, Irql);
#else
    KeAcquireSpinLock(&Counters, &Irql);
    Received++;
    KeAcquireSpinLockAtDpcLevel(&Table);
    Rows++;
    KeReleaseSpinLockFromDpcLevel(&Table);
    KeReleaseSpinLock(&Counters, Irql);
#endif
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
    if ((Packet->streamData->flags & FWPS_STREAM_FLAG_SEND) != 0)
        SentCount();
    else
        ReceivedCount();
}
