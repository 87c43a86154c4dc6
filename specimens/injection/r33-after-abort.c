/* SPDX-License-Identifier: MIT */
/* R33: an injection into a connection whose end was indicated with SEND_ABORT. Everything is
   cloned, blocked and injected, and nobody looks at what kind of indication it is. */
#define SPECIMEN_INJECT
#include "specimen.h"

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
#ifndef SPECIMEN_BAD
    if ((Data->flags & (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)) != 0)
        return;
#endif
    if (!NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Clone)))
        return;
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                         Filter->action.calloutId, Values->layerId, Data->flags,
                                         Clone, Data->dataLength, Complete, NULL)))
        Out->actionType = FWP_ACTION_BLOCK;
    else
        FwpsDiscardClonedStreamData(Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
}
