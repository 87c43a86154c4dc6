/* SPDX-License-Identifier: MIT */
/* Frames of one connection: Ethernet, IPv4 and TCP headers with right checksums. */
#include "explore/wire.h"

#include <string.h>

#define ETHERNET 14
#define IPV4     20
#define TCP      20

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

static uint16_t checksum(const uint8_t *bytes, size_t length, uint32_t sum)
{
    for (size_t i = 0; i + 1 < length; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    if (length & 1)
        sum += (uint32_t)bytes[length - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)~sum;
}

void wire_add(struct wire *wire, bool outbound, unsigned flags, uint32_t sequence,
              uint32_t acknowledgement, size_t length, uint8_t fill)
{
    static const uint32_t first[2] = {0x20000000,
                                      0x10000000}; /* sequence number of each side's SYN */
    static const uint8_t address[2][4] = {{10, 0, 0, 2}, {10, 0, 0, 1}};
    static const uint16_t port[2] = {80, 49152};

    if (wire->count == WIRE_FRAMES || length > WIRE_PAYLOAD)
        return;
    uint8_t *frame = wire->bytes[wire->count];
    uint8_t *ip = frame + ETHERNET;
    uint8_t *tcp = ip + IPV4;
    size_t total = ETHERNET + IPV4 + TCP + length;
    memset(frame, 0, ETHERNET + IPV4 + TCP);
    memset(tcp + TCP, fill, length);
    frame[5] = outbound ? 2 : 1;
    frame[11] = outbound ? 1 : 2;
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, (uint16_t)(IPV4 + TCP + length));
    put16(ip + 6, 0x4000);
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, address[outbound], 4);
    memcpy(ip + 16, address[!outbound], 4);
    put16(ip + 10, checksum(ip, IPV4, 0));
    put16(tcp, port[outbound]);
    put16(tcp + 2, port[!outbound]);
    put32(tcp + 4, first[outbound] + sequence);
    put32(tcp + 8, flags & WIRE_ACK ? first[!outbound] + acknowledgement : 0);
    tcp[12] = TCP / 4 << 4;
    tcp[13] = (uint8_t)flags;
    put16(tcp + 14, 65535);
    uint32_t pseudo = 6 + (uint32_t)(TCP + length);
    for (int i = 0; i < 8; i += 2)
        pseudo += (uint32_t)ip[12 + i] << 8 | ip[13 + i];
    put16(tcp + 16, checksum(tcp, TCP + length, pseudo));
    wire->frames[wire->count++] = (struct tcpip_frame){
        .bytes = frame,
        .captured = (uint32_t)total,
        .length = (uint32_t)total,
        .link = 1, /* DLT_EN10MB */
        .number = ++wire->number,
    };
}

bool wire_receive(struct wire *wire, struct sim *sim, struct tcpip *tcpip)
{
    tcpip_nic_receive(tcpip, wire->frames, wire->count);
    wire->count = 0;
    return sim_run(sim);
}
