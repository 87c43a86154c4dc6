/* SPDX-License-Identifier: MIT */
/* R68: memory is freed that holds a timer which is still armed. */
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

typedef struct _WATCH {
    KTIMER Timer;
} WATCH;

static WATCH *Watch;

static NTSTATUS Start(VOID)
{
    LARGE_INTEGER Due;

    Watch = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Watch), TAG_SPECIMEN);
    if (Watch == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeTimer(&Watch->Timer);
    Due.QuadPart = -3600LL * 1000 * 1000 * 10;
    (VOID) KeSetTimer(&Watch->Timer, Due, NULL);
    return STATUS_SUCCESS;
}

static VOID Drain(VOID)
{
    if (Watch == NULL)
        return;
#ifndef SPECIMEN_BAD
    (VOID) KeCancelTimer(&Watch->Timer);
#endif
    ExFreePoolWithTag(Watch, TAG_SPECIMEN);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
}
