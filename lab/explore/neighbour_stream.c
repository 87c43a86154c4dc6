/* SPDX-License-Identifier: MIT */
/* What neighbours do with a stream. */
#include "explore/neighbour_driver.h"

#define FLAGS_FIN    (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)
#define FLAGS_ABORT  (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)
#define FLAGS_SIDE   (FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_SEND)
#define HOLD_TIME    (30 * 1000 * 10)         /* 30 ms */
#define LATE_TIME    (5ll * 1000 * 1000 * 10) /* 5 s: no longer than that */
#define GATHER_BYTES 200

NEIGHBOUR_CODE static VOID NeighbourAnswer(FWPS_CLASSIFY_OUT0 *Out,
                                           FWPS_STREAM_CALLOUT_IO_PACKET0 *Packet,
                                           FWP_ACTION_TYPE Action, SIZE_T Bytes)
{
    Out->actionType = Action;
    Packet->streamAction = FWPS_STREAM_ACTION_NONE;
    Packet->countBytesRequired = 0;
    Packet->countBytesEnforced = Bytes;
}

NEIGHBOUR_CODE static VOID NeighbourAsk(FWPS_CLASSIFY_OUT0 *Out,
                                        FWPS_STREAM_CALLOUT_IO_PACKET0 *Packet,
                                        FWPS_STREAM_ACTION_TYPE Action, SIZE_T Required)
{
    Out->actionType = FWP_ACTION_NONE;
    Packet->streamAction = Action;
    Packet->countBytesRequired = Required;
    Packet->countBytesEnforced = 0;
}

NEIGHBOUR_CODE static VOID NTAPI NeighbourComplete(VOID *Context, NET_BUFFER_LIST *Nbl,
                                                   BOOLEAN DispatchLevel)
{
    FwpsFreeCloneNetBufferList0(Nbl, 0);
}

NEIGHBOUR_CODE static NTSTATUS NeighbourInject(NEIGHBOUR_DRIVER *Driver, NEIGHBOUR_ITEM *Item)
{
    return FwpsStreamInjectAsync0(Driver->Injection, NULL, 0, Item->FlowId, Item->CalloutId,
                                  Item->LayerId, Item->StreamFlags, Item->Clone, Item->Length,
                                  NeighbourComplete, NULL);
}

/* ---- at once ---- */

NEIGHBOUR_CODE static VOID NeighbourClassifyInline(NEIGHBOUR_DRIVER *Driver, NEIGHBOUR_ITEM *Item,
                                                   FWPS_STREAM_CALLOUT_IO_PACKET0 *Packet,
                                                   FWPS_CLASSIFY_OUT0 *Out)
{
    if (Item->Length == 0) { /* a FIN: what came before it is already on its way */
        NeighbourAnswer(Out, Packet, FWP_ACTION_PERMIT, 0);
        return;
    }
    if (!NT_SUCCESS(FwpsCloneStreamData0(Packet->streamData, NULL, NULL, 0, &Item->Clone))) {
        NeighbourAnswer(Out, Packet, FWP_ACTION_PERMIT, 0);
        return;
    }
    if ((Driver->Way == NeighbourDropClones && ++Driver->Clones % 5 == 0) ||
        !NT_SUCCESS(NeighbourInject(Driver, Item)))
        FwpsDiscardClonedStreamData0(Item->Clone, 0, FALSE);
    NeighbourAnswer(Out, Packet, FWP_ACTION_BLOCK, Item->Length);
}

/* ---- by a thread ---- */

/* The first that is due. Within a direction of a flow none is due before those in front of it. */
NEIGHBOUR_CODE static NEIGHBOUR_ITEM *NeighbourTake(NEIGHBOUR_DRIVER *Driver, LONGLONG *Next)
{
    const LONGLONG Now = (LONGLONG)KeQueryInterruptTime();
    NEIGHBOUR_ITEM *Found = NULL;
    KLOCK_QUEUE_HANDLE Handle;

    *Next = MAXLONGLONG;
    KeAcquireInStackQueuedSpinLock(&Driver->Lock, &Handle);
    for (LIST_ENTRY *Link = Driver->Items.Flink; Link != &Driver->Items; Link = Link->Flink) {
        NEIGHBOUR_ITEM *Item = CONTAINING_RECORD(Link, NEIGHBOUR_ITEM, Link);
        if (Driver->Stopping || Item->Due <= Now) {
            RemoveEntryList(Link);
            Found = Item;
            break;
        }
        if (Item->Due < *Next)
            *Next = Item->Due;
    }
    KeReleaseInStackQueuedSpinLock(&Handle);
    return Found;
}

