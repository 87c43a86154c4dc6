/* SPDX-License-Identifier: MIT */
/* A chunk: stream bytes that travel together through the stages, in an NBL chain that nobody else
 * links. The engine finds bytes and NBLs by walking `Next` as it is linked at that moment; beside
 * that the chunk keeps a list of the NBLs it was given, only to name those that a walk did not
 * reach. */
#pragma once

#include "netio/flow.h"

enum chunk_kind { CHUNK_DATA, CHUNK_FIN };

#define CHUNK_OWN_NBLS 8

struct chunk {
    struct chunk *next;
    enum chunk_kind kind;
    uint32_t flags; /* FWPS_STREAM_FLAG_* */
    NET_BUFFER_LIST *head;
    struct ndis_cursor cursor; /* at the first undecided byte */
    size_t length;             /* undecided bytes */
    size_t offered;            /* those of them that TCP offered; the others were injected */
    bool fin;                  /* a FIN comes with the last byte */
    bool injected_fin;
    bool passes; /* decided for this sublayer: waits only for what is before it in a lighter
                    filter's queue */
    uint8_t direction;
    uint32_t indication;
    uint32_t cut_classify, cut_inject; /* the last cut by the quirk */
    const char *cut_quirk;             /* another one than the chain cut, or NULL */
    uint64_t lost_bytes;               /* permitted, but not reached */
    NET_BUFFER_LIST **nbls;
    uint32_t count, capacity;
    NET_BUFFER_LIST *own[CHUNK_OWN_NBLS];
};

/* What a step through a chunk found. */
struct chunk_portion {
    struct ndis_cursor start;
    size_t found;   /* bytes reached by walking */
    size_t offered; /* of those, TCP's */
    size_t missing; /* bytes that the chain no longer leads to */
    size_t missing_offered;
};

/* Over a whole chain. chain NULL: an empty NBL is made (a bare FIN). NULL when memory is short; the
 * chain is then the caller's still. */
struct chunk *chunk_make(struct netio *netio, enum chunk_kind kind, enum netio_direction direction,
                         uint32_t flags, NET_BUFFER_LIST *chain, size_t length, bool injected);

/* Undoes chunk_make(): NBLs that the caller gave stay the caller's. */
void chunk_unmake(struct netio *netio, struct chunk *chunk);

/* Gives back what is not of the world's arena: the world ends. */
void chunk_forget(struct chunk *chunk);

/* Moves on by n bytes. */
void chunk_take(struct chunk *chunk, size_t n, struct chunk_portion *portion);

/* The next n bytes in NBLs of their own that share the MDLs; the chunk moves on. What the chain no
 * longer leads to is counted as lost. NULL when memory is short (nothing moved). */
struct chunk *chunk_describe(struct netio_flow *flow, struct chunk *chunk, size_t n);

/* Appends `more` (data, same direction); takes it over. False when memory is short: `more` is
 * discarded, and the stream cannot go on whole. */
bool chunk_join(struct netio_flow *flow, struct chunk *chunk, struct chunk *more);

/* The engine is through with it: references are dropped by walking Next; NBLs not reached are
 * reported. */
void chunk_release(struct netio_flow *flow, struct chunk *chunk);

/* The same for bytes that nobody decided: the flow died. Counted as discarded; injected NBLs
 * complete with status. */
void chunk_discard(struct netio_flow *flow, struct chunk *chunk, NTSTATUS status);

/* True when the NBL, or what it re-describes, was injected. */
bool chunk_nbl_injected(NET_BUFFER_LIST *nbl);
