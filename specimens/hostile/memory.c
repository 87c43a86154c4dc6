/* SPDX-License-Identifier: MIT */
/* Hostile drivers that write where nothing of theirs is: around pool blocks, NBLs and kernel
   objects, into code, other stacks, the shared page and the lab itself. */
#include "hostile.h"

enum {
    OVERRUN = FIRST_ACT,
    OVERRUN_MUCH,
    UNDERRUN,
    HEADER,
    HEADER_ALL,
    AFTER_FREE,
    AFTER_FREE_ALL,
    FREE_TWICE,
    FREE_MIDDLE,
    FREE_STACK,
    FREE_IMAGE,
    FREE_LAB,
    FREE_WILD,
    NBL_HEADER,
    NBL_HEADER_ALL,
    NBL_HEADER_CLONE,
    LAB_HEAP_NDIS,
    NBL_ALL,
    NBL_LINK_SELF,
    NBL_LINK_WILD,
    NBL_BUFFER_WILD,
    NBL_MDL_WILD,
    NBL_LENGTH,
    NBL_FREE_INDICATED,
    OWN_CODE,
    OWN_IMPORTS,
    LAB_CODE,
    LAB_OBJECT,
    LAB_OBJECT_AROUND,
    LAB_CALLER_STACK,
    LAB_OTHER_STACK,
    LAB_OTHER_WAIT,
    SHARED_PAGE,
    NULL_WRITE,
    WILD_WRITE,
    WILD_READ,
    KERNEL_READ,
    NON_CANONICAL,
    ALL_OF_ARENA,
    LAB_HEAP,
    LAB_DATA,
    MDL_FOREIGN,
    EVENT_GARBAGE,
    LOCK_GARBAGE,
    LIST_GARBAGE,
    DEVICE_GARBAGE,
};

static UCHAR *Allocate(SIZE_T Bytes)
{
    return ExAllocatePoolWithTag(NonPagedPool, Bytes, TAG_HOSTILE);
}

static VOID Fill(volatile UCHAR *At, LONG64 From, LONG64 To)
{
    for (LONG64 i = From; i < To; i++)
        At[i] = 0x41;
}

static VOID WriteWord(ULONG_PTR Address)
{
    *(volatile ULONG64 *)Address = 0x4141414141414141ull;
}

static VOID PoolAct(UCHAR *Block)
{
    switch (ACT) {
    case OVERRUN:
        Fill(Block, 0, 57);
        break;
    case OVERRUN_MUCH:
        Fill(Block, 0, 60000);
        break;
    case UNDERRUN:
        Fill(Block, -1, 0);
        break;
    case HEADER:
        Fill(Block, -16, 0);
        break;
    case HEADER_ALL:
        Fill(Block, -256, 0);
        break;
    case AFTER_FREE:
    case AFTER_FREE_ALL:
        ExFreePoolWithTag(Block, TAG_HOSTILE);
        Fill(Block, ACT == AFTER_FREE ? 0 : -96, 48);
        for (ULONG i = 0; i < 64; i++) {
            Block = Allocate(48);
            if (Block != NULL)
                ExFreePoolWithTag(Block, TAG_HOSTILE);
        }
        return;
    case FREE_TWICE:
        ExFreePoolWithTag(Block, TAG_HOSTILE);
        break;
    case FREE_MIDDLE:
        ExFreePoolWithTag(Block + 16, TAG_HOSTILE);
        break;
    default:
        break;
    }
    ExFreePoolWithTag(Block, TAG_HOSTILE);
}

/* In front of each NBL the lab keeps a header, and in it a pointer to an object of its own heap. */
static VOID HeapAct(NET_BUFFER_LIST *Nbl)
{
    const ULONG64 *At = (const ULONG64 *)Nbl;

    for (ULONG i = 0; i < 64; i++) {
        if (*--At == 0x4C424E2D45435553ull) {
            Fill((UCHAR *)At[1], 0, 256);
            return;
        }
    }
}

static VOID NblAct(FWPS_STREAM_DATA *StreamData)
{
    NET_BUFFER_LIST *Nbl = StreamData->netBufferListChain, *Clone;

    switch (ACT) {
    case NBL_HEADER:
        Fill((UCHAR *)Nbl, -64, 0);
        break;
    case NBL_HEADER_ALL:
        Fill((UCHAR *)Nbl, -256, 0);
        break;
    case NBL_HEADER_CLONE:
        if (NT_SUCCESS(FwpsCloneStreamData(StreamData, NULL, NULL, 0, &Clone))) {
            Fill((UCHAR *)Clone, -8, 0);
            FwpsDiscardClonedStreamData(Clone, 0, FALSE);
        }
        break;
    case NBL_ALL:
        Fill((UCHAR *)Nbl, -128, sizeof(NET_BUFFER_LIST));
        break;
    case LAB_HEAP_NDIS:
        HeapAct(Nbl);
        break;
    case NBL_LINK_SELF:
        Nbl->Next = Nbl;
        break;
    case NBL_LINK_WILD:
        Nbl->Next = (NET_BUFFER_LIST *)0x4141414141414140ull;
        break;
    case NBL_BUFFER_WILD:
        Nbl->FirstNetBuffer = (NET_BUFFER *)0x123456789000ull;
        break;
    case NBL_MDL_WILD:
        Nbl->FirstNetBuffer->MdlChain = (MDL *)0x123456789000ull;
        Nbl->FirstNetBuffer->CurrentMdl = (MDL *)0x123456789000ull;
        break;
    case NBL_LENGTH:
        Nbl->FirstNetBuffer->DataLength = 0x7FFFFFFF;
        break;
    default:
        FwpsFreeCloneNetBufferList(Nbl, 0);
        break;
    }
}

static KEVENT Wake;
static UCHAR *volatile Sleeper;

