/* SPDX-License-Identifier: MIT */
/* Hyperscan (streaming mode) as the engine to compare with, where it is installed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/match_corpus.h"

struct match_peer;

/* Compiles the literals and opens a stream. NULL: Hyperscan was not there when this was built, or
 * it failed. */
struct match_peer *match_peer_create(const struct corpus_literal *literals, uint32_t count);
void match_peer_destroy(struct match_peer *peer);

/* Scans `text` as one stream in pieces; gives the matches. */
uint64_t match_peer_scan(void *peer, const uint8_t *text, size_t length, size_t piece);

struct match_peer_figures {
    double compile_seconds;
    size_t database_bytes, stream_bytes;
};

struct match_peer_figures match_peer_figures(const struct match_peer *peer);
