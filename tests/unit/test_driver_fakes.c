/* SPDX-License-Identifier: MIT */
/* The few kernel functions that single modules of sluice.sys call, for tests without a lab: one
 * processor, no interrupts, memory of malloc, and a clock that the test turns. */
#include "test_driver_fakes.h"

#include <stdlib.h>

struct fakes fakes;

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER head)
{
    PSLIST_ENTRY entry = (PSLIST_ENTRY)(uintptr_t)head->Alignment;

    if (entry != NULL) {
        head->Alignment = (ULONGLONG)(uintptr_t)entry->Next;
        head->Region--;
    }
    return entry;
}

PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER head, PSLIST_ENTRY entry)
{
    PSLIST_ENTRY before = (PSLIST_ENTRY)(uintptr_t)head->Alignment;

    entry->Next = before;
    head->Alignment = (ULONGLONG)(uintptr_t)entry;
    head->Region++;
    return before;
}

USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER head)
{
    return (USHORT)head->Region;
}

VOID NTAPI InitializeSListHead(PSLIST_HEADER head)
{
    head->Alignment = head->Region = 0;
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    void *block;

    (void)type;
    (void)tag;
    if (fakes.no_memory)
        return NULL;
    block = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
    fakes.blocks += block != NULL;
    return block;
}

VOID NTAPI ExFreePoolWithTag(PVOID block, ULONG tag)
{
    (void)tag;
    fakes.blocks--;
    free(block);
}

static PVOID NTAPI lookaside_allocate(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return ExAllocatePoolWithTag(type, size, tag);
}

static VOID NTAPI lookaside_free(PVOID block)
{
    ExFreePoolWithTag(block, 0);
}

VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION allocate,
                                           PFREE_FUNCTION release, ULONG flags, SIZE_T size,
                                           ULONG tag, USHORT depth)
{
    (void)allocate;
    (void)release;
    (void)flags;
    (void)depth;
    InitializeSListHead(&list->L.ListHead);
    list->L.Depth = 0;
    list->L.Allocate = lookaside_allocate;
    list->L.Free = lookaside_free;
    list->L.Size = (ULONG)size;
    list->L.Tag = tag;
}

VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    (void)list;
}

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK lock)
{
    *lock = 0;
}

VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    if (*lock != 0)
        abort();
    *lock = 1;
    handle->LockQueue.Lock = lock;
}

VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE handle)
{
    *handle->LockQueue.Lock = 0;
}

VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    KeAcquireInStackQueuedSpinLock(lock, handle);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE handle)
{
    KeReleaseInStackQueuedSpinLock(handle);
}

VOID NTAPI KeInitializeTimer(PKTIMER timer)
{
    (void)timer;
    fakes.timer_set = false;
}

VOID NTAPI KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
    fakes.timer_dpc = dpc;
}

BOOLEAN NTAPI KeSetTimer(PKTIMER timer, LARGE_INTEGER due, PKDPC dpc)
{
    bool before = fakes.timer_set;

    (void)timer;
    fakes.timer_set = true;
    fakes.timer_due = fakes.now + (uint64_t)-due.QuadPart;
    fakes.timer_dpc = dpc;
    return before;
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER timer)
{
    bool before = fakes.timer_set;

    (void)timer;
    fakes.timer_set = false;
    return before;
}

VOID NTAPI KeFlushQueuedDpcs(VOID)
{
}

ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    return fakes.now;
}

void fakes_wait(uint64_t until)
{
    while (fakes.timer_set && fakes.timer_due <= until) {
        fakes.now = fakes.timer_due;
        fakes.timer_set = false;
        fakes.timer_dpc->DeferredRoutine(fakes.timer_dpc, NULL, NULL, NULL);
    }
    fakes.now = until;
}

VOID NTAPI MmBuildMdlForNonPagedPool(PMDL mdl)
{
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = MmGetMdlVirtualAddress(mdl);
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE type,
                                         PVOID address, ULONG bugcheck, ULONG priority)
{
    (void)mdl;
    (void)mode;
    (void)type;
    (void)address;
    (void)bugcheck;
    (void)priority;
    return NULL; /* what is not mapped cannot be */
}

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW version)
{
    version->dwMajorVersion = 6;
    version->dwMinorVersion = fakes.minor;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwOpenKey(PHANDLE key, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    (void)key;
    (void)access;
    (void)attributes;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS NTAPI ZwQueryValueKey(HANDLE key, PUNICODE_STRING name, KEY_VALUE_INFORMATION_CLASS kind,
                               PVOID information, ULONG length, PULONG result)
{
    (void)key;
    (void)name;
    (void)kind;
    (void)information;
    (void)length;
    (void)result;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS NTAPI ZwClose(HANDLE handle)
{
    (void)handle;
    return STATUS_SUCCESS;
}

ULONG __cdecl NTAPI DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...)
{
    (void)component;
    (void)level;
    (void)format;
    return STATUS_SUCCESS;
}
