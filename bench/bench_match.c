/* SPDX-License-Identifier: MIT */
/*
 * Scanning beside Hyperscan (streaming mode, same buffers, same pieces): GB/s of one core, the
 * matcher with the partial match (hold) asked at each piece's end. bench_match [PIECE [MIB]]
 */
#include "bench/match_corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hs/hs.h>

#include "inspect/match/literals.h"
#include "rules/literals_build.h"

#define ROUNDS      5u
#define LITERAL_MAX 5000u

/* An engine with a set compiled into it: what a row of the table is about. */
struct engine {
    const char *name;
    void *state; /* of the engine's own */
    uint64_t (*scan)(void *state, const uint8_t *text, size_t length, size_t piece);
};

struct own {
    struct inspect_literals literals;
    uint8_t *section;
    size_t size;
    unsigned features;
    uint64_t matches, held;
};

struct peer {
    hs_database_t *database;
    hs_scratch_t *scratch;
    hs_stream_t *stream;
    size_t size, stream_size;
    uint64_t matches;
};

static struct corpus_literal literals[LITERAL_MAX];

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench_match: %s\n", what);
    exit(1);
}

static bool own_found(void *context, uint32_t literal, uint64_t end)
{
    struct own *own = context;

    own->matches++;
    return true;
}

static bool own_live(void *context, uint32_t literal, uint32_t length)
{
    return true;
}

static uint64_t own_scan(void *context, const uint8_t *text, size_t length, size_t piece)
{
    struct own *own = context;
    struct inspect_literals_state state = {0};

    own->matches = 0;
    for (size_t at = 0; at < length; at += piece) {
        const size_t take = piece < length - at ? piece : length - at;
        inspect_literals_scan(&own->literals, own->features, &state, at, text + at, take, own_found,
                              own);
        own->held += inspect_literals_hold(&own->literals, &state, own_live, NULL);
    }
    return own->matches;
}

static int peer_found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                      void *context)
{
    struct peer *peer = context;

    peer->matches++;
    return 0;
}

static uint64_t peer_scan(void *context, const uint8_t *text, size_t length, size_t piece)
{
    struct peer *peer = context;

    peer->matches = 0;
    hs_reset_stream(peer->stream, 0, peer->scratch, NULL, NULL);
    for (size_t at = 0; at < length; at += piece) {
        const size_t take = piece < length - at ? piece : length - at;
        hs_scan_stream(peer->stream, (const char *)text + at, (unsigned)take, 0, peer->scratch,
                       peer_found, peer);
    }
    return peer->matches;
}

static double own_compile(struct own *own, uint32_t count)
{
    struct literals_builder *builder = literals_builder_create();
    const double start = now();

    for (uint32_t i = 0; builder != NULL && i < count; i++)
        literals_builder_add(builder, literals[i].bytes, literals[i].length, literals[i].nocase,
                             true);
    if (builder == NULL || !literals_builder_finish(builder, &own->section, &own->size))
        fail("out of memory");
    const double took = now() - start;
    literals_builder_destroy(builder);
    if (!inspect_literals_verify(own->section, own->size, &own->literals))
        fail("a section is refused");
    return took;
}

