/* SPDX-License-Identifier: MIT */
/* See test_inspect_feed.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_inspect_feed.h"

#define GUARD_SIZE 64
#define GUARD_BYTE 0xa5

static size_t scratches_out;

size_t feed_scratches(void)
{
    return scratches_out;
}

static struct inspect_scratch *scratch_allocate(void)
{
    uint8_t *memory = malloc(sizeof(struct inspect_scratch) + GUARD_SIZE);
    assert_non_null(memory);
    memset(memory, GUARD_BYTE, sizeof(struct inspect_scratch) + GUARD_SIZE);
    scratches_out++;
    return (struct inspect_scratch *)memory;
}

static void scratch_free(struct inspect_scratch *scratch)
{
    const uint8_t *guard = (const uint8_t *)scratch + sizeof(*scratch);
    for (size_t i = 0; i < GUARD_SIZE; i++) {
        assert_int_equal(guard[i], GUARD_BYTE);
    }
    free(scratch);
    scratches_out--;
}

static void feed_prepare(struct feed *feed, enum inspect_direction direction)
{
    if (feed->scratch[direction] == NULL && inspect_wants_scratch(&feed->flow, direction)) {
        feed->scratch[direction] = scratch_allocate();
    }
}

static void feed_note(struct feed *feed, enum inspect_direction direction)
{
    if (feed->result.event != NULL) {
        size_t size = inspect_event_size(feed->result.event);
        assert_in_range(feed->events_count, 0, FEED_EVENTS_MAX - 1);
        assert_in_range(size, 1, sizeof(struct inspect_event));
        memcpy(&feed->events[feed->events_count++], feed->result.event, size);
        feed->result.event = NULL;
    }
    if (feed->result.finished && feed->scratch[direction] != NULL) {
        scratch_free(feed->scratch[direction]);
        feed->scratch[direction] = NULL;
    }
}

void feed_begin(struct feed *feed, const struct inspect_policy *policy)
{
    memset(feed, 0, sizeof(*feed));
    inspect_flow_init(&feed->flow, policy);
}

/* Goes on until the piece is read and nothing is left to tell. */
static void feed_rest(struct feed *feed, enum inspect_direction direction, const uint8_t *data,
                      size_t length)
{
    enum inspect_reason reason = INSPECT_REASON_NONE;
    size_t done = 0;
    do {
        feed_prepare(feed, direction);
        inspect_data(&feed->flow, direction, feed->scratch[direction], &feed->call, data + done,
                     length - done, &feed->result);
        assert_in_range(feed->result.consumed, 0, length - done);
        assert_true(feed->result.event != NULL || feed->result.consumed == length - done ||
                    feed->result.verdict == INSPECT_DROP);
        done += feed->result.consumed;
        reason = feed->result.reason != INSPECT_REASON_NONE ? feed->result.reason : reason;
        feed_note(feed, direction);
    } while (feed->result.verdict != INSPECT_DROP && (done < length || feed->result.again));
    feed->result.reason = reason;
}

void feed_data(struct feed *feed, enum inspect_direction direction, const void *data, size_t length)
{
    /* An exact copy: reading past the piece is an error even inside the stream. */
    uint8_t *piece = malloc(length != 0 ? length : 1);
    assert_non_null(piece);
    memcpy(piece, data, length);
    feed_rest(feed, direction, piece, length);
    free(piece);
}

void feed_end(struct feed *feed, enum inspect_direction direction)
{
    enum inspect_reason reason = INSPECT_REASON_NONE;
    do {
        inspect_end(&feed->flow, direction, feed->scratch[direction], &feed->call, &feed->result);
        reason = feed->result.reason != INSPECT_REASON_NONE ? feed->result.reason : reason;
        feed_note(feed, direction);
    } while (feed->result.again);
    feed->result.reason = reason;
}

/* What is left to tell behind a call that gave no bytes. */
static void feed_again(struct feed *feed, enum inspect_direction direction)
{
    enum inspect_reason reason = feed->result.reason;
    feed_note(feed, direction);
    if (feed->result.again) {
        feed_rest(feed, direction, NULL, 0);
        feed->result.reason = reason;
    }
}

