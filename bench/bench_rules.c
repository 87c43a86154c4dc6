/* SPDX-License-Identifier: MIT */
/*
 * Rules with regular expressions beside Hyperscan (streaming mode, same expressions, same buffers,
 * same pieces): GB/s of one core through a scope, the hold asked at each piece's end. Prints how
 * often matching state overflowed. bench_rules [PIECE [MIB]]
 */
#include "bench/match_corpus.h"

#include <ctype.h>
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inspect/direction.h"
#include "inspect/event.h"
#include "inspect/rule/scope.h"
#include "rules/compile.h"

#define ROUNDS      5u
#define LITERAL_MAX 5000u
#define REGEX_MAX   1000u
#define TEXT_MAX    256u

/* Families of expressions as rules have them; %s stands for a word of the literals. 8 of 14 have a
 * bounded width. */
static const struct {
    const char *format;
    bool caseless;
} families[] = {
    {"/%s\\.php\\?id=[0-9]{1,6}", false},
    {"%s[a-z0-9]{8}\\.exe", true},
    {"%s\\s{1,8}%s", false},
    {"(?:%s|%s)[0-9]{2,4}", false},
    {"%s.{1,20}%s", false},
    {"%s=[A-Za-z0-9+/]{20,}", false},
    {"%s[^\\r\\n]*%s", false},
    {"%s[\\x00-\\x1f]{2}", false},
    {"%s(?:[^&\\r\\n]*&)?x=", false},
    {"%s\\.(?:com|net|org)/", true},
    {"%s[^\\n]{5,30}%s", false},
    {"%s-[0-9a-f]{4}-[0-9a-f]{4}", true},
    {"%s(?:ab)+c", false},
    {"%s[^/]+/", false},
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

struct expression {
    char text[TEXT_MAX];
    bool caseless;
};

static struct corpus_literal literals[LITERAL_MAX];
static struct expression expressions[REGEX_MAX];

struct own {
    struct inspect_ruleset ruleset;
    uint8_t *blob;
    size_t size;
    double seconds;
    uint64_t matches, overflows, held;
};

struct peer {
    hs_database_t *database;
    hs_scratch_t *scratch;
    hs_stream_t *stream;
    size_t size, stream_size;
    double seconds;
    uint64_t matches;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench_rules: %s\n", what);
    exit(1);
}

/* A word of letters and digits out of the literals, 5 to 12 bytes; `next` goes on behind it. */
static void take_word(uint32_t *next, char word[16])
{
    for (;; (*next)++) {
        const struct corpus_literal *literal = &literals[*next % LITERAL_MAX];
        size_t length = 0;
        for (uint32_t i = literal->length; i > 0 && length < 12; i--) {
            if (isalnum(literal->bytes[i - 1]))
                word[length++] = (char)literal->bytes[i - 1];
            else if (length >= 5)
                break;
            else
                length = 0;
        }
        if (length < 5)
            continue;
        for (size_t i = 0; i < length / 2; i++) {
            char byte = word[i];
            word[i] = word[length - 1 - i];
            word[length - 1 - i] = byte;
        }
        word[length] = '\0';
        (*next)++;
        return;
    }
}

static void make_expressions(void)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < REGEX_MAX; i++) {
        const char *format = families[i % FAMILIES].format;
        char first[16], second[16];
        take_word(&next, first);
        take_word(&next, second);
        const char *words[] = {first, second};
        size_t length = 0, used = 0;
        for (const char *at = format; *at != '\0'; at++) {
            if (at[0] == '%' && at[1] == 's') {
                length += (size_t)snprintf(expressions[i].text + length, TEXT_MAX - length, "%s",
                                           words[used++ % 2]);
                at++;
            } else if (length + 1 < TEXT_MAX) {
                expressions[i].text[length++] = *at;
            }
        }
        expressions[i].text[length] = '\0';
        expressions[i].caseless = families[i % FAMILIES].caseless;
    }
}

static void tell(void *context, const struct rules_diagnostic *diagnostic)
{
    (void)context;
    if (diagnostic->severity == RULES_ERROR)
        rules_diagnostic_print(stderr, diagnostic);
}

/* A content as rules write it: every byte in hexadecimal. */
static size_t write_content(char *text, size_t size, const struct corpus_literal *literal)
{
    size_t length = (size_t)snprintf(text, size, "content:\"|");

    for (uint32_t i = 0; i < literal->length; i++)
        length += (size_t)snprintf(text + length, size - length, i == 0 ? "%02x" : " %02x",
                                   literal->bytes[i]);
    return length + (size_t)snprintf(text + length, size - length, "|\"; %s",
                                     literal->nocase ? "nocase; " : "");
}

