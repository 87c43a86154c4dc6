/* SPDX-License-Identifier: MIT */
/* Random sets of literals and texts that suit them, a naive search, and the matcher's answers in
 * the same form. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/match/literals.h"

#define SET_MAX 6000

struct test_literal {
    const uint8_t *bytes;
    uint32_t length;
    bool nocase, blocking;
};

struct test_set {
    struct test_literal literals[SET_MAX];
    uint32_t count;
    uint8_t *section;
    size_t size;
    struct inspect_literals compiled;
    uint8_t *heap; /* of the literals' bytes */
    size_t heap_used;
};

struct test_match {
    uint32_t literal;
    uint64_t end;
};

struct test_matches {
    struct test_match *at;
    size_t count, room;
    size_t stop_every; /* 0: never */
};

/* xorshift64*: the same everywhere. */
uint32_t test_random(uint64_t *seed);

void test_set_open(struct test_set *set);
void test_set_close(struct test_set *set);
/* Adds a literal that is not there yet; with its bytes folded if nocase. */
void test_set_add(struct test_set *set, const void *bytes, size_t length, bool nocase,
                  bool blocking);
/* Compiles and verifies: asserts that both succeed. */
void test_set_compile(struct test_set *set);

/* `count` literals of `shortest` to `longest` bytes of the first `letters` of "abABc..." (0: any
 * byte), often beginning or ending as one before. */
void test_set_fill(struct test_set *set, uint64_t *seed, uint32_t count, uint32_t shortest,
                   uint32_t longest, uint32_t letters);
/* Text of literals, pieces of them and noise. */
void test_set_text(const struct test_set *set, uint64_t *seed, uint8_t *text, size_t length,
                   uint32_t letters);

void test_matches_clear(struct test_matches *matches);
void test_matches_free(struct test_matches *matches);
/* What inspect_literals_scan calls. */
bool test_matches_found(void *matches, uint32_t literal, uint64_t end);
/* All of them, by a search that cannot be wrong. */
void test_naive_scan(const struct test_set *set, const uint8_t *text, size_t length,
                     struct test_matches *matches);
/* The longest proper prefix of a blocking literal that ends the text. */
uint32_t test_naive_hold(const struct test_set *set, const uint8_t *text, size_t length);
void test_matches_equal(const struct test_matches *expected, const struct test_matches *given);

/* Scans a copy of the piece that has no byte in front and none behind. */
size_t test_scan_piece(const struct test_set *set, unsigned features,
                       struct inspect_literals_state *state, uint64_t offset, const uint8_t *data,
                       size_t length, struct test_matches *matches);