static VOID NTAPI SleeperMain(PVOID Context)
{
    ULONG64 Here = (ULONG_PTR)Context;
    LARGE_INTEGER Delay;

    Sleeper = (UCHAR *)&Here;
    if (ACT == LAB_OTHER_WAIT)
        (VOID) KeWaitForSingleObject(&Wake, Executive, KernelMode, FALSE, NULL);
    Delay.QuadPart = -300000;
    (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Delay);
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

/* A thread of its own sleeps or waits in the kernel: what the kernel keeps on its stack is written
 * over. */
static VOID OtherStack(VOID)
{
    LARGE_INTEGER Delay;
    HANDLE Thread;

    Delay.QuadPart = -100000;
    KeInitializeEvent(&Wake, NotificationEvent, FALSE);
    if (!NT_SUCCESS(
            PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, SleeperMain, NULL)))
        return;
    (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Delay);
    if (Sleeper != NULL)
        Fill(Sleeper, -4096, 0);
    (VOID) KeSetEvent(&Wake, 0, FALSE);
    Delay.QuadPart = -500000;
    (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Delay);
    (VOID) ZwClose(Thread);
}

static VOID LabAct(FWPS_STREAM_DATA *StreamData)
{
    ULONG64 Here = 0;
    LIST_ENTRY List;
    KEVENT *Event;
    MDL *Mdl;

    switch (ACT) {
    case LAB_CODE:
        WriteWord(LabFunction);
        break;
    case LAB_OBJECT:
        Fill((UCHAR *)Specimen.Device, 0, sizeof(DEVICE_OBJECT));
        break;
    case LAB_OBJECT_AROUND:
        Fill((UCHAR *)Specimen.Device, -2048, 4096);
        break;
    case LAB_CALLER_STACK:
        Fill((UCHAR *)&Here, 0, 4096);
        break;
    case LAB_OTHER_STACK:
    case LAB_OTHER_WAIT:
        OtherStack();
        break;
    case SHARED_PAGE:
        WriteWord(0xFFFFF78000000014ull);
        break;
    case ALL_OF_ARENA:
        Fill((UCHAR *)((ULONG_PTR)&Here & ~((1ull << 32) - 1)), 0, 1ll << 32);
        break;
    case LAB_HEAP: /* what the callout is handed lies on the lab's heap or stack */
        if (StreamData != NULL)
            Fill((UCHAR *)StreamData, -512, 8192);
        break;
    case LAB_DATA: /* data begins a few megabytes behind the code */
        for (ULONG_PTR At = (LabFunction & ~0xFFFull);; At += 4096) {
            if (MmIsAddressValid((PVOID)At))
                continue;
            break;
        }
        WriteWord((LabFunction & ~0xFFFull) + (4ull << 20));
        break;
    case MDL_FOREIGN:
        Mdl = (MDL *)Allocate(sizeof(MDL));
        if (Mdl != NULL) {
            Fill((UCHAR *)Mdl, 0, sizeof(MDL));
            IoFreeMdl(Mdl);
        }
        break;
    case EVENT_GARBAGE:
        Event = (KEVENT *)Allocate(sizeof(KEVENT));
        if (Event != NULL) {
            Fill((UCHAR *)Event, 0, sizeof(KEVENT));
            (VOID) KeSetEvent(Event, 0, FALSE);
        }
        break;
    case LOCK_GARBAGE:
        KeReleaseSpinLock((KSPIN_LOCK *)Specimen.Device, PASSIVE_LEVEL);
        break;
    case LIST_GARBAGE:
        List.Flink = (LIST_ENTRY *)0x4141414141414140ull;
        List.Blink = &List;
        (VOID) ExInterlockedRemoveHeadList(&List, (KSPIN_LOCK *)&Here);
        break;
    case DEVICE_GARBAGE:
        IoDeleteDevice((PDEVICE_OBJECT)&Here);
        break;
    default:
        break;
    }
}

static VOID Act(FWPS_STREAM_DATA *StreamData)
{
    static ULONG64 Static[8];
    ULONG64 Local[8];
    UCHAR *Block;

    if (ACT >= OVERRUN && ACT <= FREE_MIDDLE) {
        Block = Allocate(48);
        if (Block != NULL)
            PoolAct(Block);
        return;
    }
    if (ACT >= NBL_HEADER && ACT <= NBL_FREE_INDICATED && StreamData != NULL) {
        NblAct(StreamData);
        return;
    }
    switch (ACT) {
    case FREE_STACK:
        Local[0] = 0;
        ExFreePoolWithTag(Local, TAG_HOSTILE);
        break;
    case FREE_IMAGE:
        ExFreePoolWithTag(Static, TAG_HOSTILE);
        break;
    case FREE_LAB:
        ExFreePoolWithTag((PVOID)(LabFunction & ~15ull), TAG_HOSTILE);
        break;
    case FREE_WILD:
        ExFreePoolWithTag((PVOID)0x4141414141414140ull, TAG_HOSTILE);
        break;
    case OWN_CODE:
        WriteWord((ULONG_PTR)&PoolAct);
        break;
    case OWN_IMPORTS:
        WriteWord((ULONG_PTR)&SpecimenCallouts);
        break;
    case NULL_WRITE:
        WriteWord(Static[3]);
        break;
    case WILD_WRITE:
        WriteWord(0x123456789000ull);
        break;
    case WILD_READ:
        Static[0] = *(volatile ULONG64 *)0x123456789000ull;
        break;
    case KERNEL_READ:
        Static[0] = *(volatile ULONG64 *)0xFFFFF80000001000ull;
        break;
    case NON_CANONICAL:
        WriteWord(0x8000000000001000ull);
        break;
    default:
        LabAct(StreamData);
        break;
    }
}
