/* SPDX-License-Identifier: MIT */
/* Releases. */
#define WDK_IRQL_CALLS /* here the IRQL is changed seldom: by the kernel's exports */
#include "release.h"

#include "drain.h"
#include "memory.h"
#include "pooltag.h"
#include "settings.h"
#include "statistics.h"

#define RELEASE_FLAGS_KEPT                                                                         \
    (FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_EXPEDITED |                               \
     FWPS_STREAM_FLAG_RECEIVE_PUSH | FWPS_STREAM_FLAG_SEND | FWPS_STREAM_FLAG_SEND_EXPEDITED |     \
     FWPS_STREAM_FLAG_SEND_NODELAY)

#define RELEASE_FIN_INBOUND  (FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_DISCONNECT)
#define RELEASE_FIN_OUTBOUND (FWPS_STREAM_FLAG_SEND | FWPS_STREAM_FLAG_SEND_DISCONNECT)

static struct {
    PNDIS_GENERIC_OBJECT Owner;
    NDIS_HANDLE NblPool;
    HANDLE Injection;
} Releases;

_Use_decl_annotations_
NTSTATUS
ReleaseDriverEntry(PDRIVER_OBJECT DriverObject)
{
    NET_BUFFER_LIST_POOL_PARAMETERS Parameters;
    NTSTATUS Status;

    RtlZeroMemory(&Releases, sizeof(Releases));
    Releases.Owner = NdisAllocateGenericObject(DriverObject, POOLTAG_NDIS, 0);
    if (Releases.Owner == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(&Parameters, sizeof(Parameters));
    Parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    Parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    Parameters.fAllocateNetBuffer = TRUE;
    Parameters.PoolTag = POOLTAG_NDIS;
    Releases.NblPool = NdisAllocateNetBufferListPool(Releases.Owner, &Parameters);
    if (Releases.NblPool == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto FreeOwner;
    }
    Status = FwpsInjectionHandleCreate0(AF_UNSPEC, FWPS_INJECTION_TYPE_STREAM, &Releases.Injection);
    if (!NT_SUCCESS(Status))
        goto FreePool;
    return STATUS_SUCCESS;

FreePool:
    NdisFreeNetBufferListPool(Releases.NblPool);
FreeOwner:
    NdisFreeGenericObject(Releases.Owner);
    return Status;
}

_Use_decl_annotations_
VOID
ReleaseUnload(VOID)
{
    LARGE_INTEGER Pause = {.QuadPart = -10000};

    (VOID) FwpsInjectionHandleDestroy0(Releases.Injection);
    /* The completion that gives back the last flow may still be on its way out. */
    while (FlowCount() != 0)
        (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    NdisFreeNetBufferListPool(Releases.NblPool);
    NdisFreeGenericObject(Releases.Owner);
}

_Use_decl_annotations_
RELEASE *
ReleaseCreate(FLOW *Flow, ULONG Direction)
{
    RELEASE *Release = MemAllocate(MemRelease);

    if (Release == NULL)
        return NULL;
    RtlZeroMemory(Release, sizeof(*Release));
    Release->Flow = Flow;
    Release->Direction = Direction;
    return Release;
}

static VOID
ReleaseLink(_Inout_ RELEASE *Release, _In_ NET_BUFFER_LIST *Nbl, _In_ SIZE_T Bytes,
            _In_ ULONG StreamFlags)
{
    if (Release->Last != NULL)
        NET_BUFFER_LIST_NEXT_NBL(Release->Last) = Nbl;
    else
        Release->Chain = Nbl;
    for (; Nbl != NULL; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        Release->Last = Nbl;
        Release->Remaining++;
    }
    Release->Bytes += Bytes;
    Release->StreamFlags |= StreamFlags & RELEASE_FLAGS_KEPT;
}

_Use_decl_annotations_
VOID
ReleaseTake(RELEASE *Release, SIZE_T Limit)
{
    HOLD_QUEUE *Queue = &Release->Flow->Half[Release->Direction].Queue;

    while (Limit != 0 && Queue->First != NULL) {
        HOLD_BLOCK *Block = Queue->First;
        ULONG Length = Block->End - Block->Start;
        NET_BUFFER_LIST *Nbl;

        if (Length > Limit)
            Length = (ULONG)Limit;
        if (Release->Chain != NULL && !HoldIsSameRun(Release->StreamFlags, Block->StreamFlags))
            break;
        if (!NT_SUCCESS(FwpsAllocateNetBufferAndNetBufferList0(Releases.NblPool, 0, 0, &Block->Mdl,
                                                               Block->Start, Length, &Nbl))) {
            StatisticsHere()->memory_failures++;
            break;
        }
        (VOID) InterlockedIncrement(&Block->References);
        ReleaseLink(Release, Nbl, Length, Block->StreamFlags);
        HoldConsume(Queue, Length);
        Limit -= Length;
    }
}

_Use_decl_annotations_
BOOLEAN
ReleaseClone(RELEASE *Release, FWPS_STREAM_DATA0 *Data)
{
    NET_BUFFER_LIST *Clone;

    if (Release->Chain != NULL && !HoldIsSameRun(Release->StreamFlags, Data->flags))
        return FALSE;
    if (Release->Direction == FLOW_INBOUND && !WalkIsOneNbEach(Data))
        return FALSE;
    if (!NT_SUCCESS(FwpsCloneStreamData0(Data, NULL, NULL, 0, &Clone))) {
        StatisticsHere()->memory_failures++;
        return FALSE;
    }
    Release->Clone = Clone;
    ReleaseLink(Release, Clone, Data->dataLength, Data->flags);
    return TRUE;
}

/* An NBL over a hold block, which lives on while other NBLs or the queue need it. */
static VOID
ReleaseFreeHeld(_In_ NET_BUFFER_LIST *Nbl)
{
    MDL *Mdl = NET_BUFFER_FIRST_MDL(NET_BUFFER_LIST_FIRST_NB(Nbl));

    FwpsFreeNetBufferList0(Nbl);
    HoldDereference(CONTAINING_RECORD(Mdl, HOLD_BLOCK, Mdl));
}

_Use_decl_annotations_
VOID
ReleaseDiscard(RELEASE *Release)
{
    NET_BUFFER_LIST *Nbl = Release->Chain;

    while (Nbl != Release->Clone) {
        NET_BUFFER_LIST *Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);

        ReleaseFreeHeld(Nbl);
        Nbl = Next;
    }
    if (Release->Clone != NULL)
        FwpsDiscardClonedStreamData0(Release->Clone, 0, TRUE);
    MemFree(MemRelease, Release);
}

/* The flow of a release whose last NBL came back. */
static VOID
ReleaseCompleted(_In_ RELEASE *Release)
{
    FLOW *Flow = Release->Flow;
    FLOW_HALF *Half = &Flow->Half[Release->Direction];
    KLOCK_QUEUE_HANDLE Handle;

    FlowLock(Flow, &Handle);
    StatisticsHere()->completions++;
    Half->OutstandingBytes -= (ULONG)Release->Bytes;
    if (Release->Failed != 0) {
        StatisticsHere()->complete_failures++;
        if (!Flow->Ended && !Flow->Aborted)
            FlowDoom(Flow, SLUICE_VERDICT_ABORTED, FALSE);
    }
    DrainWake(Flow);
    FlowUnlock(&Handle);
    MemFree(MemRelease, Release);
    FlowDereference(Flow);
}

static WDK_INJECT_COMPLETE_FN0 ReleaseComplete;
_Use_decl_annotations_
static VOID NTAPI
ReleaseComplete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    RELEASE *Release = Context;

    UNREFERENCED_PARAMETER(DispatchLevel);
    if (!NT_SUCCESS(NET_BUFFER_LIST_STATUS(Nbl)))
        (VOID) InterlockedExchange(&Release->Failed, TRUE);
    if (Nbl->ParentNetBufferList != NULL)
        FwpsFreeCloneNetBufferList0(Nbl, 0);
    else
        ReleaseFreeHeld(Nbl);
    if (InterlockedDecrement(&Release->Remaining) == 0)
        ReleaseCompleted(Release);
}

