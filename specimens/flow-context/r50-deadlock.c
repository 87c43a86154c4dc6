/* SPDX-License-Identifier: MIT */
/* R50: the context of one flow is removed when another one comes, under the lock that flowDeleteFn
   takes: no classify runs, so flowDeleteFn is called at once, and waits for its own caller. */
#define SPECIMEN_FLOW
#define SPECIMEN_START
#include "specimen.h"

#define SLOTS 4

typedef struct _SLOT {
    UINT64 FlowId;
    UINT16 LayerId;
    UINT32 CalloutId;
} SLOT;

static KSPIN_LOCK Lock;
static SLOT Slots[SLOTS];
static ULONG Next;
static LONG Flows;

static NTSTATUS Start(VOID)
{
    KeInitializeSpinLock(&Lock);
    return STATUS_SUCCESS;
}

static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId)
{
    SLOT Old;
    KIRQL Irql;
    NTSTATUS Status = FwpsFlowAssociateContext(FlowId, StreamLayerId, StreamCalloutId, 1);

    if (Status != STATUS_SUCCESS)
        return Status;
    KeAcquireSpinLock(&Lock, &Irql);
    Flows++;
    Old = Slots[Next % SLOTS];
    Slots[Next % SLOTS].FlowId = FlowId;
    Slots[Next % SLOTS].LayerId = StreamLayerId;
    Slots[Next % SLOTS].CalloutId = StreamCalloutId;
    Next++;
#ifdef SPECIMEN_BAD
    if (Old.FlowId != 0)
        (VOID) FwpsFlowRemoveContext(Old.FlowId, Old.LayerId, Old.CalloutId);
    KeReleaseSpinLock(&Lock, Irql);
#else
    KeReleaseSpinLock(&Lock, Irql);
    if (Old.FlowId != 0)
        (VOID) FwpsFlowRemoveContext(Old.FlowId, Old.LayerId, Old.CalloutId);
#endif
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
