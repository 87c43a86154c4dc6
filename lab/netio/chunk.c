/* SPDX-License-Identifier: MIT */
/* Chunks: making, moving on, joining, describing a part anew, and the walk that gives NBLs back. */
#include "netio/chunk.h"

#include "netio/state.h"

#include <stdlib.h>
#include <string.h>

#define TAG_STBN NT_TAG('S', 't', 'B', 'n')

bool chunk_nbl_injected(NET_BUFFER_LIST *nbl)
{
    const struct ndis_nbl_header *header = ndis_nbl_header(nbl);

    while (header != NULL && header->origin == NDIS_NBL_STREAM) {
        nbl = nbl->ParentNetBufferList;
        header = ndis_nbl_header(nbl);
    }
    return header != NULL && header->owner == NDIS_OWNER_ENGINE;
}

static void stream_nbl_release(void *context, NET_BUFFER_LIST *nbl)
{
    NET_BUFFER_LIST *const parent = nbl->ParentNetBufferList;

    ndis_nbl_destroy(nbl);
    if (parent != NULL)
        ndis_nbl_child_removed(parent);
}

static NET_BUFFER_LIST *stream_nbl_make(struct netio *netio)
{
    uint8_t *data;

    return ndis_nbl_create(netio->ndis, NDIS_NBL_STREAM, TAG_STBN, 0, stream_nbl_release, NULL,
                           &data);
}

/* Room for `count` NBLs in the chunk's list. */
static bool chunk_reserve(struct chunk *chunk, uint32_t count)
{
    uint32_t capacity = chunk->capacity;
    NET_BUFFER_LIST **nbls;

    if (count <= capacity)
        return true;
    while (capacity < count)
        capacity *= 2;
    nbls = realloc(chunk->nbls == chunk->own ? NULL : chunk->nbls,
                   capacity * sizeof(NET_BUFFER_LIST *));
    if (nbls == NULL)
        return false;
    if (chunk->nbls == chunk->own)
        memcpy(nbls, chunk->own, chunk->count * sizeof(NET_BUFFER_LIST *));
    chunk->nbls = nbls;
    chunk->capacity = capacity;
    return true;
}

static struct chunk *chunk_new(struct netio *netio)
{
    struct chunk *const chunk = slab_take(&netio->chunks, netio->sim);

    if (chunk != NULL) {
        chunk->nbls = chunk->own;
        chunk->capacity = CHUNK_OWN_NBLS;
    }
    return chunk;
}

void chunk_forget(struct chunk *chunk)
{
    if (chunk->nbls != chunk->own)
        free(chunk->nbls);
}

static void chunk_free(struct netio *netio, struct chunk *chunk)
{
    chunk_forget(chunk);
    slab_give(&netio->chunks, chunk);
}

struct chunk *chunk_make(struct netio *netio, enum chunk_kind kind, enum netio_direction direction,
                         uint32_t flags, NET_BUFFER_LIST *chain, size_t length, bool injected)
{
    struct chunk *const chunk = chunk_new(netio);
    NET_BUFFER_LIST *head = chain;

    if (chunk == NULL)
        return NULL;
    if (head == NULL)
        head = stream_nbl_make(netio);
    if (head == NULL)
        goto fail;
    for (NET_BUFFER_LIST *nbl = head; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        if (!chunk_reserve(chunk, chunk->count + 1))
            goto fail;
        chunk->nbls[chunk->count++] = nbl;
    }
    chunk->kind = kind;
    chunk->direction = (uint8_t)direction;
    chunk->flags = flags;
    chunk->head = head;
    chunk->length = length;
    chunk->offered = injected ? 0 : length;
    chunk->injected_fin = injected;
    ndis_cursor_start(&chunk->cursor, head);
    return chunk;
fail:
    if (head != NULL && head != chain)
        ndis_nbl_dereference(head);
    chunk_free(netio, chunk);
    return NULL;
}

void chunk_unmake(struct netio *netio, struct chunk *chunk)
{
    const struct ndis_nbl_header *const header = ndis_nbl_header(chunk->head);

    if (header != NULL && header->origin == NDIS_NBL_STREAM)
        ndis_nbl_dereference(chunk->head);
    chunk_free(netio, chunk);
}

/* How many of the next n bytes were TCP's, in a chunk that holds both kinds. */
static size_t mixed_offered(const struct chunk *chunk, size_t n)
{
    struct ndis_cursor cursor = chunk->cursor;
    size_t offered = 0, run;

    while (n > 0) {
        ndis_cursor_bytes(&cursor, &run);
        if (run == 0)
            break;
        if (run > n)
            run = n;
        if (!chunk_nbl_injected(cursor.nbl))
            offered += run;
        ndis_cursor_advance(&cursor, run);
        n -= run;
    }
    return offered;
}

