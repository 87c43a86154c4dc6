/* SPDX-License-Identifier: MIT */
/* R59: the state of BFE is read before changes to it are subscribed: one that comes in between is
   never noticed. */
#define SPECIMEN_START
#define SPECIMEN_STOPPED
#include "specimen.h"

static HANDLE Subscription;
static volatile LONG Running;

static VOID NTAPI Changed(VOID *Context, FWPM_SERVICE_STATE State)
{
    UNREFERENCED_PARAMETER(Context);
    InterlockedExchange(&Running, State == FWPM_SERVICE_RUNNING);
}

static NTSTATUS Start(VOID)
{
    NTSTATUS Status;

#ifdef SPECIMEN_BAD
    InterlockedExchange(&Running, FwpmBfeStateGet() == FWPM_SERVICE_RUNNING);
#endif
    Status = FwpmBfeStateSubscribeChanges(Specimen.Device, Changed, NULL, &Subscription);
    if (!NT_SUCCESS(Status)) {
        Subscription = NULL;
        return Status;
    }
#ifndef SPECIMEN_BAD
    InterlockedExchange(&Running, FwpmBfeStateGet() == FWPM_SERVICE_RUNNING);
#endif
    return Status;
}

static VOID Stopped(VOID)
{
    if (Subscription != NULL)
        (VOID) FwpmBfeStateUnsubscribeChanges(Subscription);
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
