/* SPDX-License-Identifier: MIT */
/* R61: a routine of PASSIVE_LEVEL called by classifyFn: a newer function is looked up where it is
   needed. */
#define SPECIMEN_START
#include "specimen.h"

static VOID *Abort;

static VOID AbortLookUp(VOID)
{
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, L"FwpsFlowAbort0");
    Abort = MmGetSystemRoutineAddress(&Name);
}

static NTSTATUS Start(VOID)
{
#ifndef SPECIMEN_BAD
    AbortLookUp();
#endif
    return STATUS_SUCCESS;
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
#ifdef SPECIMEN_BAD
    if (Abort == NULL)
        AbortLookUp();
#endif
}
