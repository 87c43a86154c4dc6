/* SPDX-License-Identifier: MIT */
/* R09: sent data is deferred, which only received data can be. A timer continues the stream. */
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

#define RESUME_10_MS (-10 * 1000 * 10)
#define PART         1024
#ifdef SPECIMEN_BAD
#define DEFERRED FWPS_STREAM_FLAG_SEND
#else
#define DEFERRED FWPS_STREAM_FLAG_RECEIVE
#endif

static KTIMER Timer;
static KDPC Dpc;
static volatile LONG Asked, Stopping; /* one stream is deferred, once */
static UINT64 FlowId;
static UINT32 CalloutId, StreamFlags;
static UINT16 LayerId;

static VOID Arm(VOID)
{
    LARGE_INTEGER Due;

    Due.QuadPart = RESUME_10_MS;
    (VOID) KeSetTimer(&Timer, Due, &Dpc);
}

static VOID NTAPI Resume(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Status = FwpsStreamContinue(FlowId, CalloutId, LayerId, StreamFlags);
    if (!NT_SUCCESS(Status) && Status != STATUS_NOT_FOUND && Stopping == 0)
        Arm();
}

static NTSTATUS Start(VOID)
{
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&Dpc, Resume, NULL);
    return STATUS_SUCCESS;
}

static VOID Drain(VOID)
{
    (VOID) InterlockedExchange(&Stopping, 1);
    KeFlushQueuedDpcs();       /* nobody arms it any more */
    if (KeCancelTimer(&Timer)) /* what waits for it goes on now */
        Resume(&Dpc, NULL, NULL, NULL);
    KeFlushQueuedDpcs();
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(FlowContext);
    if ((Packet->streamData->flags & DEFERRED) == 0 || Packet->streamData->dataLength < PART ||
        InterlockedExchange(&Asked, 1) != 0)
        return;
    FlowId = Meta->flowHandle;
    CalloutId = Filter->action.calloutId;
    LayerId = Values->layerId;
    StreamFlags = Packet->streamData->flags;
    Packet->streamAction = FWPS_STREAM_ACTION_DEFER;
    Out->actionType = FWP_ACTION_NONE;
    Arm();
}
