/* SPDX-License-Identifier: MIT */
/* Hostile drivers that do not come back: loops with and without calls, recursion, waits. */
#include "hostile.h"

enum {
    SPIN = FIRST_ACT,
    SPIN_PAUSE,
    SPIN_TSC,
    SPIN_TICKS,
    CALL,
    ALLOCATE_FREE,
    LOCK_UNLOCK,
    STALL,
    SLEEP,
    WAIT,
    RECURSE,
    RECURSE_CALLS,
    LOCK_TWICE,
    DPC_AGAIN,
    WORK_AGAIN,
    TIMER_AGAIN,
    EXCEPTION_AGAIN,
};

static volatile ULONG Counter;
static KSPIN_LOCK Lock;
static KDPC Dpc;
static KTIMER Timer;
static PIO_WORKITEM Item;

__declspec(noinline) static ULONG Recurse(ULONG Depth)
{
    volatile UCHAR Room[256];
    LARGE_INTEGER Now;

    Room[Depth % sizeof(Room)] = (UCHAR)Depth;
    if (ACT == RECURSE_CALLS) {
        KeQuerySystemTime(&Now);
        Counter += Now.LowPart != 0;
    }
    return Counter == MAXULONG ? 0 : Recurse(Depth + 1) + Room[(Depth + 1) % sizeof(Room)];
}

static VOID NTAPI DpcRoutine(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    LARGE_INTEGER Now;

    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Now.QuadPart = 0;
    if (ACT == TIMER_AGAIN)
        (VOID) KeSetTimer(&Timer, Now, Self);
    else
        (VOID) KeInsertQueueDpc(Self, NULL, NULL);
}

static VOID NTAPI WorkRoutine(PDEVICE_OBJECT Device, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    IoQueueWorkItem(Item, WorkRoutine, DelayedWorkQueue, Context);
}

static VOID Act(FWPS_STREAM_DATA *StreamData)
{
    LARGE_INTEGER Time;
    KEVENT Event;
    KIRQL Irql;
    PVOID Block;

    UNREFERENCED_PARAMETER(StreamData);
    switch (ACT) {
    case SPIN:
        for (;;)
            Counter++;
    case SPIN_PAUSE:
        while (Counter != MAXULONG)
            YieldProcessor();
        break;
    case SPIN_TSC:
        while (__rdtsc() != 0)
            Counter++;
        break;
    case SPIN_TICKS:
        for (;;) {
            KeQueryTickCount(&Time);
            if (Time.QuadPart == -1)
                break;
        }
        break;
    case CALL:
        for (;;)
            (VOID) KeGetCurrentIrql(), (VOID)PsGetCurrentProcessId();
    case ALLOCATE_FREE:
        for (;;) {
            Block = ExAllocatePoolWithTag(NonPagedPool, 64, TAG_HOSTILE);
            if (Block != NULL)
                ExFreePoolWithTag(Block, TAG_HOSTILE);
        }
    case LOCK_UNLOCK:
        for (;;) {
            KeAcquireSpinLock(&Lock, &Irql);
            KeReleaseSpinLock(&Lock, Irql);
        }
    case STALL:
        for (;;)
            KeStallExecutionProcessor(50);
    case SLEEP:
        Time.QuadPart = -10000;
        for (;;)
            (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Time);
    case WAIT:
        KeInitializeEvent(&Event, NotificationEvent, FALSE);
        (VOID) KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        break;
    case RECURSE:
    case RECURSE_CALLS:
        Counter = Recurse(Counter);
        break;
    case LOCK_TWICE:
        KeAcquireSpinLock(&Lock, &Irql);
        KeAcquireSpinLock(&Lock, &Irql);
        break;
    case DPC_AGAIN:
        KeInitializeDpc(&Dpc, DpcRoutine, NULL);
        (VOID) KeInsertQueueDpc(&Dpc, NULL, NULL);
        break;
    case TIMER_AGAIN:
        KeInitializeTimer(&Timer);
        KeInitializeDpc(&Dpc, DpcRoutine, NULL);
        Time.QuadPart = 0;
        (VOID) KeSetTimer(&Timer, Time, &Dpc);
        break;
    case WORK_AGAIN:
        Item = IoAllocateWorkItem(Specimen.Device);
        if (Item != NULL)
            IoQueueWorkItem(Item, WorkRoutine, DelayedWorkQueue, NULL);
        break;
    case EXCEPTION_AGAIN:
        for (;;) {
            __try {
                ExRaiseStatus(STATUS_ACCESS_DENIED);
            } __except (EXCEPTION_EXECUTE_HANDLER) {
                Counter++;
            }
        }
    default:
        break;
    }
}
