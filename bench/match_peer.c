/* SPDX-License-Identifier: MIT */
/* Hyperscan over the literals of the benchmark, or nothing where it is not installed
 * (MATCH_PEER_HYPERSCAN says that it is). */
#include "bench/match_peer.h"

#if defined(MATCH_PEER_HYPERSCAN)

#include <stdio.h>
#include <stdlib.h>

#include <hs/hs.h>

#include "bench/bench_clock.h"

struct match_peer {
    hs_database_t *database;
    hs_scratch_t *scratch;
    hs_stream_t *stream;
    struct match_peer_figures figures;
    uint64_t matches;
};

static int found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                 void *context)
{
    struct match_peer *peer = context;

    peer->matches++;
    return 0;
}

static bool compile(struct match_peer *peer, const struct corpus_literal *literals, uint32_t count)
{
    const char **texts = calloc(count, sizeof(*texts));
    unsigned *flags = calloc(count, sizeof(*flags));
    size_t *lengths = calloc(count, sizeof(*lengths));
    unsigned *ids = calloc(count, sizeof(*ids));
    hs_compile_error_t *error = NULL;
    bool done = false;

    if (texts == NULL || flags == NULL || lengths == NULL || ids == NULL)
        goto done;
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = (const char *)literals[i].bytes;
        lengths[i] = literals[i].length;
        flags[i] = literals[i].nocase ? HS_FLAG_CASELESS : 0;
        ids[i] = i;
    }
    struct bench_clock clock;
    double wall;
    bench_clock_start(&clock);
    done = hs_compile_lit_multi(texts, flags, ids, lengths, count, HS_MODE_STREAM, NULL,
                                &peer->database, &error) == HS_SUCCESS;
    bench_clock_read(&clock, &peer->figures.compile_seconds, &wall);
    if (error != NULL) {
        fprintf(stderr, "bench_match: Hyperscan: %s\n", error->message);
        hs_free_compile_error(error);
    }

done:
    free(texts);
    free(flags);
    free(lengths);
    free(ids);
    return done;
}

struct match_peer *match_peer_create(const struct corpus_literal *literals, uint32_t count)
{
    struct match_peer *peer = calloc(1, sizeof(*peer));

    if (peer == NULL || !compile(peer, literals, count) ||
        hs_alloc_scratch(peer->database, &peer->scratch) != HS_SUCCESS ||
        hs_open_stream(peer->database, 0, &peer->stream) != HS_SUCCESS) {
        match_peer_destroy(peer);
        return NULL;
    }
    hs_database_size(peer->database, &peer->figures.database_bytes);
    hs_stream_size(peer->database, &peer->figures.stream_bytes);
    return peer;
}

void match_peer_destroy(struct match_peer *peer)
{
    if (peer == NULL)
        return;
    if (peer->stream != NULL)
        hs_close_stream(peer->stream, peer->scratch, NULL, NULL);
    hs_free_scratch(peer->scratch);
    hs_free_database(peer->database);
    free(peer);
}

uint64_t match_peer_scan(void *context, const uint8_t *text, size_t length, size_t piece)
{
    struct match_peer *peer = context;

    peer->matches = 0;
    hs_reset_stream(peer->stream, 0, peer->scratch, NULL, NULL);
    for (size_t at = 0; at < length; at += piece) {
        const size_t take = piece < length - at ? piece : length - at;
        hs_scan_stream(peer->stream, (const char *)text + at, (unsigned)take, 0, peer->scratch,
                       found, peer);
    }
    return peer->matches;
}

struct match_peer_figures match_peer_figures(const struct match_peer *peer)
{
    return peer->figures;
}

#else

struct match_peer *match_peer_create(const struct corpus_literal *literals, uint32_t count)
{
    return NULL;
}

void match_peer_destroy(struct match_peer *peer)
{
}

uint64_t match_peer_scan(void *peer, const uint8_t *text, size_t length, size_t piece)
{
    return 0;
}

struct match_peer_figures match_peer_figures(const struct match_peer *peer)
{
    return (struct match_peer_figures){0};
}

#endif
