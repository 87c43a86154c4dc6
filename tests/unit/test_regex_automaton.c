/* SPDX-License-Identifier: MIT */
/* Automata by themselves: what is live, what covers what, sizes, and sections that are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_regex_world.h"

#define WORD_MAX 11u /* longest word over {a, b} that is looked at */
#define WORDS    (2u << WORD_MAX)

/* Words over {a, b} by number: a 1, then a bit for each letter. */
static size_t word_write(uint32_t word, uint8_t *text)
{
    size_t length = 0;
    for (uint32_t rest = word; rest > 1; rest >>= 1) {
        length++;
    }
    for (size_t i = 0; i < length; i++) {
        text[i] = (word >> (length - 1 - i) & 1) != 0 ? 'b' : 'a';
    }
    return length;
}

/* The matches are told by a run, the proper prefixes of matches follow from them; the earliest
 * begin of a live partial match is then looked up for all texts, and must be what the tracked
 * search says.
 */
static void check_live(const char *pattern)
{
    struct world_regex run, tracked;
    bool *prefix = calloc(WORDS, sizeof(*prefix));
    uint8_t text[WORD_MAX + 1];
    assert_non_null(prefix);
    assert_true(world_compile(&run, pattern, strlen(pattern), 0, REGEX_RUN, false));
    assert_true(world_compile(&tracked, pattern, strlen(pattern), 0, REGEX_TRACKED, false));
    for (uint32_t word = 2; word < WORDS; word++) {
        struct world_matches matches;
        size_t length = word_write(word, text);
        world_run(&run, 0, text, 0, length, 0, &matches);
        if (matches.ends[length]) {
            for (uint32_t shorter = word >> 1; shorter > 1; shorter >>= 1) {
                prefix[shorter] = true;
            }
        }
    }
    for (uint32_t word = 1; word < 1u << 8; word++) {
        struct world_matches matches;
        size_t length = word_write(word, text);
        uint64_t earliest = UINT64_MAX;
        for (size_t start = length; start-- > 0;) {
            uint32_t rest = (word & ((1u << (length - start)) - 1)) | 1u << (length - start);
            earliest = prefix[rest] ? start : earliest;
        }
        world_run(&tracked, 0, text, 0, length, 0x15, &matches);
        if (matches.live[length] != earliest) {
            fprintf(stderr, "%s on %.*s: live %lld, expected %lld\n", pattern, (int)length,
                    (const char *)text, (long long)matches.live[length], (long long)earliest);
            fail();
        }
    }
    world_free(&run);
    world_free(&tracked);
    free(prefix);
}

static void test_live_by_brute_force(void **state)
{
    static const char *const patterns[] = {
        "ab",        "aab",     "a.b",    "abab",       "a+b",          "ab*a",
        "(?:ab)+b",  "a{3}",    "a.{3}b", "aa|ab|ba",   "a[ab]{1,3}bb", "(?:aa|b)+a",
        "b?a{2,4}b", "abba|bb", "a|aab",  "(?:a|b){4}", "a.*b",         "ba*?b",
    };
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        check_live(patterns[i]);
    }
}

static void test_offsets_beyond_4_gigabytes(void **state)
{
    struct world_regex made;
    uint64_t run[16];
    size_t read;
    const uint64_t far = UINT64_C(0x300000000);
    assert_true(world_compile(&made, "ab.*c", 5, REGEX_DOTALL, REGEX_TRACKED, false));
    inspect_automaton_begin(&made.automata, made.automaton, 0, 5, run);
    assert_int_equal(inspect_automaton_read(&made.automata, made.automaton, run, far,
                                            (const uint8_t *)"xxab", 4, &read),
                     INSPECT_AUTOMATON_MORE);
    assert_int_equal(inspect_automaton_live(&made.automata, made.automaton, run, 0), far + 2);
    /* Within 4 GB of a live begin all is exact; what is further away counts as earlier. */
    inspect_automaton_read(&made.automata, made.automaton, run, far + 0xfffffff0,
                           (const uint8_t *)"ab", 2, &read);
    assert_int_equal(inspect_automaton_live(&made.automata, made.automaton, run, 0), far + 2);
    assert_int_equal(inspect_automaton_read(&made.automata, made.automaton, run, 2 * far,
                                            (const uint8_t *)"abc", 3, &read),
                     INSPECT_AUTOMATON_MATCH);
    assert_int_equal(read, 3);
    assert_int_equal(inspect_automaton_matched(&made.automata, made.automaton, run, false, 0),
                     far + 2);
    world_free(&made);
}