NEIGHBOUR_CODE VOID NTAPI NeighbourThread(PVOID Context)
{
    NEIGHBOUR_DRIVER *Driver = Context;
    NEIGHBOUR_ITEM *Item;
    LONGLONG Next;

    for (;;) {
        while ((Item = NeighbourTake(Driver, &Next)) != NULL) {
            if (!NT_SUCCESS(NeighbourInject(Driver, Item)) && Item->Clone != NULL)
                FwpsDiscardClonedStreamData0(Item->Clone, 0, FALSE);
            ExFreePoolWithTag(Item, NEIGHBOUR_TAG);
        }
        if (Driver->Stopping)
            break;
        LARGE_INTEGER Until = {.QuadPart = (LONGLONG)KeQueryInterruptTime() - Next};
        if (Until.QuadPart >= 0)
            Until.QuadPart = -1;
        (VOID) KeWaitForSingleObject(&Driver->Wake, Executive, KernelMode, FALSE,
                                     Next == MAXLONGLONG ? NULL : &Until);
    }
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

NEIGHBOUR_CODE static VOID NeighbourQueue(NEIGHBOUR_DRIVER *Driver, NEIGHBOUR_ITEM *Item,
                                          BOOLEAN Last)
{
    const LONGLONG Now = (LONGLONG)KeQueryInterruptTime();
    KLOCK_QUEUE_HANDLE Handle;

    Item->Due = Now;
    if (Driver->Way == NeighbourHold)
        Item->Due += HOLD_TIME;
    else if (Driver->Way == NeighbourLate && !Last)
        Item->Due += LATE_TIME;
    KeAcquireInStackQueuedSpinLock(&Driver->Lock, &Handle);
    InsertTailList(&Driver->Items, &Item->Link);
    for (LIST_ENTRY *Link = Driver->Items.Flink; Last && Link != &Item->Link; Link = Link->Flink) {
        NEIGHBOUR_ITEM *Before = CONTAINING_RECORD(Link, NEIGHBOUR_ITEM, Link);
        if (Before->FlowId == Item->FlowId &&
            (Before->StreamFlags & FLAGS_SIDE) == (Item->StreamFlags & FLAGS_SIDE) &&
            Before->Due > Item->Due)
            Before->Due = Item->Due;
    }
    KeReleaseInStackQueuedSpinLock(&Handle);
    (VOID) KeSetEvent(&Driver->Wake, IO_NO_INCREMENT, FALSE);
}

NEIGHBOUR_CODE static VOID NeighbourClassifyOutside(NEIGHBOUR_DRIVER *Driver,
                                                    const NEIGHBOUR_ITEM *Shown,
                                                    FWPS_STREAM_CALLOUT_IO_PACKET0 *Packet,
                                                    FWPS_CLASSIFY_OUT0 *Out)
{
    NEIGHBOUR_ITEM *Item = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Item), NEIGHBOUR_TAG);

    if (Item != NULL) {
        *Item = *Shown;
        if (Item->Length != 0 &&
            !NT_SUCCESS(FwpsCloneStreamData0(Packet->streamData, NULL, NULL, 0, &Item->Clone))) {
            ExFreePoolWithTag(Item, NEIGHBOUR_TAG);
            Item = NULL;
        }
    }
    if (Item == NULL) { /* what is queued must not be overtaken */
        NeighbourAsk(Out, Packet, FWPS_STREAM_ACTION_DROP_CONNECTION, 0);
        return;
    }
    /* A direction's end lets go of what waits for it. */
    NeighbourQueue(Driver, Item, Driver->Way != NeighbourHold && (Item->StreamFlags & FLAGS_FIN));
    NeighbourAnswer(Out, Packet, FWP_ACTION_BLOCK, Packet->streamData->dataLength);
}