void chunk_take(struct chunk *chunk, size_t n, struct chunk_portion *portion)
{
    const bool all_offered = chunk->offered == chunk->length, none_offered = chunk->offered == 0;

    portion->start = chunk->cursor;
    if (!all_offered && !none_offered)
        portion->offered = mixed_offered(chunk, n);
    portion->found = n;
    if (chunk->count > 1 || n < chunk->length)
        portion->found = ndis_cursor_advance(&chunk->cursor, n);
    portion->missing = n - portion->found;
    chunk->length -= n;
    if (all_offered || none_offered) {
        portion->offered = all_offered ? portion->found : 0;
        portion->missing_offered = all_offered ? portion->missing : 0;
    } else {
        const size_t left = chunk->offered - portion->offered;

        portion->missing_offered = left < portion->missing ? left : portion->missing;
    }
    chunk->offered -= portion->offered + portion->missing_offered;
}

/* One NBL for the bytes from the cursor to the end of its NB, n at most. */
static NET_BUFFER_LIST *describe_run(struct netio *netio, const struct ndis_cursor *cursor,
                                     size_t n)
{
    NET_BUFFER_LIST *const nbl = stream_nbl_make(netio);
    NET_BUFFER *nb;

    if (nbl == NULL)
        return NULL;
    nb = NET_BUFFER_LIST_FIRST_NB(nbl);
    NET_BUFFER_FIRST_MDL(nb) = cursor->mdl;
    NET_BUFFER_CURRENT_MDL(nb) = cursor->mdl;
    NET_BUFFER_CURRENT_MDL_OFFSET(nb) = cursor->mdl_offset;
    NET_BUFFER_DATA_OFFSET(nb) = cursor->mdl_offset;
    NET_BUFFER_DATA_LENGTH(nb) = (ULONG)n;
    ndis_nbl_header(nbl)->payload = (uint32_t)n;
    nbl->ParentNetBufferList = cursor->nbl;
    ndis_nbl_child_added(cursor->nbl);
    return nbl;
}

struct chunk *chunk_describe(struct netio_flow *flow, struct chunk *chunk, size_t n)
{
    struct netio *const netio = flow->netio;
    struct chunk *const part = chunk_new(netio);
    struct ndis_cursor cursor = chunk->cursor;
    struct netio_ledger *const ledger = &flow->ledger[chunk->direction];
    struct chunk_portion portion;
    NET_BUFFER_LIST **link;
    size_t left = n;

    if (part == NULL)
        return NULL;
    link = &part->head;
    while (left > 0 && cursor.mdl != NULL) {
        const size_t run = cursor.nb_left < left ? cursor.nb_left : left;
        NET_BUFFER_LIST *const nbl = describe_run(netio, &cursor, run);

        if (nbl == NULL || !chunk_reserve(part, part->count + 1)) {
            if (nbl != NULL)
                ndis_nbl_dereference(nbl);
            goto fail;
        }
        part->nbls[part->count++] = nbl;
        *link = nbl;
        link = &nbl->Next;
        ndis_cursor_advance(&cursor, run);
        left -= run;
    }
    chunk_take(chunk, n, &portion);
    chunk->lost_bytes += portion.missing_offered;
    ledger->lost += portion.missing_offered;
    ledger->held_engine -= portion.missing_offered;
    ledger->inject_pending += portion.missing - portion.missing_offered;
    part->kind = CHUNK_DATA;
    part->direction = chunk->direction;
    part->flags = chunk->flags;
    part->indication = chunk->indication;
    part->length = portion.found;
    part->offered = portion.offered;
    ndis_cursor_start(&part->cursor, part->head);
    return part;
fail:
    for (uint32_t i = 0; i < part->count; i++)
        ndis_nbl_dereference(part->nbls[i]);
    chunk_free(netio, part);
    return NULL;
}

/* Gives back what lies wholly before the cursor: it is decided, and a chunk that is always appended
 * to would otherwise keep it for ever. */
static void chunk_prune(struct chunk *chunk)
{
    uint32_t gone = 0;

    if (chunk->cursor.mdl == NULL)
        return;
    while (gone + 1 < chunk->count) {
        NET_BUFFER_LIST *const nbl = chunk->head;

        /* The first `count` entries are always set. NOLINTNEXTLINE(clang-analyzer-core.*) */
        if (nbl == chunk->cursor.nbl || nbl != chunk->nbls[gone])
            break;
        chunk->head = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        gone++;
        ndis_nbl_dereference(nbl);
    }
    chunk->count -= gone;
    memmove(chunk->nbls, chunk->nbls + gone, chunk->count * sizeof(NET_BUFFER_LIST *));
}

