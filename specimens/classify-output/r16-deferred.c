/* SPDX-License-Identifier: MIT */
/* R16: received bytes are deferred until a verdict is there, and nobody continues the stream: its
   window closes, and the application waits for ever. */
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

/* One stream is deferred, once. */
typedef struct _DEFERRED {
    volatile LONG Taken;
    KDPC Dpc;
    UINT64 FlowId;
    UINT32 CalloutId;
    UINT16 LayerId;
    UINT32 StreamFlags;
} DEFERRED;

static DEFERRED Deferred;

static VOID NTAPI ContinueDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    /* A failure: the flow has died. */
    (VOID) FwpsStreamContinue(Deferred.FlowId, Deferred.CalloutId, Deferred.LayerId,
                              Deferred.StreamFlags);
}

static NTSTATUS Start(VOID)
{
    KeInitializeDpc(&Deferred.Dpc, ContinueDpc, NULL);
    return STATUS_SUCCESS;
}

static VOID Drain(VOID)
{
    KeFlushQueuedDpcs();
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & FWPS_STREAM_FLAG_RECEIVE) == 0 || Data->dataLength == 0 ||
        InterlockedExchange(&Deferred.Taken, 1) != 0)
        return;
    Deferred.FlowId = Meta->flowHandle;
    Deferred.CalloutId = Filter->action.calloutId;
    Deferred.LayerId = Values->layerId;
    Deferred.StreamFlags = Data->flags;
    Out->actionType = FWP_ACTION_NONE;
    Packet->streamAction = FWPS_STREAM_ACTION_DEFER;
#ifndef SPECIMEN_BAD
    (VOID) KeInsertQueueDpc(&Deferred.Dpc, NULL, NULL);
#endif
}