/* ---- answers ---- */

NEIGHBOUR_CODE static VOID NeighbourClassifyRude(NEIGHBOUR_DRIVER *Driver,
                                                 FWPS_STREAM_CALLOUT_IO_PACKET0 *Packet,
                                                 FWPS_CLASSIFY_OUT0 *Out)
{
    switch (Driver->Answers++ % 4) {
    case 0:
        break; /* none at all */
    case 1:
        NeighbourAnswer(Out, Packet, FWP_ACTION_PERMIT, Packet->streamData->dataLength + 1000);
        break;
    case 2:
        NeighbourAnswer(Out, Packet, FWP_ACTION_PERMIT, 0);
        Packet->countBytesRequired = 17;
        break;
    default:
        NeighbourAnswer(Out, Packet, FWP_ACTION_CONTINUE, 0);
        break;
    }
}

NEIGHBOUR_CODE static VOID NeighbourClassifyGather(FWPS_STREAM_CALLOUT_IO_PACKET0 *Packet,
                                                   FWPS_CLASSIFY_OUT0 *Out)
{
    const FWPS_STREAM_DATA0 *Data = Packet->streamData;

    if (Data->dataLength != 0 && Data->dataLength < GATHER_BYTES &&
        (Data->flags & FLAGS_FIN) == 0 &&
        (Out->flags &
         (FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA | FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED)) == 0)
        NeighbourAsk(Out, Packet, FWPS_STREAM_ACTION_NEED_MORE_DATA,
                     GATHER_BYTES - Data->dataLength);
    else
        NeighbourAnswer(Out, Packet, FWP_ACTION_PERMIT, 0);
}

NEIGHBOUR_CODE VOID NTAPI NeighbourClassify(const FWPS_INCOMING_VALUES0 *Values,
                                            const FWPS_INCOMING_METADATA_VALUES0 *Meta,
                                            VOID *LayerData, const FWPS_FILTER0 *Filter,
                                            UINT64 FlowContext, FWPS_CLASSIFY_OUT0 *Out)
{
    FWPS_STREAM_CALLOUT_IO_PACKET0 *Packet = LayerData;
    NEIGHBOUR_DRIVER *Driver = (NEIGHBOUR_DRIVER *)(ULONG_PTR)Filter->context;
    NEIGHBOUR_ITEM Item = {.FlowId = Meta->flowHandle,
                           .CalloutId = Filter->action.calloutId,
                           .LayerId = Values->layerId,
                           .StreamFlags = Packet->streamData->flags,
                           .Length = Packet->streamData->dataLength};

    if ((Item.StreamFlags & FLAGS_ABORT) != 0) {
        NeighbourAnswer(Out, Packet, FWP_ACTION_PERMIT, 0);
        return;
    }
    switch (Driver->Way) {
    case NeighbourBlock:
        NeighbourAnswer(Out, Packet, Item.FlowId % 3 == 0 ? FWP_ACTION_BLOCK : FWP_ACTION_PERMIT,
                        0);
        break;
    case NeighbourInspect:
        NeighbourAnswer(Out, Packet, FWP_ACTION_CONTINUE, 0);
        break;
    case NeighbourGather:
        NeighbourClassifyGather(Packet, Out);
        break;
    case NeighbourReinject:
    case NeighbourDropClones:
        NeighbourClassifyInline(Driver, &Item, Packet, Out);
        break;
    case NeighbourWorker:
    case NeighbourHold:
    case NeighbourLate:
        NeighbourClassifyOutside(Driver, &Item, Packet, Out);
        break;
    case NeighbourSwallowFin:
        NeighbourAnswer(Out, Packet,
                        Item.Length == 0 && (Item.StreamFlags & FLAGS_FIN) != 0 ? FWP_ACTION_BLOCK
                                                                                : FWP_ACTION_PERMIT,
                        0);
        break;
    case NeighbourRude:
        NeighbourClassifyRude(Driver, Packet, Out);
        break;
    default:
        NeighbourAnswer(Out, Packet, FWP_ACTION_PERMIT, 0);
        break;
    }
}