/* `action` rules: one a literal, one an expression. */
static char *write_rules(const char *action, uint32_t literal_count, uint32_t expression_count)
{
    const size_t most = 1024;
    const size_t size = (literal_count + expression_count + 1) * most;
    char *text = malloc(size);
    size_t length = 0;

    if (text == NULL)
        fail("out of memory");
    for (uint32_t i = 0; i < literal_count + expression_count; i++) {
        length += (size_t)snprintf(text + length, size - length,
                                   "%s tcp any any -> any any (flow:to_server; ", action);
        if (i < literal_count)
            length += write_content(text + length, size - length, &literals[i]);
        else
            length += (size_t)snprintf(text + length, size - length, "pcre:\"/%s/%s\"; ",
                                       expressions[i - literal_count].text,
                                       expressions[i - literal_count].caseless ? "i" : "");
        length += (size_t)snprintf(text + length, size - length, "sid:%u;)\n", i + 1);
    }
    return text;
}

static void own_compile(struct own *own, const char *action, uint32_t literal_count,
                        uint32_t expression_count)
{
    char *text = write_rules(action, literal_count, expression_count);
    const double start = now();
    struct rule_set *set = rule_set_parse_text("bench", text, strlen(text), tell, NULL);
    const struct compile_options options = {0};

    if (set == NULL || set->errors != 0 ||
        !rules_compile(set, &options, tell, NULL, &own->blob, &own->size, NULL))
        fail("the rules do not compile");
    own->seconds = now() - start;
    rule_set_free(set);
    free(text);
    if (inspect_ruleset_verify(own->blob, own->size, &own->ruleset) != INSPECT_RULESET_OK)
        fail("the rule set is refused");
}

static void peer_compile(struct peer *peer, uint32_t literal_count, uint32_t expression_count)
{
    const uint32_t count = literal_count + expression_count;
    const char **texts = calloc(count, sizeof(*texts));
    unsigned *flags = calloc(count, sizeof(*flags)), *ids = calloc(count, sizeof(*ids));
    char(*hex)[8 * CORPUS_LITERAL_MAX] = calloc(literal_count + 1, sizeof(*hex));
    hs_compile_error_t *error;

    if (texts == NULL || flags == NULL || ids == NULL || hex == NULL)
        fail("out of memory");
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = i;
        flags[i] = HS_FLAG_SINGLEMATCH; /* a rule matches once a stream */
        if (i < literal_count) {
            size_t length = 0;
            for (uint32_t k = 0; k < literals[i].length; k++)
                length += (size_t)snprintf(hex[i] + length, sizeof(hex[i]) - length, "\\x%02x",
                                           literals[i].bytes[k]);
            texts[i] = hex[i];
            flags[i] |= literals[i].nocase ? HS_FLAG_CASELESS : 0;
        } else {
            texts[i] = expressions[i - literal_count].text;
            flags[i] |= expressions[i - literal_count].caseless ? HS_FLAG_CASELESS : 0;
        }
    }
    const double start = now();
    if (hs_compile_multi(texts, flags, ids, count, HS_MODE_STREAM, NULL, &peer->database, &error) !=
        HS_SUCCESS)
        fail(error->message);
    peer->seconds = now() - start;
    if (hs_alloc_scratch(peer->database, &peer->scratch) != HS_SUCCESS ||
        hs_open_stream(peer->database, 0, &peer->stream) != HS_SUCCESS)
        fail("Hyperscan: out of memory");
    hs_database_size(peer->database, &peer->size);
    hs_stream_size(peer->database, &peer->stream_size);
    free(texts);
    free(flags);
    free(ids);
    free(hex);
}

/* One stream, as the driver would have it scanned. A rule is told once a scope. */
static void own_scan(struct own *own, const uint8_t *text, size_t length, size_t piece)
{
    static const uint8_t address[16] = {192, 0, 2, 1};
    const struct inspect_call call = {.client = address, .server = address, .family = 4};
    struct inspect_flowbits flowbits = {0};
    const struct inspect_scope_view view = {&own->ruleset, &call, &flowbits, INSPECT_C2S,
                                            INSPECT_PROTOCOL_OTHER};
    struct inspect_outcome outcome;
    struct inspect_scope scope;

    own->matches = own->overflows = own->held = 0;
    inspect_scope_begin(&scope, 0);
    inspect_scope_open(&scope, &view, INSPECT_BUFFER_STREAM);
    for (size_t at = 0; at < length; at += piece) {
        const size_t take = piece < length - at ? piece : length - at;
        size_t done = 0;
        do {
            done += inspect_scope_feed(&scope, &view, INSPECT_BUFFER_STREAM, at + done,
                                       text + at + done, take - done, &outcome);
            own->matches += outcome.kind == INSPECT_OUTCOME_RULE;
            own->overflows += outcome.kind == INSPECT_OUTCOME_OVERFLOW;
        } while (outcome.kind != INSPECT_OUTCOME_NONE);
        const uint64_t hold = inspect_scope_hold(&scope, &view);
        own->held += hold < at + take ? at + take - hold : 0;
        if (scope.overflow || scope.told_count == INSPECT_SCOPE_TOLD) {
            /* what overflowed or has told all it can would scan no more: a new stream */
            inspect_scope_begin(&scope, at + take);
            inspect_scope_open(&scope, &view, INSPECT_BUFFER_STREAM);
        }
    }
}

