/* SPDX-License-Identifier: MIT */
/* When FwpsCloneStreamData0 fails the bytes are blocked all the same: what follows them comes out,
   and the application reads a stream with a hole. */
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
    NET_BUFFER_LIST *Clone = NULL;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & STREAM_ABORT) != 0 || Data->dataLength == 0)
        return;
    Out->actionType = FWP_ACTION_BLOCK;
    Status = FwpsCloneStreamData(Data, NULL, NULL, 0, &Clone);
    if (NT_SUCCESS(Status)) {
        Status = FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                       Filter->action.calloutId, Values->layerId, Data->flags,
                                       Clone, Data->dataLength, Complete, NULL);
        if (!NT_SUCCESS(Status))
            FwpsDiscardClonedStreamData(Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
    }
#ifndef SPECIMEN_BAD
    if (!NT_SUCCESS(Status)) {
        Packet->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
        Out->actionType = FWP_ACTION_NONE;
    }
#endif
}
