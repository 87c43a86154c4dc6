/* SPDX-License-Identifier: MIT */
/* IPv4 with options, IPv6 with extension headers, both with fragments; then the TCP header. */

#include "tcpip/segment.h"

#include "tcpip/checksum.h"
#include "tcpip/fragment.h"
#include "tcpip/link.h"

#include <string.h>

#define PROTOCOL_TCP    6
#define TCP_HEADER      20
#define MOST_EXTENSIONS 16
#define IPV6_HEADER     40

/* What IP carries, while its headers are being taken off. */
struct datagram {
    bool v6;
    uint8_t protocol;
    const uint8_t *source, *destination; /* address bytes */
    const uint8_t *bytes;                /* behind the headers */
    size_t captured;
    size_t length; /* on the wire */
    bool fragment;
    struct tcpip_fragment piece;
};

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t read32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static enum tcpip_parse parse_ipv4(const uint8_t *ip, size_t captured, size_t wire,
                                   struct datagram *d)
{
    if (captured < 20)
        return TCPIP_PARSE_MALFORMED;
    const size_t header = (size_t)(ip[0] & 15) * 4;
    size_t total = read16(ip + 2);
    if (total == 0)
        total = wire;
    if (header < 20 || header > captured || total < header)
        return TCPIP_PARSE_MALFORMED;
    d->v6 = false;
    d->protocol = ip[9];
    d->source = ip + 12;
    d->destination = ip + 16;
    d->bytes = ip + header;
    d->length = total - header;
    d->captured = captured - header < d->length ? captured - header : d->length;
    const uint16_t field = read16(ip + 6);
    d->fragment = (field & 0x3FFF) != 0;
    if (d->fragment) {
        d->piece.id = read16(ip + 4);
        d->piece.offset = (uint32_t)(field & 0x1FFF) * 8;
        d->piece.more = (field & 0x2000) != 0;
    }
    return TCPIP_PARSE_SEGMENT;
}

static enum tcpip_parse parse_ipv6(const uint8_t *ip, size_t captured, size_t wire,
                                   struct datagram *d)
{
    if (captured < IPV6_HEADER || wire < IPV6_HEADER)
        return TCPIP_PARSE_MALFORMED;
    size_t length = read16(ip + 4);
    if (length == 0) /* a jumbogram, or a large send left to the NIC */
        length = wire - IPV6_HEADER;
    size_t left = captured - IPV6_HEADER < length ? captured - IPV6_HEADER : length;
    const uint8_t *at = ip + IPV6_HEADER;
    uint8_t next = ip[6];

    d->v6 = true;
    d->source = ip + 8;
    d->destination = ip + 24;
    d->fragment = false;
    for (int i = 0; i < MOST_EXTENSIONS; i++) {
        size_t size;
        switch (next) {
        case 0:   /* hop-by-hop options */
        case 43:  /* routing */
        case 60:  /* destination options */
        case 135: /* mobility */
        case 139: /* host identity */
        case 140: /* shim6 */
            if (left < 8)
                return TCPIP_PARSE_MALFORMED;
            size = ((size_t)at[1] + 1) * 8;
            break;
        case 51: /* authentication */
            if (left < 8)
                return TCPIP_PARSE_MALFORMED;
            size = ((size_t)at[1] + 2) * 4;
            break;
        case 44: { /* fragment */
            if (left < 8)
                return TCPIP_PARSE_MALFORMED;
            size = 8;
            const uint16_t field = read16(at + 2);
            if ((field & 0xFFF9) != 0) { /* else an atomic fragment: RFC 6946 */
                d->fragment = true;
                d->piece.id = read32(at + 4);
                d->piece.offset = field & 0xFFF8;
                d->piece.more = (field & 1) != 0;
            }
            break;
        }
        default:
            d->protocol = next;
            d->bytes = at;
            d->captured = left;
            d->length = length;
            return TCPIP_PARSE_SEGMENT;
        }
        if (size > left)
            return TCPIP_PARSE_MALFORMED;
        next = at[0];
        at += size;
        left -= size;
        length -= size;
        if (d->fragment) {
            /* What follows is a piece: more headers may come, but only in the first one. */
            d->protocol = next;
            d->bytes = at;
            d->captured = left;
            d->length = length;
            return TCPIP_PARSE_SEGMENT;
        }
    }
    return TCPIP_PARSE_MALFORMED;
}

/* Left to the NIC: the field holds the sum of the pseudo-header alone, or nothing. */
static bool checksum_wrong(const struct datagram *d)
{
    if (d->captured < d->length)
        return false;
    const uint8_t tail[4] = {0, PROTOCOL_TCP, (uint8_t)(d->length >> 8), (uint8_t)d->length};
    uint32_t words[3];
    memcpy(&words[2], tail, sizeof(tail));
    uint64_t pseudo = words[2];
    if (d->v6) {
        pseudo = checksum_add(pseudo, d->source, 16);
        pseudo = checksum_add(pseudo, d->destination, 16);
    } else {
        memcpy(&words[0], d->source, 4);
        memcpy(&words[1], d->destination, 4);
        pseudo += (uint64_t)words[0] + words[1];
    }
    uint16_t field;
    memcpy(&field, d->bytes + 16, sizeof(field));
    if (field == 0 || field == checksum_fold(pseudo))
        return false;
    return checksum_fold(checksum_add(pseudo, d->bytes, d->length)) != 0xFFFF;
}

