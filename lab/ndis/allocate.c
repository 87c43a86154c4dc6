/* SPDX-License-Identifier: MIT */
/* NdisAllocateNetBufferList and its kin, and what gives them back. */
#include "ndis/allocate.h"

#include "ndis/data_start.h"
#include "ndis/mdl.h"
#include "ndis/state.h"

#include <stdio.h>
#include <string.h>

const char *ndis_nbl_free_function(enum ndis_nbl_origin origin)
{
    switch (origin) {
    case NDIS_NBL_ALLOCATED:
        return "NdisFreeNetBufferList";
    case NDIS_NBL_FWPS:
        return "FwpsFreeNetBufferList0";
    case NDIS_NBL_CLONE:
        return "NdisFreeCloneNetBufferList";
    case NDIS_NBL_FWPS_CLONE:
        return "FwpsFreeCloneNetBufferList0";
    case NDIS_NBL_STREAM_CLONE:
        return "FwpsDiscardClonedStreamData0 or FwpsFreeCloneNetBufferList0";
    case NDIS_NBL_NIC:
    case NDIS_NBL_NBUF:
    case NDIS_NBL_SEND:
    case NDIS_NBL_STREAM:
        break;
    }
    return "nothing a callout driver may call";
}

static void breach(struct ndis *ndis, const char *rule, const char *function, const char *detail,
                   uint32_t tag, const void *caller)
{
    sim_breach(ndis->sim, &(struct sim_breach){.rule = rule,
                                               .function = function,
                                               .detail = detail,
                                               .tag = tag,
                                               .flow = sim_task_self(ndis->sim)->flow,
                                               .classify = sim_task_self(ndis->sim)->classify,
                                               .address = caller});
}

/* Makes CurrentMdl and CurrentMdlOffset agree with DataOffset. False: the chain is shorter than
 * offset + length. */
static bool position(NET_BUFFER *nb, MDL *mdls, uint32_t data_offset, size_t data_length)
{
    uint64_t total = 0;

    for (const MDL *mdl = mdls; mdl != NULL; mdl = mdl->Next)
        total += mdl->ByteCount;
    if (data_offset + (uint64_t)data_length > total || data_length > UINT32_MAX)
        return false;
    NET_BUFFER_FIRST_MDL(nb) = mdls;
    NET_BUFFER_DATA_OFFSET(nb) = data_offset;
    NET_BUFFER_DATA_LENGTH(nb) = (ULONG)data_length;
    ndis_net_buffer_settle(nb);
    return true;
}

static void attach_context(NET_BUFFER_LIST *nbl, void *room, uint16_t size, uint16_t back_fill)
{
    NET_BUFFER_LIST_CONTEXT *const context = room;

    context->Next = NULL;
    context->Size = (USHORT)(size + back_fill);
    context->Offset = back_fill;
    nbl->Context = context;
}

static struct ndis_nbl_header *driver_nbl(struct ndis_pool *pool, enum ndis_nbl_origin origin,
                                          size_t extra, size_t clear, const char *site,
                                          const void *caller)
{
    struct ndis_nbl_header *header;

    header = ndis_nbl_carve(pool->ndis, pool->tag, extra, clear, site);
    if (header == NULL)
        return NULL;
    header->origin = (uint8_t)origin;
    header->owner = NDIS_OWNER_DRIVER;
    header->driver = pool->driver;
    header->caller = caller;
    header->pool = pool;
    pool->live++;
    pool->made++;
    ndis_nbl_of(header)->NdisPoolHandle = pool;
    ndis_nbl_enlist(pool->ndis, header);
    return header;
}

