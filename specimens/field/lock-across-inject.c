/* SPDX-License-Identifier: MIT */
/* Two drivers that clone, block and inject, one below the other. This one holds its lock while it
   injects; the bytes are shown to the other at once, which gives them back, and the completion of
   this one, on the same stack, wants the lock. */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#include "specimen.h"

#define STREAM_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)

static KSPIN_LOCK Lock;
static ULONG64 Injected, Completed;

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Lock);
    return STATUS_SUCCESS;
}

static VOID Count(ULONG64 *Counter, BOOLEAN Add)
{
    KLOCK_QUEUE_HANDLE Handle;

    KeAcquireInStackQueuedSpinLock(&Lock, &Handle);
    if (Add)
        ++*Counter;
    else
        --*Counter;
    KeReleaseInStackQueuedSpinLock(&Handle);
}

static VOID NTAPI Complete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(DispatchLevel);
    Count(&Completed, TRUE);
    FwpsFreeCloneNetBufferList(Nbl, 0);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_DATA *Data = Packet->streamData;
    NET_BUFFER_LIST *Clone;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & STREAM_ABORT) != 0 ||
        !NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Clone)))
        return;
#ifdef SPECIMEN_BAD
    KLOCK_QUEUE_HANDLE Handle;

    KeAcquireInStackQueuedSpinLock(&Lock, &Handle);
    Injected++;
#else
    Count(&Injected, TRUE);
#endif
    Status = FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                   Filter->action.calloutId, Values->layerId, Data->flags, Clone,
                                   Data->dataLength, Complete, NULL);
#ifdef SPECIMEN_BAD
    if (!NT_SUCCESS(Status))
        Injected--;
    KeReleaseInStackQueuedSpinLock(&Handle);
#else
    if (!NT_SUCCESS(Status))
        Count(&Injected, FALSE);
#endif
    if (NT_SUCCESS(Status))
        Out->actionType = FWP_ACTION_BLOCK;
    else
        FwpsDiscardClonedStreamData(Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
}