void feed_deadline(struct feed *feed, enum inspect_direction direction)
{
    inspect_deadline(&feed->flow, direction, feed->scratch[direction], &feed->call, &feed->result);
    feed_again(feed, direction);
}

void feed_gap(struct feed *feed, enum inspect_direction direction, uint64_t length)
{
    feed_prepare(feed, direction);
    inspect_gap(&feed->flow, direction, feed->scratch[direction], &feed->call, length,
                &feed->result);
    feed_again(feed, direction);
}

void feed_finish(struct feed *feed)
{
    for (size_t i = 0; i < 2; i++) {
        if (feed->scratch[i] != NULL) {
            scratch_free(feed->scratch[i]);
            feed->scratch[i] = NULL;
        }
    }
}

static void trace_record(struct feed_trace *trace, size_t at)
{
    trace->verdicts[at] = (uint8_t)trace->feed.result.verdict;
    trace->release_to[at] = trace->feed.result.release_to;
    trace->protocols[at] = (uint8_t)trace->feed.result.protocol;
}

static void check_against(const struct feed_trace *trace, const struct feed *feed, size_t fed)
{
    size_t due = 0;
    assert_int_equal(feed->result.verdict, trace->verdicts[fed]);
    assert_int_equal(feed->result.release_to, trace->release_to[fed]);
    assert_int_equal(feed->result.protocol, trace->protocols[fed]);
    while (due < trace->feed.events_count && trace->feed.events[due].offset <= fed) {
        due++;
    }
    assert_int_equal(feed->events_count, due);
    for (size_t i = 0; i < due; i++) {
        assert_memory_equal(&feed->events[i], &trace->feed.events[i], sizeof(struct inspect_event));
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void check_pieces(const struct feed_trace *trace, const struct inspect_policy *policy,
                         enum inspect_direction direction, const uint8_t *data, uint64_t seed,
                         size_t mean)
{
    struct feed feed;
    size_t fed = 0;
    feed_begin(&feed, policy);
    while (fed < trace->length) {
        size_t piece = 1 + next_random(&seed) % (2 * mean);
        piece = piece < trace->length - fed ? piece : trace->length - fed;
        feed_data(&feed, direction, data + fed, piece);
        fed += piece;
        check_against(trace, &feed, fed);
    }
    feed_finish(&feed);
}

void feed_every_cut(const struct inspect_policy *policy, enum inspect_direction direction,
                    const void *data, size_t length, struct feed_trace *trace)
{
    const uint8_t *bytes = data;
    memset(trace, 0, sizeof(*trace));
    trace->length = length;
    trace->verdicts = calloc(length + 1, sizeof(*trace->verdicts));
    trace->release_to = calloc(length + 1, sizeof(*trace->release_to));
    trace->protocols = calloc(length + 1, sizeof(*trace->protocols));
    assert_true(trace->verdicts != NULL && trace->release_to != NULL && trace->protocols != NULL);
    feed_begin(&trace->feed, policy);
    for (size_t i = 0; i < length; i++) {
        feed_data(&trace->feed, direction, bytes + i, 1);
        trace_record(trace, i + 1);
    }
    feed_finish(&trace->feed);
    /* Cuts beyond the first of a long stream cost time and tell nothing new. */
    size_t step = length > 2048 ? length / 1024 : 1;
    for (size_t cut = 0; cut <= length; cut += step) {
        struct feed feed;
        feed_begin(&feed, policy);
        feed_data(&feed, direction, bytes, cut);
        check_against(trace, &feed, cut);
        feed_data(&feed, direction, bytes + cut, length - cut);
        check_against(trace, &feed, length);
        feed_finish(&feed);
    }
    for (uint64_t seed = 1; seed <= 16; seed++) {
        check_pieces(trace, policy, direction, bytes, seed * 0x9e3779b97f4a7c15u, seed * 7);
    }
}

void feed_trace_free(struct feed_trace *trace)
{
    free(trace->verdicts);
    free(trace->release_to);
    free(trace->protocols);
}

size_t feed_trace_decided(const struct feed_trace *trace)
{
    for (size_t i = 1; i <= trace->length; i++) {
        if (trace->verdicts[i] != INSPECT_HOLD) {
            return i;
        }
    }
    return trace->length;
}