_Use_decl_annotations_
VOID
ReleasePrepare(RELEASE *Release)
{
    FLOW_HALF *Half = &Release->Flow->Half[Release->Direction];

    FlowReference(Release->Flow);
    Half->OutstandingBytes += (ULONG)Release->Bytes;
    Release->Flow->InjectCalls++;
}

/* With the lock held, after an inject call that failed. TRUE: the drainer tries again. */
static BOOLEAN
ReleaseFailed(_Inout_ FLOW *Flow, _In_ ULONG Direction)
{
    StatisticsHere()->inject_failures++;
    if (Flow->Ended || FlowIsDoomed(Flow) || Flow->Aborted)
        return FALSE;
    Flow->Half[Direction].Drained = TRUE;
    if (++Flow->Retries < Settings.RetryLimit) {
        TimerWheelArm(&Flow->RetryTimer, Settings.RetryMs);
        return TRUE;
    }
    FlowDoom(Flow, SLUICE_VERDICT_ABORTED, FALSE);
    return FALSE;
}

/* The inject call itself. Up to Windows 7 SP1 it may return at a raised IRQL (KB2664888). A driver
 * may only lower what it raised itself ("a fatal error" otherwise: nf-wdm-kelowerirql), so there it
 * is called at DISPATCH_LEVEL, which is lawful and above which it does not raise, and the IRQL of
 * before comes back with our own pair of calls. */