static int8_t window_scale(const uint8_t *options, size_t length)
{
    size_t i = 0;
    while (i < length && options[i] != 0) {
        if (options[i] == 1) {
            i++;
            continue;
        }
        if (i + 1 >= length || options[i + 1] < 2)
            break;
        if (options[i] == 3 && options[i + 1] == 3 && i + 2 < length)
            return (int8_t)(options[i + 2] > 14 ? 14 : options[i + 2]);
        i += options[i + 1];
    }
    return -1;
}

static enum tcpip_parse parse_tcp(const struct datagram *d, struct tcpip_segment *segment)
{
    if (d->captured < TCP_HEADER)
        return TCPIP_PARSE_MALFORMED;
    const uint8_t *tcp = d->bytes;
    const size_t header = (size_t)(tcp[12] >> 4) * 4;
    if (header < TCP_HEADER || header > d->length || header > d->captured)
        return TCPIP_PARSE_MALFORMED;

    memset(&segment->source, 0, sizeof(segment->source));
    memset(&segment->destination, 0, sizeof(segment->destination));
    if (d->v6) {
        memcpy(segment->source.address, d->source, 16);
        memcpy(segment->destination.address, d->destination, 16);
    } else {
        memcpy(segment->source.address, d->source, 4);
        memcpy(segment->destination.address, d->destination, 4);
    }
    segment->source.port = read16(tcp);
    segment->destination.port = read16(tcp + 2);
    segment->v6 = d->v6;
    segment->sequence = read32(tcp + 4);
    segment->acknowledged = read32(tcp + 8);
    segment->flags = tcp[13] & 0x3F;
    segment->window = read16(tcp + 14);
    segment->urgent = read16(tcp + 18);
    segment->scale = -1;
    if (segment->flags & TCPIP_FLAG_SYN)
        segment->scale = window_scale(tcp + TCP_HEADER, header - TCP_HEADER);
    segment->payload = tcp + header;
    segment->captured = (uint32_t)(d->captured - header);
    segment->length = (uint32_t)(d->length - header);
    segment->bad_checksum = checksum_wrong(d);
    /* What a RST carries is a text for people (RFC 1122 section 4.2.2.12), not stream data. */
    if (segment->flags & TCPIP_FLAG_RST) {
        segment->captured = 0;
        segment->length = 0;
    }
    return TCPIP_PARSE_SEGMENT;
}

enum tcpip_parse tcpip_segment_parse(const struct tcpip_frame *frame,
                                     struct tcpip_fragments *fragments, uint64_t now,
                                     struct tcpip_segment *segment)
{
    struct datagram d;
    size_t offset = 0;
    enum tcpip_parse result;

    const size_t captured = frame->captured < frame->length ? frame->captured : frame->length;
    switch (link_find_ip(frame->link, frame->bytes, captured, &offset)) {
    case LINK_IP:
        break;
    case LINK_OTHER:
        return TCPIP_PARSE_NOT_IP;
    case LINK_SHORT:
        return TCPIP_PARSE_MALFORMED;
    }
    if (captured <= offset)
        return TCPIP_PARSE_MALFORMED;
    const uint8_t *ip = frame->bytes + offset;
    switch (ip[0] >> 4) {
    case 4:
        result = parse_ipv4(ip, captured - offset, frame->length - offset, &d);
        break;
    case 6:
        result = parse_ipv6(ip, captured - offset, frame->length - offset, &d);
        break;
    default:
        return TCPIP_PARSE_MALFORMED;
    }
    if (result != TCPIP_PARSE_SEGMENT)
        return result;
    segment->reassembled = false;
    segment->number = frame->number;
    if (d.fragment) {
        if (d.protocol != PROTOCOL_TCP)
            return TCPIP_PARSE_NOT_TCP;
        if (d.captured < d.length)
            return TCPIP_PARSE_MALFORMED;
        if (fragments == NULL)
            return TCPIP_PARSE_FRAGMENT;
        d.piece.v6 = d.v6;
        d.piece.source = d.source;
        d.piece.destination = d.destination;
        d.piece.bytes = d.bytes;
        d.piece.length = (uint32_t)d.length;
        d.bytes = tcpip_fragments_add(fragments, &d.piece, now, &d.length);
        if (d.bytes == NULL)
            return TCPIP_PARSE_FRAGMENT;
        d.captured = d.length;
        segment->reassembled = true;
    }
    if (d.protocol != PROTOCOL_TCP)
        return TCPIP_PARSE_NOT_TCP;
    return parse_tcp(&d, segment);
}
