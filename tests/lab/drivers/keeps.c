/* SPDX-License-Identifier: MIT */
/* Keeps one of everything that a driver can keep, and gives all of it back when it is unloaded:
   lawful, but each ledger has something open when the connections have ended. */
#define SPECIMEN_FLOW
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#define SPECIMEN_STOPPED
#include "specimen.h"

#define TAG_STOCK 0x6B6F7453 /* "Stok" */

typedef struct _KEPT {
    LIST_ENTRY Link;
} KEPT;

static struct {
    KSPIN_LOCK Lock;
    LIST_ENTRY Contexts;
    PVOID Stock;
    NET_BUFFER_LIST *Clone, *Referenced;
    KTIMER Timer;
    KDPC Dpc;
    KEVENT Stop;
    PVOID Thread;
    BOOLEAN Stopping;
    volatile LONG Passive;
} Keeper;

static VOID NTAPI Tick(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
}

/* Reads its IRQL, which is an instruction, not a call. */
static VOID NTAPI Worker(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    (VOID) KeWaitForSingleObject(&Keeper.Stop, Executive, KernelMode, FALSE, NULL);
    if (KeGetCurrentIrql() == PASSIVE_LEVEL)
        InterlockedIncrement(&Keeper.Passive);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Of the last indication. */
static VOID GiveBack(BOOLEAN DispatchLevel)
{
    if (Keeper.Clone != NULL)
        FwpsDiscardClonedStreamData(Keeper.Clone, 0, DispatchLevel);
    if (Keeper.Referenced != NULL)
        FwpsDereferenceNetBufferList(Keeper.Referenced, DispatchLevel);
    Keeper.Clone = Keeper.Referenced = NULL;
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_DATA *Data = Packet->streamData;
    KLOCK_QUEUE_HANDLE Lock;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    if ((Data->flags & FWPS_STREAM_FLAG_RECEIVE) == 0 || Data->dataLength == 0)
        return;
    KeAcquireInStackQueuedSpinLock(&Keeper.Lock, &Lock);
    if (!Keeper.Stopping) {
        if (Keeper.Stock == NULL)
            Keeper.Stock = ExAllocatePoolWithTag(NonPagedPool, 100, TAG_STOCK);
#ifdef HOLDS
        GiveBack(TRUE);
        if (!NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Keeper.Clone)))
            Keeper.Clone = NULL;
        Keeper.Referenced = Data->netBufferListChain;
        FwpsReferenceNetBufferList(Keeper.Referenced, TRUE);
#endif
    }
    KeReleaseInStackQueuedSpinLock(&Lock);
}

static NTSTATUS Established(UINT64 FlowId, UINT16 LayerId, UINT32 CalloutId)
{
    KEPT *Kept = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Kept), TAG_SPECIMEN);
    NTSTATUS Status;

    if (Kept == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&Kept->Link);
    Status = FwpsFlowAssociateContext(FlowId, LayerId, CalloutId, (UINT64)(ULONG_PTR)Kept);
    if (Status != STATUS_SUCCESS)
        ExFreePoolWithTag(Kept, TAG_SPECIMEN);
    return Status;
}

static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    KEPT *Kept = (KEPT *)(ULONG_PTR)FlowContext;
    KLOCK_QUEUE_HANDLE Lock;

    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    KeAcquireInStackQueuedSpinLock(&Keeper.Lock, &Lock);
    InsertTailList(&Keeper.Contexts, &Kept->Link);
    KeReleaseInStackQueuedSpinLock(&Lock);
}

static NTSTATUS Start(VOID)
{
    LARGE_INTEGER Due;
    HANDLE Handle;
    NTSTATUS Status;

    KeInitializeSpinLock(&Keeper.Lock);
    InitializeListHead(&Keeper.Contexts);
    KeInitializeTimer(&Keeper.Timer);
    KeInitializeDpc(&Keeper.Dpc, Tick, NULL);
    KeInitializeEvent(&Keeper.Stop, NotificationEvent, FALSE);
    Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Worker, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Handle, SYNCHRONIZE, NULL, KernelMode, &Keeper.Thread, NULL);
    (VOID) ZwClose(Handle);
    Due.QuadPart = -1000 * 10000; /* 1 s */
    (VOID) KeSetTimerEx(&Keeper.Timer, Due, 1000, &Keeper.Dpc);
    return Status;
}

static VOID Drain(VOID)
{
    KLOCK_QUEUE_HANDLE Lock;

    KeAcquireInStackQueuedSpinLock(&Keeper.Lock, &Lock);
    Keeper.Stopping = TRUE;
    KeReleaseInStackQueuedSpinLock(&Lock);
    (VOID) KeCancelTimer(&Keeper.Timer);
    KeFlushQueuedDpcs();
    (VOID) KeSetEvent(&Keeper.Stop, IO_NO_INCREMENT, FALSE);
    (VOID) KeWaitForSingleObject(Keeper.Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Keeper.Thread);
    GiveBack(FALSE);
    if (Keeper.Stock != NULL)
        ExFreePoolWithTag(Keeper.Stock, TAG_STOCK);
}

/* flowDeleteFn has run for all of them. */
static VOID Stopped(VOID)
{
    while (Keeper.Contexts.Flink != NULL && !IsListEmpty(&Keeper.Contexts))
        ExFreePoolWithTag(CONTAINING_RECORD(RemoveHeadList(&Keeper.Contexts), KEPT, Link),
                          TAG_SPECIMEN);
}
