/* SPDX-License-Identifier: MIT */
/* Seeded traffic of any shape, as Ethernet frames: whole TCP connections with handshakes and FINs.
 */
#pragma once

#include "tcpip/segment.h"

#include <stdio.h>

struct traffic_generator_config {
    uint64_t seed;
    uint32_t flows;
    uint64_t client_bytes,
        server_bytes;    /* that each side of a flow sends: first the client, then the server */
    uint32_t segment;    /* payload of a segment; 0: 1460 */
    uint32_t interleave; /* flows that run at the same time; 0: 1 */
    uint32_t loss_per_million;      /* data segments lost on the way, and sent again after others */
    uint32_t reorder_per_million;   /* data segments overtaken by the next ones */
    uint32_t duplicate_per_million; /* data segments that come twice */
    uint32_t gap_per_million; /* data segments that the capture misses: acknowledged, never seen */
    uint64_t frame_time;      /* nanoseconds between frames; 0: 1000 */
    bool v6;
    bool reset; /* flows end by the client's RST */
};

/* Called for every frame in order; bytes are valid in the call only. time: nanoseconds from the
 * start. False stops the generator. */
typedef bool traffic_emit(void *context, const uint8_t *bytes, uint32_t length, uint64_t time);

/* Client and server addresses: 10.x.y.z to 192.168.0.1:80, in IPv6 fd00::x to fd00:1::1. Frames
 * have right checksums. The same seed makes the same frames. False: emit said so, or no memory. */
bool traffic_generate(const struct traffic_generator_config *config, traffic_emit *emit,
                      void *context);

/* Writes a pcap file (microseconds, Ethernet). file stays the caller's. False: text says why. */
bool traffic_generate_file(const struct traffic_generator_config *config, FILE *file, char *text,
                           size_t size);

struct sim;
struct tcpip;

/* Straight to the NIC, in batches of `batch` frames (0: 64); runs the world after each. Does not
 * flush or close what is open: see tcpip_flush(), tcpip_finish(). False: the world was stopped, or
 * no memory. */
bool traffic_generate_receive(const struct traffic_generator_config *config, struct sim *sim,
                              struct tcpip *tcpip, uint32_t batch);
