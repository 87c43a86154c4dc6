/* SPDX-License-Identifier: MIT */
/* Clones: new NBL, NBs and MDLs over the same bytes. */
#include "ndis/mdl.h"
#include "ndis/state.h"

#include <string.h>

/* The part of an NB's data that a clone shows. */
struct window {
    NET_BUFFER *nb;
    size_t skip; /* bytes left out at its start */
    size_t length;
};

/* The next NB from `nb` on that has bytes in the range; goes on behind them. */
static bool next_window(NET_BUFFER **nb, size_t *skip, size_t *length, struct window *window)
{
    for (; *nb != NULL && *length > 0; *nb = NET_BUFFER_NEXT_NB(*nb)) {
        const size_t here = NET_BUFFER_DATA_LENGTH(*nb);

        if (*skip >= here) {
            *skip -= here;
            continue;
        }
        *window = (struct window){.nb = *nb, .skip = *skip, .length = here - *skip};
        if (window->length > *length)
            window->length = *length;
        *length -= window->length;
        *skip = 0;
        *nb = NET_BUFFER_NEXT_NB(*nb);
        return true;
    }
    return false;
}

/* Where a window begins: MDL, offset into it, offset into the chain. */
static MDL *locate(const struct window *window, uint32_t *mdl_offset, uint32_t *chain_offset)
{
    MDL *mdl = NET_BUFFER_CURRENT_MDL(window->nb);
    uint64_t offset = NET_BUFFER_CURRENT_MDL_OFFSET(window->nb) + (uint64_t)window->skip;

    *chain_offset = NET_BUFFER_DATA_OFFSET(window->nb) + (uint32_t)window->skip;
    while (mdl != NULL && offset >= mdl->ByteCount && mdl->Next != NULL) {
        offset -= mdl->ByteCount;
        mdl = mdl->Next;
    }
    *mdl_offset = (uint32_t)offset;
    return mdl;
}

static size_t mdl_room(const struct window *window)
{
    uint32_t offset, chain_offset;
    size_t left = window->length, room = 0;

    for (MDL *mdl = locate(window, &offset, &chain_offset); mdl != NULL && left > 0;
         mdl = mdl->Next) {
        const size_t here = mdl->ByteCount - offset < left ? mdl->ByteCount - offset : left;

        if (here > 0)
            room += ndis_mdl_size(here);
        left -= here;
        offset = 0;
    }
    return room;
}

static uint8_t *describe(NET_BUFFER *nb, const struct window *window, uint8_t *room)
{
    uint32_t offset, chain_offset;
    size_t left = window->length;
    MDL *first = NULL, **link = &first;

    for (MDL *mdl = locate(window, &offset, &chain_offset); mdl != NULL && left > 0;
         mdl = mdl->Next) {
        const size_t here = mdl->ByteCount - offset < left ? mdl->ByteCount - offset : left;
        MDL *const partial = (MDL *)room;

        if (here > 0) {
            ndis_mdl_describe(partial, (uint8_t *)mdl->MappedSystemVa + offset, here);
            partial->MdlFlags |= MDL_PARTIAL;
            *link = partial;
            link = &partial->Next;
            room += ndis_mdl_size(here);
        }
        left -= here;
        offset = 0;
    }
    NET_BUFFER_FIRST_MDL(nb) = first;
    NET_BUFFER_CURRENT_MDL(nb) = first;
    NET_BUFFER_DATA_LENGTH(nb) = (ULONG)(window->length - left);
    return room;
}

static void share(NET_BUFFER *nb, const struct window *window)
{
    uint32_t offset, chain_offset;

    NET_BUFFER_CURRENT_MDL(nb) = locate(window, &offset, &chain_offset);
    NET_BUFFER_CURRENT_MDL_OFFSET(nb) = offset;
    NET_BUFFER_DATA_OFFSET(nb) = chain_offset;
    NET_BUFFER_FIRST_MDL(nb) = NET_BUFFER_FIRST_MDL(window->nb);
    NET_BUFFER_DATA_LENGTH(nb) = (ULONG)window->length;
}

