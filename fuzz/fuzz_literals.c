/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes sections of literals. Input: 2 bytes of text length (little endian), 1 byte of switches,
 * the text, the section as it is (nothing is repaired). What verify accepts must be harmless: the
 * text is scanned with it in pieces, stops and holds included, by every path.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/match/literals.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define TEXT_MAX 600u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
    const struct inspect_literals *literals;
    uint64_t from, to; /* of the piece */
    uint32_t found, stop_every, asked;
};

static bool found(void *context, uint32_t literal, uint64_t end)
{
    struct run *run = context;

    CHECK(literal < run->literals->count);
    CHECK(end >= run->from && end <= run->to);
    run->found++;
    return run->stop_every == 0 || run->found % run->stop_every != 0;
}

static bool live(void *context, uint32_t literal, uint32_t length)
{
    struct run *run = context;

    CHECK(literal < run->literals->count && length < run->literals->max_length);
    return ++run->asked % 7 == 0;
}

static void scan(const struct inspect_literals *literals, unsigned features, const uint8_t *text,
                 size_t length, size_t piece, uint32_t stop_every)
{
    struct run run = {.literals = literals, .stop_every = stop_every};
    struct inspect_literals_state state = {0};
    size_t at = 0, calls = 0;

    while (at < length) {
        const size_t take = piece < length - at ? piece : length - at;
        uint8_t *copy = malloc(take);
        CHECK(copy != NULL);
        memcpy(copy, text + at, take);
        run.from = at;
        run.to = at + take;
        const size_t done =
            inspect_literals_scan(literals, features, &state, at, copy, take, found, &run);
        CHECK(done <= take);
        free(copy);
        (void)inspect_literals_hold(literals, &state, live, &run);
        at += done;
        /* A damaged section may have any number of matches in one place. */
        if (++calls > 2 * length + 100)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct inspect_literals literals;

    if (size < 3)
        return 0;
    size_t length = data[0] | (size_t)data[1] << 8;
    const uint8_t switches = data[2];
    data += 3;
    size -= 3;
    if (length > size)
        length = size;
    const uint8_t *text = data;
    data += length;
    size -= length;
    if (length > TEXT_MAX)
        length = TEXT_MAX;
    uint8_t *section = malloc(size != 0 ? size : 1);
    CHECK(section != NULL);
    memcpy(section, data, size);
    if (inspect_literals_verify(section, size, &literals)) {
        CHECK(literals.size == size);
        for (unsigned features = 0; features < 2; features++) {
            scan(&literals, features & inspect_literals_features(), text, length,
                 1 + (switches & 0x7f) * 5u, switches >> 7);
            scan(&literals, features & inspect_literals_features(), text, length, TEXT_MAX, 0);
        }
    } else {
        CHECK(literals.count == 0);
    }
    free(section);
    return 0;
}
