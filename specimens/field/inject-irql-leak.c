/* SPDX-License-Identifier: MIT */
/* KB2664888: up to 7 SP1 FwpsStreamInjectAsync0 may return at a raised IRQL. Sent data is often
   classified at PASSIVE_LEVEL, and its sender goes on at DISPATCH_LEVEL. Mended: it is
   called at DISPATCH_LEVEL, and the driver lowers what it raised itself. */
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
    NET_BUFFER_LIST *Clone;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & STREAM_ABORT) != 0 ||
        !NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Clone)))
        return;
#ifndef SPECIMEN_BAD
    KIRQL Irql = KeRaiseIrqlToDpcLevel();
#endif
    Status = FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                   Filter->action.calloutId, Values->layerId, Data->flags, Clone,
                                   Data->dataLength, Complete, NULL);
#ifndef SPECIMEN_BAD
    KeLowerIrql(Irql);
#endif
    if (NT_SUCCESS(Status))
        Out->actionType = FWP_ACTION_BLOCK;
    else
        FwpsDiscardClonedStreamData(Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
}
