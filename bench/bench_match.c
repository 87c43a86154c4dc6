/* SPDX-License-Identifier: MIT */
/*
 * Scanning beside Hyperscan (streaming mode, same buffers, same pieces): GB/s of one core, the
 * matcher with the partial match (hold) asked at each piece's end; and the matcher's automata
 * alone, which is what is left when an input attacks the prefilter. bench_match [PIECE [MIB]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench_clock.h"
#include "bench/match_corpus.h"
#include "bench/match_peer.h"
#include "inspect/match/literals.h"
#include "inspect/match/literals_section.h"
#include "rules/literals_build.h"

#define ROUNDS      5u
#define ENGINES     3u
#define LITERAL_MAX 5000u
/* The slowest bytes are looked for among those of so many literals, repeated to so many bytes. */
#define WORST_OF    200u
#define WORST_BYTES 8u
#define WORST_TEXT  16384u

/* What a column of the table is about. */
struct engine {
    void *state; /* of the engine's own; NULL: there is no such engine */
    uint64_t (*scan)(void *state, const uint8_t *text, size_t length, size_t piece);
};

struct own {
    struct inspect_literals literals;
    uint8_t *section;
    size_t size;
    unsigned features;
    uint64_t matches, held;
};

static struct corpus_literal literals[LITERAL_MAX];

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

static double own_compile(struct own *own, uint32_t count)
{
    struct literals_builder *builder = literals_builder_create();
    struct bench_clock clock;
    double took, wall;

    bench_clock_start(&clock);
    for (uint32_t i = 0; builder != NULL && i < count; i++)
        literals_builder_add(builder, literals[i].bytes, literals[i].length, literals[i].nocase,
                             true);
    if (builder == NULL || !literals_builder_finish(builder, &own->section, &own->size))
        fail("out of memory");
    bench_clock_read(&clock, &took, &wall);
    literals_builder_destroy(builder);
    if (!inspect_literals_verify(own->section, own->size, &own->literals))
        fail("a section is refused");
    return took;
}

/* The same set without its prefilter. */
static void own_automata(struct own *automata, const struct own *own)
{
    automata->section = malloc(own->size);
    if (automata->section == NULL)
        fail("out of memory");
    memcpy(automata->section, own->section, own->size);
    memset(automata->section + offsetof(struct literals_header, filter), 0, sizeof(uint32_t));
    if (!inspect_literals_verify(automata->section, own->size, &automata->literals))
        fail("a section without prefilter is refused");
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static double speed_of(const struct engine *engine, const uint8_t *text, size_t length,
                       size_t piece, uint64_t *matches)
{
    struct bench_clock clock;
    double took, wall;

    bench_clock_start(&clock);
    *matches = engine->scan(engine->state, text, length, piece);
    bench_clock_read(&clock, &took, &wall);
    return (double)length / took / 1e9;
}

/* Median of GB/s over the rounds, for each engine; the engines take turns. */
static void measure(const struct engine *engines, const uint8_t *text, size_t length, size_t piece,
                    double *speed, uint64_t *matches)
{
    double figures[ENGINES][ROUNDS] = {{0}};

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < ENGINES; i++) {
            if (engines[i].state != NULL)
                figures[i][round] = speed_of(&engines[i], text, length, piece, &matches[i]);
        }
    }
    for (unsigned i = 0; i < ENGINES; i++) {
        qsort(figures[i], ROUNDS, sizeof(figures[i][0]), by_value);
        speed[i] = figures[i][ROUNDS / 2];
    }
}

static void print_row(const char *set, const char *corpus, const struct engine *engines,
                      const uint8_t *text, size_t length, size_t piece)
{
    double speed[ENGINES];
    uint64_t matches[ENGINES] = {0};

    measure(engines, text, length, piece, speed, matches);
    printf("%-14s %-10s %8.2f %8.2f ", set, corpus, speed[0], speed[1]);
    if (engines[2].state != NULL)
        printf("%9.2f %7.2f ", speed[2], speed[0] / speed[2]);
    else
        printf("%9s %7s ", "-", "-");
    printf("%10llu%s\n", (unsigned long long)matches[0],
           matches[0] != matches[1] || (engines[2].state != NULL && matches[0] != matches[2])
               ? "  MATCHES DIFFER"
               : "");
    fflush(stdout);
}

