/* SPDX-License-Identifier: MIT */
/* R44: the indicated chain itself is handed to the injection, "to send it on"; it belongs to TCP.
 */
#define SPECIMEN_INJECT
#include "specimen.h"

#define STREAM_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)

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
    NET_BUFFER_LIST *Chain;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & STREAM_ABORT) != 0)
        return;
#ifdef SPECIMEN_BAD
    Chain = Data->netBufferListChain;
#else
    if (!NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Chain)))
        return;
#endif
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                         Filter->action.calloutId, Values->layerId, Data->flags,
                                         Chain, Data->dataLength, Complete, NULL)))
        Out->actionType = FWP_ACTION_BLOCK;
#ifndef SPECIMEN_BAD
    else
        FwpsDiscardClonedStreamData(Chain, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
#endif
}
