/* SPDX-License-Identifier: MIT */
/* Headers by hand: this must not share code with what it tests. */

#include "test_tcpip_packet.h"

#include <string.h>

static void put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value & 0xFFFF);
}

static unsigned sum16(const uint8_t *p, size_t length, unsigned sum)
{
    for (size_t i = 0; i < length; i++)
        sum += i % 2 == 0 ? (unsigned)p[i] << 8 : p[i];
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return sum;
}

static void address(uint8_t *p, bool v6, int end)
{
    memset(p, 0, v6 ? 16 : 4);
    p[0] = v6 ? 0xFD : 10;
    p[v6 ? 15 : 3] = (uint8_t)(end + 1);
}

size_t packet_ip(const struct packet *packet, uint8_t *bytes)
{
    const size_t header = packet->v6 ? 40 : 20;
    const size_t options = packet->scale > 0 ? 4 : 0;
    const size_t total = 20 + options + packet->length;
    uint8_t *tcp = bytes + header;

    memset(bytes, 0, header + 20 + options);
    if (packet->v6) {
        bytes[0] = 0x60;
        put16(bytes + 4, (unsigned)total);
        bytes[6] = 6;
        bytes[7] = 64;
        address(bytes + 8, true, packet->from);
        address(bytes + 24, true, !packet->from);
    } else {
        bytes[0] = 0x45;
        put16(bytes + 2, (unsigned)(20 + total));
        bytes[8] = 64;
        bytes[9] = 6;
        address(bytes + 12, false, packet->from);
        address(bytes + 16, false, !packet->from);
        put16(bytes + 10, 0xFFFF & ~sum16(bytes, 20, 0));
    }
    const unsigned ports[2] = {packet->ports[0] ? packet->ports[0] : 40000,
                               packet->ports[1] ? packet->ports[1] : 80};
    put16(tcp, ports[packet->from]);
    put16(tcp + 2, ports[!packet->from]);
    put32(tcp + 4, packet->sequence);
    put32(tcp + 8, packet->acknowledged);
    tcp[12] = (uint8_t)((20 + options) << 2);
    tcp[13] = packet->flags;
    put16(tcp + 14, packet->zero_window ? 0 : packet->window ? packet->window : 65535);
    put16(tcp + 18, packet->urgent);
    if (options != 0) {
        tcp[20] = 1;
        tcp[21] = 3;
        tcp[22] = 3;
        tcp[23] = (uint8_t)(packet->scale - 1);
    }
    if (packet->length != 0)
        memcpy(tcp + 20 + options, packet->payload, packet->length);
    unsigned sum = sum16(bytes + (packet->v6 ? 8 : 12), packet->v6 ? 32 : 8, 6 + (unsigned)total);
    sum = 0xFFFF & ~sum16(tcp, total, sum);
    if (packet->bad_checksum)
        sum ^= 0x5555;
    put16(tcp + 16, packet->no_checksum ? 0 : sum);
    return header + total;
}

size_t packet_ethernet(const struct packet *packet, uint8_t *bytes)
{
    memset(bytes, 2, 12);
    put16(bytes + 12, packet->v6 ? 0x86DD : 0x0800);
    return 14 + packet_ip(packet, bytes + 14);
}

struct tcpip_frame packet_frame(const uint8_t *bytes, size_t length, int link)
{
    return (struct tcpip_frame){.bytes = bytes,
                                .captured = (uint32_t)length,
                                .length = (uint32_t)length,
                                .link = link,
                                .number = 1};
}