/* A match that the next byte decides is told where it ended, in whatever piece that byte comes. */
static void test_match_decided_by_the_next_byte(void **state)
{
    struct world_regex made;
    uint64_t run[16];
    size_t read = 99;
    assert_true(world_compile(&made, "foo$", 4, REGEX_MULTILINE, REGEX_RUN, false));
    const struct inspect_automata *automata = &made.automata;
    inspect_automaton_begin(automata, made.automaton, 0, 0, run);
    assert_int_equal(
        inspect_automaton_read(automata, made.automaton, run, 0, (const uint8_t *)"foo", 3, &read),
        INSPECT_AUTOMATON_MORE);
    assert_int_equal(read, 3);
    assert_true(inspect_automaton_end(automata, made.automaton, run));
    assert_int_equal(inspect_automaton_live(automata, made.automaton, run, 7), 7);
    assert_int_equal(
        inspect_automaton_read(automata, made.automaton, run, 3, (const uint8_t *)"\nx", 2, &read),
        INSPECT_AUTOMATON_MATCH);
    assert_int_equal(read, 0);
    assert_int_equal(
        inspect_automaton_read(automata, made.automaton, run, 3, (const uint8_t *)"\nx", 2, &read),
        INSPECT_AUTOMATON_DEAD);
    assert_int_equal(read, 1);
    world_free(&made);
}

/* If one run covers another, it finds whatever that one finds. */
static void check_covers(const char *pattern, bool as_bits, bool *any)
{
    struct world_regex made;
    uint8_t text[WORD_MAX + 1];
    assert_true(world_compile(&made, pattern, strlen(pattern), REGEX_DOTALL, REGEX_RUN, as_bits));
    const struct inspect_automata *automata = &made.automata;
    for (uint32_t word = 2; word < 1u << 9; word++) {
        size_t length = word_write(word, text);
        for (size_t late = 1; late < length; late++) {
            uint64_t runs[2][16];
            enum inspect_automaton_result results[2];
            for (size_t i = 0; i < 2; i++) {
                size_t at = i == 0 ? 0 : late;
                results[i] = inspect_automaton_begin(automata, made.automaton, 0, at, runs[i]);
                while (at < length && results[i] != INSPECT_AUTOMATON_DEAD) {
                    size_t read;
                    results[i] = inspect_automaton_read(automata, made.automaton, runs[i], at,
                                                        text + at, length - at, &read);
                    at += read;
                }
            }
            if (results[0] == INSPECT_AUTOMATON_DEAD || results[1] == INSPECT_AUTOMATON_DEAD ||
                !inspect_automaton_covers(automata, made.automaton, runs[0], runs[1])) {
                continue;
            }
            *any = true;
            for (uint32_t more = 2; more < 1u << 6; more++) {
                uint8_t rest[WORD_MAX + 1];
                size_t rest_length = word_write(more, rest);
                bool ends[2][WORD_MAX + 1] = {{false}};
                bool at_end[2];
                for (size_t i = 0; i < 2; i++) {
                    uint64_t copy[16];
                    size_t at = 0, read = 0;
                    enum inspect_automaton_result result = INSPECT_AUTOMATON_MORE;
                    memcpy(copy, runs[i], sizeof(copy));
                    while (at < rest_length && result != INSPECT_AUTOMATON_DEAD) {
                        result = inspect_automaton_read(automata, made.automaton, copy, 0,
                                                        rest + at, rest_length - at, &read);
                        at += read;
                        ends[i][at] = ends[i][at] || result == INSPECT_AUTOMATON_MATCH;
                    }
                    at_end[i] = result != INSPECT_AUTOMATON_DEAD &&
                                inspect_automaton_end(automata, made.automaton, copy);
                }
                for (size_t i = 0; i <= rest_length; i++) {
                    assert_true(ends[0][i] || !ends[1][i]);
                }
                assert_true(at_end[0] || !at_end[1]);
            }
        }
    }
    world_free(&made);
}

