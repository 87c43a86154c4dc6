/* SPDX-License-Identifier: MIT */
/* Writes pcapng: packets with comments, which libpcap cannot. One section, little endian, time
 * stamps in nanoseconds.
 * Source: draft-ietf-opsawg-pcapng (blocks SHB, IDB, EPB; options opt_comment, if_name,
 * if_tsresol). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcapng_writer {
    /* Takes bytes of the file in order. */
    void (*write)(void *context, const void *bytes, size_t length);
    void *context;
    uint32_t interfaces; /* described so far */
    bool no_memory;
};

struct pcapng_packet {
    uint32_t interface;
    uint64_t time; /* nanoseconds since 1970 */
    const uint8_t *bytes;
    uint32_t captured, length;
    const char *comment; /* UTF-8; NULL: none */
};

/* Begins the file. `application`: who writes. */
void pcapng_begin(struct pcapng_writer *writer, const char *application);

/* Describes an interface; gives its number. link: DLT_* as libpcap tells it. */
uint32_t pcapng_interface(struct pcapng_writer *writer, int link, const char *name);

void pcapng_packet(struct pcapng_writer *writer, const struct pcapng_packet *packet);
