/* SPDX-License-Identifier: MIT */
/* A TCP segment as it is found in a captured frame: link header, IP header and TCP header taken
 * off. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcpip_fragments;

/* One captured frame. link: DLT_* of libpcap (EN10MB, LINUX_SLL, LINUX_SLL2, RAW, IPV4, IPV6, NULL,
 * LOOP). number: from 1, in the capture. captured <= length: the rest was cut off by the snap
 * length. */
struct tcpip_frame {
    const uint8_t *bytes;
    uint32_t captured, length;
    int link;
    uint64_t number;
};

#define TCPIP_FLAG_FIN 0x01
#define TCPIP_FLAG_SYN 0x02
#define TCPIP_FLAG_RST 0x04
#define TCPIP_FLAG_PSH 0x08
#define TCPIP_FLAG_ACK 0x10
#define TCPIP_FLAG_URG 0x20

/* One end of a connection. IPv4: the first four bytes, network order, the rest zero. */
struct tcpip_endpoint {
    uint8_t address[16];
    uint16_t port; /* host order */
};

struct tcpip_segment {
    struct tcpip_endpoint source, destination;
    bool v6;
    bool
        reassembled; /* out of IP fragments: payload lies in the fragment store, not in the frame */
    uint8_t flags;   /* TCPIP_FLAG_* */
    int8_t scale;    /* window scale option of a SYN; -1: none */
    uint16_t window; /* as in the header */
    uint16_t urgent;
    uint32_t sequence, acknowledged;
    const uint8_t *payload;
    uint32_t captured; /* payload bytes at `payload` */
    uint32_t length;   /* payload bytes on the wire */
    bool bad_checksum; /* neither absent, nor left to the NIC, nor right */
    uint64_t number;   /* of the frame that completed it */
};

enum tcpip_parse {
    TCPIP_PARSE_SEGMENT,   /* *segment is filled in */
    TCPIP_PARSE_NOT_IP,    /* another protocol above the link header */
    TCPIP_PARSE_NOT_TCP,   /* another protocol above IP */
    TCPIP_PARSE_FRAGMENT,  /* taken into the fragment store: the datagram is not whole yet */
    TCPIP_PARSE_MALFORMED, /* a header is cut off or contradicts itself */
};

/* Takes the headers off. The segment points into the frame or into the fragment store: valid until
 * the next frame is parsed. fragments NULL: fragments are only counted. now: virtual time, for
 * their timeout. IPv4 total length 0 (a large send left to the NIC) means: all that was on the
 * wire. Sources: RFC 791, 8200, 9293; link headers as on tcpdump.org/linktypes.html. */
enum tcpip_parse tcpip_segment_parse(const struct tcpip_frame *frame,
                                     struct tcpip_fragments *fragments, uint64_t now,
                                     struct tcpip_segment *segment);

/* True when the link type is one that tcpip_segment_parse() reads. */
bool tcpip_link_known(int link);
