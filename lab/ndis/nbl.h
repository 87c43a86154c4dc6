/* SPDX-License-Identifier: MIT */
/* NET_BUFFER_LISTs of the lab: every one, a driver's too, has a header in front that tells its
 * origin and owner. */
#pragma once

#include "nt/nt.h"

#include <ndis.h>

struct ndis;
struct ndis_pool;

enum ndis_nbl_origin {
    NDIS_NBL_NIC = 1,      /* of the miniport: handed on as it came */
    NDIS_NBL_NBUF,         /* NETIO's copy: NBL + NB + MDL + data in one block, tag Nbuf */
    NDIS_NBL_SEND,         /* tcpip's send buffer (TNbl) */
    NDIS_NBL_STREAM,       /* the stream layer's re-description for a lower callout (StBn) */
    NDIS_NBL_ALLOCATED,    /* NdisAllocateNetBufferAndNetBufferList / NdisAllocateNetBufferList */
    NDIS_NBL_FWPS,         /* FwpsAllocateNetBufferAndNetBufferList0 */
    NDIS_NBL_CLONE,        /* NdisAllocateCloneNetBufferList */
    NDIS_NBL_FWPS_CLONE,   /* FwpsAllocateCloneNetBufferList0 */
    NDIS_NBL_STREAM_CLONE, /* FwpsCloneStreamData0 */
};

enum ndis_nbl_owner {
    NDIS_OWNER_STACK = 1, /* the receive or send path */
    NDIS_OWNER_DRIVER,
    NDIS_OWNER_ENGINE, /* injected, not yet completed */
    NDIS_OWNER_FREED,
};

/* Where the bytes of an NBL stand in what one callout is offered: check/ notes it while the NBL is
 * on offer. callout 0: nowhere. */
struct ndis_nbl_place {
    uint64_t flow;
    uint64_t first;  /* position of its first byte of data */
    uint64_t end;    /* behind the last byte of the offer */
    uint64_t passed; /* the callout permitted what stands before this position */
    uint32_t callout;
    uint32_t direction;
    uint32_t flags;    /* of the offer */
    uint32_t classify; /* its number */
};

struct ndis_nbl_header {
    uint64_t magic;
    struct ndis *ndis;
    struct ndis_nbl_header *newer, *older; /* all live NBLs */
    struct ndis_pool *pool;                /* NULL: not from a driver's pool */
    /* The stack's references: one for the indication, one for each FwpsReferenceNetBufferList0.
     * When the last goes and ChildRefCount is 0, release runs. */
    int32_t references;
    uint8_t origin;          /* enum ndis_nbl_origin */
    uint8_t owner;           /* enum ndis_nbl_owner */
    bool driver;             /* allocated by driver code */
    bool releasing : 1;      /* release ran; who lets the NBL live on (a completion) clears it */
    bool injected_twice : 1; /* it was to be injected while it was: the driver takes it back by
                                mistake */
    uint32_t payload;        /* bytes of data it was made with */
    uint32_t tag;            /* of the pool block */
    void (*release)(void *context, NET_BUFFER_LIST *nbl);
    void *release_context;
    void *block;     /* pool block that holds all of it; NULL: of the miniport's own memory */
    uint64_t number; /* from 1, in order of creation */
    uint64_t flow;   /* of the indication it was made for or in, 0 none */
    uint32_t classify;
    uint32_t driver_references; /* FwpsReferenceNetBufferList0 not yet undone */
    const void *caller;         /* driver code that allocated it, or referenced it first, or NULL */
    uint64_t held_since; /* virtual time from which on a driver has it: a clone, or a reference */
    struct ndis_nbl_place place;
    /* Right in front of the NBL: whoever writes there breaks it first. */
    uint64_t seal;
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct ndis_nbl_header) % 16 == 0,
               "the NBL behind the header is 16-byte aligned");
_Static_assert(offsetof(struct ndis_nbl_header, seal) + sizeof(uint64_t) ==
                   sizeof(struct ndis_nbl_header),
               "nothing lies between the seal and the NBL");

#define NDIS_NBL_MAGIC 0x4C424E2D45435553ull /* "SUCE-NBL" */
#define NDIS_NBL_SEAL  0x5EA15EA1B10CB10Cull

/* False: driver code wrote in front of the NBL, and what the header says is not to be believed. */
static inline bool ndis_nbl_intact(const struct ndis_nbl_header *header)
{
    return header->magic == NDIS_NBL_MAGIC && header->seal == (NDIS_NBL_SEAL ^ header->number);
}

/* The header, or NULL when this is no live NBL of the lab (freed, or a driver built one by itself:
 * R44). Reads nothing but the page the NBL begins in. */
struct ndis_nbl_header *ndis_nbl_header(NET_BUFFER_LIST *nbl);

/* A block of `tag` that holds header, NBL, one NB, one MDL and `size` bytes of data, all linked up:
 * references 1, owner STACK. *data: where the bytes go. release runs when the last reference goes;
 * it must end in ndis_nbl_destroy(). release NULL: ndis_nbl_destroy() itself. NULL when memory is
 * short. */
NET_BUFFER_LIST *ndis_nbl_create(struct ndis *ndis, enum ndis_nbl_origin origin, uint32_t tag,
                                 size_t size, void (*release)(void *, NET_BUFFER_LIST *),
                                 void *release_context, uint8_t **data);

/* The general form: `shape` says how many NBs, the MDLs in each and their sizes (chain_shape switch
 * of the contract: odd offsets, empty MDL heads, bytes beyond the data). Data bytes are copied in
 * from `bytes`; they are spread evenly, and no NB or MDL is made for which there is no byte (except
 * the empty first one). */
struct ndis_nbl_shape {
    uint16_t net_buffers; /* >= 1 */
    uint16_t mdls;        /* per NB, >= 1 */
    uint16_t head_room;   /* bytes before the data in the first MDL of each NB */
    uint16_t tail_room;   /* bytes after the data in the last MDL of each NB */
    bool empty_first_mdl; /* a zero-length MDL comes first */
};
NET_BUFFER_LIST *ndis_nbl_create_shaped(struct ndis *ndis, enum ndis_nbl_origin origin,
                                        uint32_t tag, const struct ndis_nbl_shape *shape,
                                        const uint8_t *bytes, size_t size,
                                        void (*release)(void *, NET_BUFFER_LIST *),
                                        void *release_context);

/* Gives the NBL's memory back, whatever its counts are; a clone's parent loses a child. */
void ndis_nbl_destroy(NET_BUFFER_LIST *nbl);

void ndis_nbl_reference(NET_BUFFER_LIST *nbl);
void ndis_nbl_dereference(NET_BUFFER_LIST *nbl);

/* A child (clone) came or went: ChildRefCount. */
void ndis_nbl_child_added(NET_BUFFER_LIST *parent);
void ndis_nbl_child_removed(NET_BUFFER_LIST *parent);

/* R22: a driver gives a clone or a reference up: it must not have had it for long. 30 seconds is
 * what Driver Verifier lets a miniport have a send (rule NdisTimedDataSend): WFP's pages name no
 * time. */
void ndis_held_check(const struct ndis_nbl_header *header);

/* Payload bytes of one NBL: the sum of its NBs' DataLength. */
size_t ndis_nbl_length(const NET_BUFFER_LIST *nbl);

/* Visits live NBLs in order of creation. visit must not free any. */
void ndis_nbl_each(const struct ndis *ndis,
                   void (*visit)(void *context, NET_BUFFER_LIST *nbl,
                                 const struct ndis_nbl_header *header),
                   void *context);
