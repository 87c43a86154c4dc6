/* SPDX-License-Identifier: MIT */
/* The watched memory of all injected NBLs in one tree, and that of each in a list. */
#include "netio/injected_memory.h"

#include "sim/breach.h"

#include <stdio.h>

struct injected_range {
    struct range_node node;      /* first */
    struct injected_range *next; /* of the NBL, the one before it */
    struct injection *injection;
    uint64_t nbl;
    const struct ndis_nbl_header *header;
    bool is_mdl;
    void *block; /* freed too early: goes with the range */
};

static void add_range(struct injected_nbl *injected, const struct ndis_nbl_header *header,
                      const void *memory, size_t length, bool is_mdl)
{
    struct netio *const netio = injected->injection->injector->netio;
    struct injected_range *range;

    if (length == 0 || memory == NULL)
        return;
    range = slab_take(&netio->injected_ranges, netio->sim);
    if (range == NULL)
        return;
    *range = (struct injected_range){.node = {.start = (uintptr_t)memory,
                                              .end = (uintptr_t)memory + length,
                                              .number = ++netio->injected_number},
                                     .next = injected->ranges,
                                     .injection = injected->injection,
                                     .nbl = header->number,
                                     .header = header,
                                     .is_mdl = is_mdl};
    injected->ranges = range;
    range_tree_add(&netio->injected_memory, &range->node);
}

void injected_memory_add(struct injected_nbl *injected, NET_BUFFER_LIST *nbl)
{
    const struct ndis_nbl_header *const header = ndis_nbl_header(nbl);

    /* A clone's MDLs are NDIS's, the memory behind them is its parent's. */
    if (!injected->injection->injector->netio->checks ||
        (header->origin != NDIS_NBL_ALLOCATED && header->origin != NDIS_NBL_FWPS))
        return;
    for (NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb)) {
        size_t left = NET_BUFFER_DATA_LENGTH(nb) + (size_t)NET_BUFFER_CURRENT_MDL_OFFSET(nb);

        for (MDL *mdl = NET_BUFFER_CURRENT_MDL(nb); mdl != NULL && left > 0; mdl = mdl->Next) {
            const size_t here = mdl->ByteCount < left ? mdl->ByteCount : left;

            add_range(injected, header, mdl, sizeof(*mdl), true);
            add_range(injected, header, mdl->MappedSystemVa, here, false);
            left -= here;
        }
    }
}

void injected_memory_remove(struct injected_nbl *injected)
{
    struct netio *const netio = injected->injection->injector->netio;
    struct injected_range *gone = NULL;

    while (injected->ranges != NULL) {
        struct injected_range *const range = injected->ranges;

        range_tree_remove(&netio->injected_memory, &range->node);
        injected->ranges = range->next;
        range->next = gone;
        gone = range;
    }
    while (gone != NULL) {
        struct injected_range *const range = gone;

        gone = range->next;
        if (range->block != NULL)
            nt_pool_free_for(netio->nt, range->block, 0, "a free that came too early");
        slab_give(&netio->injected_ranges, range);
    }
}

/* A driver frees a block; true: it is kept until the NBL completes. */
static bool freeing(void *context, void *block, size_t size, const char *function)
{
    struct netio *const netio = context;
    struct injected_range *const range = (struct injected_range *)range_tree_newest(
        netio->injected_memory, (uintptr_t)block, (uintptr_t)block + size);
    const struct netio_flow *flow;
    char text[160];

    if (size == 0 || range == NULL || range->block != NULL)
        return false;
    flow = range->injection->flow;
    snprintf(text, sizeof(text), "%s of NBL %llu is freed, which is injected and not completed",
             range->is_mdl ? "an MDL" : "a buffer", (unsigned long long)range->nbl);
    sim_breach(netio->sim, &(struct sim_breach){
                               .rule = "R32",
                               .function = function,
                               .detail = text,
                               .flow = flow != NULL ? flow->handle : 0,
                               .bytes = range->node.end - range->node.start,
                               .object = range->nbl,
                               .because = range->header->injected_twice ? "R44" : NULL,
                               .direction = (uint8_t)(range->injection->direction + 1),
                           });
    range->block = block;
    return true;
}

void injected_memory_watch(struct netio *netio)
{
    netio->injected_ranges.size = (sizeof(struct injected_range) + 15) & ~(size_t)15;
    nt_pool_watch_frees(netio->nt, freeing, netio);
}
