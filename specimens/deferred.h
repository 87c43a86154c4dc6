/* SPDX-License-Identifier: MIT */
/* A driver that defers received data, one stream at a time, and continues it from a DPC. The
   specimen writes Classify(). */
#pragma once

#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

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

/* What an offer is to the driver. */
typedef enum _DEFER {
    DeferNot,   /* it passes */
    DeferBegun, /* DEFER was answered: the caller sees to it that the stream is continued */
    DeferAgain  /* the deferred bytes have come again, and pass */
} DEFER;

static DEFER DeferOffer(const FWPS_INCOMING_VALUES *Values,
                        const FWPS_INCOMING_METADATA_VALUES *Meta,
                        FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                        FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;
    KLOCK_QUEUE_HANDLE Lock;
    DEFER Defer = DeferNot;

    if ((Data->flags & FWPS_STREAM_FLAG_RECEIVE) == 0 || Data->dataLength == 0)
        return DeferNot;
    KeAcquireInStackQueuedSpinLock(&Deferred.Lock, &Lock);
    if (Deferred.FlowId == Meta->flowHandle) {
        Deferred.FlowId = 0;
        Defer = DeferAgain;
    } else if (Deferred.FlowId == 0 && !Deferred.Stopping) {
        Deferred.FlowId = Meta->flowHandle;
        Defer = DeferBegun;
    }
    KeReleaseInStackQueuedSpinLock(&Lock);
    if (Defer != DeferBegun)
        return Defer;
    Deferred.CalloutId = Filter->action.calloutId;
    Deferred.LayerId = Values->layerId;
    Deferred.StreamFlags = Data->flags;
    Out->actionType = FWP_ACTION_NONE;
    Packet->streamAction = FWPS_STREAM_ACTION_DEFER;
    return DeferBegun;
}