static void test_covers(void **state)
{
    static const char *const patterns[] = {"a.*b",         "a.{0,3}b", "a+b*a",
                                           "a(?:b|a.*)b$", "[ab]b*",   "(?:a|b)*abb"};
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        for (unsigned as_bits = 0; as_bits < 2; as_bits++) {
            bool any = false;
            check_covers(patterns[i], as_bits != 0, &any);
            /* It does say yes, but for the second: its runs are never in comparable places. */
            assert_int_equal(any, i != 1);
        }
    }
}

/* As many positions as bits can hold, against a loop that looks. */
static void test_many_positions(void **state)
{
    struct world_regex made;
    uint8_t text[WORLD_TEXT_MAX];
    uint64_t seed = 3;
    assert_true(world_compile(&made, "a.{240}b", 8, REGEX_DOTALL, REGEX_SEARCH, false));
    assert_int_equal(inspect_automaton_kind(&made.automata, made.automaton),
                     INSPECT_AUTOMATON_BITS);
    assert_int_equal(inspect_automaton_state_size(&made.automata, made.automaton), 32);
    for (unsigned round = 0; round < 20; round++) {
        struct world_matches matches;
        for (size_t i = 0; i < sizeof(text); i++) {
            text[i] = "abxyz"[world_random(&seed, 5)];
        }
        world_run(&made, 0, text, 0, sizeof(text), UINT64_C(0x8100400201040801), &matches);
        for (size_t i = 0; i <= sizeof(text); i++) {
            bool expected = i >= 242 && text[i - 1] == 'b' && text[i - 242] == 'a';
            assert_int_equal(matches.ends[i], expected);
        }
    }
    world_free(&made);
}

static void test_limits(void **state)
{
    static const struct {
        const char *pattern;
        enum regex_use use;
        int kind; /* 0: too large */
        size_t state_size;
    } cases[] = {
        {"a.{300}b", REGEX_SEARCH, 0, 0},
        {"a.{300}b", REGEX_RUN, INSPECT_AUTOMATON_TABLE, 8},
        {"a.{1000}b", REGEX_RUN, INSPECT_AUTOMATON_TABLE, 8},
        {"a.{20}b", REGEX_SEARCH, INSPECT_AUTOMATON_BITS, 8},
        {"abcdefghijklmnopqrstuvwxyz0", REGEX_TRACKED, INSPECT_AUTOMATON_TRACKED, 128},
        {"abcdefghijklmnopqrstuvwxyz01", REGEX_TRACKED, 0, 0},
        {"ab", REGEX_TRACKED, INSPECT_AUTOMATON_TRACKED, 24},
        {"", REGEX_TRACKED, INSPECT_AUTOMATON_TRACKED, 16},
        {"\\b$", REGEX_TRACKED, INSPECT_AUTOMATON_TRACKED, 24},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world_regex made;
        bool compiled = world_compile(&made, cases[i].pattern, strlen(cases[i].pattern), 0,
                                      cases[i].use, false);
        assert_int_equal(compiled, cases[i].kind != 0);
        if (compiled) {
            assert_int_equal(inspect_automaton_kind(&made.automata, made.automaton), cases[i].kind);
            assert_int_equal(inspect_automaton_state_size(&made.automata, made.automaton),
                             cases[i].state_size);
        } else {
            assert_memory_equal(made.error.text, "too large", 9);
        }
        world_free(&made);
    }
}

/* Equal patterns, and equal languages, are kept once. */
static void test_sharing(void **state)
{
    static const char *const patterns[] = {"a[bc]d", "a(?:b|c)d", "a[b-c]d", "(?:ab|ac)d",
                                           "a[bc]d"};
    struct automata_builder *builder = automata_builder_create();
    uint32_t first = 0;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct regex_error error;
        uint32_t automaton;
        struct regex *regex = regex_parse(patterns[i], strlen(patterns[i]), 0, &error);
        assert_true(regex_compile(builder, regex, REGEX_RUN, NULL, 0, &automaton, &error));
        first = i == 0 ? automaton : first;
        assert_int_equal(automaton, first);
        regex_destroy(regex);
    }
    uint8_t *section;
    size_t size;
    struct inspect_automata automata;
    assert_true(automata_builder_finish(builder, &section, &size));
    assert_true(inspect_automata_verify(section, size, &automata));
    assert_int_equal(automata.count, 1);
    free(section);
    automata_builder_destroy(builder);
}

