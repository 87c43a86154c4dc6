/* SPDX-License-Identifier: MIT */
/* NET_BUFFERs from pools of their own. */
#include "ndis/data_start.h"
#include "ndis/mdl.h"
#include "ndis/state.h"

#include <string.h>

#define NB_MAGIC 0x424E2D4543554C53ull

/* In front of each such NB; like NBL headers, always in the page that the NB begins in. */
struct nb_header {
    uint64_t magic;
    struct ndis_pool *pool;
    void *block;
    uint64_t reserved;
};

static struct nb_header *header_of(NET_BUFFER *nb)
{
    struct nb_header *header;

    if (nb == NULL || ((uintptr_t)nb & 15) != 0 ||
        ((uintptr_t)nb & (PAGE_SIZE - 1)) < sizeof(*header))
        return NULL;
    header = (struct nb_header *)(uintptr_t)nb - 1;
    return ndis_peek(&header->magic) == NB_MAGIC ? header : NULL;
}

static NET_BUFFER *carve(struct ndis *ndis, const char *function, NDIS_HANDLE handle, size_t extra)
{
    struct ndis_pool *const pool = ndis_pool_of(handle, NDIS_POOL_NB);
    struct nb_header *header;
    uint8_t *block;
    uintptr_t nb;

    if (pool == NULL) {
        sim_breach_text(ndis->sim, "R71", function, "the handle is no live NET_BUFFER pool");
        return NULL;
    }
    block = nt_pool_allocate(ndis->nt, NT_POOL_NONPAGED,
                             16 + 2 * sizeof(*header) + sizeof(NET_BUFFER) + extra, pool->tag,
                             function);
    if (block == NULL)
        return NULL;
    nb = (uintptr_t)block + 16 + sizeof(*header);
    if ((nb & (PAGE_SIZE - 1)) < sizeof(*header))
        nb += sizeof(*header) - (nb & (PAGE_SIZE - 1));
    header = (struct nb_header *)nb - 1;
    *header = (struct nb_header){.magic = NB_MAGIC, .pool = pool, .block = block};
    memset((void *)nb, 0, sizeof(NET_BUFFER));
    ((NET_BUFFER *)nb)->NdisPoolHandle = pool;
    pool->live++;
    pool->made++;
    return (NET_BUFFER *)nb;
}

PNET_BUFFER NTAPI NdisAllocateNetBuffer(NDIS_HANDLE PoolHandle, PMDL MdlChain, ULONG DataOffset,
                                        SIZE_T DataLength)
{
    static const char name[] = "NdisAllocateNetBuffer";
    struct ndis *const ndis = ndis_current();
    NET_BUFFER *nb;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    nb = carve(ndis, name, PoolHandle, 0);
    if (nb == NULL)
        return NULL;
    NET_BUFFER_FIRST_MDL(nb) = MdlChain;
    NET_BUFFER_DATA_OFFSET(nb) = DataOffset;
    NET_BUFFER_DATA_LENGTH(nb) = (ULONG)DataLength;
    ndis_net_buffer_settle(nb);
    return nb;
}

PNET_BUFFER NTAPI NdisAllocateNetBufferMdlAndData(NDIS_HANDLE PoolHandle)
{
    static const char name[] = "NdisAllocateNetBufferMdlAndData";
    struct ndis *const ndis = ndis_current();
    const struct ndis_pool *const pool = ndis_pool_of(PoolHandle, NDIS_POOL_NB);
    const uint32_t size = pool == NULL ? 0 : pool->data_size;
    NET_BUFFER *nb;
    MDL *mdl;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    nb = carve(ndis, name, PoolHandle, ndis_mdl_size(size) + size);
    if (nb == NULL)
        return NULL;
    mdl = (MDL *)(nb + 1);
    ndis_mdl_describe(mdl, (uint8_t *)mdl + ndis_mdl_size(size), size);
    NET_BUFFER_FIRST_MDL(nb) = mdl;
    NET_BUFFER_CURRENT_MDL(nb) = mdl;
    NET_BUFFER_CURRENT_MDL_OFFSET(nb) = size;
    NET_BUFFER_DATA_OFFSET(nb) = size;
    return nb;
}

VOID NTAPI NdisFreeNetBuffer(PNET_BUFFER NetBuffer)
{
    static const char name[] = "NdisFreeNetBuffer";
    struct ndis *const ndis = ndis_current();
    struct nb_header *const header = header_of(NetBuffer);
    struct ndis_pool *pool;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    if (header == NULL) {
        sim_breach_text(
            ndis->sim, "R31", name,
            "this NET_BUFFER was freed before, or belongs to a NET_BUFFER_LIST and goes with it");
        return;
    }
    pool = header->pool;
    header->magic = 0;
    nt_pool_free(ndis->nt, header->block, pool->tag);
    ndis_pool_returned(pool);
}