bool chunk_join(struct netio_flow *flow, struct chunk *chunk, struct chunk *more)
{
    struct ndis_cursor start;

    ndis_cursor_start(&start, more->head);
    if (start.mdl != more->cursor.mdl || start.mdl_offset != more->cursor.mdl_offset ||
        start.nbl != more->cursor.nbl) {
        struct chunk *const part = chunk_describe(flow, more, more->length);

        if (part == NULL)
            goto fail;
        part->fin = more->fin;
        chunk_release(flow, more);
        more = part;
    }
    if (!chunk_reserve(chunk, chunk->count + more->count))
        goto fail;
    chunk_prune(chunk);
    if (more->count > 0) {
        NET_BUFFER_LIST_NEXT_NBL(chunk->nbls[chunk->count - 1]) = more->head;
        memcpy(chunk->nbls + chunk->count, more->nbls, more->count * sizeof(NET_BUFFER_LIST *));
    }
    chunk->count += more->count;
    chunk->length += more->length;
    chunk->offered += more->offered;
    chunk->flags |= more->flags;
    chunk->fin |= more->fin;
    chunk->indication = more->indication;
    chunk_free(flow->netio, more);
    return true;
fail:
    chunk_discard(flow, more, STATUS_INSUFFICIENT_RESOURCES);
    return false;
}

static void report_lost(struct netio_flow *flow, struct chunk *chunk)
{
    struct netio *const netio = flow->netio;
    struct netio_lost_chain lost = {.flow = flow,
                                    .direction = chunk->direction,
                                    .classify = chunk->cut_classify,
                                    .inject = chunk->cut_inject,
                                    .quirk = chunk->cut_quirk,
                                    .lost_bytes = chunk->lost_bytes};
    uint64_t *const numbers = calloc(chunk->count, sizeof(*numbers));

    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct ndis_nbl_header *const header = ndis_nbl_header(chunk->nbls[i]);

        if (header == NULL)
            continue;
        lost.bytes += ndis_nbl_length(chunk->nbls[i]);
        if (numbers != NULL)
            numbers[lost.nbls] = header->number;
        lost.nbls++;
    }
    lost.numbers = numbers;
    if (lost.nbls > 0)
        NETIO_TELL(netio, lost, &lost);
    free(numbers);
}

/* Drops the engine's references by walking Next from the head, as far as it leads. What is left in
 * the chunk's own list afterwards was not reached. */
static void release_chain(struct chunk *chunk)
{
    uint32_t at = 0, steps = 2 * chunk->count + 16;
    NET_BUFFER_LIST *next;

    for (NET_BUFFER_LIST *nbl = chunk->head; nbl != NULL && steps > 0; nbl = next, steps--) {
        uint32_t found = chunk->count;

        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        for (uint32_t i = 0; i < chunk->count && found == chunk->count; i++, at++) {
            if (at >= chunk->count)
                at = 0;
            if (chunk->nbls[at] == nbl)
                found = at;
        }
        if (found == chunk->count)
            continue; /* somebody else's NBL stands in the chain: not the engine's to give back */
        chunk->nbls[found] = NULL;
        NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        ndis_nbl_dereference(nbl);
    }
}

void chunk_release(struct netio_flow *flow, struct chunk *chunk)
{
    uint32_t lost = 0;

    if (chunk->count == 1) {
        NET_BUFFER_LIST_NEXT_NBL(chunk->head) = NULL;
        ndis_nbl_dereference(chunk->head);
        chunk_free(flow->netio, chunk);
        return;
    }
    release_chain(chunk);
    for (uint32_t i = 0; i < chunk->count; i++)
        if (chunk->nbls[i] != NULL)
            chunk->nbls[lost++] = chunk->nbls[i];
    chunk->count = lost;
    if (lost > 0)
        report_lost(flow, chunk);
    chunk_free(flow->netio, chunk);
}

void chunk_discard(struct netio_flow *flow, struct chunk *chunk, NTSTATUS status)
{
    struct netio_ledger *const ledger = &flow->ledger[chunk->direction];

    ledger->discarded += chunk->offered;
    ledger->held_engine -= chunk->offered;
    ledger->inject_pending += chunk->length - chunk->offered;
    for (uint32_t i = 0; i < chunk->count; i++)
        inject_fail(chunk->nbls[i], status);
    chunk_release(flow, chunk);
}
