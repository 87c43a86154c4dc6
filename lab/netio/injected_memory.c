/* SPDX-License-Identifier: MIT */
/* Counts of watched memory by stretches of 256 bytes: a block that touches none of them is freed
 * without a search. */
#include "netio/injected_memory.h"

#include "sim/breach.h"

#include <stdio.h>

#define STRETCH_SHIFT 8

struct injected_range {
    struct injected_range *next; /* of the injection */
    uint64_t nbl;
    const struct ndis_nbl_header *header;
    uintptr_t start, end;
    bool is_mdl;
    void *block; /* freed too early: goes with the range */
};

static uint16_t *count_of(struct netio *netio, uintptr_t stretch)
{
    return &netio->injected_counts[(stretch * 0x9E3779B1u >> 7) % NETIO_INJECTED_COUNTS];
}

static void count_range(struct netio *netio, uintptr_t start, uintptr_t end, int by)
{
    for (uintptr_t s = start >> STRETCH_SHIFT; s <= (end - 1) >> STRETCH_SHIFT; s++)
        *count_of(netio, s) = (uint16_t)(*count_of(netio, s) + by);
}

static void add_range(struct injection *injection, const struct ndis_nbl_header *header,
                      const void *memory, size_t length, bool is_mdl)
{
    struct netio *const netio = injection->injector->netio;
    struct injected_range *range;

    if (length == 0 || memory == NULL)
        return;
    range = slab_take(&netio->injected_ranges, netio->sim);
    if (range == NULL)
        return;
    *range = (struct injected_range){.next = injection->ranges,
                                     .nbl = header->number,
                                     .header = header,
                                     .start = (uintptr_t)memory,
                                     .end = (uintptr_t)memory + length,
                                     .is_mdl = is_mdl};
    injection->ranges = range;
    count_range(netio, range->start, range->end, 1);
}

void injected_memory_add(struct injection *injection, NET_BUFFER_LIST *nbl)
{
    const struct ndis_nbl_header *const header = ndis_nbl_header(nbl);

    /* A clone's MDLs are NDIS's, the memory behind them is its parent's. */
    if (!injection->injector->netio->checks ||
        (header->origin != NDIS_NBL_ALLOCATED && header->origin != NDIS_NBL_FWPS))
        return;
    for (NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb)) {
        size_t left = NET_BUFFER_DATA_LENGTH(nb) + (size_t)NET_BUFFER_CURRENT_MDL_OFFSET(nb);

        for (MDL *mdl = NET_BUFFER_CURRENT_MDL(nb); mdl != NULL && left > 0; mdl = mdl->Next) {
            const size_t here = mdl->ByteCount < left ? mdl->ByteCount : left;

            add_range(injection, header, mdl, sizeof(*mdl), true);
            add_range(injection, header, mdl->MappedSystemVa, here, false);
            left -= here;
        }
    }
    if (injection->ranges != NULL && !injection->watched) {
        struct netio *const netio = injection->injector->netio;

        injection->watched = true;
        injection->newer = NULL;
        injection->older = netio->watched;
        if (netio->watched != NULL)
            netio->watched->newer = injection;
        netio->watched = injection;
    }
}

static void unlist(struct netio *netio, struct injection *injection)
{
    if (injection->newer != NULL)
        injection->newer->older = injection->older;
    else
        netio->watched = injection->older;
    if (injection->older != NULL)
        injection->older->newer = injection->newer;
    injection->watched = false;
}

void injected_memory_remove(struct injection *injection, const NET_BUFFER_LIST *nbl)
{
    struct netio *const netio = injection->injector->netio;
    struct injected_range **link = &injection->ranges, *gone = NULL;
    uint64_t number;

    if (!injection->watched)
        return;
    number = ndis_nbl_header((NET_BUFFER_LIST *)(uintptr_t)nbl)->number;
    while (*link != NULL) {
        struct injected_range *const range = *link;

        if (range->nbl != number) {
            link = &range->next;
            continue;
        }
        *link = range->next;
        count_range(netio, range->start, range->end, -1);
        range->next = gone;
        gone = range;
    }
    if (injection->ranges == NULL)
        unlist(netio, injection);
    while (gone != NULL) {
        struct injected_range *const range = gone;

        gone = range->next;
        if (range->block != NULL)
            nt_pool_free_for(netio->nt, range->block, 0, "a free that came too early");
        slab_give(&netio->injected_ranges, range);
    }
}

/* The watched range that a block touches, or NULL. */
static struct injected_range *find(struct netio *netio, uintptr_t start, uintptr_t end,
                                   struct injection **owner)
{
    for (struct injection *i = netio->watched; i != NULL; i = i->older)
        for (struct injected_range *range = i->ranges; range != NULL; range = range->next)
            if (start < range->end && range->start < end) {
                *owner = i;
                return range;
            }
    return NULL;
}

/* A driver frees a block; true: it is kept until the NBL completes. */
static bool freeing(void *context, void *block, size_t size, const char *function)
{
    struct netio *const netio = context;
    const uintptr_t start = (uintptr_t)block, end = start + size;
    struct injection *injection;
    struct injected_range *range;
    bool touched = false;
    char text[160];

    if (netio->watched == NULL || size == 0)
        return false;
    for (uintptr_t s = start >> STRETCH_SHIFT; s <= (end - 1) >> STRETCH_SHIFT && !touched; s++)
        touched = *count_of(netio, s) != 0;
    range = touched ? find(netio, start, end, &injection) : NULL;
    if (range == NULL || range->block != NULL)
        return false;
    snprintf(text, sizeof(text), "%s of NBL %llu is freed, which is injected and not completed",
             range->is_mdl ? "an MDL" : "a buffer", (unsigned long long)range->nbl);
    sim_breach(netio->sim, &(struct sim_breach){
                               .rule = "R32",
                               .function = function,
                               .detail = text,
                               .flow = injection->flow != NULL ? injection->flow->handle : 0,
                               .bytes = range->end - range->start,
                               .object = range->nbl,
                               .because = range->header->injected_twice ? "R44" : NULL,
                               .direction = (uint8_t)(injection->direction + 1),
                           });
    range->block = block;
    return true;
}

void injected_memory_watch(struct netio *netio)
{
    netio->injected_ranges.size = (sizeof(struct injected_range) + 15) & ~(size_t)15;
    nt_pool_watch_frees(netio->nt, freeing, netio);
}
