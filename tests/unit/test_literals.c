/* SPDX-License-Identifier: MIT */
/* The literal matcher beside a naive search: matches and their order, in any pieces, with stops,
 * with and without SSSE3; the partial match at every end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/literals_build.h"
#include "test_literals_set.h"

struct longest_live {
    const struct test_set *set;
    uint32_t last; /* lengths never grow */
    uint32_t refuse;
};

static bool live(void *context, uint32_t literal, uint32_t length)
{
    struct longest_live *longest = context;

    assert_true(literal < longest->set->count);
    assert_true(longest->set->literals[literal].blocking);
    assert_true(length < longest->set->literals[literal].length);
    assert_true(length <= longest->last);
    longest->last = length;
    return longest->refuse == 0 || --longest->refuse == 0;
}

static uint32_t hold_of(const struct test_set *set, const struct inspect_literals_state *state)
{
    struct longest_live longest = {set, UINT32_MAX, 0};

    return inspect_literals_hold(&set->compiled, state, live, &longest);
}

/* In random pieces; hold at each piece's end if `holds`. */
static void scan_in_pieces(const struct test_set *set, unsigned features, uint64_t *seed,
                           const uint8_t *text, size_t length, size_t longest, bool holds,
                           struct test_matches *given)
{
    struct inspect_literals_state state = {0};
    size_t at = 0;

    while (at < length) {
        size_t piece = test_random(seed) % (longest + 1);
        if (piece > length - at)
            piece = length - at;
        at += test_scan_piece(set, features, &state, at, text + at, piece, given);
        if (holds)
            assert_int_equal(hold_of(set, &state), test_naive_hold(set, text, at));
    }
}

struct shape {
    uint32_t count, shortest, longest, letters;
    size_t length;
    unsigned rounds;
};

static const struct shape shapes[] = {
    {3, 1, 4, 2, 400, 20},       {10, 1, 12, 3, 600, 20},      {8, 4, 9, 5, 900, 15},
    {12, 7, 30, 4, 3000, 10},    {40, 7, 20, 12, 4000, 6},     {100, 5, 40, 0, 6000, 5},
    {100, 1, 60, 0, 6000, 5},    {300, 4, 24, 12, 8000, 3},    {500, 8, 90, 0, 20000, 3},
    {60, 100, 700, 9, 20000, 4}, {2, 2000, 4096, 3, 30000, 2}, {900, 1, 3, 0, 4000, 2},
};

static void as_a_naive_search(void **state)
{
    static const size_t longest[] = {1, 3, 9, 40, 200, 1460, 100000};
    static struct test_set set;
    struct test_matches expected = {0}, given = {0};

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const struct shape *shape = &shapes[i];
        uint8_t *text = malloc(shape->length);
        assert_non_null(text);
        for (unsigned round = 0; round < shape->rounds; round++) {
            uint64_t seed = 0x9e3779b97f4a7c15ull * (i + 1) + round;
            test_set_open(&set);
            test_set_fill(&set, &seed, shape->count, shape->shortest, shape->longest,
                          shape->letters);
            test_set_compile(&set);
            test_set_text(&set, &seed, text, shape->length, shape->letters);
            test_matches_clear(&expected);
            test_naive_scan(&set, text, shape->length, &expected);
            for (size_t j = 0; j < sizeof(longest) / sizeof(longest[0]); j++) {
                for (unsigned pass = 0; pass < 2; pass++) {
                    const unsigned features = pass == 0 ? 0 : inspect_literals_features();
                    given.stop_every = (round + j) % 3;
                    test_matches_clear(&given);
                    scan_in_pieces(&set, features, &seed, text, shape->length, longest[j],
                                   longest[j] > 3 && shape->count < 100, &given);
                    test_matches_equal(&expected, &given);
                }
            }
            test_set_close(&set);
        }
        free(text);
    }
    test_matches_free(&expected);
    test_matches_free(&given);
}

