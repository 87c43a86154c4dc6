/* SPDX-License-Identifier: MIT */
/* The literal matcher beside Hyperscan: large sets, long texts, pieces of any size. Skipped where
 * it is not installed (TEST_HYPERSCAN says that it is). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#if defined(TEST_HYPERSCAN)
#include <hs/hs.h>

#include "test_literals_set.h"

static int peer_found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                      void *matches)
{
    (void)test_matches_found(matches, id, to);
    return 0;
}

static int by_end(const void *left, const void *right)
{
    const struct test_match *a = left, *b = right;

    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    return a->literal < b->literal ? -1 : a->literal > b->literal;
}

static void peer_scan(const struct test_set *set, const uint8_t *text, size_t length,
                      struct test_matches *matches)
{
    const char **texts = calloc(set->count, sizeof(*texts));
    unsigned *flags = calloc(set->count, sizeof(*flags));
    unsigned *ids = calloc(set->count, sizeof(*ids));
    size_t *lengths = calloc(set->count, sizeof(*lengths));
    hs_database_t *database;
    hs_compile_error_t *error;
    hs_scratch_t *scratch = NULL;

    assert_true(texts != NULL && flags != NULL && ids != NULL && lengths != NULL);
    for (uint32_t i = 0; i < set->count; i++) {
        texts[i] = (const char *)set->literals[i].bytes;
        flags[i] = set->literals[i].nocase ? HS_FLAG_CASELESS : 0;
        ids[i] = i;
        lengths[i] = set->literals[i].length;
    }
    assert_int_equal(hs_compile_lit_multi(texts, flags, ids, lengths, set->count, HS_MODE_BLOCK,
                                          NULL, &database, &error),
                     HS_SUCCESS);
    assert_int_equal(hs_alloc_scratch(database, &scratch), HS_SUCCESS);
    assert_int_equal(
        hs_scan(database, (const char *)text, (unsigned)length, 0, scratch, peer_found, matches),
        HS_SUCCESS);
    qsort(matches->at, matches->count, sizeof(*matches->at), by_end);
    hs_free_scratch(scratch);
    hs_free_database(database);
    free(texts);
    free(flags);
    free(ids);
    free(lengths);
}

static void as_hyperscan(void **state)
{
    static const struct {
        uint32_t count, shortest, longest, letters;
    } shapes[] = {
        {20, 1, 9, 5},    {100, 5, 30, 12},  {300, 3, 12, 12},  {1000, 7, 60, 0},
        {1000, 5, 20, 0}, {5000, 5, 40, 12}, {5000, 8, 90, 12}, {5000, 4, 24, 0},
    };
    static const size_t pieces[] = {19, 64, 1460, 100000};
    static struct test_set set;
    const size_t length = 120000;
    uint8_t *text = malloc(length);
    struct test_matches expected = {0}, given = {0};

    assert_non_null(text);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        uint64_t seed = 0xabcdef12345ull + i;
        test_set_open(&set);
        test_set_fill(&set, &seed, shapes[i].count, shapes[i].shortest, shapes[i].longest,
                      shapes[i].letters);
        test_set_compile(&set);
        test_set_text(&set, &seed, text, length, shapes[i].letters);
        test_matches_clear(&expected);
        peer_scan(&set, text, length, &expected);
        assert_true(expected.count > 1000);
        for (size_t j = 0; j < 2 * sizeof(pieces) / sizeof(pieces[0]); j++) {
            struct inspect_literals_state at = {0};
            const size_t piece = pieces[j / 2];
            const unsigned features = j % 2 == 0 ? 0 : inspect_literals_features();
            test_matches_clear(&given);
            for (size_t from = 0; from < length; from += piece)
                test_scan_piece(&set, features, &at, from, text + from,
                                piece < length - from ? piece : length - from, &given);
            test_matches_equal(&expected, &given);
        }
        test_set_close(&set);
    }
    free(text);
    test_matches_free(&expected);
    test_matches_free(&given);
}

#else

static void as_hyperscan(void **state)
{
    print_message("SKIPPED: no Hyperscan when this was built\n");
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_hyperscan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
