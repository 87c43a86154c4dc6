/* SPDX-License-Identifier: MIT */
/* Writes capture files in every dialect a reader may meet. */
#include "writer.h"

#include "packet.h"

#include <errno.h>
#include <string.h>

#define SLL_SIZE     16
#define SLL2_SIZE    20
#define SLL_TO_US    0
#define SLL_FROM_US  4
#define EPB_INBOUND  1
#define EPB_OUTBOUND 2
#define ETHERNET_MIN 60

static const struct {
    const char *name;
    enum writer_format format;
    bool nanoseconds, big_endian;
} formats[] = {
    {"pcap", WRITER_PCAP, false, false},       {"pcap-ns", WRITER_PCAP, true, false},
    {"pcap-be", WRITER_PCAP, false, true},     {"pcapng", WRITER_PCAPNG, true, false},
    {"pcapng-be", WRITER_PCAPNG, false, true},
};

/* Numbers: tcpdump.org/linktypes. */
static const struct {
    const char *name;
    uint16_t number;
} links[] = {
    [WRITER_ETHERNET] = {"ethernet", 1}, [WRITER_RAW] = {"raw", 101}, [WRITER_SLL] = {"sll", 113},
    [WRITER_SLL2] = {"sll2", 276},       [WRITER_NULL] = {"null", 0}, [WRITER_LOOP] = {"loop", 108},
};

bool writer_parse_format(struct writer *writer, const char *text)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(text, formats[i].name) == 0) {
            writer->format = formats[i].format;
            writer->nanoseconds = formats[i].nanoseconds;
            writer->big_endian = formats[i].big_endian;
            return true;
        }
    }
    return false;
}

bool writer_parse_link(struct writer *writer, const char *text)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        if (strcmp(text, links[i].name) == 0) {
            writer->link = (enum writer_link)i;
            return true;
        }
    }
    return false;
}

static uint8_t *writer_put(const struct writer *writer, uint8_t *at, uint32_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        at[writer->big_endian ? size - 1 - i : i] = (uint8_t)(value >> (8 * i));
    }
    return at + size;
}

static int writer_out(struct writer *writer, const uint8_t *bytes, size_t size)
{
    return fwrite(bytes, 1, size, writer->file) == size ? 0 : -1;
}

static size_t writer_head_pcap(const struct writer *writer, uint8_t *head)
{
    uint8_t *at = writer_put(writer, head, writer->nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4);

    at = writer_put(writer, at, 2, 2);
    at = writer_put(writer, at, 4, 2);
    at = writer_put(writer, at, 0, 4);
    at = writer_put(writer, at, 0, 4);
    at = writer_put(writer, at, writer->snaplen, 4);
    at = writer_put(writer, at, links[writer->link].number, 4);
    return (size_t)(at - head);
}

static size_t writer_head_pcapng(const struct writer *writer, uint8_t *head)
{
    uint8_t *at = writer_put(writer, head, 0x0a0d0d0a, 4); /* section header, length unknown */

    at = writer_put(writer, at, 28, 4);
    at = writer_put(writer, at, 0x1a2b3c4d, 4);
    at = writer_put(writer, at, 1, 2);
    at = writer_put(writer, at, 0, 2);
    at = writer_put(writer, at, 0xffffffff, 4);
    at = writer_put(writer, at, 0xffffffff, 4);
    at = writer_put(writer, at, 28, 4);

    at = writer_put(writer, at, 1, 4); /* interface, with if_tsresol */
    at = writer_put(writer, at, 32, 4);
    at = writer_put(writer, at, links[writer->link].number, 2);
    at = writer_put(writer, at, 0, 2);
    at = writer_put(writer, at, writer->snaplen, 4);
    at = writer_put(writer, at, 9, 2);
    at = writer_put(writer, at, 1, 2);
    *at++ = writer->nanoseconds ? 9 : 6;
    *at++ = 0;
    *at++ = 0;
    *at++ = 0;
    at = writer_put(writer, at, 0, 4);
    at = writer_put(writer, at, 32, 4);
    return (size_t)(at - head);
}

int writer_open(struct writer *writer, const char *path)
{
    uint8_t head[64];
    size_t size = writer->format == WRITER_PCAP ? writer_head_pcap(writer, head)
                                                : writer_head_pcapng(writer, head);

    writer->file = fopen(path, "wb");
    return writer->file == NULL ? -1 : writer_out(writer, head, size);
}