/* Two pieces, cut at every place. */
static void cut_at_every_place(void **state)
{
    static struct test_set set;
    struct test_matches expected = {0}, given = {0};
    uint8_t text[700];

    for (uint64_t round = 1; round <= 6; round++) {
        uint64_t seed = round * 77;
        test_set_open(&set);
        test_set_fill(&set, &seed, 30, round % 3 == 0 ? 1 : 7, 40, 12);
        test_set_compile(&set);
        test_set_text(&set, &seed, text, sizeof(text), 12);
        test_matches_clear(&expected);
        test_naive_scan(&set, text, sizeof(text), &expected);
        for (size_t cut = 0; cut <= sizeof(text); cut++) {
            struct inspect_literals_state at = {0};
            test_matches_clear(&given);
            test_scan_piece(&set, inspect_literals_features(), &at, 0, text, cut, &given);
            assert_int_equal(hold_of(&set, &at), test_naive_hold(&set, text, cut));
            test_scan_piece(&set, inspect_literals_features(), &at, cut, text + cut,
                            sizeof(text) - cut, &given);
            test_matches_equal(&expected, &given);
        }
        test_set_close(&set);
    }
    test_matches_free(&expected);
    test_matches_free(&given);
}

/* A literal at every alignment and distance from both ends of a piece, with nothing else in it. */
static void at_every_alignment(void **state)
{
    static const char *const texts[] = {"q",       "qx",       "qxj",
                                        "qxjv",    "qxjvk",    "qxjvkw",
                                        "qxjvkwz", "qxjvkwzy", "qxjvkwzy_0123456789_qxjvkwzy!"};
    static struct test_set set;
    struct test_matches given = {0};
    uint8_t piece[200];

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const size_t length = strlen(texts[i]);
        test_set_open(&set);
        test_set_add(&set, texts[i], length, i % 2 == 0, true);
        test_set_add(&set, "never seen here", 15, false, true);
        test_set_compile(&set);
        for (size_t size = length; size <= sizeof(piece); size += size < 100 ? 1 : 33) {
            for (size_t at = 0; at + length <= size; at++) {
                struct inspect_literals_state scan = {0};
                memset(piece, '-', size);
                memcpy(piece + at, texts[i], length);
                for (unsigned features = 0; features < 2; features++) {
                    memset(&scan, 0, sizeof(scan));
                    test_matches_clear(&given);
                    test_scan_piece(&set, features & inspect_literals_features(), &scan, 1000,
                                    piece, size, &given);
                    assert_int_equal(given.count, 1);
                    assert_int_equal(given.at[0].end, 1000 + at + length);
                    assert_int_equal(hold_of(&set, &scan), 0);
                }
            }
        }
        test_set_close(&set);
    }
    test_matches_free(&given);
}

static void ends_of_many(void **state)
{
    static struct test_set set;
    struct test_matches given = {0};
    struct inspect_literals_state at = {0};
    uint8_t text[200];

    memset(text, 'a', sizeof(text));
    test_set_open(&set);
    for (uint32_t i = 60; i-- > 0;)
        test_set_add(&set, text, i * 7 % 60 + 1, i % 2 == 0, true);
    test_set_compile(&set);
    given.stop_every = 1;
    test_scan_piece(&set, 0, &at, 0, text, 100, &given);
    struct test_matches expected = {0};
    test_naive_scan(&set, text, 100, &expected);
    test_matches_equal(&expected, &given);
    assert_int_equal(hold_of(&set, &at), 59);
    test_matches_free(&expected);
    test_matches_free(&given);
    test_set_close(&set);
}

/* hold goes on to shorter ones until it is told to stop, and asks for blocking literals only. */
static void hold_asks_on(void **state)
{
    static struct test_set set;
    struct test_matches given = {0};
    struct inspect_literals_state at = {0};

    test_set_open(&set);
    test_set_add(&set, "abcabcabd", 9, false, true);
    test_set_add(&set, "ABCABX", 6, true, true);
    test_set_add(&set, "cabcaby", 7, false, false);
    test_set_add(&set, "abe", 3, false, true);
    test_set_compile(&set);
    test_scan_piece(&set, 0, &at, 0, (const uint8_t *)"__abcabcab", 10, &given);
    static const uint32_t lengths[] = {8, 5, 5, 2, 2, 2, 0};
    for (uint32_t refuse = 1; refuse <= 7; refuse++) {
        struct longest_live longest = {&set, UINT32_MAX, refuse};
        assert_int_equal(inspect_literals_hold(&set.compiled, &at, live, &longest),
                         lengths[refuse - 1]);
    }
    test_matches_free(&given);
    test_set_close(&set);
}

