/* SPDX-License-Identifier: MIT */
/* R63: pageable code that takes a spin lock: from there on it runs at DISPATCH_LEVEL, where its own
   pages may not be there. */
#define SPECIMEN_START
#include "specimen.h"

static KSPIN_LOCK Lock;
static ULONG Started;

#ifdef SPECIMEN_BAD
__attribute__((section("PAGE"), noinline))
#else
__attribute__((noinline))
#endif
static VOID
StartedCount(VOID)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    Started++;
    KeReleaseSpinLock(&Lock, Irql);
}

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Lock);
    StartedCount();
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
}
