/* SPDX-License-Identifier: MIT */
/* Writes capture files in every dialect a reader may meet. */
#pragma once

#include "schedule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum writer_format { WRITER_PCAP, WRITER_PCAPNG };
enum writer_link { WRITER_ETHERNET, WRITER_RAW, WRITER_SLL, WRITER_SLL2, WRITER_NULL, WRITER_LOOP };

struct writer {
    FILE *file;
    enum writer_format format;
    enum writer_link link;
    bool big_endian;
    bool nanoseconds;
    bool pad;         /* delivered frames are padded to Ethernet's 60 bytes */
    uint32_t snaplen; /* bytes of a packet kept */
    uint16_t vlan[2]; /* 802.1Q identifiers, outer first; 0: none */
};

/* Reads "pcap", "pcap-ns", "pcap-be", "pcapng", "pcapng-be"; "ethernet", "raw", "sll", "sll2",
 * "null", "loop". False if the text is anything else. */
bool writer_parse_format(struct writer *writer, const char *text);
bool writer_parse_link(struct writer *writer, const char *text);

/* Opens the file and writes its head. -1 with errno. Layouts: pcap-savefile(5) and the pcapng
 * specification (draft-ietf-opsawg-pcapng). */
int writer_open(struct writer *writer, const char *path);

/* Appends an Ethernet frame, changed into the link type of the file, at `time_ns` since 1970.
 * `sent` tells the direction as the recording host sees it. A frame that the link type cannot hold
 * (ARP in a raw IP file) is left out. -1 with errno. */
int writer_frame(struct writer *writer, uint64_t time_ns, bool sent, const uint8_t *frame,
                 size_t size);

/* -1 with errno if anything could not be written. */
int writer_close(struct writer *writer);