static void builder_numbers(void **state)
{
    struct literals_builder *builder = literals_builder_create();
    struct inspect_literals compiled;
    uint8_t *section;
    size_t size;
    uint8_t much[4097] = {0};

    assert_int_equal(literals_builder_add(builder, (const uint8_t *)"Abc", 3, true, false), 0);
    assert_int_equal(literals_builder_add(builder, (const uint8_t *)"Abc", 3, false, false), 1);
    assert_int_equal(literals_builder_add(builder, (const uint8_t *)"aBC", 3, true, true), 0);
    assert_int_equal(literals_builder_add(builder, (const uint8_t *)"abc", 3, false, true), 2);
    assert_int_equal(literals_builder_add(builder, much, 0, false, true), UINT32_MAX);
    assert_int_equal(literals_builder_add(builder, much, 4097, false, true), UINT32_MAX);
    assert_int_equal(literals_builder_add(builder, much, 4096, false, true), 3);
    assert_int_equal(literals_builder_count(builder), 4);
    assert_true(literals_builder_finish(builder, &section, &size));
    assert_true(inspect_literals_verify(section, size, &compiled));
    assert_int_equal(compiled.count, 4);
    assert_int_equal(compiled.max_length, 4096);
    free(section);
    literals_builder_destroy(builder);

    builder = literals_builder_create();
    assert_true(literals_builder_finish(builder, &section, &size));
    assert_true(inspect_literals_verify(section, size, &compiled));
    struct inspect_literals_state scan = {0};
    assert_int_equal(inspect_literals_scan(&compiled, 0, &scan, 0, much, 100, NULL, NULL), 100);
    assert_int_equal(inspect_literals_hold(&compiled, &scan, NULL, NULL), 0);
    free(section);
    literals_builder_destroy(builder);
}

/* No section that lacks bytes is accepted, and a changed word is refused or does no harm. */
static void damaged_sections(void **state)
{
    static struct test_set set;
    struct inspect_literals compiled;
    struct test_matches given = {0};
    uint64_t seed = 4711;
    uint8_t text[600];

    test_set_open(&set);
    test_set_fill(&set, &seed, 60, 1, 30, 12);
    test_set_compile(&set);
    test_set_text(&set, &seed, text, sizeof(text), 12);
    uint8_t *damaged = malloc(set.size);
    for (size_t size = 0; size < set.size; size += 1 + size / 50)
        assert_false(inspect_literals_verify(set.section, size, &compiled));
    for (unsigned round = 0; round < 4000; round++) {
        memcpy(damaged, set.section, set.size);
        uint32_t word;
        const size_t at = test_random(&seed) % (set.size / 4) * 4;
        memcpy(&word, damaged + at, 4);
        const uint32_t random = test_random(&seed);
        word = random % 3 == 0 ? random >> 2 : word ^ 1u << (random >> 8) % 32;
        memcpy(damaged + at, &word, 4);
        if (!inspect_literals_verify(damaged, set.size, &compiled))
            continue;
        struct inspect_literals_state scan = {0};
        given.stop_every = 0;
        test_matches_clear(&given);
        (void)inspect_literals_scan(&compiled, inspect_literals_features(), &scan, 0, text,
                                    sizeof(text), test_matches_found, &given);
        for (size_t i = 0; i < given.count; i++)
            assert_true(given.at[i].literal < compiled.count);
    }
    free(damaged);
    test_matches_free(&given);
    test_set_close(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_a_naive_search),  cmocka_unit_test(cut_at_every_place),
        cmocka_unit_test(at_every_alignment), cmocka_unit_test(ends_of_many),
        cmocka_unit_test(hold_asks_on),       cmocka_unit_test(builder_numbers),
        cmocka_unit_test(damaged_sections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
