/* SPDX-License-Identifier: MIT */
/* R42: each NBL of the clone goes out in an inject of its own, within one classify. On 6.1 the
   second call loses the rest of the offered chain (the report of 2011); elsewhere it only may. */
#define SPECIMEN_INJECT
#include "specimen.h"

#define STREAM_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)
#define STREAM_FIN   (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)

static VOID NTAPI Complete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(DispatchLevel);
    FwpsFreeCloneNetBufferList(Nbl, 0);
}

/* FALSE: the rest of the chain was discarded, and nothing may follow it. */
static BOOLEAN InjectChain(const FWPS_INCOMING_VALUES *Values,
                           const FWPS_INCOMING_METADATA_VALUES *Meta, const FWPS_FILTER *Filter,
                           UINT32 StreamFlags, NET_BUFFER_LIST *Chain, SIZE_T Length)
{
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                         Filter->action.calloutId, Values->layerId, StreamFlags,
                                         Chain, Length, Complete, NULL)))
        return TRUE;
    FwpsDiscardClonedStreamData(Chain, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
    return FALSE;
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_DATA *Data = Packet->streamData;
    NET_BUFFER_LIST *Clone;
    BOOLEAN Sent;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & STREAM_ABORT) != 0 ||
        !NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Clone)))
        return;
#ifdef SPECIMEN_BAD
    do {
        NET_BUFFER_LIST *Next = NET_BUFFER_LIST_NEXT_NBL(Clone);
        SIZE_T Length = 0;

        for (NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Clone); Nb != NULL;
             Nb = NET_BUFFER_NEXT_NB(Nb))
            Length += NET_BUFFER_DATA_LENGTH(Nb);
        NET_BUFFER_LIST_NEXT_NBL(Clone) = NULL;
        /* A FIN that came with the data goes with its last bytes. */
        Sent = InjectChain(Values, Meta, Filter,
                           Next == NULL ? Data->flags : Data->flags & ~(UINT32)STREAM_FIN, Clone,
                           Length);
        Clone = Next;
    } while (Sent && Clone != NULL);
    if (Clone != NULL)
        FwpsDiscardClonedStreamData(Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
#else
    Sent = InjectChain(Values, Meta, Filter, Data->flags, Clone, Data->dataLength);
#endif
    if (Sent) {
        Out->actionType = FWP_ACTION_BLOCK;
    } else {
        Out->actionType = FWP_ACTION_NONE;
        Packet->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
    }
}