static NTSTATUS
ReleaseCall(_In_ const FLOW *Flow, _In_ UINT32 StreamFlags, _In_opt_ NET_BUFFER_LIST *Chain,
            _In_ SIZE_T Bytes, _In_opt_ RELEASE *Release)
{
#if NTDDI_VERSION < NTDDI_WIN8
    KIRQL Irql = KeRaiseIrqlToDpcLevel();
#endif
    NTSTATUS Status = FwpsStreamInjectAsync0(Releases.Injection, NULL, 0, Flow->Handle,
                                             FlowCalloutId(Flow), FlowLayerId(Flow), StreamFlags,
                                             Chain, Bytes, ReleaseComplete, Release);

#if NTDDI_VERSION < NTDDI_WIN8
    KeLowerIrql(Irql);
#endif
    return Status;
}

static VOID
ReleaseCountCall(_Inout_ FLOW *Flow, _In_ BOOLEAN InClassify)
{
    struct sluice_statistics *Statistics = StatisticsHere();

    Flow->Retries = 0;
    Statistics->injects++;
    if (!InClassify)
        Statistics->injects_outside++;
}

_Use_decl_annotations_
BOOLEAN
ReleaseInject(RELEASE *Release, BOOLEAN InClassify)
{
    FLOW *Flow = Release->Flow;
    ULONG Direction = Release->Direction;
    FLOW_HALF *Half = &Flow->Half[Direction];
    SIZE_T Bytes = Release->Bytes;
    KLOCK_QUEUE_HANDLE Handle;
    NTSTATUS Status;

    /* Once this succeeds the release may be gone. */
    Status = ReleaseCall(Flow, Release->StreamFlags, Release->Chain, Bytes, Release);
    FlowLock(Flow, &Handle);
    Flow->InjectCalls--;
    if (NT_SUCCESS(Status)) {
        ReleaseCountCall(Flow, InClassify);
        FlowCountInjected(Flow, Direction, Bytes);
    } else {
        Half->OutstandingBytes -= (ULONG)Bytes;
        if (ReleaseFailed(Flow, Direction)) {
            Half->Retry = Release;
            FlowSettleHold(Flow, Direction);
        } else {
            FlowCountGone(Flow, Direction, Bytes);
            ReleaseDiscard(Release);
        }
    }
    if (Half->Held != 0)
        StatisticsHeldMark();
    FlowSettleEnd(Flow);
    DrainWake(Flow);
    FlowUnlock(&Handle);
    if (!NT_SUCCESS(Status))
        FlowDereference(Flow);
    return NT_SUCCESS(Status);
}

_Use_decl_annotations_
VOID
ReleasePrepareFin(FLOW *Flow, ULONG Direction)
{
    Flow->Half[Direction].FinWaits = FALSE;
    Flow->InjectCalls++;
}

_Use_decl_annotations_
BOOLEAN
ReleaseInjectFin(FLOW *Flow, ULONG Direction, BOOLEAN InClassify)
{
    const UINT32 FinFlags = Direction == FLOW_INBOUND ? RELEASE_FIN_INBOUND : RELEASE_FIN_OUTBOUND;
    KLOCK_QUEUE_HANDLE Handle;
    NTSTATUS Status;

    /* No NBL, so no completion either; the completion function must be given all the same (R25). */
    Status = ReleaseCall(Flow, FinFlags, NULL, 0, NULL);
    FlowLock(Flow, &Handle);
    Flow->InjectCalls--;
    if (NT_SUCCESS(Status))
        ReleaseCountCall(Flow, InClassify);
    else if (ReleaseFailed(Flow, Direction))
        Flow->Half[Direction].FinWaits = TRUE;
    FlowSettleEnd(Flow);
    DrainWake(Flow);
    FlowUnlock(&Handle);
    return NT_SUCCESS(Status);
}
