/* SPDX-License-Identifier: MIT */
/* The pool's exports. Sources: nf-wdm-exallocatepoolwithtag, nf-wdm-exallocatepool2,
 * nf-ntddk-exfreepoolwithtag. */
#include "nt/pool_calls.h"
#include "nt/pool_state.h"
#include "pe/seh.h"

#include <stdio.h>
#include <string.h>

#define UNTAGGED NT_TAG('N', 'o', 'n', 'e')

static void check(struct nt *nt, const char *function, size_t size, uint32_t tag,
                  enum nt_pool_kind kind, const void *caller)
{
    const uint8_t irql = sim_task_irql(nt->sim);
    char text[64];

    if (size == 0)
        sim_breach_text(nt->sim, "R64", function, "an allocation of zero bytes");
    if (tag == 0)
        sim_breach_text(nt->sim, "R64", function, "an allocation without a tag");
    if (irql <= (kind == NT_POOL_PAGED ? APC_LEVEL : DISPATCH_LEVEL))
        return;
    snprintf(text, sizeof(text), "%s pool is allocated at IRQL %u",
             kind == NT_POOL_PAGED ? "paged" : "non-paged", irql);
    sim_breach(nt->sim, &(struct sim_breach){
                            .rule = "R61", .function = function, .detail = text, .site = caller});
}

static void *allocate(struct nt *nt, const char *function, enum nt_pool_kind kind, bool aligned,
                      size_t size, uint32_t tag, const void *caller)
{
    const struct pool_request request = {.size = size,
                                         .tag = tag,
                                         .kind = kind,
                                         .driver = true,
                                         .cache_aligned = aligned,
                                         .caller = caller};
    if (nt->checks)
        check(nt, function, size, tag, kind, caller);
    nt->pool->driver_calls++;
    if (sim_fault(nt->sim, function))
        return NULL;
    return nt_pool_take(nt, &request);
}

static void *allocate_type(struct nt *nt, const char *function, POOL_TYPE type, size_t size,
                           uint32_t tag, const void *caller)
{
    void *block = allocate(nt, function, (type & PagedPool) != 0 ? NT_POOL_PAGED : NT_POOL_NONPAGED,
                           (type & NonPagedPoolCacheAligned) != 0, size, tag, caller);

    if (block != NULL && (type & POOL_ZERO_ALLOCATION) != 0)
        memset(block, 0, size);
    return block;
}

PVOID NTAPI(ExAllocatePoolWithTag)(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_EXPORT("ExAllocatePoolWithTag", DISPATCH_LEVEL);
    void *block =
        allocate_type(nt, "ExAllocatePoolWithTag", PoolType, NumberOfBytes, Tag, NT_CALLER());

    if (block == NULL && (PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0)
        pe_raise(nt->pe, (uint32_t)STATUS_INSUFFICIENT_RESOURCES);
    return block;
}
PE_RAISING(ExAllocatePoolWithTag);

PVOID NTAPI(ExAllocatePool)(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    NT_EXPORT("ExAllocatePool", DISPATCH_LEVEL);
    return allocate_type(nt, "ExAllocatePool", PoolType, NumberOfBytes, UNTAGGED, NT_CALLER());
}

PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                          EX_POOL_PRIORITY Priority)
{
    NT_EXPORT("ExAllocatePoolWithTagPriority", DISPATCH_LEVEL);
    return allocate_type(nt, "ExAllocatePoolWithTagPriority", PoolType, NumberOfBytes, Tag,
                         NT_CALLER());
}

PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_EXPORT("ExAllocatePoolWithQuotaTag", DISPATCH_LEVEL);
    void *block = allocate_type(nt, "ExAllocatePoolWithQuotaTag",
                                (POOL_TYPE)(PoolType & ~POOL_QUOTA_FAIL_INSTEAD_OF_RAISE),
                                NumberOfBytes, Tag, NT_CALLER());

    if (block == NULL && (PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0)
        pe_raise(nt->pe, (uint32_t)STATUS_QUOTA_EXCEEDED);
    return block;
}
PE_RAISING(ExAllocatePoolWithQuotaTag);

static void *allocate_flags(struct nt *nt, const char *function, POOL_FLAGS flags, size_t size,
                            uint32_t tag, const void *caller)
{
    const POOL_FLAGS kinds =
        flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);
    void *block = NULL;

    /* Exactly one kind, a size and a tag: else the call fails, or raises. */
    if (kinds != 0 && (kinds & (kinds - 1)) == 0 && size != 0 && tag != 0)
        block = allocate(nt, function, kinds == POOL_FLAG_PAGED ? NT_POOL_PAGED : NT_POOL_NONPAGED,
                         (flags & POOL_FLAG_CACHE_ALIGNED) != 0, size, tag, caller);
    else if (nt->checks)
        sim_breach_text(
            nt->sim, "R64", function,
            "the flags name no single kind of pool, or size or tag is zero: the call fails");
    if (block != NULL && (flags & POOL_FLAG_UNINITIALIZED) == 0)
        memset(block, 0, size);
    if (block == NULL && (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0)
        pe_raise(nt->pe, (uint32_t)STATUS_INSUFFICIENT_RESOURCES);
    return block;
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_EXPORT("ExAllocatePool2", DISPATCH_LEVEL);
    return allocate_flags(nt, "ExAllocatePool2", Flags, NumberOfBytes, Tag, NT_CALLER());
}
PE_RAISING(ExAllocatePool2);

/* Extended parameters are priorities, nodes and secure pools: hints here. */
PVOID NTAPI ExAllocatePool3(ULONG64 Flags, SIZE_T NumberOfBytes, ULONG Tag,
                            const void *ExtendedParameters, ULONG ExtendedParametersCount)
{
    NT_EXPORT("ExAllocatePool3", DISPATCH_LEVEL);
    return allocate_flags(nt, "ExAllocatePool3", Flags, NumberOfBytes, Tag, NT_CALLER());
}

static void free_block(struct nt *nt, const char *function, void *block, uint32_t tag)
{
    nt->pool->driver_calls++;
    if (block == NULL) {
        const uint64_t parameters[4] = {0x46, 0, 0, 0};

        nt_bugcheck(nt, 0xC2, parameters, nt_call_site(nt), "NULL is freed");
    }
    nt_pool_free_for(nt, block, tag, function);
}

VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    NT_EXPORT("ExFreePoolWithTag", DISPATCH_LEVEL);
    free_block(nt, "ExFreePoolWithTag", P, Tag);
}

VOID NTAPI ExFreePool(PVOID P)
{
    NT_EXPORT("ExFreePool", DISPATCH_LEVEL);
    free_block(nt, "ExFreePool", P, 0);
}

VOID NTAPI ExFreePool2(PVOID P, ULONG Tag, const void *ExtendedParameters,
                       ULONG ExtendedParametersCount)
{
    NT_EXPORT("ExFreePool2", DISPATCH_LEVEL);
    free_block(nt, "ExFreePool2", P, Tag);
}
