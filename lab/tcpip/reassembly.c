/* SPDX-License-Identifier: MIT */
/* A sorted list of pieces. Segments mostly come in order, so a search begins at the tail. */

#include "tcpip/reassembly.h"

#include <stdlib.h>
#include <string.h>

/* A segment of Ethernet size; a segment as large as IP allows, and beyond that whatever is asked
 * for. */
static const uint32_t class_bytes[] = {256, 1536, 9216, 65536};
#define CLASSES     (sizeof(class_bytes) / sizeof(class_bytes[0]))
#define LARGEST     65536u /* a longer segment (a jumbogram) takes several pieces */
#define CHUNK_BYTES 262144u

struct chunk {
    struct chunk *next;
    max_align_t memory[];
};

struct tcpip_store {
    struct tcpip_piece *unused[CLASSES];
    struct chunk *chunks;
    size_t used;
};

struct tcpip_store *tcpip_store_create(void)
{
    return calloc(1, sizeof(struct tcpip_store));
}

void tcpip_store_destroy(struct tcpip_store *store)
{
    if (store == NULL)
        return;
    while (store->chunks != NULL) {
        struct chunk *chunk = store->chunks;
        store->chunks = chunk->next;
        free(chunk);
    }
    free(store);
}

size_t tcpip_store_used(const struct tcpip_store *store)
{
    return store->used;
}

static bool refill(struct tcpip_store *store, size_t size_class)
{
    const size_t align = sizeof(max_align_t);
    const size_t each =
        (sizeof(struct tcpip_piece) + class_bytes[size_class] + align - 1) / align * align;
    size_t count = CHUNK_BYTES / each;
    if (count == 0)
        count = 1;
    struct chunk *chunk = malloc(sizeof(*chunk) + count * each);
    if (chunk == NULL)
        return false;
    chunk->next = store->chunks;
    store->chunks = chunk;
    for (size_t i = 0; i < count; i++) {
        struct tcpip_piece *piece = (struct tcpip_piece *)((char *)chunk->memory + i * each);
        piece->size_class = (uint8_t)size_class;
        piece->next = store->unused[size_class];
        store->unused[size_class] = piece;
    }
    return true;
}

static struct tcpip_piece *piece_make(struct tcpip_store *store, uint32_t room)
{
    size_t size_class = 0;
    while (size_class < CLASSES && class_bytes[size_class] < room)
        size_class++;
    if (size_class == CLASSES || (store->unused[size_class] == NULL && !refill(store, size_class)))
        return NULL;
    struct tcpip_piece *piece = store->unused[size_class];
    store->unused[size_class] = piece->next;
    store->used++;
    return piece;
}

void tcpip_piece_free(struct tcpip_store *store, struct tcpip_piece *piece)
{
    piece->next = store->unused[piece->size_class];
    store->unused[piece->size_class] = piece;
    store->used--;
}

/* What of a new segment is inserted: bytes may be NULL (a ghost). */
struct stretch {
    uint64_t start;
    const uint8_t *bytes;
    uint32_t length;
    uint8_t flags;
};

/* Puts [from, to) of the stretch behind `after` (NULL: at the head). Returns the new piece, or
 * NULL. */
static struct tcpip_piece *put(struct tcpip_reassembly *r, struct tcpip_store *store,
                               const struct stretch *stretch, uint64_t from, uint64_t to,
                               struct tcpip_piece *after)
{
    const uint32_t length = (uint32_t)(to - from);
    struct tcpip_piece *piece = piece_make(store, stretch->bytes != NULL ? length : 0);
    if (piece == NULL)
        return NULL;
    piece->start = from;
    piece->length = length;
    piece->flags = stretch->flags;
    if (stretch->bytes != NULL)
        memcpy(piece->bytes, stretch->bytes + (from - stretch->start), length);
    if (after != NULL) {
        piece->next = after->next;
        after->next = piece;
    } else {
        piece->next = r->head;
        r->head = piece;
    }
    if (piece->next == NULL)
        r->tail = piece;
    r->pieces++;
    r->bytes += length;
    return piece;
}

static uint32_t count_differing(const struct tcpip_piece *piece, const struct stretch *stretch,
                                uint64_t from, uint64_t to)
{
    if (stretch->bytes == NULL || piece->flags & TCPIP_PIECE_GHOST)
        return 0;
    const uint8_t *old = piece->bytes + (from - piece->start);
    const uint8_t *new = stretch->bytes + (from - stretch->start);
    const size_t length = (size_t)(to - from);
    uint32_t differing = 0;
    if (memcmp(old, new, length) == 0)
        return 0;
    for (size_t i = 0; i < length; i++)
        differing += old[i] != new[i];
    return differing;
}

