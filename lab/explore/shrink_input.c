/* SPDX-License-Identifier: MIT */
/* Captures, frame by frame: tcpdump.org, "pcap-savefile"; IETF draft-ietf-opsawg-pcapng. */
#include "explore/shrink_input.h"

#include <stdlib.h>
#include <string.h>

#define PCAP_MICRO      0xA1B2C3D4u
#define PCAP_NANO       0xA1B23C4Du
#define PCAP_HEADER     24
#define PCAP_RECORD     16
#define PCAPNG_SECTION  0x0A0D0D0Au
#define PCAPNG_SIMPLE   3
#define PCAPNG_ENHANCED 6
#define PCAPNG_LEAST    12

static uint32_t word(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Length of what begins at `at`, 0: not a whole piece. */
static size_t piece_length(const uint8_t *bytes, size_t size, size_t at, bool is_pcapng,
                           bool *is_frame)
{
    const size_t left = size - at;

    *is_frame = false;
    if (is_pcapng) {
        if (left < PCAPNG_LEAST)
            return 0;
        const uint32_t type = word(bytes + at), length = word(bytes + at + 4);
        *is_frame = type == PCAPNG_SIMPLE || type == PCAPNG_ENHANCED;
        return length >= PCAPNG_LEAST && length <= left ? length : 0;
    }
    if (at == 0)
        return PCAP_HEADER;
    *is_frame = true;
    if (left < PCAP_RECORD || word(bytes + at + 8) > left - PCAP_RECORD)
        return 0;
    return PCAP_RECORD + word(bytes + at + 8);
}

bool shrink_pieces_of(const void *file, size_t size, struct shrink_pieces *pieces)
{
    const uint8_t *bytes = file;
    const uint32_t magic = size >= PCAP_HEADER ? word(bytes) : 0;
    const bool is_pcap = magic == PCAP_MICRO || magic == PCAP_NANO;
    const bool is_pcapng = magic == PCAPNG_SECTION && word(bytes + 8) == 0x1A2B3C4Du;
    size_t capacity = 0;

    memset(pieces, 0, sizeof(*pieces));
    for (size_t at = 0; at < size;) {
        struct shrink_piece piece = {.at = at, .length = size - at};
        bool is_frame;
        const size_t length =
            is_pcap || is_pcapng ? piece_length(bytes, size, at, is_pcapng, &is_frame) : 0;
        if (length != 0) {
            piece.length = length;
            piece.is_frame = is_frame;
        }
        if (pieces->count == capacity) {
            capacity = capacity != 0 ? 2 * capacity : 256;
            struct shrink_piece *grown = realloc(pieces->list, capacity * sizeof(*grown));
            if (grown == NULL)
                return false;
            pieces->list = grown;
        }
        pieces->list[pieces->count++] = piece;
        pieces->frames += piece.is_frame;
        at += piece.length;
    }
    return true;
}

uint8_t *shrink_without(const void *bytes, const struct shrink_pieces *pieces, size_t from,
                        size_t length, size_t *size)
{
    const struct shrink_piece *last = &pieces->list[pieces->count - 1];
    uint8_t *left = malloc(last->at + last->length);
    size_t frame = 0;

    *size = 0;
    for (size_t i = 0; left != NULL && i < pieces->count; i++) {
        const struct shrink_piece *piece = &pieces->list[i];
        const bool goes = piece->is_frame && frame >= from && frame < from + length;
        frame += piece->is_frame;
        if (goes)
            continue;
        memcpy(left + *size, (const uint8_t *)bytes + piece->at, piece->length);
        *size += piece->length;
    }
    return left;
}