NET_BUFFER_LIST *ndis_nbl_allocate(struct ndis *ndis, const char *function,
                                   enum ndis_nbl_origin origin, NDIS_HANDLE handle,
                                   uint16_t context_size, uint16_t context_back_fill, MDL *mdls,
                                   uint32_t data_offset, size_t data_length, const void *caller)
{
    struct ndis_pool *const pool = ndis_pool_of(handle, NDIS_POOL_NBL);
    struct ndis_nbl_header *header;
    NET_BUFFER_LIST *nbl;
    NET_BUFFER *nb, probe;
    uint32_t context, back_fill;

    if (pool == NULL) {
        breach(ndis, "R71", function, "the handle is no live NET_BUFFER_LIST pool", 0, caller);
        return NULL;
    }
    if (!pool->allocate_net_buffer || pool->data_size != 0) {
        breach(ndis, "R71", function,
               "the pool must have been made with fAllocateNetBuffer TRUE and DataSize 0",
               pool->tag, caller);
        return NULL;
    }
    if (context_size % MEMORY_ALLOCATION_ALIGNMENT != 0 ||
        context_back_fill % MEMORY_ALLOCATION_ALIGNMENT != 0) {
        breach(ndis, "R71", function,
               "context sizes must be multiples of MEMORY_ALLOCATION_ALIGNMENT (16)", pool->tag,
               caller);
        return NULL;
    }
    if (!position(&probe, mdls, data_offset, data_length)) {
        breach(ndis, "R67", function, "DataOffset + DataLength is more than the MDL chain holds",
               pool->tag, caller);
        return NULL;
    }
    context = context_size > pool->context_size ? context_size : pool->context_size;
    back_fill = context_size > pool->context_size ? context_back_fill : 0;
    context = context == 0 ? 0 : context + back_fill + (uint32_t)sizeof(NET_BUFFER_LIST_CONTEXT);
    header =
        driver_nbl(pool, origin, sizeof(*nb) + context, sizeof(*nb) + context, function, caller);
    if (header == NULL)
        return NULL;
    header->payload = (uint32_t)data_length;
    nbl = ndis_nbl_of(header);
    nb = (NET_BUFFER *)(nbl + 1);
    NET_BUFFER_LIST_FIRST_NB(nbl) = nb;
    nb->NdisPoolHandle = pool;
    position(nb, mdls, data_offset, data_length);
    if (context != 0)
        attach_context(nbl, nb + 1,
                       (uint16_t)(context - back_fill - sizeof(NET_BUFFER_LIST_CONTEXT)),
                       (uint16_t)back_fill);
    return nbl;
}

PNET_BUFFER_LIST NTAPI NdisAllocateNetBufferAndNetBufferList(NDIS_HANDLE PoolHandle,
                                                             USHORT ContextSize,
                                                             USHORT ContextBackFill, PMDL MdlChain,
                                                             ULONG DataOffset, SIZE_T DataLength)
{
    static const char name[] = "NdisAllocateNetBufferAndNetBufferList";
    struct ndis *const ndis = ndis_current();

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    return ndis_nbl_allocate(ndis, name, NDIS_NBL_ALLOCATED, PoolHandle, ContextSize,
                             ContextBackFill, MdlChain, DataOffset, DataLength,
                             __builtin_return_address(0));
}

/* An MDL with its data behind it, all of it unused data space (the documentation of
 * NdisAllocateNetBufferMdlAndData: retreat to use it). */
static void unused_data(NET_BUFFER *nb, uint8_t *room, uint32_t size)
{
    MDL *const mdl = (MDL *)room;

    ndis_mdl_describe(mdl, room + ndis_mdl_size(size), size);
    NET_BUFFER_FIRST_MDL(nb) = mdl;
    NET_BUFFER_CURRENT_MDL(nb) = mdl;
    NET_BUFFER_CURRENT_MDL_OFFSET(nb) = size;
    NET_BUFFER_DATA_OFFSET(nb) = size;
}