static void insert(struct tcpip_reassembly *r, struct tcpip_store *store,
                   const struct stretch *stretch, struct tcpip_inserted *inserted)
{
    uint64_t at = stretch->start;
    const uint64_t end = stretch->start + stretch->length;
    struct tcpip_piece *before = NULL;
    struct tcpip_piece *piece = r->head;

    if (at < r->next) {
        const uint64_t old = (end < r->next ? end : r->next) - at;
        inserted->duplicate += (uint32_t)old;
        at += old;
    }
    if (r->tail != NULL && r->tail->start <= at) {
        before = r->tail;
        piece = NULL;
        if (before->start + before->length > at) {
            /* The tail itself overlaps: handled as the piece at hand, with nothing put before it.
             */
            piece = before;
        }
    }
    while (at < end) {
        while (piece != NULL && piece->start + piece->length <= at) {
            before = piece;
            piece = piece->next;
        }
        uint64_t to = piece != NULL && piece->start < end ? piece->start : end;
        if (at < to) {
            if (to - at > LARGEST && stretch->bytes != NULL)
                to = at + LARGEST;
            struct tcpip_piece *fresh = put(r, store, stretch, at, to, before);
            if (fresh == NULL) {
                inserted->no_memory = true;
                return;
            }
            inserted->fresh += fresh->length;
            before = fresh;
            at = to;
            continue;
        }
        const uint64_t over =
            piece->start + piece->length < end ? piece->start + piece->length : end;
        inserted->duplicate += (uint32_t)(over - at);
        inserted->differing += count_differing(piece, stretch, at, over);
        at = over;
    }
}

void tcpip_reassembly_insert(struct tcpip_reassembly *r, struct tcpip_store *store, uint64_t start,
                             const uint8_t *bytes, uint32_t captured, uint32_t length,
                             uint8_t flags, struct tcpip_inserted *inserted)
{
    memset(inserted, 0, sizeof(*inserted));
    if (captured != 0)
        insert(r, store, &(struct stretch){start, bytes, captured, flags}, inserted);
    if (captured < length && !inserted->no_memory) {
        const uint8_t ghost = (uint8_t)(flags | TCPIP_PIECE_GHOST);
        insert(r, store, &(struct stretch){start + captured, NULL, length - captured, ghost},
               inserted);
    }
}

struct tcpip_piece *tcpip_reassembly_ready(const struct tcpip_reassembly *r)
{
    return r->head != NULL && r->head->start == r->next ? r->head : NULL;
}

struct tcpip_piece *tcpip_reassembly_take(struct tcpip_reassembly *r)
{
    struct tcpip_piece *piece = r->head;
    r->head = piece->next;
    if (r->head == NULL)
        r->tail = NULL;
    r->pieces--;
    r->bytes -= piece->length;
    r->next = piece->start + piece->length;
    piece->next = NULL;
    return piece;
}

bool tcpip_reassembly_split(struct tcpip_reassembly *r, struct tcpip_store *store, uint32_t length)
{
    struct tcpip_piece *piece = r->head;
    const struct stretch rest = {piece->start + length,
                                 piece->flags & TCPIP_PIECE_GHOST ? NULL : piece->bytes + length,
                                 piece->length - length, piece->flags};
    if (put(r, store, &rest, rest.start, rest.start + rest.length, piece) == NULL)
        return false;
    r->bytes -= rest.length;
    piece->length = length;
    piece->flags &= (uint8_t)~TCPIP_PIECE_PUSH;
    return true;
}

uint64_t tcpip_reassembly_skip(struct tcpip_reassembly *r, struct tcpip_store *store,
                               uint64_t offset)
{
    uint64_t missing = 0;

    while (r->head != NULL && r->head->start < offset) {
        missing += r->head->start - r->next;
        struct tcpip_piece *piece = tcpip_reassembly_take(r);
        if (r->next > offset) {
            /* What lies behind the offset stays, as its own head. */
            const uint32_t gone = (uint32_t)(offset - piece->start);
            memmove(piece->bytes, piece->bytes + (piece->flags & TCPIP_PIECE_GHOST ? 0 : gone),
                    piece->flags & TCPIP_PIECE_GHOST ? 0 : piece->length - gone);
            piece->start = offset;
            piece->length -= gone;
            piece->next = r->head;
            r->head = piece;
            if (r->tail == NULL)
                r->tail = piece;
            r->pieces++;
            r->bytes += piece->length;
            r->next = offset;
            return missing;
        }
        tcpip_piece_free(store, piece);
    }
    missing += offset - r->next;
    r->next = offset;
    return missing;
}

void tcpip_reassembly_clear(struct tcpip_reassembly *r, struct tcpip_store *store)
{
    while (r->head != NULL) {
        struct tcpip_piece *piece = r->head;
        r->head = piece->next;
        tcpip_piece_free(store, piece);
    }
    r->tail = NULL;
    r->pieces = 0;
    r->bytes = 0;
}
