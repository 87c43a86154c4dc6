/* SPDX-License-Identifier: MIT */
/* R50: a context is removed under the lock that flowDeleteFn takes: when no classify of the flow is
   running flowDeleteFn is called inside FwpsFlowRemoveContext, and waits for its own caller. */
#define SPECIMEN_FLOW
#define SPECIMEN_START
#include "specimen.h"

static KSPIN_LOCK Lock;
static LONG Flows;

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Lock);
    return STATUS_SUCCESS;
}

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    KIRQL Irql;
    NTSTATUS Status = FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, 1);

    if (Status != STATUS_SUCCESS)
        return Status;
    KeAcquireSpinLock(&Lock, &Irql);
    Flows++;
    KeReleaseSpinLock(&Lock, Irql);
    return Status;
}

static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    UNREFERENCED_PARAMETER(FlowContext);
    KeAcquireSpinLock(&Lock, &Irql);
    Flows--;
    KeReleaseSpinLock(&Lock, Irql);
}

/* Nobody is interested in a flow whose first byte has been seen. */
static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const UINT32 CalloutId = Specimen.CalloutId[Values->layerId == FWPS_LAYER_STREAM_V6];
    BOOLEAN Many;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(Out);
    if (FlowContext == 0)
        return;
    KeAcquireSpinLock(&Lock, &Irql);
    Many = Flows > 8;
#ifdef SPECIMEN_BAD
    if (Many)
        (VOID) FwpsFlowRemoveContext(Meta->flowHandle, Values->layerId, CalloutId);
    KeReleaseSpinLock(&Lock, Irql);
#else
    KeReleaseSpinLock(&Lock, Irql);
    if (Many)
        (VOID) FwpsFlowRemoveContext(Meta->flowHandle, Values->layerId, CalloutId);
#endif
}
