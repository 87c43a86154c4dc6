/* SPDX-License-Identifier: MIT */
/* IP fragments: datagrams put together again, in a store of fixed size. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcpip_fragments;

struct tcpip_fragment {
    bool v6;
    bool more;
    uint32_t id;
    uint32_t offset; /* bytes, a multiple of 8 */
    const uint8_t *source, *destination;
    const uint8_t *bytes;
    uint32_t length;
};

/* At most TCPIP_FRAGMENT_DATAGRAMS datagrams of one protocol (TCP) wait at a time: the oldest gives
 * way. One that is not whole after TCPIP_FRAGMENT_TIMEOUT of virtual time is dropped (RFC 8200
 * section 4.5: 60 seconds). */
#define TCPIP_FRAGMENT_DATAGRAMS 32
#define TCPIP_FRAGMENT_TIMEOUT   600000000ull

struct tcpip_fragments *tcpip_fragments_create(void);
void tcpip_fragments_destroy(struct tcpip_fragments *fragments);

/* Takes one piece. When its datagram is whole: the payload, *length bytes, valid until the next
 * call; else NULL. Overlaps: a piece seen before, with the same bounds, is ignored; any other
 * overlap drops the whole datagram and all pieces of it that come within the timeout (RFC 5722, RFC
 * 8200; Windows since Vista does so for IPv4 too, as far as published tests say: inferred). */
const uint8_t *tcpip_fragments_add(struct tcpip_fragments *fragments,
                                   const struct tcpip_fragment *piece, uint64_t now,
                                   size_t *length);