static void fill_with_bytes(uint8_t *text, size_t length, const uint8_t *bytes)
{
    for (size_t i = 0; i < length; i++)
        text[i] = bytes[i % WORST_BYTES];
}

/* The bytes of a literal that are scanned slowest when they are repeated: what somebody would send
 * who knows the rules and has a clock. */
static void fill_with_worst(const struct engine *own, uint32_t count, uint8_t *text, size_t length,
                            size_t piece)
{
    const uint32_t every = count > WORST_OF ? count / WORST_OF : 1;
    const uint8_t *worst = NULL;
    double slowest = 0;

    if (length < WORST_TEXT)
        fail("the text is too short");
    for (uint32_t i = 0; i < count; i += every) {
        for (uint32_t from = 0; from + WORST_BYTES <= literals[i].length; from++) {
            uint64_t matches;
            fill_with_bytes(text, WORST_TEXT, literals[i].bytes + from);
            const double speed = speed_of(own, text, WORST_TEXT, piece, &matches);
            if (worst == NULL || speed < slowest) {
                worst = literals[i].bytes + from;
                slowest = speed;
            }
        }
    }
    if (worst == NULL)
        fail("no literal is long enough");
    fill_with_bytes(text, length, worst);
}

static void literal_set(const char *name, uint32_t count, uint8_t *text, size_t length,
                        size_t piece)
{
    struct own own = {.features = inspect_literals_features()};
    struct own automata = {.features = own.features};
    const double own_time = own_compile(&own, count);
    struct match_peer *peer = match_peer_create(literals, count);
    const struct match_peer_figures figures =
        peer != NULL ? match_peer_figures(peer) : (struct match_peer_figures){0};
    const struct engine engines[ENGINES] = {
        {&own, own_scan}, {&automata, own_scan}, {peer, match_peer_scan}};

    own_automata(&automata, &own);
    for (enum corpus_kind kind = CORPUS_HTTP; kind < CORPUS_KINDS; kind++) {
        if (corpus_fill(kind, literals, count, text, length))
            print_row(name, corpus_name(kind), engines, text, length, piece);
    }
    fill_with_worst(&engines[0], count, text, length, piece);
    print_row(name, "worst", engines, text, length, piece);
    printf("%-14s compile %.1f / %.1f ms, section %zu / %zu KiB, state per direction %zu / %zu "
           "bytes\n\n",
           name, own_time * 1e3, figures.compile_seconds * 1e3, own.size / 1024,
           figures.database_bytes / 1024, sizeof(struct inspect_literals_state),
           figures.stream_bytes);
    match_peer_destroy(peer);
    free(own.section);
    free(automata.section);
}

/* What is measured. Sets of another kind bring their own `run`. */
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
    static const size_t usual[] = {1460, 64};
    const size_t asked = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    const size_t length = (argc > 2 ? strtoul(argv[2], NULL, 10) : 8) << 20;
    uint8_t *text = malloc(length);

    if ((argc > 1 && asked == 0) || length == 0 || text == NULL)
        fail("usage: bench_match [PIECE [MIB]]");
    corpus_literals(literals, LITERAL_MAX);
    for (size_t i = 0; i < (asked != 0 ? 1 : sizeof(usual) / sizeof(usual[0])); i++) {
        const size_t piece = asked != 0 ? asked : usual[i];
        printf("%zu bytes at a time, %zu MiB, medians of %u rounds, GB/s of one core\n\n", piece,
               length >> 20, ROUNDS);
        printf("%-14s %-10s %8s %8s %9s %7s %10s\n", "set", "corpus", "sluice", "automata",
               "hyperscan", "ratio", "matches");
        for (size_t j = 0; j < sizeof(sets) / sizeof(sets[0]); j++)
            sets[j].run(sets[j].name, sets[j].count, text, length, piece);
    }
    free(text);
    return 0;
}
