/* SPDX-License-Identifier: MIT */
/* Segments in any order and overlap: what stands in the stream, by the policy that what came first
 * stays. */

#include "tcpip/reassembly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct script {
    const char *name;
    struct {
        int64_t start;
        const char *bytes;
    } segments[8];
    const char *stream; /* what comes out in order */
    uint64_t waiting;   /* bytes behind a hole */
    uint32_t duplicate, differing;
};

/* The shapes of Novak and Sturges' tests: an old segment and a new one before, behind, inside,
 * around and exactly on it. */
static const struct script scripts[] = {
    {"in order", {{0, "abc"}, {3, "def"}}, "abcdef", 0, 0, 0},
    {"out of order", {{3, "def"}, {0, "abc"}}, "abcdef", 0, 0, 0},
    {"hole stays", {{0, "abc"}, {4, "ef"}}, "abc", 2, 0, 0},
    {"three holes filled backwards",
     {{9, "j"}, {6, "ghi"}, {3, "def"}, {0, "abc"}},
     "abcdefghij",
     0,
     0,
     0},
    {"same again", {{3, "def"}, {3, "def"}, {0, "abc"}}, "abcdef", 0, 3, 0},
    {"same place, other contents", {{3, "def"}, {3, "XYZ"}, {0, "abc"}}, "abcdef", 0, 3, 3},
    {"begins before", {{4, "efg"}, {2, "CDEF"}, {0, "ab"}}, "abCDefg", 0, 2, 2},
    {"begins before, ends with it", {{4, "efg"}, {2, "CDEFG"}, {0, "ab"}}, "abCDefg", 0, 3, 3},
    {"begins before, ends behind", {{4, "efg"}, {2, "CDEFGHI"}, {0, "ab"}}, "abCDefgHI", 0, 3, 3},
    {"begins with it, ends behind", {{4, "efg"}, {4, "EFGHI"}, {0, "abcd"}}, "abcdefgHI", 0, 3, 3},
    {"begins with it, ends inside", {{4, "efg"}, {4, "EF"}, {0, "abcd"}}, "abcdefg", 0, 2, 2},
    {"inside", {{4, "efgh"}, {5, "FG"}, {0, "abcd"}}, "abcdefgh", 0, 2, 2},
    {"begins inside, ends with it", {{4, "efgh"}, {6, "GH"}, {0, "abcd"}}, "abcdefgh", 0, 2, 2},
    {"begins inside, ends behind", {{4, "efgh"}, {6, "GHIJ"}, {0, "abcd"}}, "abcdefghIJ", 0, 2, 2},
    {"around several",
     {{2, "c"}, {5, "f"}, {8, "i"}, {1, "BCDEFGHIJ"}, {0, "a"}},
     "aBcDEfGHiJ",
     0,
     3,
     3},
    {"behind what was handed on", {{0, "abc"}, {1, "XYZ"}}, "abcZ", 0, 2, 0},
    {"all of it was handed on", {{0, "abcd"}, {1, "bc"}}, "abcd", 0, 2, 0},
    {"tail overlaps tail", {{4, "ef"}, {5, "FG"}, {6, "GH"}, {0, "abcd"}}, "abcdefGH", 0, 2, 1},
};

static void run_script(const struct script *script)
{
    struct tcpip_store *store = tcpip_store_create();
    struct tcpip_reassembly r = {0};
    char stream[64];
    size_t length = 0;
    uint32_t duplicate = 0, differing = 0;

    for (size_t i = 0; script->segments[i].bytes != NULL; i++) {
        struct tcpip_inserted inserted;
        const uint32_t size = (uint32_t)strlen(script->segments[i].bytes);
        tcpip_reassembly_insert(&r, store, (uint64_t)script->segments[i].start,
                                (const uint8_t *)script->segments[i].bytes, size, size, 0,
                                &inserted);
        duplicate += inserted.duplicate;
        differing += inserted.differing;
        assert_int_equal(inserted.fresh + inserted.duplicate, size);
        while (tcpip_reassembly_ready(&r) != NULL) {
            struct tcpip_piece *piece = tcpip_reassembly_take(&r);
            memcpy(stream + length, piece->bytes, piece->length);
            length += piece->length;
            tcpip_piece_free(store, piece);
        }
    }
    stream[length] = '\0';
    if (strcmp(stream, script->stream) != 0 || r.bytes != script->waiting ||
        duplicate != script->duplicate || differing != script->differing)
        fail_msg("%s: \"%s\", %llu waiting, %u duplicate, %u differing", script->name, stream,
                 (unsigned long long)r.bytes, duplicate, differing);
    tcpip_reassembly_clear(&r, store);
    assert_int_equal(tcpip_store_used(store), 0);
    tcpip_store_destroy(store);
}

static void test_scripts(void **state)
{
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
        run_script(&scripts[i]);
}

