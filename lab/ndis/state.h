/* SPDX-License-Identifier: MIT */
/* What NDIS keeps, for the files of this folder only. */
#pragma once

#include "ndis/allocate.h"
#include "ndis/miniport.h"
#include "ndis/ndis.h"
#include "nt/forbidden.h"
#include "sim/breach.h"

struct ndis_generic;

struct ndis {
    struct sim *sim;
    struct nt *nt;
    struct ndis_nbl_header *newest, *oldest;
    uint64_t nbl_count;       /* ever made */
    struct nt_forbidden gone; /* see gone.h */
    struct ndis_pool *pools;
    struct ndis_generic *generics;
    struct ndis_miniport *miniport;
    struct ndis_watch watch; /* nbl NULL: nobody listens */
};

static inline void ndis_tell(struct ndis *ndis, enum ndis_nbl_change change,
                             struct ndis_nbl_header *header)
{
    if (__builtin_expect(ndis->watch.nbl != NULL, 0))
        ndis->watch.nbl(ndis->watch.context, change, (NET_BUFFER_LIST *)(header + 1), header);
}

/* The magic in front of what may have been freed: that is what it is read for, so the sanitizer
 * must not mind. */
__attribute__((no_sanitize_address)) static inline uint64_t ndis_peek(const uint64_t *magic)
{
    return *magic;
}

/* Puts a header that was filled in on the list of live NBLs and numbers it. */
static inline void ndis_nbl_enlist(struct ndis *ndis, struct ndis_nbl_header *header)
{
    header->magic = NDIS_NBL_MAGIC;
    header->ndis = ndis;
    header->number = ++ndis->nbl_count;
    header->seal = NDIS_NBL_SEAL ^ header->number;
    header->flow = sim_task_self(ndis->sim)->flow;
    header->classify = sim_task_self(ndis->sim)->classify;
    header->held_since = ndis->sim->now;
    header->newer = NULL;
    header->older = ndis->newest;
    if (ndis->newest != NULL)
        ndis->newest->newer = header;
    else
        ndis->oldest = header;
    ndis->newest = header;
    ndis_tell(ndis, NDIS_NBL_MADE, header);
}

static inline void ndis_nbl_delist(struct ndis *ndis, struct ndis_nbl_header *header)
{
    ndis_tell(ndis, NDIS_NBL_UNMADE, header);
    if (header->newer != NULL)
        header->newer->older = header->older;
    else
        ndis->newest = header->older;
    if (header->older != NULL)
        header->older->newer = header->newer;
    else
        ndis->oldest = header->newer;
    header->magic = 0;
    header->owner = NDIS_OWNER_FREED;
}

/* A block of `tag` with room for a header, an NBL and `extra` bytes behind it; the header, the NBL
 * and the first `clear` bytes behind it are zero. The header is filled in but for what the caller
 * knows; not enlisted. */
struct ndis_nbl_header *ndis_nbl_carve(struct ndis *ndis, uint32_t tag, size_t extra, size_t clear,
                                       const char *site);

static inline NET_BUFFER_LIST *ndis_nbl_of(const struct ndis_nbl_header *header)
{
    return (NET_BUFFER_LIST *)(uintptr_t)(header + 1);
}
