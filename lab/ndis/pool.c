/* SPDX-License-Identifier: MIT */
/* NBL and NB pools and the generic objects that own them. */
#include "ndis/allocate.h"

#include "ndis/state.h"

#include <string.h>

#define POOL_MAGIC    0x4C4F4F502D49444Eull
#define GENERIC_MAGIC 0x4A424F4E45474944ull
#define POOL_TAG      NT_TAG('N', 'D', 'n', 'd')

/* What NdisAllocateGenericObject gives. The tag is the caller's. */
struct ndis_generic {
    uint64_t magic;
    struct ndis_generic *next;
    uint32_t tag;
};

struct ndis_pool *ndis_pool_of(NDIS_HANDLE handle, enum ndis_pool_kind kind)
{
    struct ndis_pool *const pool = handle;

    if (pool == NULL || ((uintptr_t)pool & 15) != 0 || ndis_peek(&pool->magic) != POOL_MAGIC ||
        pool->kind != kind || pool->freed)
        return NULL;
    return pool;
}

static void destroy(struct ndis_pool *pool)
{
    struct ndis *const ndis = pool->ndis;
    struct ndis_pool **link = &ndis->pools;

    while (*link != pool)
        link = &(*link)->next;
    *link = pool->next;
    pool->magic = 0;
    nt_pool_free(ndis->nt, pool, POOL_TAG);
}

void ndis_pool_returned(struct ndis_pool *pool)
{
    pool->live--;
    if (pool->freed && pool->live == 0)
        destroy(pool);
}

static struct ndis_pool *create(struct ndis *ndis, enum ndis_pool_kind kind, uint32_t tag,
                                const char *site, const void *caller)
{
    struct ndis_pool *pool;

    pool = nt_pool_allocate(ndis->nt, NT_POOL_NONPAGED, sizeof(*pool), POOL_TAG, site);
    if (pool == NULL)
        return NULL;
    *pool = (struct ndis_pool){
        .magic = POOL_MAGIC,
        .ndis = ndis,
        .next = ndis->pools,
        .kind = kind,
        .tag = tag,
        .driver = true, /* the lab's own floors make their NBLs without pools */
        .caller = caller,
    };
    ndis->pools = pool;
    return pool;
}

/* Whether a structure's header is what the documentation of NDIS_OBJECT_HEADER asks for. */
static bool header_good(struct ndis *ndis, const char *function, const NDIS_OBJECT_HEADER *header,
                        size_t size)
{
    if (header->Type == NDIS_OBJECT_TYPE_DEFAULT && header->Revision >= 1 && header->Size >= size)
        return true;
    sim_breach_text(ndis->sim, "R71", function,
                    "Parameters->Header is Type 0x%02x, Revision %u, Size %u: Type 0x80, Revision "
                    "1 and Size >= %zu "
                    "are documented",
                    header->Type, header->Revision, header->Size, size);
    return false;
}

NDIS_HANDLE NTAPI NdisAllocateNetBufferListPool(NDIS_HANDLE NdisHandle,
                                                const NET_BUFFER_LIST_POOL_PARAMETERS *Parameters)
{
    static const char name[] = "NdisAllocateNetBufferListPool";
    struct ndis *const ndis = ndis_current();
    struct ndis_pool *pool;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    if (Parameters == NULL ||
        !header_good(ndis, name, &Parameters->Header,
                     RTL_SIZEOF_THROUGH_FIELD(NET_BUFFER_LIST_POOL_PARAMETERS, DataSize)))
        return NULL;
    if (Parameters->ContextSize % MEMORY_ALLOCATION_ALIGNMENT != 0 ||
        (Parameters->DataSize != 0 && !Parameters->fAllocateNetBuffer)) {
        sim_breach_text(ndis->sim, "R71", name,
                        Parameters->ContextSize % MEMORY_ALLOCATION_ALIGNMENT != 0
                            ? "ContextSize %u is no multiple of MEMORY_ALLOCATION_ALIGNMENT (16)"
                            : "DataSize %u without fAllocateNetBuffer",
                        Parameters->ContextSize % MEMORY_ALLOCATION_ALIGNMENT != 0
                            ? Parameters->ContextSize
                            : Parameters->DataSize);
        return NULL;
    }
    pool = create(ndis, NDIS_POOL_NBL, Parameters->PoolTag, name, __builtin_return_address(0));
    if (pool == NULL)
        return NULL;
    pool->context_size = Parameters->ContextSize;
    pool->data_size = Parameters->DataSize;
    pool->allocate_net_buffer = Parameters->fAllocateNetBuffer != FALSE;
    return pool;
}

