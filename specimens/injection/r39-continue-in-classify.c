/* SPDX-License-Identifier: MIT */
/* R39: a stream is deferred and continued by a DPC, as it should be; and continued once more from
   inside classifyFn when the bytes come again, "to be sure". */
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

/* One stream at a time is deferred. */
typedef struct _DEFERRED {
    KSPIN_LOCK Lock;
    KDPC Dpc;
    BOOLEAN Stopping; /* no stream is deferred any more */
    UINT64 FlowId;    /* 0: none */
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
    if (!NT_SUCCESS(FwpsStreamContinue(Deferred.FlowId, Deferred.CalloutId, Deferred.LayerId,
                                       Deferred.StreamFlags)))
        Deferred.FlowId = 0;
}

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Deferred.Lock);
    KeInitializeDpc(&Deferred.Dpc, ContinueDpc, NULL);
    return STATUS_SUCCESS;
}

static VOID Drain(VOID)
{
    KLOCK_QUEUE_HANDLE Lock;

    KeAcquireInStackQueuedSpinLock(&Deferred.Lock, &Lock);
    Deferred.Stopping = TRUE;
    KeReleaseInStackQueuedSpinLock(&Lock);
    KeFlushQueuedDpcs();
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;
    KLOCK_QUEUE_HANDLE Lock;
    UINT64 Before;
    BOOLEAN Defers;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & FWPS_STREAM_FLAG_RECEIVE) == 0 || Data->dataLength == 0)
        return;
    KeAcquireInStackQueuedSpinLock(&Deferred.Lock, &Lock);
    Before = Deferred.FlowId;
    Defers = Before == 0 && !Deferred.Stopping;
    if (Defers)
        Deferred.FlowId = Meta->flowHandle;
    else if (Before == Meta->flowHandle)
        Deferred.FlowId = 0;
    KeReleaseInStackQueuedSpinLock(&Lock);
    if (Defers) {
        Deferred.CalloutId = Filter->action.calloutId;
        Deferred.LayerId = Values->layerId;
        Deferred.StreamFlags = Data->flags;
        Out->actionType = FWP_ACTION_NONE;
        Packet->streamAction = FWPS_STREAM_ACTION_DEFER;
        (VOID) KeInsertQueueDpc(&Deferred.Dpc, NULL, NULL);
    }
#ifdef SPECIMEN_BAD
    else if (Before == Meta->flowHandle)
        (VOID) FwpsStreamContinue(Meta->flowHandle, Filter->action.calloutId, Values->layerId,
                                  Data->flags);
#endif
}
