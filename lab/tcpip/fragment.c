/* SPDX-License-Identifier: MIT */
/* A slot per datagram: its bytes, and one bit for every 8 of them. */

#include "tcpip/fragment.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES 65536u
#define BLOCK      8u
#define NO_END     UINT32_MAX

struct slot {
    bool used;
    bool poisoned; /* an overlap was seen: nothing of it is taken any more */
    bool v6;
    uint32_t id;
    uint8_t source[16], destination[16];
    uint64_t since;
    uint32_t end;    /* payload length, known with the last piece */
    uint32_t blocks; /* bits set */
    uint8_t seen[MOST_BYTES / BLOCK / 8];
    uint8_t starts[MOST_BYTES / BLOCK / 8]; /* a piece began at this block */
    uint8_t bytes[MOST_BYTES];
};

struct tcpip_fragments {
    struct slot *slots[TCPIP_FRAGMENT_DATAGRAMS]; /* made when first needed */
};

struct tcpip_fragments *tcpip_fragments_create(void)
{
    return calloc(1, sizeof(struct tcpip_fragments));
}

void tcpip_fragments_destroy(struct tcpip_fragments *fragments)
{
    if (fragments == NULL)
        return;
    for (size_t i = 0; i < TCPIP_FRAGMENT_DATAGRAMS; i++)
        free(fragments->slots[i]);
    free(fragments);
}

static bool bit(const uint8_t *bits, uint32_t index)
{
    return bits[index / 8] >> (index % 8) & 1;
}

static bool matches(const struct slot *slot, const struct tcpip_fragment *piece)
{
    const size_t size = piece->v6 ? 16 : 4;
    return slot->v6 == piece->v6 && slot->id == piece->id &&
           memcmp(slot->source, piece->source, size) == 0 &&
           memcmp(slot->destination, piece->destination, size) == 0;
}

static struct slot *slot_for(struct tcpip_fragments *fragments, const struct tcpip_fragment *piece,
                             uint64_t now)
{
    struct slot **unused = NULL;
    struct slot **oldest = NULL;

    for (size_t i = 0; i < TCPIP_FRAGMENT_DATAGRAMS; i++) {
        struct slot *slot = fragments->slots[i];
        if (slot == NULL || !slot->used || now - slot->since > TCPIP_FRAGMENT_TIMEOUT) {
            if (unused == NULL)
                unused = &fragments->slots[i];
        } else if (matches(slot, piece)) {
            return slot;
        } else if (oldest == NULL || slot->since < (*oldest)->since) {
            oldest = &fragments->slots[i];
        }
    }
    struct slot **place = unused != NULL ? unused : oldest;
    if (*place == NULL)
        *place = malloc(sizeof(struct slot));
    struct slot *slot = *place;
    if (slot == NULL)
        return NULL;
    const size_t size = piece->v6 ? 16 : 4;
    slot->used = true;
    slot->poisoned = false;
    slot->v6 = piece->v6;
    slot->id = piece->id;
    memcpy(slot->source, piece->source, size);
    memcpy(slot->destination, piece->destination, size);
    slot->since = now;
    slot->end = NO_END;
    slot->blocks = 0;
    memset(slot->seen, 0, sizeof(slot->seen));
    memset(slot->starts, 0, sizeof(slot->starts));
    return slot;
}

/* True when exactly this piece is there already. */
static bool seen_before(const struct slot *slot, uint32_t first, uint32_t last,
                        const struct tcpip_fragment *piece)
{
    if (!bit(slot->starts, first))
        return false;
    for (uint32_t block = first; block < last; block++) {
        if (!bit(slot->seen, block) || (block != first && bit(slot->starts, block)))
            return false;
    }
    if (!piece->more && slot->end != piece->offset + piece->length)
        return false;
    return last == MOST_BYTES / BLOCK || !bit(slot->seen, last) || bit(slot->starts, last);
}

const uint8_t *tcpip_fragments_add(struct tcpip_fragments *fragments,
                                   const struct tcpip_fragment *piece, uint64_t now, size_t *length)
{
    const uint32_t end = piece->offset + piece->length;
    if (piece->length == 0 || end > MOST_BYTES - 1 || (piece->more && piece->length % BLOCK != 0))
        return NULL;
    struct slot *slot = slot_for(fragments, piece, now);
    if (slot == NULL || slot->poisoned)
        return NULL;

    const uint32_t first = piece->offset / BLOCK;
    const uint32_t last = (end + BLOCK - 1) / BLOCK;
    uint32_t taken = 0;
    for (uint32_t block = first; block < last; block++)
        taken += bit(slot->seen, block);
    if (taken != 0 && seen_before(slot, first, last, piece))
        return NULL;
    if (taken != 0 || (slot->end != NO_END && (end > slot->end || !piece->more)))
        goto poison;
    if (!piece->more) {
        /* Blocks beyond the end would make the datagram longer than its last piece says. */
        for (uint32_t block = last; block < MOST_BYTES / BLOCK; block++) {
            if (bit(slot->seen, block))
                goto poison;
        }
        slot->end = end;
    }
    slot->starts[first / 8] |= (uint8_t)(1u << (first % 8));
    for (uint32_t block = first; block < last; block++)
        slot->seen[block / 8] |= (uint8_t)(1u << (block % 8));
    slot->blocks += last - first;
    memcpy(slot->bytes + piece->offset, piece->bytes, piece->length);
    if (slot->end == NO_END || slot->blocks != (slot->end + BLOCK - 1) / BLOCK)
        return NULL;
    slot->used = false; /* the bytes stay until the slot is taken again */
    *length = slot->end;
    return slot->bytes;

poison:
    slot->poisoned = true;
    return NULL;
}