/* Builds the packet as the file's link type has it; returns its size, 0 if it has no place. */
static size_t writer_convert(const struct writer *writer, bool sent, const uint8_t *frame,
                             size_t size, uint8_t *out)
{
    uint16_t type = packet_get16(frame + 12);
    unsigned version = type == 0x0800 ? 4 : type == 0x86dd ? 6 : 0;
    uint8_t *at = out;

    switch (writer->link) {
    case WRITER_ETHERNET:
        memcpy(at, frame, 12);
        at += 12;
        for (unsigned i = 0; i < 2 && writer->vlan[i] != 0; i++) {
            packet_put16(at, writer->vlan[1] != 0 && i == 0 ? 0x88a8 : 0x8100);
            packet_put16(at + 2, writer->vlan[i]);
            at += 4;
        }
        memcpy(at, frame + 12, size - 12);
        at += size - 12;
        while (writer->pad && !sent && at - out < ETHERNET_MIN) {
            *at++ = 0;
        }
        return (size_t)(at - out);
    case WRITER_SLL:
        packet_put16(at, sent ? SLL_FROM_US : SLL_TO_US);
        packet_put16(at + 2, 1);
        packet_put16(at + 4, 6);
        memcpy(at + 6, frame + 6, 6);
        memset(at + 12, 0, 2);
        packet_put16(at + 14, type);
        at += SLL_SIZE;
        break;
    case WRITER_SLL2:
        packet_put16(at, type);
        packet_put16(at + 2, 0);
        packet_put32(at + 4, 2);
        packet_put16(at + 8, 1);
        at[10] = sent ? SLL_FROM_US : SLL_TO_US;
        at[11] = 6;
        memcpy(at + 12, frame + 6, 6);
        memset(at + 18, 0, 2);
        at += SLL2_SIZE;
        break;
    case WRITER_NULL: /* AF_INET, or FreeBSD's AF_INET6, in the writer's byte order */
        at = writer_put(writer, at, version == 4 ? 2 : 28, 4);
        break;
    case WRITER_LOOP:
        packet_put32(at, version == 4 ? 2 : 28);
        at += 4;
        break;
    case WRITER_RAW:
        break;
    }
    if (version == 0 && writer->link != WRITER_SLL && writer->link != WRITER_SLL2) {
        return 0;
    }
    memcpy(at, frame + PACKET_MAC, size - PACKET_MAC);
    return (size_t)(at - out) + size - PACKET_MAC;
}

int writer_frame(struct writer *writer, uint64_t time_ns, bool sent, const uint8_t *frame,
                 size_t size)
{
    uint8_t packet[PACKET_MAX + 64], head[28], tail[20] = {0}, *at;
    uint32_t full, kept, align;
    uint64_t ticks = writer->nanoseconds ? time_ns : time_ns / 1000;
    uint64_t second = writer->nanoseconds ? 1000000000u : 1000000u;

    if (size < PACKET_MAC || size > PACKET_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    full = (uint32_t)writer_convert(writer, sent, frame, size, packet);
    if (full == 0) {
        return 0;
    }
    kept = full < writer->snaplen ? full : writer->snaplen;
    if (writer->format == WRITER_PCAP) {
        at = writer_put(writer, head, (uint32_t)(ticks / second), 4);
        at = writer_put(writer, at, (uint32_t)(ticks % second), 4);
        at = writer_put(writer, at, kept, 4);
        at = writer_put(writer, at, full, 4);
        return writer_out(writer, head, 16) | writer_out(writer, packet, kept);
    }
    align = (4 - kept % 4) % 4;
    at = writer_put(writer, head, 6, 4); /* enhanced packet, with epb_flags */
    at = writer_put(writer, at, 32 + kept + align + 12, 4);
    at = writer_put(writer, at, 0, 4);
    at = writer_put(writer, at, (uint32_t)(ticks >> 32), 4);
    at = writer_put(writer, at, (uint32_t)ticks, 4);
    at = writer_put(writer, at, kept, 4);
    writer_put(writer, at, full, 4);
    at = writer_put(writer, tail + align, 2, 2);
    at = writer_put(writer, at, 4, 2);
    at = writer_put(writer, at, sent ? EPB_OUTBOUND : EPB_INBOUND, 4);
    at = writer_put(writer, at, 0, 4);
    at = writer_put(writer, at, 32 + kept + align + 12, 4);
    return writer_out(writer, head, 28) | writer_out(writer, packet, kept) |
           writer_out(writer, tail, (size_t)(at - tail));
}

int writer_close(struct writer *writer)
{
    int failed = ferror(writer->file);

    return fclose(writer->file) != 0 || failed ? -1 : 0;
}
