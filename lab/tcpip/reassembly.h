/* SPDX-License-Identifier: MIT */
/* One direction of a TCP connection put in order: bytes that wait for those before them, and
 * overlaps. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stream offsets count bytes from the first behind the SYN; 64 bits: sequence numbers may wrap
 * around. */

#define TCPIP_PIECE_PUSH 0x01
#define TCPIP_PIECE_GHOST                                                                          \
    0x02 /* bytes that the capture's snap length cut off: known to be there, not what they are */

/* Bytes that wait. Made and freed by a store. */
struct tcpip_piece {
    struct tcpip_piece *next;
    uint64_t start;
    uint32_t length;
    uint8_t flags; /* TCPIP_PIECE_* */
    uint8_t size_class;
    uint8_t bytes[];
};

/* Free lists of pieces, shared by all connections: after warming up nothing is allocated. */
struct tcpip_store;
struct tcpip_store *tcpip_store_create(void);
void tcpip_store_destroy(struct tcpip_store *store);
void tcpip_piece_free(struct tcpip_store *store, struct tcpip_piece *piece);
/* Pieces in use: 0 when no connection holds any. */
size_t tcpip_store_used(const struct tcpip_store *store);

/* Pieces in order, never overlapping, all at or beyond `next`. */
struct tcpip_reassembly {
    uint64_t next; /* stream offset of the first byte that was not handed on */
    struct tcpip_piece *head, *tail;
    uint32_t pieces;
    uint64_t bytes;
};

/* What an insertion did. */
struct tcpip_inserted {
    uint32_t fresh;     /* bytes that were not there */
    uint32_t duplicate; /* bytes that were */
    uint32_t differing; /* duplicates with other contents than the bytes that still wait */
    bool no_memory;     /* part of it could not be kept */
};

/* Adds a segment: `captured` bytes at stream offset `start`, and a ghost for the rest up to
 * `length`.
 *
 * Overlaps: what came first stays, whatever the shapes. This is the policy that Snort and Suricata
 * call "vista" and that the work on target-based reassembly (Novak and Sturges, 2007) found in
 * Windows Vista, in contrast to "windows" (2000, XP, 2003), where a segment that begins before an
 * older one wins. All profiles of the lab are Vista or newer; that Windows 7 to 11 kept it is
 * inferred. */
void tcpip_reassembly_insert(struct tcpip_reassembly *r, struct tcpip_store *store, uint64_t start,
                             const uint8_t *bytes, uint32_t captured, uint32_t length,
                             uint8_t flags, struct tcpip_inserted *inserted);

/* The piece at `next`, ready to be handed on; NULL: there is none. */
struct tcpip_piece *tcpip_reassembly_ready(const struct tcpip_reassembly *r);

/* Takes the head piece out (there must be one) and moves `next` behind it. The caller frees it. */
struct tcpip_piece *tcpip_reassembly_take(struct tcpip_reassembly *r);

/* Splits the head piece after `length` bytes (0 < length < its length). False: no memory. */
bool tcpip_reassembly_split(struct tcpip_reassembly *r, struct tcpip_store *store, uint32_t length);

/* Goes on at `offset` (> next): the bytes before are given up. Returns how many of them had never
 * come; pieces before offset are freed, one across it is cut. */
uint64_t tcpip_reassembly_skip(struct tcpip_reassembly *r, struct tcpip_store *store,
                               uint64_t offset);

/* Frees everything that waits. */
void tcpip_reassembly_clear(struct tcpip_reassembly *r, struct tcpip_store *store);
