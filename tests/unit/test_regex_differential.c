/* SPDX-License-Identifier: MIT */
/*
 * Random patterns on random texts against PCRE2 (whose pcre2_dfa_match gives all ends from a place)
 * and Hyperscan (streaming). SLUICE_REGEX_ROUNDS sets how many patterns, SLUICE_REGEX_SEED where to
 * begin.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs/hs.h>
#include <pcre2.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_regex_world.h"

#define ROUNDS      600u
#define TEXTS       12u
#define TEXT_LENGTH 14u
#define PATTERN_MAX 256u

struct generator {
    uint64_t seed;
    char text[PATTERN_MAX];
    size_t length;
    bool conditions; /* may use ^ $ \b and so on */
};

static void put(struct generator *generator, const char *text)
{
    size_t length = strlen(text);
    if (generator->length + length < PATTERN_MAX) {
        memcpy(generator->text + generator->length, text, length);
        generator->length += length;
    }
}

static void generate(struct generator *generator, unsigned depth)
{
    static const char *const atoms[] = {
        "a",   "b",   "a",   "b",     "c",      "_", "A",      ".",     "[ab]",   "[^a]", "\\w",
        "\\W", "\\n", "\\s", "[a-c]", "[^\\n]", " ", "(?i:a)", "\\x62", "[\\w ]", "\\N",  "\\h"};
    static const char *const guards[] = {"^",   "$",   "\\b",    "\\B",   "\\A",
                                         "\\z", "\\Z", "(?m:$)", "(?m:^)"};
    static const char *const repeats[] = {"*",     "+",    "?",  "{2}", "{1,3}",
                                          "{0,2}", "{2,}", "*?", "+?"};
    unsigned parts = 1 + world_random(&generator->seed, 3);
    for (unsigned i = 0; i < parts; i++) {
        uint32_t kind = world_random(&generator->seed, 12);
        if (kind < 3 && depth > 0) {
            put(generator, "(?:");
            generate(generator, depth - 1);
            if (kind < 2) {
                put(generator, "|");
                generate(generator, depth - 1);
            }
            put(generator, ")");
        } else if (kind < 5 && generator->conditions) {
            put(generator,
                guards[world_random(&generator->seed, sizeof(guards) / sizeof(*guards))]);
            continue;
        } else {
            put(generator, atoms[world_random(&generator->seed, sizeof(atoms) / sizeof(*atoms))]);
        }
        if (world_random(&generator->seed, 3) == 0) {
            put(generator,
                repeats[world_random(&generator->seed, sizeof(repeats) / sizeof(*repeats))]);
        }
    }
}

static uint32_t pcre_options(unsigned flags)
{
    return ((flags & REGEX_CASELESS) != 0 ? PCRE2_CASELESS : 0) |
           ((flags & REGEX_DOTALL) != 0 ? PCRE2_DOTALL : 0) |
           ((flags & REGEX_MULTILINE) != 0 ? PCRE2_MULTILINE : 0) |
           ((flags & REGEX_EXTENDED) != 0 ? PCRE2_EXTENDED : 0) |
           ((flags & REGEX_ANCHORED) != 0 ? PCRE2_ANCHORED : 0);
}

static pcre2_code *oracle_compile(const char *pattern, size_t length, unsigned flags)
{
    int error;
    PCRE2_SIZE offset;
    return pcre2_compile((PCRE2_SPTR)pattern, length,
                         pcre_options(flags) | PCRE2_NO_AUTO_POSSESS | PCRE2_NO_START_OPTIMIZE |
                             PCRE2_NO_DOTSTAR_ANCHOR,
                         &error, &offset, NULL);
}

/* All ends of matches that begin at `start`; true if there may be more with more bytes. */
static bool oracle_ends(const pcre2_code *code, const uint8_t *text, size_t length, size_t start,
                        bool *ends)
{
    int workspace[4096];
    pcre2_match_data *data = pcre2_match_data_create(TEXT_LENGTH + 4, NULL);
    const PCRE2_SIZE *vector = pcre2_get_ovector_pointer(data);
    int count = pcre2_dfa_match(code, text, length, start, PCRE2_ANCHORED, data, NULL, workspace,
                                sizeof(workspace) / sizeof(*workspace));
    assert_true(count > 0 || count == PCRE2_ERROR_NOMATCH);
    for (int i = 0; i < count; i++) {
        ends[vector[2 * i + 1]] = true;
    }
    int partial = pcre2_dfa_match(code, text, length, start, PCRE2_ANCHORED | PCRE2_PARTIAL_HARD,
                                  data, NULL, workspace, sizeof(workspace) / sizeof(*workspace));
    pcre2_match_data_free(data);
    return partial == PCRE2_ERROR_PARTIAL;
}

