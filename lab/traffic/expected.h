/* SPDX-License-Identifier: MIT */
/* Bytes that one direction of a connection still has to deliver, in order: compared when they come
 * out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPECTED_WINDOWS   8
#define EXPECTED_NO_OFFSET UINT64_MAX

struct expected_chunk;

/* Free chunks, shared by all directions of a sink. */
struct expected_pool {
    struct expected_chunk *unused;
    struct expected_chunk *all;
    bool no_memory;
};

/* Memory of somebody else that is valid until expected_settle(): compared without a copy when it
 * comes out before. */
struct expected_window {
    const uint8_t *bytes;
    size_t length;
};

struct expected {
    struct expected_chunk *head, *tail; /* copies; they come before the windows */
    struct expected_window windows[EXPECTED_WINDOWS];
    unsigned first_window, window_count;
    uint64_t offered, delivered;
    uint64_t different;       /* bytes that came out with another value */
    uint64_t extra;           /* bytes that came out beyond what was offered until then */
    uint64_t first_different; /* stream offset of the first byte that was different or extra;
                                 EXPECTED_NO_OFFSET */
};

void expected_start(struct expected *expected);
void expected_offer(struct expected *expected, struct expected_pool *pool, const uint8_t *bytes,
                    size_t length);
/* Windows end here: what was not delivered is copied. */
void expected_settle(struct expected *expected, struct expected_pool *pool);
void expected_deliver(struct expected *expected, struct expected_pool *pool, const uint8_t *bytes,
                      size_t length);
/* Gives back all chunks. */
void expected_end(struct expected *expected, struct expected_pool *pool);
void expected_pool_close(struct expected_pool *pool);
