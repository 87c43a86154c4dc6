/* SPDX-License-Identifier: MIT */
/* Out of band by the book, for specimens that clone, block and inject later: what is held of all
   flows stands in one queue, in order, and a DPC injects it from there. A specimen defines
   SPECIMEN_INJECT, SPECIMEN_START and SPECIMEN_DRAIN, includes specimen.h and this file, and calls
   HeldStart() and HeldDrain() from Start() and Drain().

     HELD_DELAY  relative time in 100 ns (negative) that bytes are held; 0 (as if not defined): the
                 DPC runs as soon as the classify has returned
     HELD_NEXT   which of the held goes out next: RemoveHeadList */
#pragma once

#include "specimen.h"

#ifndef HELD_DELAY
#define HELD_DELAY 0
#endif
#ifndef HELD_NEXT
#define HELD_NEXT RemoveHeadList
#endif

#define STREAM_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)

typedef struct _HELD {
    LIST_ENTRY Link;
    UINT64 FlowId;
    UINT32 CalloutId;
    UINT16 LayerId;
    UINT32 StreamFlags;
    NET_BUFFER_LIST *Clone;
    SIZE_T Length;
} HELD;

typedef struct _HELD_QUEUE {
    KSPIN_LOCK Lock;
    LIST_ENTRY List;
    KTIMER Timer;
    KDPC Dpc;
    BOOLEAN Busy;     /* one at a time, or the order is open */
    BOOLEAN Stopping; /* nothing is held any more: what comes goes out at once */
} HELD_QUEUE;

static HELD_QUEUE Held;

static VOID NTAPI HeldComplete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(DispatchLevel);
    FwpsFreeCloneNetBufferList(Nbl, 0);
}

/* Bytes that cannot go back take their connection with them: those behind must not pass them. */
static VOID HeldInject(HELD *Item)
{
    if (!NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Item->FlowId,
                                          Item->CalloutId, Item->LayerId, Item->StreamFlags,
                                          Item->Clone, Item->Length, HeldComplete, NULL))) {
        FwpsDiscardClonedStreamData(Item->Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
        (VOID) FwpsFlowAbort(Item->FlowId);
    }
    ExFreePoolWithTag(Item, TAG_SPECIMEN);
}

static VOID HeldFlush(VOID)
{
    KLOCK_QUEUE_HANDLE Lock;

    KeAcquireInStackQueuedSpinLock(&Held.Lock, &Lock);
    if (!Held.Busy) {
        Held.Busy = TRUE;
        while (!IsListEmpty(&Held.List)) {
            PLIST_ENTRY Link = HELD_NEXT(&Held.List);

            KeReleaseInStackQueuedSpinLock(&Lock);
            HeldInject(CONTAINING_RECORD(Link, HELD, Link));
            KeAcquireInStackQueuedSpinLock(&Held.Lock, &Lock);
        }
        Held.Busy = FALSE;
    }
    KeReleaseInStackQueuedSpinLock(&Lock);
}

static VOID NTAPI HeldDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    HeldFlush();
}

static VOID HeldStart(VOID)
{
    KeInitializeSpinLock(&Held.Lock);
    InitializeListHead(&Held.List);
    KeInitializeTimer(&Held.Timer);
    KeInitializeDpc(&Held.Dpc, HeldDpc, NULL);
}

/* All that is held goes out; nothing is queued any more. */
static VOID HeldDrain(VOID)
{
    KLOCK_QUEUE_HANDLE Lock;

    KeAcquireInStackQueuedSpinLock(&Held.Lock, &Lock);
    Held.Stopping = TRUE;
    KeReleaseInStackQueuedSpinLock(&Lock);
    (VOID) KeCancelTimer(&Held.Timer);
    KeFlushQueuedDpcs();
    HeldFlush();
}

/* TRUE: nothing is held, and nothing on its way out. */
static inline BOOLEAN HeldIsEmpty(VOID)
{
    KLOCK_QUEUE_HANDLE Lock;
    BOOLEAN Empty;

    KeAcquireInStackQueuedSpinLock(&Held.Lock, &Lock);
    Empty = IsListEmpty(&Held.List) && !Held.Busy;
    KeReleaseInStackQueuedSpinLock(&Lock);
    return Empty;
}

/* The connection was reset: nothing may be injected into it any more. */
static VOID HeldDiscard(UINT64 FlowId)
{
    LIST_ENTRY Gone;
    KLOCK_QUEUE_HANDLE Lock;

    InitializeListHead(&Gone);
    KeAcquireInStackQueuedSpinLock(&Held.Lock, &Lock);
    for (PLIST_ENTRY Link = Held.List.Flink; Link != &Held.List;) {
        PLIST_ENTRY Next = Link->Flink;

        if (CONTAINING_RECORD(Link, HELD, Link)->FlowId == FlowId) {
            RemoveEntryList(Link);
            InsertTailList(&Gone, Link);
        }
        Link = Next;
    }
    KeReleaseInStackQueuedSpinLock(&Lock);
    while (!IsListEmpty(&Gone)) {
        HELD *Item = CONTAINING_RECORD(RemoveHeadList(&Gone), HELD, Link);

        FwpsDiscardClonedStreamData(Item->Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
        ExFreePoolWithTag(Item, TAG_SPECIMEN);
    }
}

/* Takes what is offered out of the stream, to come again later. When memory is short the connection
   is dropped: bytes behind these must not pass them. */
static VOID HeldTake(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_DATA *Data = Packet->streamData;
    LARGE_INTEGER Delay;
    KLOCK_QUEUE_HANDLE Lock;
    BOOLEAN Stopping;
    HELD *Item;

    Out->actionType = FWP_ACTION_BLOCK;
    if ((Data->flags & STREAM_ABORT) != 0) {
        HeldDiscard(Meta->flowHandle);
        return;
    }
    Item = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Item), TAG_SPECIMEN);
    if (Item == NULL || !NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Item->Clone))) {
        if (Item != NULL)
            ExFreePoolWithTag(Item, TAG_SPECIMEN);
        Out->actionType = FWP_ACTION_NONE;
        Packet->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
        return;
    }
    Item->FlowId = Meta->flowHandle;
    Item->CalloutId = Filter->action.calloutId;
    Item->LayerId = Values->layerId;
    Item->StreamFlags = Data->flags;
    Item->Length = Data->dataLength;
    KeAcquireInStackQueuedSpinLock(&Held.Lock, &Lock);
    InsertTailList(&Held.List, &Item->Link);
    Stopping = Held.Stopping;
    Delay.QuadPart = HELD_DELAY;
    /* Under the lock: HeldDrain() flushes DPCs when none can come any more. */
    if (Delay.QuadPart != 0 && !Stopping)
        (VOID) KeSetTimer(&Held.Timer, Delay, &Held.Dpc);
    else if (!Stopping)
        (VOID) KeInsertQueueDpc(&Held.Dpc, NULL, NULL);
    KeReleaseInStackQueuedSpinLock(&Lock);
    if (Stopping)
        HeldFlush();
}