static void show(const char *what, const char *pattern, unsigned flags, const uint8_t *text,
                 size_t length, const struct world_matches *matches, const bool *expected)
{
    fprintf(stderr, "%s: pattern <%s> flags %u text \"", what, pattern, flags);
    for (size_t i = 0; i < length; i++) {
        fprintf(stderr, text[i] == '\n' ? "\\n" : "%c", text[i]);
    }
    fprintf(stderr, "\"\n  found:");
    for (size_t i = 0; i <= length; i++) {
        if (matches->ends[i])
            fprintf(stderr, " %zu", i);
    }
    fprintf(stderr, "%s\n  expected:", matches->at_end ? " end" : "");
    for (size_t i = 0; i <= length; i++) {
        if (expected[i])
            fprintf(stderr, " %zu", i);
    }
    fprintf(stderr, "\n");
}

/* The ends of the text as it is, and those that stay whatever follows. */
static void expect(const pcre2_code *code, enum regex_use use, const uint8_t *text, size_t length,
                   bool *ends, bool *settled)
{
    uint8_t longer[TEXT_LENGTH + 1];
    memset(ends, 0, (TEXT_LENGTH + 2) * sizeof(*ends));
    for (size_t start = 0; start <= (use == REGEX_RUN ? 0 : length); start++) {
        oracle_ends(code, text, length, start, ends);
    }
    memcpy(settled, ends, (TEXT_LENGTH + 2) * sizeof(*ends));
    memcpy(longer, text, length);
    for (const char *byte = "\na \n"; *byte != '\0'; byte++) {
        bool other[TEXT_LENGTH + 2] = {false};
        longer[length] = (uint8_t)*byte;
        for (size_t start = 0; start <= (use == REGEX_RUN ? 0 : length); start++) {
            oracle_ends(code, longer, length + 1, start, other);
        }
        for (size_t i = 0; i <= length; i++) {
            settled[i] = settled[i] && other[i];
        }
    }
}

static bool agrees(const struct world_matches *matches, const bool *ends, const bool *settled,
                   const uint8_t *text, size_t length)
{
    bool unsettled = false, any = false;
    for (size_t i = 0; i <= length; i++) {
        bool last = i == length || (i + 1 == length && text[i] == '\n');
        if ((matches->ends[i] && !ends[i]) || (settled[i] && !matches->ends[i]) ||
            (ends[i] && !matches->ends[i] && !last)) {
            return false;
        }
        unsettled = unsettled || (ends[i] && !matches->ends[i]);
        any = any || (ends[i] && last);
    }
    return (!unsettled || matches->at_end) && (!matches->at_end || any);
}

static void check_live(const char *pattern, unsigned flags, const pcre2_code *code,
                       const struct world_regex *made, const uint8_t *text, size_t length)
{
    struct world_matches matches;
    world_run(made, 0, text, 0, length, 0x9249, &matches);
    for (size_t end = 0; end <= length; end++) {
        uint64_t earliest = UINT64_MAX;
        /* The text up to here, in its own right. */
        struct world_matches here;
        world_run(made, 0, text, 0, end, 0, &here);
        for (size_t start = 0; start < end && earliest == UINT64_MAX; start++) {
            bool ignored[TEXT_LENGTH + 2] = {false};
            if (oracle_ends(code, text, end, start, ignored)) {
                earliest = start;
            }
        }
        if (here.live[end] != earliest) {
            show("live", pattern, flags, text, end, &here, here.ends);
            fprintf(stderr, "  live %lld, expected %lld\n", (long long)here.live[end],
                    (long long)earliest);
            fail();
        }
    }
}

