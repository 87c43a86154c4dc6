/* SPDX-License-Identifier: MIT */
/* R56: received data is deferred for a while, and the driver is unloaded meanwhile: its filters go
   although it could have continued the stream at once. */
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

#define WHILE_50_MS (-50 * 1000 * 10)

/* One stream is deferred, once. */
typedef struct _DEFERRED {
    KSPIN_LOCK Lock;
    BOOLEAN Taken; /* or the driver goes: no stream is deferred any more */
    BOOLEAN Waits;
    KTIMER Timer;
    KDPC Dpc;
    UINT64 FlowId;
    UINT32 CalloutId;
    UINT16 LayerId;
    UINT32 StreamFlags;
} DEFERRED;

static DEFERRED Deferred;

static VOID NTAPI ContinueDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    KLOCK_QUEUE_HANDLE Lock;
    BOOLEAN Waits;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireInStackQueuedSpinLock(&Deferred.Lock, &Lock);
    Waits = Deferred.Waits;
    Deferred.Waits = FALSE;
    KeReleaseInStackQueuedSpinLock(&Lock);
    /* A failure: the flow has died. */
    if (Waits)
        (VOID) FwpsStreamContinue(Deferred.FlowId, Deferred.CalloutId, Deferred.LayerId,
                                  Deferred.StreamFlags);
}

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Deferred.Lock);
    KeInitializeTimer(&Deferred.Timer);
    KeInitializeDpc(&Deferred.Dpc, ContinueDpc, NULL);
    return STATUS_SUCCESS;
}

static VOID Drain(VOID)
{
    KLOCK_QUEUE_HANDLE Lock;

    KeAcquireInStackQueuedSpinLock(&Deferred.Lock, &Lock);
    Deferred.Taken = TRUE;
    KeReleaseInStackQueuedSpinLock(&Lock);
    (VOID) KeCancelTimer(&Deferred.Timer);
    KeFlushQueuedDpcs();
#ifndef SPECIMEN_BAD
    ContinueDpc(&Deferred.Dpc, NULL, NULL, NULL);
#endif
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;
    LARGE_INTEGER Due = {.QuadPart = WHILE_50_MS};
    KLOCK_QUEUE_HANDLE Lock;
    BOOLEAN Takes;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & FWPS_STREAM_FLAG_RECEIVE) == 0 || Data->dataLength == 0)
        return;
    KeAcquireInStackQueuedSpinLock(&Deferred.Lock, &Lock);
    Takes = !Deferred.Taken;
    if (Takes) {
        Deferred.Taken = Deferred.Waits = TRUE;
        Deferred.FlowId = Meta->flowHandle;
        Deferred.CalloutId = Filter->action.calloutId;
        Deferred.LayerId = Values->layerId;
        Deferred.StreamFlags = Data->flags;
    }
    KeReleaseInStackQueuedSpinLock(&Lock);
    if (!Takes)
        return;
    Out->actionType = FWP_ACTION_NONE;
    Packet->streamAction = FWPS_STREAM_ACTION_DEFER;
    (VOID) KeSetTimer(&Deferred.Timer, Due, &Deferred.Dpc);
}
