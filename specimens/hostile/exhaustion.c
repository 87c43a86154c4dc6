/* SPDX-License-Identifier: MIT */
/* Hostile drivers that take all there is: pool, NBLs, MDLs, threads, work items, timers, objects.
 */
#include "hostile.h"

enum {
    POOL = FIRST_ACT,
    POOL_SMALL,
    POOL_HUGE,
    POOL_TAGS,
    NBLS,
    CLONES,
    MDLS,
    THREADS,
    WORK_ITEMS,
    TIMERS,
    DEVICES,
    EVENTS,
    STACK_AT_DISPATCH,
    MESSAGES,
    BUG_CHECK,
    ENGINES,
    CALLOUTS,
};

static KEVENT Never;
static KDPC Dpc;
static volatile ULONG Counter;

static VOID NTAPI ThreadMain(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    (VOID) KeWaitForSingleObject(&Never, Executive, KernelMode, FALSE, NULL);
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI WorkRoutine(PDEVICE_OBJECT Device, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    (VOID) KeWaitForSingleObject(&Never, Executive, KernelMode, FALSE, NULL);
}

static VOID NTAPI DpcRoutine(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
}

static BOOLEAN TakeOne(FWPS_STREAM_DATA *StreamData)
{
    static UCHAR Bytes[64];
    LARGE_INTEGER Due;
    NET_BUFFER_LIST *Nbl;
    PIO_WORKITEM Item;
    PDEVICE_OBJECT Device;
    KTIMER *Timer;
    HANDLE Handle;
    FWPS_CALLOUT Callout;
    UINT32 Id;

    switch (ACT) {
    case POOL:
        return ExAllocatePoolWithTag(NonPagedPool, 1 << 20, TAG_HOSTILE) != NULL;
    case POOL_SMALL:
        return ExAllocatePoolWithTag(NonPagedPool, 16, TAG_HOSTILE) != NULL;
    case POOL_HUGE:
        return ExAllocatePoolWithTag(PagedPool, 1ull << 38, TAG_HOSTILE) != NULL;
    case POOL_TAGS:
        return ExAllocatePoolWithTag(NonPagedPool, 16, 0x20202020 + ++Counter) != NULL;
    case NBLS:
        return NdisAllocateNetBufferAndNetBufferList(Specimen.NblPool, 0, 0, NULL, 0, 0) != NULL;
    case CLONES:
        return StreamData != NULL &&
               NT_SUCCESS(FwpsCloneStreamData(StreamData, NULL, NULL, 0, &Nbl));
    case MDLS:
        return IoAllocateMdl(Bytes, sizeof(Bytes), FALSE, FALSE, NULL) != NULL;
    case THREADS:
        return NT_SUCCESS(
            PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ThreadMain, NULL));
    case WORK_ITEMS:
        Item = IoAllocateWorkItem(Specimen.Device);
        if (Item != NULL)
            IoQueueWorkItem(Item, WorkRoutine, DelayedWorkQueue, NULL);
        return Item != NULL;
    case TIMERS:
        Timer = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Timer), TAG_HOSTILE);
        if (Timer == NULL)
            return FALSE;
        Due.QuadPart = -10000000;
        KeInitializeTimer(Timer);
        (VOID) KeSetTimerEx(Timer, Due, 1000, &Dpc);
        return TRUE;
    case DEVICES:
        return NT_SUCCESS(IoCreateDevice(Specimen.Device->DriverObject, 0, NULL,
                                         FILE_DEVICE_NETWORK, 0, FALSE, &Device));
    case EVENTS:
        return NT_SUCCESS(ZwCreateEvent(&Handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    case ENGINES:
        return NT_SUCCESS(FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &Handle));
    case CALLOUTS:
        RtlZeroMemory(&Callout, sizeof(Callout));
        Callout.calloutKey = SpecimenProvider;
        Callout.calloutKey.Data1 = ++Counter;
        Callout.classifyFn = SpecimenClassify;
        Callout.notifyFn = Notify;
        return NT_SUCCESS(FwpsCalloutRegister(Specimen.Device, &Callout, &Id));
    case MESSAGES:
        DbgPrintEx(0, 0, "%s %u %p\n", "all work and no play", ++Counter, Bytes);
        return TRUE;
    default:
        return FALSE;
    }
}

__declspec(noinline) static ULONG Deep(ULONG Depth)
{
    volatile UCHAR Room[1024];

    Room[0] = (UCHAR)Depth;
    return Depth == 0 ? Room[0] : Deep(Depth - 1) + Room[0];
}

static VOID Act(FWPS_STREAM_DATA *StreamData)
{
    KIRQL Irql;

    KeInitializeEvent(&Never, NotificationEvent, FALSE);
    KeInitializeDpc(&Dpc, DpcRoutine, NULL);
    if (ACT == STACK_AT_DISPATCH) {
        KeRaiseIrql(DISPATCH_LEVEL, &Irql);
        Counter = Deep(1000);
        KeLowerIrql(Irql);
    }
    if (ACT == BUG_CHECK)
        KeBugCheckEx(0xBADC0DE, 1, 2, 3, 4);
    while (TakeOne(StreamData))
        continue;
}