/* Every way in which a pattern can be compiled. */
static const struct {
    const char *name;
    enum regex_use use;
    bool as_bits;
} ways[] = {
    {"run", REGEX_RUN, false},
    {"run as bits", REGEX_RUN, true},
    {"search", REGEX_SEARCH, false},
    {"search as bits", REGEX_SEARCH, true},
    {"tracked search", REGEX_TRACKED, false},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

struct subject {
    const char *pattern;
    size_t length;
    unsigned flags;
    bool conditions;
    pcre2_code *code;
    struct world_regex made[WAYS];
    bool have[WAYS];
};

/* Where the earliest match that ends at each place began. */
static void check_began(const struct subject *subject, const uint8_t *text, size_t length,
                        const struct world_matches *matches)
{
    uint64_t began[TEXT_LENGTH + 2];
    memset(began, 0xff, sizeof(began));
    for (size_t start = length + 1; start-- > 0;) {
        bool ends[TEXT_LENGTH + 2] = {false};
        oracle_ends(subject->code, text, length, start, ends);
        for (size_t i = 0; i <= length; i++) {
            began[i] = ends[i] ? start : began[i];
        }
    }
    for (size_t i = 0; i <= length; i++) {
        if (matches->ends[i] && matches->began[i] != began[i] &&
            (!subject->conditions || matches->began[i] < began[i])) {
            show("began", subject->pattern, subject->flags, text, i, matches, matches->ends);
            fprintf(stderr, "  began %lld, expected %lld\n", (long long)matches->began[i],
                    (long long)began[i]);
            fail();
        }
    }
    /* One that ends before a last newline, if none was told there, or at the end itself. */
    bool before = length > 0 && text[length - 1] == '\n' && !matches->ends[length - 1];
    uint64_t last = before && began[length - 1] < began[length] ? began[length - 1] : began[length];
    if (matches->at_end && (before || length == 0 || !matches->ends[length - 1])) {
        assert_int_equal(matches->began_at_end, last);
    }
}

/* Runs begun at a found prefix must end where those from the begin do. */
static void check_prefixes(const char *pattern, unsigned flags, const struct world_regex *made,
                           const uint8_t *text, size_t length, const struct world_matches *whole)
{
    bool found[TEXT_LENGTH + 2] = {false}, at_end = false;
    size_t begun = 0;
    for (size_t i = 0; i < made->prefix_count; i++) {
        const struct regex_prefix *prefix = &made->prefixes[i];
        bool begins = length >= prefix->length;
        for (size_t j = 0; begins && j < prefix->length; j++) {
            uint8_t byte = text[j];
            begins = (prefix->nocase && byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) ==
                     prefix->bytes[j];
        }
        if (begins) {
            struct world_matches matches;
            begun++;
            world_run(made, prefix->entry, text, prefix->length, length, ~UINT64_C(0), &matches);
            memcpy(found, matches.ends, sizeof(found));
            at_end = matches.at_end;
        }
    }
    if (made->prefix_count != 0 &&
        (begun > 1 || memcmp(found, whole->ends, sizeof(found)) != 0 || at_end != whole->at_end)) {
        show("prefix", pattern, flags, text, length, whole, found);
        fail();
    }
}

/* False: PCRE2 refuses it, and so do we. */
static bool subject_compile(struct subject *subject)
{
    subject->code = oracle_compile(subject->pattern, subject->length, subject->flags);
    for (size_t way = 0; way < WAYS; way++) {
        struct world_regex *made = &subject->made[way];
        subject->have[way] = world_compile(made, subject->pattern, subject->length, subject->flags,
                                           ways[way].use, ways[way].as_bits);
        if (subject->code == NULL
                ? made->regex != NULL
                : !subject->have[way] && strncmp(made->error.text, "too large", 9) != 0 &&
                      /* `a+ +` with x */
                      strncmp(made->error.text, "possessive", 10) != 0 &&
                      strncmp(made->error.text, "nothing can", 11) != 0) {
            fprintf(stderr, "<%s> flags %u: PCRE2 %s, we say: %s\n", subject->pattern,
                    subject->flags, subject->code == NULL ? "refuses it" : "takes it",
                    made->error.text);
            fail();
        }
        if (subject->have[way] && ways[way].as_bits) {
            assert_int_equal(inspect_automaton_kind(&made->automata, made->automaton),
                             INSPECT_AUTOMATON_BITS);
        }
    }
    return subject->code != NULL;
}

static void subject_free(struct subject *subject)
{
    for (size_t way = 0; way < WAYS; way++) {
        world_free(&subject->made[way]);
    }
    pcre2_code_free(subject->code);
}

static void check_way(const struct subject *subject, size_t way, const uint8_t *text, size_t length,
                      const bool *ends, const bool *settled)
{
    const struct world_regex *made = &subject->made[way];
    struct world_matches matches, other;
    if (!subject->have[way]) {
        for (size_t i = 0; strncmp(made->error.text, "nothing can", 11) == 0 && i <= length; i++) {
            assert_false(ends[i]);
        }
        return;
    }
    world_run(made, 0, text, 0, length, 0, &matches);
    if (!agrees(&matches, ends, settled, text, length)) {
        show(ways[way].name, subject->pattern, subject->flags, text, length, &matches, ends);
        fail();
    }
    for (size_t cut = 0; cut <= length; cut++) {
        world_run(made, 0, text, 0, length, cut == length ? ~UINT64_C(0) : UINT64_C(1) << cut,
                  &other);
        assert_memory_equal(matches.ends, other.ends, sizeof(matches.ends));
        assert_int_equal(matches.at_end, other.at_end);
        assert_int_equal(matches.dead, other.dead);
    }
    if (ways[way].use == REGEX_RUN) {
        check_prefixes(subject->pattern, subject->flags, made, text, length, &matches);
    }
    if (ways[way].use == REGEX_TRACKED) {
        check_began(subject, text, length, &matches);
    }
    if (ways[way].use == REGEX_TRACKED && !subject->conditions) {
        check_live(subject->pattern, subject->flags, subject->code, made, text, length);
    }
}

static void check_pattern(const char *pattern, size_t pattern_length, unsigned flags,
                          bool conditions, uint64_t *seed, unsigned texts)
{
    static const uint8_t alphabet[] = "aabbc_A \n";
    struct subject subject = {pattern, pattern_length, flags, conditions, NULL, {{0}}, {0}};
    if (!subject_compile(&subject)) {
        texts = 0;
    }
    for (unsigned i = 0; i < texts; i++) {
        uint8_t text[TEXT_LENGTH];
        size_t length = world_random(seed, TEXT_LENGTH);
        for (size_t j = 0; j < length; j++) {
            text[j] = alphabet[world_random(seed, sizeof(alphabet) - 1)];
        }
        bool ends[TEXT_LENGTH + 2], settled[TEXT_LENGTH + 2];
        for (size_t way = 0; way < WAYS; way++) {
            if (way == 0 || ways[way].use != ways[way - 1].use) {
                expect(subject.code, ways[way].use, text, length, ends, settled);
                /* With conditions there may be a match whatever follows, but each time another one:
                 * it is told when it is known which. */
                settled[length] = settled[length] && !conditions;
            }
            check_way(&subject, way, text, length, ends, settled);
        }
    }
    subject_free(&subject);
}

static unsigned setting(const char *name, unsigned otherwise)
{
    const char *value = getenv(name);
    return value != NULL ? (unsigned)strtoul(value, NULL, 10) : otherwise;
}

static void test_random_patterns(void **state)
{
    uint64_t seed = setting("SLUICE_REGEX_SEED", 1);
    unsigned rounds = setting("SLUICE_REGEX_ROUNDS", ROUNDS);
    for (unsigned i = 0; i < rounds; i++) {
        struct generator generator = {.seed = seed, .conditions = i % 2 != 0};
        generate(&generator, 2);
        generator.text[generator.length] = '\0';
        seed = generator.seed;
        if (generator.length > PATTERN_MAX - 8) {
            continue; /* cut off */
        }
        static const unsigned flags[] = {0,
                                         REGEX_CASELESS,
                                         REGEX_DOTALL,
                                         REGEX_MULTILINE,
                                         REGEX_CASELESS | REGEX_MULTILINE,
                                         REGEX_EXTENDED};
        check_pattern(generator.text, generator.length,
                      flags[world_random(&seed, sizeof(flags) / sizeof(*flags))],
                      generator.conditions, &seed, TEXTS);
    }
}

/* Patterns on which somebody was wrong once, or that look at every corner of a condition. */
static void test_kept_cases(void **state)
{
    static const struct {
        const char *pattern;
        unsigned flags;
    } cases[] = {
        {"a$\\n", 0},
        {"(?:a$\\n?)+", 0},
        {"^a|b$", REGEX_MULTILINE},
        {"\\n^", REGEX_MULTILINE},
        {"a\\n^$", REGEX_MULTILINE},
        {"(?m:a\\n^)$", 0},
        {"a|a\\b", 0},
        {"a|a$|a\\n[abc_A \\n]", REGEX_MULTILINE},
        {"a*\\b", 0},
        {"\\Ba\\B", 0},
        {"\\b", 0},
        {"\\B", 0},
        {"$", 0},
        {"^", 0},
        {"", 0},
        {"(?:a{2,3}){2}", 0},
        {"(?:|a)+b", 0},
        {"(?:a|\\b)*b", 0},
        {"(?:\\ba|_)+\\Z", 0},
        {"(?:a$|b)\\n\\z", 0},
        {"[^a]*a.{3}", REGEX_DOTALL},
        {"(?i)a(?-i)b|c", 0},
        {"a(?i)b|A", 0},
    };
    uint64_t seed = 7;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_pattern(cases[i].pattern, strlen(cases[i].pattern), cases[i].flags, true, &seed, 60);
    }
}

