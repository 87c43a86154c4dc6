/* SPDX-License-Identifier: MIT */
/* Unloaded while injected bytes are still on their way: the injection handle is not destroyed, so
   nobody waits for the completions, and they run when the driver's code has gone. */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#define SPECIMEN_STOPPED
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

static VOID Stopped(VOID)
{
#ifdef SPECIMEN_BAD
    Specimen.Injection = NULL;
#endif
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(FlowContext);
    HeldTake(Values, Meta, Packet, Filter, Out);
}