NDIS_HANDLE NTAPI NdisAllocateNetBufferPool(NDIS_HANDLE NdisHandle,
                                            const NET_BUFFER_POOL_PARAMETERS *Parameters)
{
    static const char name[] = "NdisAllocateNetBufferPool";
    struct ndis *const ndis = ndis_current();
    struct ndis_pool *pool;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    if (Parameters == NULL ||
        !header_good(ndis, name, &Parameters->Header,
                     RTL_SIZEOF_THROUGH_FIELD(NET_BUFFER_POOL_PARAMETERS, DataSize)))
        return NULL;
    pool = create(ndis, NDIS_POOL_NB, Parameters->PoolTag, name, __builtin_return_address(0));
    if (pool == NULL)
        return NULL;
    pool->data_size = Parameters->DataSize;
    pool->allocate_net_buffer = true;
    return pool;
}

static void free_pool(struct ndis *ndis, const char *function, NDIS_HANDLE handle,
                      enum ndis_pool_kind kind, const void *caller)
{
    struct ndis_pool *const pool = ndis_pool_of(handle, kind);

    nt_irql_limit(ndis->nt, function, DISPATCH_LEVEL);
    if (pool == NULL) {
        sim_breach_text(ndis->sim, "R65", function, "the handle is no live pool of this kind");
        return;
    }
    pool->freed = true;
    if (pool->live == 0) {
        destroy(pool);
        return;
    }
    sim_breach(ndis->sim, &(struct sim_breach){
                              .rule = "R71",
                              .function = function,
                              .detail = "the pool is freed while objects from it are still out",
                              .tag = pool->tag,
                              .nbls = pool->live,
                              .address = caller,
                          });
}

VOID NTAPI NdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle)
{
    PE_EXPORT(pe_current());
    sim_point(sim_current);
    free_pool(ndis_current(), "NdisFreeNetBufferListPool", PoolHandle, NDIS_POOL_NBL,
              __builtin_return_address(0));
}

VOID NTAPI NdisFreeNetBufferPool(NDIS_HANDLE PoolHandle)
{
    PE_EXPORT(pe_current());
    sim_point(sim_current);
    free_pool(ndis_current(), "NdisFreeNetBufferPool", PoolHandle, NDIS_POOL_NB,
              __builtin_return_address(0));
}

PNDIS_GENERIC_OBJECT NTAPI NdisAllocateGenericObject(PDRIVER_OBJECT DriverObject, ULONG Tag,
                                                     USHORT Size)
{
    static const char name[] = "NdisAllocateGenericObject";
    struct ndis *const ndis = ndis_current();
    struct ndis_generic *object;
    const size_t size = sizeof(*object) + Size;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    object = nt_pool_allocate_for(ndis->nt, NT_POOL_NONPAGED, size, Tag, name,
                                  __builtin_return_address(0));
    if (object == NULL)
        return NULL;
    memset(object, 0, size);
    object->magic = GENERIC_MAGIC;
    object->tag = Tag;
    object->next = ndis->generics;
    ndis->generics = object;
    return (PNDIS_GENERIC_OBJECT)object;
}

VOID NTAPI NdisFreeGenericObject(PNDIS_GENERIC_OBJECT NdisObject)
{
    static const char name[] = "NdisFreeGenericObject";
    struct ndis *const ndis = ndis_current();
    struct ndis_generic **link = &ndis->generics, *object;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    while (*link != NULL && *link != (struct ndis_generic *)NdisObject)
        link = &(*link)->next;
    object = *link;
    if (object == NULL) {
        sim_breach_text(ndis->sim, "R65", name, "the handle is no live generic object");
        return;
    }
    *link = object->next;
    object->magic = 0;
    nt_pool_free(ndis->nt, object, object->tag);
}

void ndis_pool_report_left(struct ndis *ndis)
{
    for (const struct ndis_pool *pool = ndis->pools; pool != NULL; pool = pool->next) {
        if (pool->driver && !pool->freed)
            sim_breach(ndis->sim,
                       &(struct sim_breach){
                           .rule = "R71",
                           .function = pool->kind == NDIS_POOL_NBL ? "NdisAllocateNetBufferListPool"
                                                                   : "NdisAllocateNetBufferPool",
                           .detail = "the driver was unloaded and its pool is still there",
                           .tag = pool->tag,
                           .nbls = pool->live,
                           .address = pool->caller,
                       });
    }
}

void ndis_pool_destroy_all(struct ndis *ndis)
{
    while (ndis->pools != NULL)
        destroy(ndis->pools);
    while (ndis->generics != NULL) {
        struct ndis_generic *const object = ndis->generics;

        ndis->generics = object->next;
        nt_pool_free(ndis->nt, object, object->tag);
    }
}
