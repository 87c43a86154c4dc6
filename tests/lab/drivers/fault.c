/* SPDX-License-Identifier: MIT */
/* A driver with one fault, chosen by -D FAULT=..., at one place, chosen by -D PLACE=...: otherwise
   it lets everything pass. */
#include "stream.h"

#define TAG_TEST 0x74736554 /* "Test" */

enum {
    ENTRY_REFUSES,
    SPIN,
    RECURSE,
    OVERRUN,
    OVERRUN_FAR,
    UNDERRUN,
    USE_AFTER_FREE,
    DOUBLE_FREE,
    JUMP_TO_NULL,
    READ_NULL,
    RAISE,
    FAST_FAIL,
    BUG_CHECK,
    BAD_INSTRUCTION,
    DIVIDE_BY_ZERO,
    BREAK,
    LEAK_POOL,
    LEAK_CLONE,
    NO_UNLOAD,
    WAIT_FOREVER,
    LEAVE_CALLOUTS,
    WILD_WRITE,
    UNMODELLED,
};
enum { IN_ENTRY, IN_CLASSIFY, IN_UNLOAD };

static volatile ULONG Counter;
static UCHAR *volatile Kept;

__declspec(noinline) static ULONG Recurse(ULONG Depth)
{
    volatile UCHAR Room[512];

    Room[Depth % sizeof(Room)] = (UCHAR)Depth;
    return Counter == MAXULONG ? 0 : Recurse(Depth + 1) + Room[(Depth + 1) % sizeof(Room)];
}

static VOID Spin(VOID)
{
    for (;;)
        Counter++;
}

static UCHAR *Allocate(VOID)
{
    return ExAllocatePoolWithTag(NonPagedPool, 40, TAG_TEST);
}

static VOID Fault(FWPS_STREAM_DATA *StreamData)
{
    VOID(NTAPI *volatile Nowhere)(VOID) = NULL;
    NET_BUFFER_LIST *Clone;
    LARGE_INTEGER Never;
    KEVENT Event;
    UCHAR *Block;

    switch (FAULT) {
    case SPIN:
        Spin();
        break;
    case RECURSE:
        Counter = Recurse(Counter);
        break;
    case OVERRUN:
        Block = Allocate();
        for (ULONG i = 0; i < 56; i++)
            ((volatile UCHAR *)Block)[i] = 0x41;
        ExFreePoolWithTag(Block, TAG_TEST);
        break;
    case OVERRUN_FAR:
        Block = Allocate();
        for (ULONG i = 0; i < 160; i++)
            ((volatile UCHAR *)Block)[i] = 0x41;
        ExFreePoolWithTag(Block, TAG_TEST);
        break;
    case UNDERRUN:
        Block = Allocate();
        ((volatile UCHAR *)Block)[-4] = 0x41;
        ExFreePoolWithTag(Block, TAG_TEST);
        break;
    case USE_AFTER_FREE:
        Kept = Allocate();
        ExFreePoolWithTag(Kept, TAG_TEST);
        *(volatile UCHAR *)(Kept + 8) = 0x41;
        break;
    case DOUBLE_FREE:
        Kept = Allocate();
        ExFreePoolWithTag(Kept, TAG_TEST);
        ExFreePoolWithTag(Kept, TAG_TEST);
        break;
    case JUMP_TO_NULL:
        Nowhere();
        break;
    case READ_NULL:
        Counter = *(volatile ULONG *)(ULONG_PTR)Counter;
        break;
    case RAISE:
        ExRaiseStatus(STATUS_ACCESS_DENIED);
    case FAST_FAIL:
        __asm__ volatile("int $0x29" : : "c"(2));
        break;
    case BUG_CHECK:
        KeBugCheckEx(0xDEADDEAD, 1, 2, 3, 4);
    case BAD_INSTRUCTION:
        __asm__ volatile("ud2");
        break;
    case DIVIDE_BY_ZERO:
        __asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx" : : : "eax", "ecx", "edx");
        break;
    case BREAK:
        __asm__ volatile("int3");
        break;
    case LEAK_POOL:
        Kept = Allocate();
        break;
    case LEAK_CLONE:
        if (StreamData != NULL && StreamData->dataLength != 0 && Counter++ == 0)
            (VOID) FwpsCloneStreamData(StreamData, NULL, NULL, 0, &Clone);
        break;
    case WAIT_FOREVER:
        KeInitializeEvent(&Event, NotificationEvent, FALSE);
        (VOID) KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        break;
    case WILD_WRITE:
        Never.QuadPart = (LONGLONG)0x1234567800;
        *(volatile UCHAR *)(ULONG_PTR)Never.QuadPart = 1;
        break;
    case UNMODELLED:
        Never.QuadPart = 0x1000;
        Kept = MmMapIoSpace(Never, PAGE_SIZE, MmNonCached);
        break;
    default:
        break;
    }
}

static VOID Classify(FWPS_STREAM_CALLOUT_IO_PACKET *Packet, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Out);
    if (PLACE == IN_CLASSIFY)
        Fault(Packet->streamData);
}

static VOID NTAPI FaultUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    if (PLACE == IN_UNLOAD)
        Fault(NULL);
    if (FAULT != LEAVE_CALLOUTS)
        StreamStop();
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    if (FAULT == ENTRY_REFUSES)
        return STATUS_NOT_SUPPORTED;
    if (FAULT != NO_UNLOAD)
        DriverObject->DriverUnload = FaultUnload;
    if (PLACE == IN_ENTRY)
        Fault(NULL);
    return StreamStart(DriverObject);
}
