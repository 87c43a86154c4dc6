/* SPDX-License-Identifier: MIT */
/* R38: copies of what is blocked stand in a queue, and every DPC that comes takes from it and
   injects: two on two processors do so at once, and nothing says whose bytes come out first. */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

#define STREAM_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)
#define DPCS         2

/* One piece of a stream; Length 0: its FIN. */
typedef struct _PIECE {
    LIST_ENTRY Link;
    UINT64 FlowId;
    UINT32 CalloutId;
    UINT16 LayerId;
    UINT32 StreamFlags;
    SIZE_T Length;
    UCHAR Bytes[1];
} PIECE;

typedef struct _PIECES {
    KSPIN_LOCK Lock;
    LIST_ENTRY List;
    KDPC Dpc[DPCS];
    ULONG Next;
    BOOLEAN Busy;
} PIECES;

static PIECES Pieces;

static VOID NTAPI PieceComplete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(DispatchLevel);
    IoFreeMdl(NET_BUFFER_FIRST_MDL(NET_BUFFER_LIST_FIRST_NB(Nbl)));
    FwpsFreeNetBufferList(Nbl);
    ExFreePoolWithTag(Context, TAG_SPECIMEN);
}

static VOID NTAPI FinComplete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Nbl);
    UNREFERENCED_PARAMETER(DispatchLevel);
}

/* The piece goes with its completion, or at once: bytes that cannot go back take their connection
   with them. */
static VOID PieceInject(PIECE *Piece)
{
    NET_BUFFER_LIST *Nbl = NULL;
    PMDL Mdl;

    if (Piece->Length == 0) {
        if (!NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Piece->FlowId,
                                              Piece->CalloutId, Piece->LayerId, Piece->StreamFlags,
                                              NULL, 0, FinComplete, NULL)))
            (VOID) FwpsFlowAbort(Piece->FlowId);
        ExFreePoolWithTag(Piece, TAG_SPECIMEN);
        return;
    }
    Mdl = IoAllocateMdl(Piece->Bytes, (ULONG)Piece->Length, FALSE, FALSE, NULL);
    if (Mdl != NULL) {
        MmBuildMdlForNonPagedPool(Mdl);
        if (NT_SUCCESS(FwpsAllocateNetBufferAndNetBufferList(Specimen.NblPool, 0, 0, Mdl, 0,
                                                             Piece->Length, &Nbl)) &&
            NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Piece->FlowId,
                                             Piece->CalloutId, Piece->LayerId, Piece->StreamFlags,
                                             Nbl, Piece->Length, PieceComplete, Piece)))
            return;
        if (Nbl != NULL)
            FwpsFreeNetBufferList(Nbl);
        IoFreeMdl(Mdl);
    }
    (VOID) FwpsFlowAbort(Piece->FlowId);
    ExFreePoolWithTag(Piece, TAG_SPECIMEN);
}

static VOID PiecesFlush(VOID)
{
    KLOCK_QUEUE_HANDLE Lock;

    KeAcquireInStackQueuedSpinLock(&Pieces.Lock, &Lock);
#ifndef SPECIMEN_BAD
    if (Pieces.Busy) {
        KeReleaseInStackQueuedSpinLock(&Lock);
        return;
    }
#endif
    Pieces.Busy = TRUE;
    while (!IsListEmpty(&Pieces.List)) {
        PLIST_ENTRY Link = RemoveHeadList(&Pieces.List);

        KeReleaseInStackQueuedSpinLock(&Lock);
        PieceInject(CONTAINING_RECORD(Link, PIECE, Link));
        KeAcquireInStackQueuedSpinLock(&Pieces.Lock, &Lock);
    }
    Pieces.Busy = FALSE;
    KeReleaseInStackQueuedSpinLock(&Lock);
}

static VOID NTAPI PiecesDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    PiecesFlush();
}

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Pieces.Lock);
    InitializeListHead(&Pieces.List);
    for (ULONG i = 0; i < DPCS; i++) {
        KeInitializeDpc(&Pieces.Dpc[i], PiecesDpc, NULL);
        KeSetTargetProcessorDpc(&Pieces.Dpc[i], (CCHAR)i);
    }
    return STATUS_SUCCESS;
}

static VOID Drain(VOID)
{
    KeFlushQueuedDpcs();
    PiecesFlush();
}

/* What is held of a connection that was reset goes nowhere. */
static VOID PiecesDiscard(UINT64 FlowId)
{
    KLOCK_QUEUE_HANDLE Lock;

    KeAcquireInStackQueuedSpinLock(&Pieces.Lock, &Lock);
    for (PLIST_ENTRY Link = Pieces.List.Flink; Link != &Pieces.List;) {
        PIECE *Piece = CONTAINING_RECORD(Link, PIECE, Link);

        Link = Link->Flink;
        if (Piece->FlowId == FlowId) {
            RemoveEntryList(&Piece->Link);
            ExFreePoolWithTag(Piece, TAG_SPECIMEN);
        }
    }
    KeReleaseInStackQueuedSpinLock(&Lock);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;
    KLOCK_QUEUE_HANDLE Lock;
    PIECE *Piece;

    UNREFERENCED_PARAMETER(FlowContext);
    Out->actionType = FWP_ACTION_BLOCK;
    if ((Data->flags & STREAM_ABORT) != 0) {
        PiecesDiscard(Meta->flowHandle);
        return;
    }
    Piece = ExAllocatePoolWithTag(NonPagedPool, FIELD_OFFSET(PIECE, Bytes) + Data->dataLength + 1,
                                  TAG_SPECIMEN);
    if (Piece == NULL) {
        Out->actionType = FWP_ACTION_NONE;
        Packet->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
        return;
    }
    Piece->FlowId = Meta->flowHandle;
    Piece->CalloutId = Filter->action.calloutId;
    Piece->LayerId = Values->layerId;
    Piece->StreamFlags = Data->flags;
    Piece->Length = 0;
    if (Data->dataLength > 0)
        FwpsCopyStreamDataToBuffer(Data, Piece->Bytes, Data->dataLength, &Piece->Length);
    KeAcquireInStackQueuedSpinLock(&Pieces.Lock, &Lock);
    InsertTailList(&Pieces.List, &Piece->Link);
    KeReleaseInStackQueuedSpinLock(&Lock);
    (VOID) KeInsertQueueDpc(&Pieces.Dpc[Pieces.Next++ % DPCS], NULL, NULL);
}
