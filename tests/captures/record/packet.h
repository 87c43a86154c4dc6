/* SPDX-License-Identifier: MIT */
/* Where things are in an Ethernet frame, and the edits the relay makes to it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 2048
#define PACKET_MAC 14 /* Ethernet header */

/* Offsets count from the start of the frame. */
struct packet {
    unsigned version; /* 4, 6, or 0: not IP */
    bool fragment;    /* a piece of an IPv4 packet */
    bool tcp;         /* TCP; offsets below are valid unless it is a fragment */
    size_t ip_header; /* bytes */
    size_t ip_total;  /* bytes, header included */
    size_t tcp_header;
    size_t payload;     /* offset */
    size_t payload_len; /* bytes */
};

/* Looks into an untagged Ethernet frame. Whatever is too short or unknown is "not IP" or "not TCP".
 * IPv6 extension headers are not followed. Layouts: IEEE 802.3, RFC 791, RFC 8200, RFC 9293. */
struct packet packet_parse(const uint8_t *frame, size_t size);

uint16_t packet_get16(const uint8_t *at);
uint32_t packet_get32(const uint8_t *at);
void packet_put16(uint8_t *at, uint16_t value);
void packet_put32(uint8_t *at, uint32_t value);

/* Computes the checksums anew: of the IPv4 header; of the TCP segment with its pseudo-header. */
void packet_checksum_ip(uint8_t *frame);
void packet_checksum_tcp(uint8_t *frame, const struct packet *packet);

/* Cuts an IPv4 frame into fragments of at most `mtu` bytes of IP, as a router does (RFC 791 3.2).
 * pieces[i] receives sizes[i] bytes. Returns how many; 0 if the packet fits, is not IPv4, forbids
 * fragmentation, or would need more than `max` pieces. */
size_t packet_fragment(const uint8_t *frame, size_t size, size_t mtu, uint8_t (*pieces)[PACKET_MAX],
                       size_t *sizes, size_t max);
