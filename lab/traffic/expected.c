/* SPDX-License-Identifier: MIT */
/* A queue of copies, and behind it a few windows into memory that is still valid. */

#include "traffic/expected.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 4096u
#define CHUNK_GROUP 64u

struct expected_chunk {
    struct expected_chunk *next;
    uint32_t start, end;
    uint8_t bytes[CHUNK_BYTES];
};

/* A group of chunks is one block, whose first chunk serves as the link between groups. */
static struct expected_chunk *chunk_take(struct expected_pool *pool)
{
    if (pool->unused == NULL) {
        struct expected_chunk *group = malloc(CHUNK_GROUP * sizeof(*group));
        if (group == NULL) {
            pool->no_memory = true;
            return NULL;
        }
        group[0].next = pool->all;
        pool->all = group;
        for (size_t i = 1; i < CHUNK_GROUP; i++) {
            group[i].next = pool->unused;
            pool->unused = &group[i];
        }
    }
    struct expected_chunk *chunk = pool->unused;
    pool->unused = chunk->next;
    chunk->next = NULL;
    chunk->start = 0;
    chunk->end = 0;
    return chunk;
}

static void chunk_give(struct expected_pool *pool, struct expected_chunk *chunk)
{
    chunk->next = pool->unused;
    pool->unused = chunk;
}

void expected_pool_close(struct expected_pool *pool)
{
    while (pool->all != NULL) {
        struct expected_chunk *group = pool->all;
        pool->all = group->next;
        free(group);
    }
    pool->unused = NULL;
}

void expected_start(struct expected *expected)
{
    memset(expected, 0, sizeof(*expected));
    expected->first_different = EXPECTED_NO_OFFSET;
}

static void copy(struct expected *expected, struct expected_pool *pool, const uint8_t *bytes,
                 size_t length)
{
    while (length != 0) {
        struct expected_chunk *tail = expected->tail;
        if (tail == NULL || tail->end == CHUNK_BYTES) {
            tail = chunk_take(pool);
            if (tail == NULL)
                return;
            if (expected->tail != NULL)
                expected->tail->next = tail;
            else
                expected->head = tail;
            expected->tail = tail;
        }
        const size_t room = CHUNK_BYTES - tail->end;
        const size_t part = length < room ? length : room;
        memcpy(tail->bytes + tail->end, bytes, part);
        tail->end += (uint32_t)part;
        bytes += part;
        length -= part;
    }
}

void expected_settle(struct expected *expected, struct expected_pool *pool)
{
    while (expected->window_count != 0) {
        const struct expected_window *window = &expected->windows[expected->first_window++];
        expected->window_count--;
        copy(expected, pool, window->bytes, window->length);
    }
    expected->first_window = 0;
}

void expected_offer(struct expected *expected, struct expected_pool *pool, const uint8_t *bytes,
                    size_t length)
{
    expected->offered += length;
    if (expected->first_window + expected->window_count == EXPECTED_WINDOWS)
        expected_settle(expected, pool);
    expected->windows[expected->first_window + expected->window_count++] =
        (struct expected_window){bytes, length};
}

static void differ(struct expected *expected, uint64_t offset)
{
    if (expected->first_different == EXPECTED_NO_OFFSET)
        expected->first_different = offset;
}

static void compare(struct expected *expected, const uint8_t *wanted, const uint8_t *bytes,
                    size_t length)
{
    if (memcmp(wanted, bytes, length) == 0)
        return;
    for (size_t i = 0; i < length; i++) {
        if (wanted[i] != bytes[i]) {
            differ(expected, expected->delivered + i);
            expected->different++;
        }
    }
}

void expected_deliver(struct expected *expected, struct expected_pool *pool, const uint8_t *bytes,
                      size_t length)
{
    while (length != 0) {
        struct expected_chunk *chunk = expected->head;
        struct expected_window *window = &expected->windows[expected->first_window];
        size_t part = length;
        if (chunk != NULL) {
            if (part > chunk->end - chunk->start)
                part = chunk->end - chunk->start;
            compare(expected, chunk->bytes + chunk->start, bytes, part);
            chunk->start += (uint32_t)part;
            if (chunk->start == chunk->end) {
                expected->head = chunk->next;
                if (expected->head == NULL)
                    expected->tail = NULL;
                chunk_give(pool, chunk);
            }
        } else if (expected->window_count != 0) {
            if (part > window->length)
                part = window->length;
            compare(expected, window->bytes, bytes, part);
            window->bytes += part;
            window->length -= part;
            if (window->length == 0) {
                expected->first_window++;
                if (--expected->window_count == 0)
                    expected->first_window = 0;
            }
        } else {
            differ(expected, expected->delivered);
            expected->extra += part;
        }
        expected->delivered += part;
        bytes += part;
        length -= part;
    }
}

void expected_end(struct expected *expected, struct expected_pool *pool)
{
    while (expected->head != NULL) {
        struct expected_chunk *chunk = expected->head;
        expected->head = chunk->next;
        chunk_give(pool, chunk);
    }
    expected->tail = NULL;
    expected->window_count = 0;
    expected->first_window = 0;
}
