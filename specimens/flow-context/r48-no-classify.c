/* SPDX-License-Identifier: MIT */
/* R48: flowDeleteFn takes a flow off a list that its first classify put it on; a flow that is reset
   before any data never had one. */
#define SPECIMEN_FLOW
#define SPECIMEN_START
#include "specimen.h"

typedef struct _FLOW {
    LIST_ENTRY Link;
    BOOLEAN Listed;
} FLOW;

static LIST_ENTRY Flows;
static KSPIN_LOCK Lock;

static NTSTATUS Start(VOID)
{
    InitializeListHead(&Flows);
    KeInitializeSpinLock(&Lock);
    return STATUS_SUCCESS;
}

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    FLOW *Flow = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Flow), TAG_SPECIMEN);
    NTSTATUS Status;

    if (Flow == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Flow, sizeof(*Flow));
    Status = FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, (ULONG_PTR)Flow);
    if (Status != STATUS_SUCCESS)
        ExFreePoolWithTag(Flow, TAG_SPECIMEN);
    return Status;
}

static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    FLOW *Flow = (FLOW *)(ULONG_PTR)FlowContext;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    KeAcquireSpinLock(&Lock, &Irql);
#ifndef SPECIMEN_BAD
    if (Flow->Listed)
#endif
        RemoveEntryList(&Flow->Link);
    KeReleaseSpinLock(&Lock, Irql);
    ExFreePoolWithTag(Flow, TAG_SPECIMEN);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FLOW *Flow = (FLOW *)(ULONG_PTR)FlowContext;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(Out);
    if (Flow == NULL || Flow->Listed)
        return;
    KeAcquireSpinLock(&Lock, &Irql);
    InsertTailList(&Flows, &Flow->Link);
    Flow->Listed = TRUE;
    KeReleaseSpinLock(&Lock, Irql);
}
