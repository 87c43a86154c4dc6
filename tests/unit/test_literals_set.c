/* SPDX-License-Identifier: MIT */
/* Random sets of literals, texts, and the naive search. */
#include "test_literals_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/literals_build.h"

#define HEAP_SIZE (4u << 20)

static const char alphabet[] = "abABc/0\xe1 zZ\r\n";

uint32_t test_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (uint32_t)((*seed * 0x2545f4914f6cdd1dull) >> 32);
}

static uint8_t fold(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

static bool same(const struct test_literal *literal, const uint8_t *text, size_t length)
{
    if (!literal->nocase)
        return memcmp(literal->bytes, text, length) == 0;
    for (size_t i = 0; i < length; i++) {
        if (literal->bytes[i] != fold(text[i]))
            return false;
    }
    return true;
}

void test_set_open(struct test_set *set)
{
    memset(set, 0, sizeof(*set));
    set->heap = malloc(HEAP_SIZE);
    assert_non_null(set->heap);
}

void test_set_close(struct test_set *set)
{
    free(set->section);
    free(set->heap);
}

void test_set_add(struct test_set *set, const void *bytes, size_t length, bool nocase,
                  bool blocking)
{
    struct test_literal *literal = &set->literals[set->count];
    uint8_t *place = set->heap + set->heap_used;

    assert_true(set->count < SET_MAX && HEAP_SIZE - set->heap_used >= length);
    memcpy(place, bytes, length);
    for (size_t i = 0; nocase && i < length; i++)
        place[i] = fold(place[i]);
    for (uint32_t i = 0; i < set->count; i++) {
        struct test_literal *known = &set->literals[i];
        if (known->length == length && known->nocase == nocase &&
            memcmp(known->bytes, place, length) == 0) {
            known->blocking |= blocking;
            return;
        }
    }
    *literal = (struct test_literal){place, (uint32_t)length, nocase, blocking};
    set->heap_used += length;
    set->count++;
}

void test_set_compile(struct test_set *set)
{
    struct literals_builder *builder = literals_builder_create();

    assert_non_null(builder);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct test_literal *literal = &set->literals[i];
        assert_int_equal(literals_builder_add(builder, literal->bytes, literal->length,
                                              literal->nocase, literal->blocking),
                         i);
    }
    free(set->section);
    assert_true(literals_builder_finish(builder, &set->section, &set->size));
    literals_builder_destroy(builder);
    assert_true(inspect_literals_verify(set->section, set->size, &set->compiled));
    assert_int_equal(set->compiled.count, set->count);
}

static uint8_t letter(uint64_t *seed, uint32_t letters)
{
    const uint32_t random = test_random(seed);

    return (uint8_t)(letters == 0 ? (int)(random >> 3) : alphabet[random % letters]);
}

void test_set_fill(struct test_set *set, uint64_t *seed, uint32_t count, uint32_t shortest,
                   uint32_t longest, uint32_t letters)
{
    uint8_t bytes[4096];

    assert_true(letters < sizeof(alphabet) && longest <= sizeof(bytes));
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t length = shortest + test_random(seed) % (longest - shortest + 1);
        for (uint32_t j = 0; j < length; j++)
            bytes[j] = letter(seed, letters);
        if (set->count > 0 && test_random(seed) % 3 == 0) {
            const struct test_literal *other = &set->literals[test_random(seed) % set->count];
            const uint32_t shared = other->length < length ? other->length : length;
            if (test_random(seed) % 2 == 0)
                memcpy(bytes, other->bytes, shared);
            else
                memcpy(bytes + length - shared, other->bytes + other->length - shared, shared);
            bytes[test_random(seed) % length] = letter(seed, letters);
        }
        test_set_add(set, bytes, length, test_random(seed) % 3 == 0, test_random(seed) % 2 == 0);
    }
}

void test_set_text(const struct test_set *set, uint64_t *seed, uint8_t *text, size_t length,
                   uint32_t letters)
{
    size_t at = 0;

    while (at < length) {
        const struct test_literal *literal = &set->literals[test_random(seed) % set->count];
        const uint32_t kind = test_random(seed) % 8;
        size_t take = kind < 4 ? literal->length : test_random(seed) % (literal->length + 1);
        size_t from = kind == 4 ? literal->length - take : 0;
        if (kind > 5)
            take = test_random(seed) % 40;
        if (take > length - at)
            take = length - at;
        for (size_t i = 0; i < take; i++) {
            if (kind > 5)
                text[at + i] = letter(seed, letters);
            else
                text[at + i] = literal->bytes[from + i];
            const bool small = text[at + i] >= 'a' && text[at + i] <= 'z';
            if (small && literal->nocase && test_random(seed) % 2 == 0)
                text[at + i] = (uint8_t)(text[at + i] - 32);
        }
        at += take;
    }
}

void test_matches_clear(struct test_matches *matches)
{
    matches->count = 0;
}

void test_matches_free(struct test_matches *matches)
{
    free(matches->at);
    memset(matches, 0, sizeof(*matches));
}

bool test_matches_found(void *context, uint32_t literal, uint64_t end)
{
    struct test_matches *matches = context;

    if (matches->count == matches->room) {
        matches->room = matches->room != 0 ? matches->room * 2 : 256;
        matches->at = realloc(matches->at, matches->room * sizeof(*matches->at));
        assert_non_null(matches->at);
    }
    matches->at[matches->count++] = (struct test_match){literal, end};
    return matches->stop_every == 0 || matches->count % matches->stop_every != 0;
}

void test_naive_scan(const struct test_set *set, const uint8_t *text, size_t length,
                     struct test_matches *matches)
{
    for (size_t end = 1; end <= length; end++) {
        for (uint32_t i = 0; i < set->count; i++) {
            const struct test_literal *literal = &set->literals[i];
            if (literal->length <= end &&
                same(literal, text + end - literal->length, literal->length))
                (void)test_matches_found(matches, i, end);
        }
    }
}

uint32_t test_naive_hold(const struct test_set *set, const uint8_t *text, size_t length)
{
    uint32_t longest = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        const struct test_literal *literal = &set->literals[i];
        for (uint32_t prefix = longest + 1; prefix < literal->length && prefix <= length;
             prefix++) {
            if (literal->blocking && same(literal, text + length - prefix, prefix))
                longest = prefix;
        }
    }
    return longest;
}

void test_matches_equal(const struct test_matches *expected, const struct test_matches *given)
{
    for (size_t i = 0; i < expected->count && i < given->count; i++) {
        assert_int_equal(given->at[i].end, expected->at[i].end);
        assert_int_equal(given->at[i].literal, expected->at[i].literal);
    }
    assert_int_equal(given->count, expected->count);
}

size_t test_scan_piece(const struct test_set *set, unsigned features,
                       struct inspect_literals_state *state, uint64_t offset, const uint8_t *data,
                       size_t length, struct test_matches *matches)
{
    uint8_t *piece = malloc(length + 1);
    size_t done = 0, calls = 0;

    assert_non_null(piece);
    memcpy(piece + 1, data, length); /* unaligned, and its end is the allocation's */
    do {
        done += inspect_literals_scan(&set->compiled, features, state, offset + done,
                                      piece + 1 + done, length - done, test_matches_found, matches);
        assert_true(++calls <= matches->count + 1);
    } while (done < length || state->resume != 0);
    free(piece);
    return done;
}