static uint8_t *make_section(size_t *size)
{
    static const struct {
        const char *pattern;
        enum regex_use use;
        size_t table_max;
    } parts[] = {
        {"foo[0-9]{1,3}.*bar$", REGEX_RUN, SIZE_MAX / 4},
        {"(?:foo|\\bba)r*\\b", REGEX_SEARCH, 0},
        {"x[0-9]*?y|z\\b", REGEX_TRACKED, 0},
        {"a.{80}b", REGEX_SEARCH, 0},
    };
    struct automata_builder *builder = automata_builder_create();
    uint8_t *section;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct regex_error error;
        uint32_t automaton;
        struct regex *regex = regex_parse(parts[i].pattern, strlen(parts[i].pattern), 0, &error);
        automata_builder_set_table_max(builder, parts[i].table_max);
        assert_true(regex_compile(builder, regex, parts[i].use, NULL, 0, &automaton, &error));
        assert_int_equal(automaton, i);
        regex_destroy(regex);
    }
    assert_true(automata_builder_finish(builder, &section, size));
    automata_builder_destroy(builder);
    return section;
}

static void test_truncated_sections(void **state)
{
    size_t size;
    struct inspect_automata automata;
    uint8_t *section = make_section(&size);
    assert_true(inspect_automata_verify(section, size, &automata));
    for (size_t shorter = 0; shorter < size; shorter++) {
        uint8_t *copy = malloc(shorter != 0 ? shorter : 1);
        memcpy(copy, section, shorter);
        assert_false(inspect_automata_verify(copy, shorter, &automata));
        if (shorter >= 12) {
            uint32_t said = (uint32_t)shorter;
            memcpy(copy + 8, &said, sizeof(said));
            assert_false(inspect_automata_verify(copy, shorter, &automata));
        }
        free(copy);
    }
    assert_false(inspect_automata_verify(section + 4, size - 4, &automata));
    free(section);
}

/* What is accepted although it was damaged must be safe to run and come to an end. */
static void test_damaged_sections(void **state)
{
    static const uint8_t text[] = "foo12 xx bar foo7bar\nbarr x77y z a";
    size_t size, accepted = 0, refused = 0;
    uint64_t seed = 11;
    uint8_t *section = make_section(&size);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t *copy = malloc(size);
        struct inspect_automata automata;
        memcpy(copy, section, size);
        for (unsigned i = 0; i <= world_random(&seed, 3); i++) {
            uint32_t within = world_random(&seed, 2) == 0 ? 200 : (uint32_t)size;
            copy[world_random(&seed, within)] = (uint8_t)world_random(&seed, 256);
        }
        bool good = inspect_automata_verify(copy, size, &automata);
        accepted += good ? 1 : 0;
        refused += good ? 0 : 1;
        for (uint32_t i = 0; good && i < automata.count; i++) {
            uint64_t *run = malloc(inspect_automaton_state_size(&automata, i));
            size_t at = 0, steps = 0;
            enum inspect_automaton_result result =
                inspect_automaton_begin(&automata, i, world_random(&seed, 20), 0, run);
            while (at < sizeof(text) && result != INSPECT_AUTOMATON_DEAD) {
                size_t read;
                result = inspect_automaton_read(&automata, i, run, at, text + at, sizeof(text) - at,
                                                &read);
                at += read;
                assert_true(++steps <= 2 * sizeof(text) + 2);
                (void)inspect_automaton_live(&automata, i, run, 0);
                (void)inspect_automaton_matched(&automata, i, run, true, 0);
            }
            (void)inspect_automaton_end(&automata, i, run);
            (void)inspect_automaton_covers(&automata, i, run, run);
            free(run);
        }
        free(copy);
    }
    assert_true(accepted > 100 && refused > 100);
    free(section);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_by_brute_force),
        cmocka_unit_test(test_offsets_beyond_4_gigabytes),
        cmocka_unit_test(test_match_decided_by_the_next_byte),
        cmocka_unit_test(test_covers),
        cmocka_unit_test(test_many_positions),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_truncated_sections),
        cmocka_unit_test(test_damaged_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
