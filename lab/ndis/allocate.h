/* SPDX-License-Identifier: MIT */
/* NBLs and NBs that drivers take: what the Ndis and the Fwps exports have in common. */
#pragma once

#include "ndis/nbl.h"

enum ndis_pool_kind { NDIS_POOL_NBL = 1, NDIS_POOL_NB };

/* What a driver's NDIS_HANDLE of a pool points to. */
struct ndis_pool {
    uint64_t magic;
    struct ndis *ndis;
    struct ndis_pool *next;
    enum ndis_pool_kind kind;
    uint32_t tag;
    uint32_t data_size;
    uint16_t context_size;
    bool allocate_net_buffer;
    bool driver;   /* made by driver code */
    bool freed;    /* goes when its last object comes back */
    uint32_t live; /* objects out now */
    uint64_t made; /* objects ever */
    const void *caller;
};

/* The pool behind a handle, or NULL: no live pool of that kind. */
struct ndis_pool *ndis_pool_of(NDIS_HANDLE handle, enum ndis_pool_kind kind);

/* An object came back. */
void ndis_pool_returned(struct ndis_pool *pool);

/* Reports pools of drivers that are still there; their generic objects are pool blocks and reported
 * as such. */
void ndis_pool_report_left(struct ndis *ndis);
void ndis_pool_destroy_all(struct ndis *ndis);

/* The body of NdisAllocateNetBufferAndNetBufferList and FwpsAllocateNetBufferAndNetBufferList0: an
 * NBL with one NB over the caller's MDL chain (contract 2.2, 4.4), owner DRIVER. The MDLs stay the
 * caller's. function: for reports. caller: of the driver. NULL when memory is short, a fault was
 * planned or the pool is of the wrong kind. */
NET_BUFFER_LIST *ndis_nbl_allocate(struct ndis *ndis, const char *function,
                                   enum ndis_nbl_origin origin, NDIS_HANDLE pool,
                                   uint16_t context_size, uint16_t context_back_fill, MDL *mdls,
                                   uint32_t data_offset, size_t data_length, const void *caller);

/* A clone of bytes [skip, skip + length) of one NBL (contract 4.3): no data is copied;
 * ParentNetBufferList is set and the parent's ChildRefCount goes up; owner DRIVER. NBs without a
 * byte in the range are left out (one empty NB stands for no byte at all). nbl_pool NULL: memory of
 * `tag`. flags: NDIS_CLONE_FLAGS_*. */
NET_BUFFER_LIST *ndis_nbl_clone(struct ndis *ndis, const char *function,
                                enum ndis_nbl_origin origin, NET_BUFFER_LIST *original, size_t skip,
                                size_t length, NDIS_HANDLE nbl_pool, uint32_t tag, uint32_t flags,
                                const void *caller);

/* Frees an NBL of a driver when its origin is in the mask (1 << origin); reports R31 when it is
 * not, when it was freed before, when the engine has it, or when clones of it still live. True when
 * it was freed. */
bool ndis_nbl_free(struct ndis *ndis, const char *function, NET_BUFFER_LIST *nbl, uint32_t origins);

/* The name of the function that frees NBLs of this origin. */
const char *ndis_nbl_free_function(enum ndis_nbl_origin origin);

/* The default tag of clones and NBLs from no pool. */
#define NDIS_TAG_DEFAULT NT_TAG('N', 'D', 'p', 'p')
