/* SPDX-License-Identifier: MIT */
/* R41: bytes are blocked and injected as a clone, with the direction as the only flag: PUSH and
   NODELAY are gone, and the application gets its bytes late. */
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
    UINT32 Flags = Data->flags;
    NET_BUFFER_LIST *Clone;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Flags & STREAM_ABORT) != 0 || Data->dataLength == 0 ||
        !NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Clone)))
        return;
#ifdef SPECIMEN_BAD
    Flags &= FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_SEND;
#endif
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                         Filter->action.calloutId, Values->layerId, Flags, Clone,
                                         Data->dataLength, Complete, NULL)))
        Out->actionType = FWP_ACTION_BLOCK;
    else
        FwpsDiscardClonedStreamData(Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
}
