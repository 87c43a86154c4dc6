/* SPDX-License-Identifier: MIT */
/* R43: when an injection has completed, its bytes are injected once more "to keep the stream warm":
   each completion brings the next, for ever. */
#define SPECIMEN_INJECT
#include "specimen.h"

#define STREAM_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)
#define WARM_SIZE    4096

/* One stream is kept warm. */
typedef struct _WARM {
    volatile LONG Taken;
    UINT64 FlowId;
    UINT32 CalloutId;
    UINT16 LayerId;
    UINT32 StreamFlags;
    UCHAR Bytes[WARM_SIZE];
} WARM;

static WARM Warm;

static VOID NTAPI WarmComplete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel);

static VOID WarmInject(VOID)
{
    PMDL Mdl = IoAllocateMdl(Warm.Bytes, WARM_SIZE, FALSE, FALSE, NULL);
    NET_BUFFER_LIST *Nbl;

    if (Mdl == NULL)
        return;
    MmBuildMdlForNonPagedPool(Mdl);
    if (!NT_SUCCESS(FwpsAllocateNetBufferAndNetBufferList(Specimen.NblPool, 0, 0, Mdl, 0, WARM_SIZE,
                                                          &Nbl))) {
        IoFreeMdl(Mdl);
        return;
    }
    if (!NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Warm.FlowId, Warm.CalloutId,
                                          Warm.LayerId, Warm.StreamFlags, Nbl, WARM_SIZE,
                                          WarmComplete, NULL))) {
        FwpsFreeNetBufferList(Nbl);
        IoFreeMdl(Mdl);
    }
}

static VOID NTAPI WarmComplete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(DispatchLevel);
    IoFreeMdl(NET_BUFFER_FIRST_MDL(NET_BUFFER_LIST_FIRST_NB(Nbl)));
    FwpsFreeNetBufferList(Nbl);
#ifdef SPECIMEN_BAD
    WarmInject();
#endif
}

static VOID NTAPI Complete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(DispatchLevel);
    FwpsFreeCloneNetBufferList(Nbl, 0);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_DATA *Data = Packet->streamData;
    NET_BUFFER_LIST *Clone;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & STREAM_ABORT) != 0 ||
        !NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Clone)))
        return;
    if (!NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                          Filter->action.calloutId, Values->layerId, Data->flags,
                                          Clone, Data->dataLength, Complete, NULL))) {
        FwpsDiscardClonedStreamData(Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
        return;
    }
    Out->actionType = FWP_ACTION_BLOCK;
    if (Data->dataLength == 0 || (Data->flags & FWPS_STREAM_FLAG_RECEIVE) == 0 ||
        NET_BUFFER_LIST_NEXT_NBL(Data->netBufferListChain) != NULL ||
        InterlockedExchange(&Warm.Taken, 1) != 0)
        return;
    Warm.FlowId = Meta->flowHandle;
    Warm.CalloutId = Filter->action.calloutId;
    Warm.LayerId = Values->layerId;
    Warm.StreamFlags = Data->flags;
    WarmInject();
}
