/* SPDX-License-Identifier: MIT */
/* When FwpsCloneStreamData0 fails the item that was to hold the clone is freed by the function that
   made it, and again by its caller. Nobody sees it until memory is short. */
#define SPECIMEN_INJECT
#include "specimen.h"

#define STREAM_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)

typedef struct _ITEM {
    NET_BUFFER_LIST *Clone;
    SIZE_T Length;
} ITEM;

static VOID NTAPI Complete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(DispatchLevel);
    FwpsFreeCloneNetBufferList(Nbl, 0);
}

static NTSTATUS ItemFill(ITEM *Item, FWPS_STREAM_DATA *Data)
{
    NTSTATUS Status = FwpsCloneStreamData(Data, NULL, NULL, 0, &Item->Clone);

    Item->Length = Data->dataLength;
#ifdef SPECIMEN_BAD
    if (!NT_SUCCESS(Status))
        ExFreePoolWithTag(Item, TAG_SPECIMEN);
#endif
    return Status;
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_DATA *Data = Packet->streamData;
    ITEM *Item;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & STREAM_ABORT) != 0)
        return;
    Item = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Item), TAG_SPECIMEN);
    if (Item == NULL)
        return;
    if (NT_SUCCESS(ItemFill(Item, Data))) {
        if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                             Filter->action.calloutId, Values->layerId, Data->flags,
                                             Item->Clone, Item->Length, Complete, NULL)))
            Out->actionType = FWP_ACTION_BLOCK;
        else
            FwpsDiscardClonedStreamData(Item->Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
    }
    ExFreePoolWithTag(Item, TAG_SPECIMEN);
}
