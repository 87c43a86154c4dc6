/* SPDX-License-Identifier: MIT */
/* Lookaside lists and the interlocked singly linked lists they are made of. */
#include "nt/pool_state.h"

/* The kernel adapts a list's depth to its traffic, up to 256; here it is there at once. Under
 * special pool, as under Driver Verifier, nothing is kept: every block is then checked. */
#define DEPTH 256

/* ---- SLISTs: the header of x64, see SLIST_HEADER ---- */

static PSLIST_ENTRY head_of(const SLIST_HEADER *list)
{
    return (PSLIST_ENTRY)(uintptr_t)((uint64_t)list->HeaderX64.NextEntry << 4);
}

static void set_head(SLIST_HEADER *list, const void *entry)
{
    list->HeaderX64.NextEntry = (uintptr_t)entry >> 4;
    list->HeaderX64.Sequence++;
}

VOID NTAPI InitializeSListHead(PSLIST_HEADER SListHead)
{
    SListHead->Alignment = 0;
    SListHead->Region = 0;
}

USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    return (USHORT)SListHead->HeaderX64.Depth;
}

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    NT_EXPORT("ExInterlockedPopEntrySList", DISPATCH_LEVEL);
    PSLIST_ENTRY entry = head_of(ListHead);

    if (entry == NULL)
        return NULL;
    set_head(ListHead, entry->Next);
    ListHead->HeaderX64.Depth--;
    return entry;
}

PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    NT_EXPORT("ExInterlockedPushEntrySList", DISPATCH_LEVEL);
    PSLIST_ENTRY old = head_of(ListHead);

    ListEntry->Next = old;
    set_head(ListHead, ListEntry);
    ListHead->HeaderX64.Depth++;
    return old;
}

PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    NT_EXPORT("ExInterlockedFlushSList", DISPATCH_LEVEL);
    PSLIST_ENTRY entry = head_of(ListHead);

    set_head(ListHead, NULL);
    ListHead->HeaderX64.Depth = 0;
    return entry;
}

/* ---- lookaside lists: all kinds have the same fields ---- */

static PVOID NTAPI default_allocate(POOL_TYPE type, SIZE_T size, ULONG tag, PLOOKASIDE_LIST_EX list)
{
    return ExAllocatePoolWithTag(type, size, tag);
}

static VOID NTAPI default_free(PVOID buffer, PLOOKASIDE_LIST_EX list)
{
    ExFreePool(buffer);
}

/* Drivers keep lists where they like: without the alignment that the type asks for. */
static GENERAL_LOOKASIDE_POOL *fields_of(void *list)
{
    return list;
}

static void prepare(struct nt *nt, GENERAL_LOOKASIDE_POOL *list, POOL_TYPE type, size_t size,
                    uint32_t tag)
{
    InitializeSListHead(&list->ListHead);
    list->Depth = nt->config.special_pool ? 0 : DEPTH;
    list->MaximumDepth = DEPTH;
    list->TotalAllocates = list->AllocateMisses = 0;
    list->TotalFrees = list->FreeMisses = 0;
    list->Type = type;
    list->Tag = tag;
    list->Size = (ULONG)size;
    nt_list_append(&nt->lookasides, &list->ListEntry);
}

static void give_all(struct nt *nt, GENERAL_LOOKASIDE_POOL *list, bool extended)
{
    PSLIST_ENTRY entry;

    while ((entry = head_of(&list->ListHead)) != NULL) {
        set_head(&list->ListHead, entry->Next);
        list->ListHead.HeaderX64.Depth--;
        if (extended)
            list->FreeEx(entry, (PLOOKASIDE_LIST_EX)(void *)list);
        else
            list->Free(entry);
    }
    (void)nt;
}

static void forget(GENERAL_LOOKASIDE_POOL *list)
{
    if (list->ListEntry.Flink != NULL)
        nt_list_remove(&list->ListEntry);
}

void nt_lookaside_check_freed(struct nt *nt, uintptr_t start, uintptr_t end)
{
    LIST_ENTRY *next;

    for (LIST_ENTRY *e = nt->lookasides.Flink; e != &nt->lookasides; e = next) {
        next = e->Flink;
        if ((uintptr_t)e < start || (uintptr_t)e >= end)
            continue;
        sim_breach_text(nt->sim, "R68", "ExFreePool",
                        "memory is freed that holds a lookaside list which was not deleted");
        nt_list_remove(e);
    }
}

VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside,
                                           PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                           ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    NT_EXPORT("ExInitializeNPagedLookasideList", DISPATCH_LEVEL);
    prepare(nt, fields_of(Lookaside),
            (POOL_TYPE)(NonPagedPool |
                        (Flags & (POOL_NX_ALLOCATION | POOL_RAISE_IF_ALLOCATION_FAILURE))),
            Size, Tag);
    fields_of(Lookaside)->Allocate = Allocate != NULL ? Allocate : ExAllocatePoolWithTag;
    fields_of(Lookaside)->Free = Free != NULL ? Free : ExFreePool;
}

VOID NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside,
                                          PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                          ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    NT_EXPORT("ExInitializePagedLookasideList", APC_LEVEL);
    prepare(nt, fields_of(Lookaside), PagedPool, Size, Tag);
    fields_of(Lookaside)->Allocate = Allocate != NULL ? Allocate : ExAllocatePoolWithTag;
    fields_of(Lookaside)->Free = Free != NULL ? Free : ExFreePool;
}

VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    NT_EXPORT("ExDeleteNPagedLookasideList", DISPATCH_LEVEL);
    forget(fields_of(Lookaside));
    give_all(nt, fields_of(Lookaside), false);
}

VOID NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    NT_EXPORT("ExDeletePagedLookasideList", APC_LEVEL);
    forget(fields_of(Lookaside));
    give_all(nt, fields_of(Lookaside), false);
}

NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside,
                                           PALLOCATE_FUNCTION_EX Allocate, PFREE_FUNCTION_EX Free,
                                           POOL_TYPE PoolType, ULONG Flags, SIZE_T Size, ULONG Tag,
                                           USHORT Depth)
{
    NT_EXPORT("ExInitializeLookasideListEx", DISPATCH_LEVEL);
    if (Depth != 0 || Size < sizeof(SLIST_ENTRY *) ||
        (Flags &
         (EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE)) ==
            (EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE))
        return STATUS_INVALID_PARAMETER_4;
    if ((Flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL) != 0)
        PoolType = (POOL_TYPE)(PoolType | POOL_RAISE_IF_ALLOCATION_FAILURE);
    prepare(nt, fields_of(Lookaside), PoolType, Size, Tag);
    fields_of(Lookaside)->AllocateEx = Allocate != NULL ? Allocate : default_allocate;
    fields_of(Lookaside)->FreeEx = Free != NULL ? Free : default_free;
    return STATUS_SUCCESS;
}

VOID NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    NT_EXPORT("ExDeleteLookasideListEx", DISPATCH_LEVEL);
    forget(fields_of(Lookaside));
    give_all(nt, fields_of(Lookaside), true);
}

VOID NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    NT_EXPORT("ExFlushLookasideListEx", DISPATCH_LEVEL);
    give_all(nt, fields_of(Lookaside), true);
}
