/* SPDX-License-Identifier: MIT */
/* R36: out of band, and when nothing is held the next bytes pass inline "to save a copy". */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "out_of_band.h"

static NTSTATUS Start(VOID)
{
    HeldStart();
    return STATUS_SUCCESS;
}

static VOID Drain(VOID)
{
    HeldDrain();
}

#ifdef SPECIMEN_BAD
/* Whose bytes were held last. */
static UINT64 LastFlow;
static UINT32 LastDirection;
#endif

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(FlowContext);
#ifdef SPECIMEN_BAD
    const UINT32 Direction = Packet->streamData->flags & FWPS_STREAM_FLAG_RECEIVE;

    if (LastFlow == Meta->flowHandle && LastDirection == Direction &&
        Packet->streamData->dataLength != 0 && HeldIsEmpty())
        return;
    LastFlow = Meta->flowHandle;
    LastDirection = Direction;
#endif
    HeldTake(Values, Meta, Packet, Filter, Out);
}