static int hyperscan_found(unsigned id, unsigned long long from, unsigned long long to,
                           unsigned flags, void *context)
{
    bool *ends = context;
    ends[to] = true;
    return 0;
}

static void test_hyperscan(void **state)
{
    static const uint8_t alphabet[] = "aabbc_A \n";
    uint64_t seed = setting("SLUICE_REGEX_SEED", 1) + 1000;
    unsigned rounds = setting("SLUICE_REGEX_ROUNDS", ROUNDS) / 5;
    for (unsigned i = 0; i < rounds; i++) {
        struct generator generator = {.seed = seed, .conditions = i % 2 != 0};
        generate(&generator, 1);
        generator.text[generator.length] = '\0';
        seed = generator.seed;
        hs_database_t *database = NULL;
        hs_compile_error_t *refused = NULL;
        hs_scratch_t *scratch = NULL;
        if (hs_compile(generator.text, HS_FLAG_ALLOWEMPTY, HS_MODE_STREAM, NULL, &database,
                       &refused) != HS_SUCCESS) {
            hs_free_compile_error(refused);
            continue;
        }
        struct world_regex made;
        bool have =
            world_compile(&made, generator.text, generator.length, 0, REGEX_SEARCH, i % 4 > 1);
        assert_int_equal(hs_alloc_scratch(database, &scratch), HS_SUCCESS);
        for (unsigned j = 0; have && j < TEXTS; j++) {
            uint8_t text[TEXT_LENGTH];
            bool ends[TEXT_LENGTH + 2] = {false};
            size_t length = 2 + world_random(&seed, TEXT_LENGTH - 2);
            hs_stream_t *stream = NULL;
            for (size_t k = 0; k < length; k++) {
                text[k] = alphabet[world_random(&seed, sizeof(alphabet) - 1)];
            }
            assert_int_equal(hs_open_stream(database, 0, &stream), HS_SUCCESS);
            size_t cut = world_random(&seed, (uint32_t)length);
            hs_scan_stream(stream, (const char *)text, (unsigned)cut, 0, scratch, hyperscan_found,
                           ends);
            hs_scan_stream(stream, (const char *)text + cut, (unsigned)(length - cut), 0, scratch,
                           hyperscan_found, ends);
            hs_close_stream(stream, scratch, hyperscan_found, ends);
            struct world_matches matches;
            world_run(&made, 0, text, 0, length, UINT64_C(1) << cut, &matches);
            bool nothing_settled[TEXT_LENGTH + 2] = {false};
            /* It tells an empty match at offset 0 only now and then. */
            ends[0] = matches.ends[0];
            if (!agrees(&matches, ends, nothing_settled, text, length)) {
                show("hyperscan", generator.text, 0, text, length, &matches, ends);
                fail();
            }
        }
        world_free(&made);
        hs_free_scratch(scratch);
        hs_free_database(database);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_cases),
        cmocka_unit_test(test_random_patterns),
        cmocka_unit_test(test_hyperscan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