NET_BUFFER_LIST *ndis_nbl_clone(struct ndis *ndis, const char *function,
                                enum ndis_nbl_origin origin, NET_BUFFER_LIST *original, size_t skip,
                                size_t length, NDIS_HANDLE nbl_pool, uint32_t tag, uint32_t flags,
                                const void *caller)
{
    struct ndis_pool *const pool = nbl_pool == NULL ? NULL : ndis_pool_of(nbl_pool, NDIS_POOL_NBL);
    const bool original_mdls = (flags & NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS) != 0;
    NET_BUFFER *from = NET_BUFFER_LIST_FIRST_NB(original), *nb;
    size_t count = 0, room = 0, left_out = skip, left = length;
    struct ndis_nbl_header *header;
    struct window window;
    NET_BUFFER_LIST *nbl;
    uint8_t *mdls;

    if (nbl_pool != NULL && pool == NULL) {
        sim_breach_text(ndis->sim, "R71", function, "the handle is no live NET_BUFFER_LIST pool");
        return NULL;
    }
    while (next_window(&from, &left_out, &left, &window)) {
        count++;
        if (!original_mdls)
            room += mdl_room(&window);
    }
    room += (count == 0 ? 1 : count) * sizeof(NET_BUFFER);
    header = ndis_nbl_carve(ndis, pool != NULL ? pool->tag : tag, room, room, function);
    if (header == NULL)
        return NULL;
    header->origin = (uint8_t)origin;
    header->owner = NDIS_OWNER_DRIVER;
    header->driver = true;
    header->caller = caller;
    header->pool = pool;
    header->payload = (uint32_t)(length - left);
    if (pool != NULL) {
        pool->live++;
        pool->made++;
    }
    nbl = ndis_nbl_of(header);
    nbl->NdisPoolHandle = pool;
    nbl->ParentNetBufferList = original;
    ndis_nbl_child_added(original);
    nb = (NET_BUFFER *)(nbl + 1);
    NET_BUFFER_LIST_FIRST_NB(nbl) = nb;
    mdls = (uint8_t *)(nb + (count == 0 ? 1 : count));
    from = NET_BUFFER_LIST_FIRST_NB(original);
    left_out = skip;
    left = length;
    for (size_t i = 0; next_window(&from, &left_out, &left, &window); i++) {
        if (original_mdls)
            share(&nb[i], &window);
        else
            mdls = describe(&nb[i], &window, mdls);
        if (i > 0)
            NET_BUFFER_NEXT_NB(&nb[i - 1]) = &nb[i];
    }
    ndis_nbl_enlist(ndis, header);
    return nbl;
}

PNET_BUFFER_LIST NTAPI NdisAllocateCloneNetBufferList(PNET_BUFFER_LIST OriginalNetBufferList,
                                                      NDIS_HANDLE NetBufferListPoolHandle,
                                                      NDIS_HANDLE NetBufferPoolHandle,
                                                      ULONG AllocateCloneFlags)
{
    static const char name[] = "NdisAllocateCloneNetBufferList";
    struct ndis *const ndis = ndis_current();

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    return ndis_nbl_clone(ndis, name, NDIS_NBL_CLONE, OriginalNetBufferList, 0, SIZE_MAX,
                          NetBufferListPoolHandle, NDIS_TAG_DEFAULT, AllocateCloneFlags,
                          __builtin_return_address(0));
}

VOID NTAPI NdisFreeCloneNetBufferList(PNET_BUFFER_LIST CloneNetBufferList, ULONG FreeCloneFlags)
{
    static const char name[] = "NdisFreeCloneNetBufferList";

    PE_EXPORT(pe_current());
    sim_point(sim_current);
    nt_irql_limit(nt_current(), name, DISPATCH_LEVEL);
    ndis_nbl_free(ndis_current(), name, CloneNetBufferList, 1u << NDIS_NBL_CLONE);
}
