/* SPDX-License-Identifier: MIT */
/* R24: the workaround of the 2011 report: links that an inject cut are written back. It cures
   nothing here, where each classify injects once. */
#define SPECIMEN_INJECT
#include "specimen.h"

#define LINKS 32

static VOID NTAPI Completed(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    FwpsDiscardClonedStreamData(Nbl, 0, DispatchLevel);
}

/* Blocks what is on offer and injects a clone of it. */
static VOID Replace(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                    FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                    FWPS_CLASSIFY_OUT *Out)
{
    NET_BUFFER_LIST *Clone;

    if (!NT_SUCCESS(FwpsCloneStreamData(Packet->streamData, NULL, NULL, 0, &Clone)))
        return;
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                         Filter->action.calloutId, Values->layerId,
                                         Packet->streamData->flags, Clone,
                                         Packet->streamData->dataLength, Completed, NULL)))
        Out->actionType = FWP_ACTION_BLOCK;
    else
        FwpsDiscardClonedStreamData(Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    NET_BUFFER_LIST *Links[LINKS];
    ULONG Count = 0;

    UNREFERENCED_PARAMETER(FlowContext);
    if (Packet->streamData->dataLength == 0)
        return;
    for (NET_BUFFER_LIST *Nbl = Packet->streamData->netBufferListChain;
         Nbl != NULL && Count < LINKS; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl))
        Links[Count++] = Nbl;
    Replace(Values, Meta, Packet, Filter, Out);
#ifdef SPECIMEN_BAD
    for (ULONG i = 0; i + 1 < Count; i++)
        NET_BUFFER_LIST_NEXT_NBL(Links[i]) = Links[i + 1];
#endif
}
