/* SPDX-License-Identifier: MIT */
/* Digests of what is on offer. Source of the rule: packet-modification-examples. */
#include "check/payload.h"

#include "check/state.h"
#include "check/tell.h"

#include <string.h>

/* Words that are summed at once, in a register of any x64: every byte that is classified is read.
 */
typedef uint64_t lanes __attribute__((vector_size(16)));

/* Of a rest that is offered again at least so many bytes are looked at, and so many for each that
 * was decided since: who lets a few bytes pass at a time would else have all the others read each
 * time. */
#define AGAIN_LEAST 1024
#define AGAIN_EACH  64

#define MIX         0x9E3779B97F4A7C15ull

static uint64_t mixed(uint64_t digest, uint64_t word)
{
    digest = (digest ^ word) * MIX;
    return digest ^ digest >> 32;
}

/* So that what changed in the highest bits is not multiplied away. */
static lanes turned(lanes words)
{
    return words << 23 | words >> 41;
}

/* Not for keeping: any edit of a byte, and nearly every one of several, changes it. */
static uint64_t digest_of(const uint8_t *bytes, size_t length)
{
    lanes low = {0}, high = {0}, low_twice = {0}, high_twice = {0}, one, two;
    uint64_t digest = length, word;

    for (; length >= 2 * sizeof(lanes); length -= 2 * sizeof(lanes), bytes += 2 * sizeof(lanes)) {
        memcpy(&one, bytes, sizeof(one));
        memcpy(&two, bytes + sizeof(one), sizeof(two));
        low += one;
        high += two;
        low_twice = turned(low_twice) + low;
        high_twice = turned(high_twice) + high;
    }
    for (; length >= sizeof(word); length -= sizeof(word), bytes += sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        digest = mixed(digest, word);
    }
    for (word = 0; length > 0; length--)
        word = word << 8 | *bytes++;
    digest = mixed(digest, word);
    for (unsigned i = 0; i < 2; i++) {
        digest = mixed(mixed(digest, low[i]), low_twice[i]);
        digest = mixed(mixed(digest, high[i]), high_twice[i]);
    }
    return digest;
}

static size_t looked_at(const struct netio_classify *classify, const struct check_track *track)
{
    const uint64_t decided = track != NULL ? track->decided - track->decided_then : 0;

    if (track == NULL || track->indication != classify->indication || decided == 0 ||
        decided >= classify->length / AGAIN_EACH)
        return classify->length;
    if (decided > AGAIN_LEAST / AGAIN_EACH)
        return decided * AGAIN_EACH;
    return classify->length > AGAIN_LEAST ? AGAIN_LEAST : classify->length;
}

void check_payload_enter(const struct netio_classify *classify, const struct check_track *track,
                         struct check_payload *payload)
{
    struct ndis_cursor cursor = *classify->start;
    size_t left = looked_at(classify, track), run;

    payload->count = 0;
    while (left > 0 && payload->count < CHECK_PAYLOAD_RUNS) {
        const uint8_t *bytes = ndis_cursor_bytes(&cursor, &run);

        if (run == 0)
            break;
        if (run > left)
            run = left;
        payload->run[payload->count].bytes = bytes;
        payload->run[payload->count].length = run;
        payload->run[payload->count].digest = digest_of(bytes, run);
        payload->count++;
        ndis_cursor_advance(&cursor, run);
        left -= run;
    }
}

void check_payload_exit(struct check *check, const struct netio_classify *classify,
                        const struct check_payload *payload, uint64_t position)
{
    for (unsigned i = 0; i < payload->count; position += payload->run[i].length, i++) {
        if (digest_of(payload->run[i].bytes, payload->run[i].length) == payload->run[i].digest)
            continue;
        check_tell_answer(
            check, "R19", classify, position, payload->run[i].length,
            "bytes %llu to %llu of the stream are not what they were when they were offered",
            (unsigned long long)position,
            (unsigned long long)(position + payload->run[i].length - 1));
        return;
    }
}
