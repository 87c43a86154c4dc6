/* SPDX-License-Identifier: MIT */
/* Where things are in an Ethernet frame, and the edits the relay makes to it. */
#include "packet.h"

#include <string.h>

#define IP             (PACKET_MAC)
#define DONT_FRAGMENT  0x4000u
#define MORE_FRAGMENTS 0x2000u
#define OFFSET_MASK    0x1fffu

uint16_t packet_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t packet_get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void packet_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void packet_put32(uint8_t *at, uint32_t value)
{
    packet_put16(at, (uint16_t)(value >> 16));
    packet_put16(at + 2, (uint16_t)value);
}

struct packet packet_parse(const uint8_t *frame, size_t size)
{
    struct packet packet = {0};
    uint8_t protocol;

    if (size >= IP + 20 && packet_get16(frame + 12) == 0x0800) {
        packet.ip_header = (size_t)(frame[IP] & 15) * 4;
        packet.ip_total = packet_get16(frame + IP + 2);
        packet.fragment = (packet_get16(frame + IP + 6) & (MORE_FRAGMENTS | OFFSET_MASK)) != 0;
        protocol = frame[IP + 9];
        packet.version = 4;
    } else if (size >= IP + 40 && packet_get16(frame + 12) == 0x86dd) {
        packet.ip_header = 40;
        packet.ip_total = 40u + packet_get16(frame + IP + 4);
        protocol = frame[IP + 6];
        packet.version = 6;
    } else {
        return packet;
    }
    if (packet.ip_header < 20 || packet.ip_total < packet.ip_header ||
        packet.ip_total > size - IP) {
        return (struct packet){0};
    }
    packet.tcp = protocol == 6;
    if (!packet.tcp || packet.fragment) {
        return packet;
    }
    if (packet.ip_total < packet.ip_header + 20) {
        packet.tcp = false;
        return packet;
    }
    packet.tcp_header = (size_t)(frame[IP + packet.ip_header + 12] >> 4) * 4;
    if (packet.tcp_header < 20 || packet.ip_header + packet.tcp_header > packet.ip_total) {
        packet.tcp = false;
        return packet;
    }
    packet.payload = IP + packet.ip_header + packet.tcp_header;
    packet.payload_len = packet.ip_total - packet.ip_header - packet.tcp_header;
    return packet;
}

static uint32_t packet_sum(const uint8_t *at, size_t size, uint32_t sum)
{
    for (; size > 1; size -= 2, at += 2) {
        sum += packet_get16(at);
    }
    return size == 1 ? sum + ((uint32_t)*at << 8) : sum;
}

static uint16_t packet_fold(uint32_t sum)
{
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

void packet_checksum_ip(uint8_t *frame)
{
    size_t header = (size_t)(frame[IP] & 15) * 4;

    packet_put16(frame + IP + 10, 0);
    packet_put16(frame + IP + 10, packet_fold(packet_sum(frame + IP, header, 0)));
}

void packet_checksum_tcp(uint8_t *frame, const struct packet *packet)
{
    uint8_t *tcp = frame + IP + packet->ip_header;
    size_t size = packet->ip_total - packet->ip_header;
    uint32_t sum = 6 + (uint32_t)size;

    sum = packet->version == 4 ? packet_sum(frame + IP + 12, 8, sum)
                               : packet_sum(frame + IP + 8, 32, sum);
    packet_put16(tcp + 16, 0);
    packet_put16(tcp + 16, packet_fold(packet_sum(tcp, size, sum)));
}

size_t packet_fragment(const uint8_t *frame, size_t size, size_t mtu, uint8_t (*pieces)[PACKET_MAX],
                       size_t *sizes, size_t max)
{
    struct packet packet = packet_parse(frame, size);
    size_t step, body, count;

    if (packet.version != 4 || packet.ip_total <= mtu || mtu < packet.ip_header + 8 ||
        (packet_get16(frame + IP + 6) & DONT_FRAGMENT) != 0) {
        return 0;
    }
    step = (mtu - packet.ip_header) & ~(size_t)7;
    body = packet.ip_total - packet.ip_header;
    count = (body + step - 1) / step;
    if (count > max) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        size_t part = i + 1 < count ? step : body - i * step;
        uint16_t flags = packet_get16(frame + IP + 6);

        memcpy(pieces[i], frame, IP + packet.ip_header);
        memcpy(pieces[i] + IP + packet.ip_header, frame + IP + packet.ip_header + i * step, part);
        flags = (uint16_t)(flags + i * step / 8);
        packet_put16(pieces[i] + IP + 6, i + 1 < count ? flags | MORE_FRAGMENTS : flags);
        packet_put16(pieces[i] + IP + 2, (uint16_t)(packet.ip_header + part));
        packet_checksum_ip(pieces[i]);
        sizes[i] = IP + packet.ip_header + part;
    }
    return count;
}
