/* SPDX-License-Identifier: MIT */
/* Out of band with copies: each offer is copied, blocked and injected from a DPC, in order. A
   specimen defines COPY_FLAGS(Flags), those to inject with, or COPY_LENGTH(Data), how many bytes to
   copy, and includes this file; what it does not define is lawful. */
#pragma once

#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#define SPECIMEN_ACTION FWP_ACTION_CALLOUT_UNKNOWN
#include "specimen.h"

#ifndef COPY_FLAGS
#define COPY_FLAGS(Flags) (Flags)
#endif
#ifndef COPY_LENGTH
#define COPY_LENGTH(Data) ((Data)->dataLength)
#endif

#define STREAM_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)

typedef struct _COPY {
    LIST_ENTRY Link;
    UINT64 FlowId;
    UINT32 CalloutId;
    UINT16 LayerId;
    UINT32 StreamFlags;
    SIZE_T Length;
    NET_BUFFER_LIST *Nbl; /* NULL: a FIN */
    PMDL Mdl;
    UCHAR Bytes[1];
} COPY;

static struct {
    KSPIN_LOCK Lock;
    LIST_ENTRY List;
    KDPC Dpc;
    BOOLEAN Busy, Stopping;
} Copies;

static VOID CopyFree(COPY *Copy)
{
    if (Copy->Nbl != NULL)
        FwpsFreeNetBufferList(Copy->Nbl);
    if (Copy->Mdl != NULL)
        IoFreeMdl(Copy->Mdl);
    ExFreePoolWithTag(Copy, TAG_SPECIMEN);
}

static VOID NTAPI CopyComplete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Nbl);
    UNREFERENCED_PARAMETER(DispatchLevel);
    CopyFree(Context);
}

/* Bytes that cannot go back take their connection with them. */
static VOID CopyInject(COPY *Copy)
{
    const BOOLEAN Fin = Copy->Nbl == NULL;
    const UINT64 FlowId = Copy->FlowId;
    const NTSTATUS Status = FwpsStreamInjectAsync(
        Specimen.Injection, NULL, 0, FlowId, Copy->CalloutId, Copy->LayerId,
        COPY_FLAGS(Copy->StreamFlags), Copy->Nbl, Copy->Length, CopyComplete, Copy);

    if (!NT_SUCCESS(Status) || Fin)
        CopyFree(Copy);
    if (!NT_SUCCESS(Status))
        (VOID) FwpsFlowAbort(FlowId);
}

static VOID CopyFlush(VOID)
{
    KLOCK_QUEUE_HANDLE Lock;

    KeAcquireInStackQueuedSpinLock(&Copies.Lock, &Lock);
    if (!Copies.Busy) {
        Copies.Busy = TRUE;
        while (!IsListEmpty(&Copies.List)) {
            PLIST_ENTRY Link = RemoveHeadList(&Copies.List);

            KeReleaseInStackQueuedSpinLock(&Lock);
            CopyInject(CONTAINING_RECORD(Link, COPY, Link));
            KeAcquireInStackQueuedSpinLock(&Copies.Lock, &Lock);
        }
        Copies.Busy = FALSE;
    }
    KeReleaseInStackQueuedSpinLock(&Lock);
}

static VOID NTAPI CopyDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    CopyFlush();
}

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Copies.Lock);
    InitializeListHead(&Copies.List);
    KeInitializeDpc(&Copies.Dpc, CopyDpc, NULL);
    return STATUS_SUCCESS;
}

static VOID Drain(VOID)
{
    KLOCK_QUEUE_HANDLE Lock;

    KeAcquireInStackQueuedSpinLock(&Copies.Lock, &Lock);
    Copies.Stopping = TRUE;
    KeReleaseInStackQueuedSpinLock(&Lock);
    KeFlushQueuedDpcs();
    CopyFlush();
}

/* The connection was reset: nothing may be injected into it any more. */
static VOID CopyDiscard(UINT64 FlowId)
{
    LIST_ENTRY Gone;
    KLOCK_QUEUE_HANDLE Lock;

    InitializeListHead(&Gone);
    KeAcquireInStackQueuedSpinLock(&Copies.Lock, &Lock);
    for (PLIST_ENTRY Link = Copies.List.Flink; Link != &Copies.List;) {
        PLIST_ENTRY Next = Link->Flink;

        if (CONTAINING_RECORD(Link, COPY, Link)->FlowId == FlowId) {
            RemoveEntryList(Link);
            InsertTailList(&Gone, Link);
        }
        Link = Next;
    }
    KeReleaseInStackQueuedSpinLock(&Lock);
    while (!IsListEmpty(&Gone))
        CopyFree(CONTAINING_RECORD(RemoveHeadList(&Gone), COPY, Link));
}

static COPY *CopyMake(const FWPS_STREAM_DATA *Data)
{
    const SIZE_T Length = COPY_LENGTH(Data);
    COPY *Copy = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Copy) + Length, TAG_SPECIMEN);
    SIZE_T Copied;

    if (Copy == NULL)
        return NULL;
    RtlZeroMemory(Copy, sizeof(*Copy));
    Copy->StreamFlags = Data->flags;
    Copy->Length = Length;
    if (Length == 0)
        return Copy;
    FwpsCopyStreamDataToBuffer(Data, Copy->Bytes, Length, &Copied);
    Copy->Mdl = IoAllocateMdl(Copy->Bytes, (ULONG)Length, FALSE, FALSE, NULL);
    if (Copy->Mdl != NULL) {
        MmBuildMdlForNonPagedPool(Copy->Mdl);
        if (NT_SUCCESS(FwpsAllocateNetBufferAndNetBufferList(Specimen.NblPool, 0, 0, Copy->Mdl, 0,
                                                             Length, &Copy->Nbl)))
            return Copy;
        Copy->Nbl = NULL;
    }
    CopyFree(Copy);
    return NULL;
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    KLOCK_QUEUE_HANDLE Lock;
    BOOLEAN Stopping;
    COPY *Copy;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Packet->streamData->flags & STREAM_ABORT) != 0) {
        CopyDiscard(Meta->flowHandle);
        return;
    }
    Copy = CopyMake(Packet->streamData);
    if (Copy == NULL) {
        Out->actionType = FWP_ACTION_NONE;
        Packet->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
        return;
    }
    Out->actionType = FWP_ACTION_BLOCK;
    Copy->FlowId = Meta->flowHandle;
    Copy->CalloutId = Filter->action.calloutId;
    Copy->LayerId = Values->layerId;
    KeAcquireInStackQueuedSpinLock(&Copies.Lock, &Lock);
    InsertTailList(&Copies.List, &Copy->Link);
    Stopping = Copies.Stopping;
    if (!Stopping)
        (VOID) KeInsertQueueDpc(&Copies.Dpc, NULL, NULL);
    KeReleaseInStackQueuedSpinLock(&Lock);
    if (Stopping)
        CopyFlush();
}
