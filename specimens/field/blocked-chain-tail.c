/* SPDX-License-Identifier: MIT */
/* KB979223: on Vista and 7 a blocked chain of several NBLs loses its last one. Whoever clones,
   blocks and injects everything "to be ready to change it" leaks with every such chain. Mended:
   what is not changed is only looked at. */
#define SPECIMEN_INJECT
#include "specimen.h"

static volatile LONG64 BytesSeen;

#ifdef SPECIMEN_BAD
static VOID NTAPI Complete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(DispatchLevel);
    FwpsFreeCloneNetBufferList(Nbl, 0);
}
#endif

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_DATA *Data = Packet->streamData;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & FWPS_STREAM_FLAG_RECEIVE) == 0 || Data->dataLength == 0)
        return;
    (VOID) InterlockedAdd64(&BytesSeen, (LONG64)Data->dataLength);
#ifdef SPECIMEN_BAD
    NET_BUFFER_LIST *Clone;

    if (!NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Clone)))
        return;
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                         Filter->action.calloutId, Values->layerId, Data->flags,
                                         Clone, Data->dataLength, Complete, NULL)))
        Out->actionType = FWP_ACTION_BLOCK;
    else
        FwpsDiscardClonedStreamData(Clone, 0, KeGetCurrentIrql() == DISPATCH_LEVEL);
#else
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(Out);
#endif
}