static double peer_compile(struct peer *peer, uint32_t count)
{
    const char **texts = calloc(count, sizeof(*texts));
    unsigned *flags = calloc(count, sizeof(*flags));
    size_t *lengths = calloc(count, sizeof(*lengths));
    unsigned *ids = calloc(count, sizeof(*ids));
    hs_compile_error_t *error;

    if (texts == NULL || flags == NULL || lengths == NULL || ids == NULL)
        fail("out of memory");
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = (const char *)literals[i].bytes;
        lengths[i] = literals[i].length;
        flags[i] = literals[i].nocase ? HS_FLAG_CASELESS : 0;
        ids[i] = i;
    }
    const double start = now();
    if (hs_compile_lit_multi(texts, flags, ids, lengths, count, HS_MODE_STREAM, NULL,
                             &peer->database, &error) != HS_SUCCESS)
        fail(error->message);
    const double took = now() - start;
    if (hs_alloc_scratch(peer->database, &peer->scratch) != HS_SUCCESS ||
        hs_open_stream(peer->database, 0, &peer->stream) != HS_SUCCESS)
        fail("Hyperscan: out of memory");
    hs_database_size(peer->database, &peer->size);
    hs_stream_size(peer->database, &peer->stream_size);
    free(texts);
    free(flags);
    free(lengths);
    free(ids);
    return took;
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* Median of GB/s over the rounds, for each engine; the engines take turns. */
static void measure(const struct engine *engines, unsigned count, const uint8_t *text,
                    size_t length, size_t piece, double *speed, uint64_t *matches)
{
    double figures[2][ROUNDS];

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < count; i++) {
            const double start = now();
            matches[i] = engines[i].scan(engines[i].state, text, length, piece);
            figures[i][round] = (double)length / (now() - start) / 1e9;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        qsort(figures[i], ROUNDS, sizeof(figures[i][0]), by_value);
        speed[i] = figures[i][ROUNDS / 2];
    }
}

static void print_row(const char *set, enum corpus_kind kind, const struct engine *engines,
                      const uint8_t *text, size_t length, size_t piece)
{
    double speed[2];
    uint64_t matches[2];

    measure(engines, 2, text, length, piece, speed, matches);
    printf("%-14s %-10s %8.2f %8.2f %7.2f %10llu%s\n", set, corpus_name(kind), speed[0], speed[1],
           speed[0] / speed[1], (unsigned long long)matches[0],
           matches[0] == matches[1] ? "" : "  MATCHES DIFFER");
    fflush(stdout);
}

static void literal_set(const char *name, uint32_t count, uint8_t *text, size_t length,
                        size_t piece)
{
    struct own own = {.features = inspect_literals_features()};
    struct peer peer = {0};
    const struct engine engines[2] = {{"sluice", &own, own_scan}, {"hyperscan", &peer, peer_scan}};
    const double own_time = own_compile(&own, count);
    const double peer_time = peer_compile(&peer, count);

    for (enum corpus_kind kind = CORPUS_HTTP; kind < CORPUS_KINDS; kind++) {
        if (corpus_fill(kind, literals, count, text, length))
            print_row(name, kind, engines, text, length, piece);
    }
    printf("%-14s compile %.1f / %.1f ms, section %zu / %zu KiB, state per direction %zu / %zu "
           "bytes\n\n",
           name, own_time * 1e3, peer_time * 1e3, own.size / 1024, peer.size / 1024,
           sizeof(struct inspect_literals_state), peer.stream_size);
    hs_close_stream(peer.stream, peer.scratch, NULL, NULL);
    hs_free_scratch(peer.scratch);
    hs_free_database(peer.database);
    free(own.section);
}

/* What is measured: a row a set. Sets of another kind bring their own `run`. */
static const struct {
    const char *name;
    uint32_t count;
    void (*run)(const char *name, uint32_t count, uint8_t *text, size_t length, size_t piece);
} sets[] = {
    {"10 literals", 10, literal_set},
    {"100 literals", 100, literal_set},
    {"1000 literals", 1000, literal_set},
    {"5000 literals", 5000, literal_set},
};

int main(int argc, char **argv)
{
    const size_t piece = argc > 1 ? strtoul(argv[1], NULL, 10) : 1460;
    const size_t length = (argc > 2 ? strtoul(argv[2], NULL, 10) : 16) << 20;
    uint8_t *text = malloc(length);

    if (piece == 0 || length == 0 || text == NULL)
        fail("usage: bench_match [PIECE [MIB]]");
    corpus_literals(literals, LITERAL_MAX);
    printf("%zu bytes at a time, %zu MiB, medians of %u rounds, GB/s of one core\n\n", piece,
           length >> 20, ROUNDS);
    printf("%-14s %-10s %8s %8s %7s %10s\n", "set", "corpus", "sluice", "hyperscan", "ratio",
           "matches");
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        sets[i].run(sets[i].name, sets[i].count, text, length, piece);
    free(text);
    return 0;
}
