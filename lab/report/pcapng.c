/* SPDX-License-Identifier: MIT */
/* pcapng blocks. */
#include "report/pcapng.h"

#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SECTION        0x0a0d0d0au
#define BLOCK_INTERFACE      1u
#define BLOCK_PACKET         6u
#define BYTE_ORDER_MARK      0x1a2b3c4du
#define OPTION_END           0u
#define OPTION_COMMENT       1u
#define SECTION_APPLICATION  4u
#define INTERFACE_NAME       2u
#define INTERFACE_RESOLUTION 9u
#define NANOSECONDS          9 /* 10^-9 */
#define LINKTYPE_RAW         101u
#define TEXT_MAX             0xfff0u /* an option's length has 16 bits */

/* A block that grows. */
struct block {
    uint8_t *bytes;
    size_t length, capacity;
    bool no_memory;
};

static void block_add(struct block *block, const void *bytes, size_t length)
{
    size_t padded = (length + 3) & ~(size_t)3;

    if (block->length + padded > block->capacity && !block->no_memory) {
        size_t capacity = (block->length + padded) * 2;
        uint8_t *grown = realloc(block->bytes, capacity);
        if (grown == NULL) {
            block->no_memory = true;
        } else {
            block->bytes = grown;
            block->capacity = capacity;
        }
    }
    if (block->no_memory)
        return;
    if (length != 0)
        memcpy(block->bytes + block->length, bytes, length);
    memset(block->bytes + block->length + length, 0, padded - length);
    block->length += padded;
}

static void block_add32(struct block *block, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                              (uint8_t)(value >> 24)};

    block_add(block, bytes, sizeof(bytes));
}

static void block_begin(struct block *block, uint32_t type)
{
    *block = (struct block){0};
    block_add32(block, type);
    block_add32(block, 0); /* its length: block_end knows */
}

static void block_option(struct block *block, unsigned code, const void *bytes, size_t length)
{
    block_add32(block, code | (uint32_t)length << 16);
    block_add(block, bytes, length);
}

static void block_text(struct block *block, unsigned code, const char *text)
{
    size_t length = strlen(text);

    block_option(block, code, text, length < TEXT_MAX ? length : TEXT_MAX);
}

static void block_end(struct block *block, struct pcapng_writer *writer)
{
    uint32_t total = (uint32_t)block->length + 4;

    block_add32(block, total);
    if (block->no_memory) {
        writer->no_memory = true;
    } else {
        for (unsigned i = 0; i < 4; i++)
            block->bytes[4 + i] = (uint8_t)(total >> 8 * i);
        writer->write(writer->context, block->bytes, block->length);
    }
    free(block->bytes);
}

void pcapng_begin(struct pcapng_writer *writer, const char *application)
{
    struct block block;

    block_begin(&block, BLOCK_SECTION);
    block_add32(&block, BYTE_ORDER_MARK);
    block_add32(&block, 1); /* version 1.0 */
    block_add32(&block, UINT32_MAX);
    block_add32(&block, UINT32_MAX); /* section length: not known */
    block_text(&block, SECTION_APPLICATION, application);
    block_option(&block, OPTION_END, NULL, 0);
    block_end(&block, writer);
}

uint32_t pcapng_interface(struct pcapng_writer *writer, int link, const char *name)
{
    static const uint8_t resolution = NANOSECONDS;
    struct block block;

    block_begin(&block, BLOCK_INTERFACE);
    /* In files raw IP has a number of its own; the other types read here are the same. */
    block_add32(&block, link == DLT_RAW ? LINKTYPE_RAW : (uint32_t)link);
    block_add32(&block, 0); /* no limit */
    block_text(&block, INTERFACE_NAME, name);
    block_option(&block, INTERFACE_RESOLUTION, &resolution, 1);
    block_option(&block, OPTION_END, NULL, 0);
    block_end(&block, writer);
    return writer->interfaces++;
}

void pcapng_packet(struct pcapng_writer *writer, const struct pcapng_packet *packet)
{
    struct block block;

    block_begin(&block, BLOCK_PACKET);
    block_add32(&block, packet->interface);
    block_add32(&block, (uint32_t)(packet->time >> 32));
    block_add32(&block, (uint32_t)packet->time);
    block_add32(&block, packet->captured);
    block_add32(&block, packet->length);
    block_add(&block, packet->bytes, packet->captured);
    if (packet->comment != NULL) {
        block_text(&block, OPTION_COMMENT, packet->comment);
        block_option(&block, OPTION_END, NULL, 0);
    }
    block_end(&block, writer);
}