static int peer_found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                      void *context)
{
    struct peer *peer = context;

    (void)id;
    (void)from;
    (void)to;
    (void)flags;
    peer->matches++;
    return 0;
}

static void peer_scan(struct peer *peer, const uint8_t *text, size_t length, size_t piece)
{
    peer->matches = 0;
    hs_reset_stream(peer->stream, 0, peer->scratch, NULL, NULL);
    for (size_t at = 0; at < length; at += piece) {
        const size_t take = piece < length - at ? piece : length - at;
        hs_scan_stream(peer->stream, (const char *)text + at, (unsigned)take, 0, peer->scratch,
                       peer_found, peer);
    }
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static void measure(const char *name, enum corpus_kind kind, struct own *own, struct peer *peer,
                    const uint8_t *text, size_t length, size_t piece)
{
    double figures[2][ROUNDS];

    for (unsigned round = 0; round < ROUNDS; round++) {
        double start = now();
        own_scan(own, text, length, piece);
        figures[0][round] = (double)length / (now() - start) / 1e9;
        start = now();
        peer_scan(peer, text, length, piece);
        figures[1][round] = (double)length / (now() - start) / 1e9;
    }
    for (unsigned i = 0; i < 2; i++)
        qsort(figures[i], ROUNDS, sizeof(figures[i][0]), by_value);
    const double ours = figures[0][ROUNDS / 2], theirs = figures[1][ROUNDS / 2];
    printf("%-22s %-8s %8.2f %9.2f %6.2f %10llu %10.2f %9llu\n", name, corpus_name(kind), ours,
           theirs, ours / theirs, (unsigned long long)own->matches,
           (double)own->held / ((double)length / (double)piece),
           (unsigned long long)own->overflows);
    fflush(stdout);
}

static void run_set(const char *action, uint32_t literal_count, uint32_t expression_count,
                    uint8_t *text, size_t length, size_t piece)
{
    struct own own = {0};
    struct peer peer = {0};
    char name[64];

    own_compile(&own, action, literal_count, expression_count);
    peer_compile(&peer, literal_count, expression_count);
    snprintf(name, sizeof(name), "%s %u lit %u re", action, literal_count, expression_count);
    for (enum corpus_kind kind = CORPUS_HTTP; kind <= CORPUS_RANDOM; kind++) {
        if (corpus_fill(kind, literals, LITERAL_MAX, text, length))
            measure(name, kind, &own, &peer, text, length, piece);
    }
    printf("%-22s compile %.0f / %.0f ms, size %zu / %zu KiB, state per direction %zu + %u / %zu "
           "bytes\n\n",
           name, own.seconds * 1e3, peer.seconds * 1e3, own.size / 1024, peer.size / 1024,
           sizeof(struct inspect_literals_state), INSPECT_THREAD_BYTES, peer.stream_size);
    hs_close_stream(peer.stream, peer.scratch, NULL, NULL);
    hs_free_scratch(peer.scratch);
    hs_free_database(peer.database);
    free(own.blob);
}

static const struct {
    const char *action;
    uint32_t literals, expressions;
} sets[] = {
    {"alert", 0, 100}, {"alert", 0, 1000}, {"drop", 0, 100},
    {"drop", 0, 1000}, {"drop", 1000, 0},  {"drop", 5000, 1000},
};

int main(int argc, char **argv)
{
    const size_t piece = argc > 1 ? strtoul(argv[1], NULL, 10) : 1460;
    const size_t length = (argc > 2 ? strtoul(argv[2], NULL, 10) : 16) << 20;
    uint8_t *text = malloc(length);

    if (piece == 0 || length == 0 || text == NULL)
        fail("usage: bench_rules [PIECE [MIB]]");
    corpus_literals(literals, LITERAL_MAX);
    make_expressions();
    printf("%zu bytes at a time, %zu MiB, medians of %u rounds, GB/s of one core; held: bytes at a "
           "piece's end, on average\n\n",
           piece, length >> 20, ROUNDS);
    printf("%-22s %-8s %8s %9s %6s %10s %10s %9s\n", "rules", "corpus", "sluice", "hyperscan",
           "ratio", "matches", "held", "overflows");
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        run_set(sets[i].action, sets[i].literals, sets[i].expressions, text, length, piece);
    free(text);
    return 0;
}