PNET_BUFFER_LIST NTAPI NdisAllocateNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize,
                                                 USHORT ContextBackFill)
{
    static const char name[] = "NdisAllocateNetBufferList";
    struct ndis *const ndis = ndis_current();
    struct ndis_pool *const pool = ndis_pool_of(PoolHandle, NDIS_POOL_NBL);
    struct ndis_nbl_header *header;
    NET_BUFFER_LIST *nbl;
    size_t nb_room, data_room, context;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    if (pool == NULL) {
        breach(ndis, "R71", name, "the handle is no live NET_BUFFER_LIST pool", 0,
               __builtin_return_address(0));
        return NULL;
    }
    nb_room = pool->allocate_net_buffer ? sizeof(NET_BUFFER) : 0;
    data_room = pool->data_size == 0
                    ? 0
                    : ndis_mdl_size(pool->data_size) + (pool->data_size + 15u) / 16 * 16;
    if (ContextSize < pool->context_size)
        ContextSize = pool->context_size;
    context =
        ContextSize == 0 ? 0 : sizeof(NET_BUFFER_LIST_CONTEXT) + ContextSize + ContextBackFill;
    header = driver_nbl(pool, NDIS_NBL_ALLOCATED, nb_room + data_room + context,
                        nb_room + data_room + context, name, __builtin_return_address(0));
    if (header == NULL)
        return NULL;
    nbl = ndis_nbl_of(header);
    if (nb_room != 0) {
        NET_BUFFER *const nb = (NET_BUFFER *)(nbl + 1);

        NET_BUFFER_LIST_FIRST_NB(nbl) = nb;
        nb->NdisPoolHandle = pool;
        if (data_room != 0)
            unused_data(nb, (uint8_t *)(nb + 1), pool->data_size);
    }
    if (context != 0)
        attach_context(nbl, (uint8_t *)(nbl + 1) + nb_room + data_room, ContextSize,
                       ContextBackFill);
    return nbl;
}

bool ndis_nbl_free(struct ndis *ndis, const char *function, NET_BUFFER_LIST *nbl, uint32_t origins)
{
    struct ndis_nbl_header *const header = ndis_nbl_header(nbl);
    struct sim_breach report = {.rule = "R31", .function = function, .nbls = 1};
    char text[160];

    if (header == NULL) {
        report.detail =
            "this is no live NET_BUFFER_LIST: freed before, or never allocated from an NDIS pool";
        sim_breach(ndis->sim, &report);
        return false;
    }
    if (!ndis_nbl_intact(header)) {
        report.rule = "R65";
        report.detail = "memory in front of a NET_BUFFER_LIST was overwritten";
        sim_breach(ndis->sim, &report);
        return false;
    }
    report.tag = header->tag;
    report.object = header->number;
    report.flow = header->flow;
    report.classify = header->classify;
    report.bytes = header->payload;
    report.detail = text;
    if ((origins & 1u << header->origin) == 0) {
        snprintf(text, sizeof(text), "NBL #%llu must be given back by %s",
                 (unsigned long long)header->number, ndis_nbl_free_function(header->origin));
        sim_breach(ndis->sim, &report);
        if (header->owner != NDIS_OWNER_DRIVER)
            return false;
    } else if (header->owner != NDIS_OWNER_DRIVER) {
        report.rule = "R30";
        report.because = header->injected_twice ? "R44" : NULL;
        snprintf(text, sizeof(text),
                 "NBL #%llu was injected and has not completed yet: the engine has it",
                 (unsigned long long)header->number);
        sim_breach(ndis->sim, &report);
        return false;
    }
    ndis_held_check(header);
    if (nbl->ChildRefCount != 0) {
        snprintf(text, sizeof(text), "NBL #%llu is freed while %d clones of it are still there",
                 (unsigned long long)header->number, (int)nbl->ChildRefCount);
        sim_breach(ndis->sim, &report);
        return false;
    }
    for (NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb)) {
        if (ndis_retreat_discard(ndis, nb)) {
            snprintf(text, sizeof(text),
                     "NBL #%llu still has an MDL that a retreat allocated: undo it first",
                     (unsigned long long)header->number);
            sim_breach(ndis->sim, &report);
        }
    }
    ndis_nbl_destroy(nbl);
    return true;
}

VOID NTAPI NdisFreeNetBufferList(PNET_BUFFER_LIST NetBufferList)
{
    static const char name[] = "NdisFreeNetBufferList";

    PE_EXPORT(pe_current());
    sim_point(sim_current);
    nt_irql_limit(nt_current(), name, DISPATCH_LEVEL);
    ndis_nbl_free(ndis_current(), name, NetBufferList, 1u << NDIS_NBL_ALLOCATED);
}
