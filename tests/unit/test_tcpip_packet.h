/* SPDX-License-Identifier: MIT */
/* A small builder of packets for the tests of tcpip. */
#pragma once

#include "tcpip/segment.h"

#include <stddef.h>
#include <stdint.h>

/* One TCP segment between two ends; 0 is the client (10.0.0.1 or fd00::1, port 40000), 1 the server
 * (10.0.0.2 or fd00::2, port 80), unless the ports are given. */
struct packet {
    int from;
    uint32_t sequence, acknowledged;
    uint8_t flags;
    uint16_t window; /* 0: 65535; use zero_window for none */
    uint16_t urgent;
    uint16_t ports[2]; /* 0: the usual */
    const void *payload;
    size_t length;
    bool v6, zero_window;
    bool no_checksum; /* 0 in the field */
    bool bad_checksum;
    int scale; /* > 0: window scale option with scale - 1 */
};

/* IP header with the TCP segment; returns the length. */
size_t packet_ip(const struct packet *packet, uint8_t *bytes);

/* The same with an Ethernet header. */
size_t packet_ethernet(const struct packet *packet, uint8_t *bytes);

struct tcpip_frame packet_frame(const uint8_t *bytes, size_t length, int link);
