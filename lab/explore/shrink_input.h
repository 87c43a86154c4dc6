/* SPDX-License-Identifier: MIT */
/* A capture as pieces of which some can be left out: the frames of a pcap or pcapng file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shrink_piece {
    size_t at, length;
    bool is_frame; /* can be left out; headers and descriptions cannot */
};

struct shrink_pieces {
    struct shrink_piece *list;
    size_t count, frames;
};

/* Takes a file apart. What is no little-endian pcap or pcapng file, and what is broken at the end,
 * is one piece that stays. False: no memory. */
bool shrink_pieces_of(const void *bytes, size_t size, struct shrink_pieces *pieces);

/* The file without its frames from..from+length (counted from 0): allocated, *size bytes. NULL: no
 * memory. */
uint8_t *shrink_without(const void *bytes, const struct shrink_pieces *pieces, size_t from,
                        size_t length, size_t *size);