/* Any order of any overlapping segments of one true stream gives that stream. */
static void test_random_orders(void **state)
{
    uint8_t truth[2000], out[2000];
    for (size_t i = 0; i < sizeof(truth); i++)
        truth[i] = (uint8_t)(i * 7 + i / 256);
    for (unsigned seed = 1; seed <= 200; seed++) {
        struct tcpip_store *store = tcpip_store_create();
        struct tcpip_reassembly r = {0};
        size_t length = 0;
        unsigned random = seed;
        uint64_t fresh = 0;
        for (int n = 0; length < sizeof(truth); n++) {
            struct tcpip_inserted inserted;
            random = random * 1103515245u + 12345u;
            const uint32_t start = (random >> 8) % sizeof(truth);
            random = random * 1103515245u + 12345u;
            uint32_t size = 1 + (random >> 8) % 150;
            if (n > 500) /* what is still missing, at last */
                size = (uint32_t)sizeof(truth);
            const uint64_t at = n > 500 ? r.next : start;
            if (at + size > sizeof(truth))
                size = (uint32_t)(sizeof(truth) - at);
            tcpip_reassembly_insert(&r, store, at, truth + at, size, size, 0, &inserted);
            fresh += inserted.fresh;
            assert_int_equal(inserted.differing, 0);
            while (tcpip_reassembly_ready(&r) != NULL) {
                struct tcpip_piece *piece = tcpip_reassembly_take(&r);
                memcpy(out + length, piece->bytes, piece->length);
                length += piece->length;
                tcpip_piece_free(store, piece);
            }
        }
        assert_memory_equal(out, truth, sizeof(truth));
        assert_int_equal(fresh, sizeof(truth));
        assert_int_equal(r.pieces, 0);
        assert_int_equal(tcpip_store_used(store), 0);
        tcpip_store_destroy(store);
    }
}

static void test_skip_and_split(void **state)
{
    struct tcpip_store *store = tcpip_store_create();
    struct tcpip_reassembly r = {0};
    struct tcpip_inserted inserted;

    tcpip_reassembly_insert(&r, store, 4, (const uint8_t *)"efgh", 4, 4, TCPIP_PIECE_PUSH,
                            &inserted);
    tcpip_reassembly_insert(&r, store, 10, (const uint8_t *)"kl", 2, 2, 0, &inserted);
    assert_int_equal(tcpip_reassembly_skip(&r, store, 4), 4);
    assert_true(tcpip_reassembly_split(&r, store, 1));
    struct tcpip_piece *piece = tcpip_reassembly_take(&r);
    assert_int_equal(piece->length, 1);
    assert_int_equal(piece->bytes[0], 'e');
    assert_int_equal(piece->flags, 0);
    tcpip_piece_free(store, piece);
    assert_int_equal(r.head->flags, TCPIP_PIECE_PUSH);
    /* Into the middle of a piece, then over a hole. */
    assert_int_equal(tcpip_reassembly_skip(&r, store, 7), 0);
    assert_int_equal(r.head->length, 1);
    assert_int_equal(r.head->bytes[0], 'h');
    assert_int_equal(tcpip_reassembly_skip(&r, store, 11), 2);
    assert_int_equal(r.head->bytes[0], 'l');
    assert_int_equal(r.bytes, 1);
    assert_ptr_equal(r.head, r.tail);
    assert_int_equal(tcpip_reassembly_skip(&r, store, 20), 8);
    assert_null(r.head);
    assert_int_equal(tcpip_store_used(store), 0);
    tcpip_store_destroy(store);
}

static void test_ghosts(void **state)
{
    struct tcpip_store *store = tcpip_store_create();
    struct tcpip_reassembly r = {0};
    struct tcpip_inserted inserted;

    tcpip_reassembly_insert(&r, store, 0, (const uint8_t *)"ab", 2, 10, 0, &inserted);
    assert_int_equal(inserted.fresh, 10);
    tcpip_reassembly_insert(&r, store, 10, (const uint8_t *)"k", 1, 1, 0, &inserted);
    assert_int_equal(r.pieces, 3);
    struct tcpip_piece *piece = tcpip_reassembly_take(&r);
    assert_int_equal(piece->length, 2);
    tcpip_piece_free(store, piece);
    piece = tcpip_reassembly_take(&r);
    assert_true(piece->flags & TCPIP_PIECE_GHOST);
    assert_int_equal(piece->length, 8);
    tcpip_piece_free(store, piece);
    assert_int_equal(r.head->bytes[0], 'k');
    tcpip_reassembly_clear(&r, store);
    tcpip_store_destroy(store);
}

static void test_jumbogram(void **state)
{
    const uint32_t size = 200000;
    uint8_t *bytes = calloc(1, size);
    struct tcpip_store *store = tcpip_store_create();
    struct tcpip_reassembly r = {0};
    struct tcpip_inserted inserted;

    bytes[size - 1] = 9;
    tcpip_reassembly_insert(&r, store, 0, bytes, size, size, 0, &inserted);
    assert_int_equal(inserted.fresh, size);
    assert_int_equal(r.bytes, size);
    assert_int_equal(r.pieces, 4);
    assert_int_equal(r.tail->bytes[r.tail->length - 1], 9);
    tcpip_reassembly_clear(&r, store);
    tcpip_store_destroy(store);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),        cmocka_unit_test(test_random_orders),
        cmocka_unit_test(test_skip_and_split), cmocka_unit_test(test_ghosts),
        cmocka_unit_test(test_jumbogram),
    };
    return cmocka_run_group_tests_name("tcpip: reassembly", tests, NULL, NULL);
}
