/* SPDX-License-Identifier: MIT */
/* Memory of sluice.sys. */
#include "memory.h"

#include "flow.h"
#include "hold.h"
#include "pooltag.h"
#include "release.h"

#if NTDDI_VERSION >= NTDDI_WIN8
#define MEM_POOL_TYPE       NonPagedPoolNx
#define MEM_LOOKASIDE_FLAGS POOL_NX_ALLOCATION
#else
#define MEM_POOL_TYPE       NonPagedPool
#define MEM_LOOKASIDE_FLAGS 0
#endif

typedef struct _MEM_SPEC {
    SIZE_T Size;
    ULONG Tag;
    USHORT Stock;
} MEM_SPEC;

static const MEM_SPEC MemSpecs[MemKindMaximum] = {
    [MemFlow] = {sizeof(FLOW), POOLTAG_FLOW, 0},
    [MemScratch] = {sizeof(struct inspect_scratch), POOLTAG_SCRATCH, 64},
    [MemBlock] = {HOLD_BLOCK_SIZE, POOLTAG_BLOCK, 64},
    [MemRelease] = {sizeof(RELEASE), POOLTAG_RELEASE, 256},
};

typedef struct _MEM_SOURCE {
    SLIST_HEADER Stock;
    volatile LONG InUse;
    NPAGED_LOOKASIDE_LIST Lookaside;
} MEM_SOURCE;

static MEM_SOURCE MemSources[MemKindMaximum];

static VOID
MemEmptyStock(_In_ MEM_KIND Kind)
{
    PVOID Object;

    while ((Object = InterlockedPopEntrySList(&MemSources[Kind].Stock)) != NULL)
        ExFreePoolWithTag(Object, MemSpecs[Kind].Tag);
}

_Use_decl_annotations_
NTSTATUS
MemDriverEntry(VOID)
{
    for (ULONG Kind = 0; Kind < MemKindMaximum; Kind++) {
        InitializeSListHead(&MemSources[Kind].Stock);
        MemSources[Kind].InUse = 0;
        ExInitializeNPagedLookasideList(&MemSources[Kind].Lookaside, NULL, NULL,
                                        MEM_LOOKASIDE_FLAGS, MemSpecs[Kind].Size,
                                        MemSpecs[Kind].Tag, 0);
    }
    for (ULONG Kind = 0; Kind < MemKindMaximum; Kind++) {
        for (ULONG i = 0; i < MemSpecs[Kind].Stock; i++) {
            PVOID Object =
                ExAllocatePoolWithTag(MEM_POOL_TYPE, MemSpecs[Kind].Size, MemSpecs[Kind].Tag);

            if (Object == NULL) {
                MemUnload();
                return STATUS_INSUFFICIENT_RESOURCES;
            }
            InterlockedPushEntrySList(&MemSources[Kind].Stock, Object);
        }
    }
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
MemUnload(VOID)
{
    for (ULONG Kind = 0; Kind < MemKindMaximum; Kind++) {
        MemEmptyStock(Kind);
        ExDeleteNPagedLookasideList(&MemSources[Kind].Lookaside);
    }
}

_Use_decl_annotations_
PVOID
MemAllocate(MEM_KIND Kind)
{
    PVOID Object = InterlockedPopEntrySList(&MemSources[Kind].Stock);

    if (Object == NULL)
        Object = ExAllocateFromNPagedLookasideList(&MemSources[Kind].Lookaside);
    if (Object != NULL)
        (VOID) InterlockedIncrement(&MemSources[Kind].InUse);
    return Object;
}

_Use_decl_annotations_
VOID
MemFree(MEM_KIND Kind, PVOID Object)
{
    (VOID) InterlockedDecrement(&MemSources[Kind].InUse);
    if (ExQueryDepthSList(&MemSources[Kind].Stock) < MemSpecs[Kind].Stock)
        InterlockedPushEntrySList(&MemSources[Kind].Stock, Object);
    else
        ExFreeToNPagedLookasideList(&MemSources[Kind].Lookaside, Object);
}

_Use_decl_annotations_
ULONG
MemInUse(MEM_KIND Kind)
{
    return (ULONG)ReadNoFence(&MemSources[Kind].InUse);
}

_Use_decl_annotations_
ULONG
MemSize(MEM_KIND Kind)
{
    return (ULONG)MemSpecs[Kind].Size;
}

_Use_decl_annotations_
PVOID
MemAllocatePlain(SIZE_T Size, ULONG Tag)
{
    PVOID Memory = ExAllocatePoolWithTag(MEM_POOL_TYPE, Size, Tag);

    if (Memory != NULL)
        RtlZeroMemory(Memory, Size);
    return Memory;
}

_Use_decl_annotations_
VOID
MemFreePlain(PVOID Memory, ULONG Tag)
{
    ExFreePoolWithTag(Memory, Tag);
}
