/* SPDX-License-Identifier: MIT */
/* Digests of what is on offer. Source of the rule: packet-modification-examples. */
#include "check/payload.h"

#include "check/state.h"

#include <stdio.h>
#include <string.h>

/* Not for keeping: any edit of a byte, and nearly every one of several, changes it. Four sums side
 * by side, for speed: it reads every byte that is classified. */
static uint64_t digest_of(const uint8_t *bytes, size_t length)
{
    uint64_t sum[4] = {0}, twice[4] = {0}, words[4], left = 0;

    for (; length >= sizeof(words); length -= sizeof(words), bytes += sizeof(words)) {
        memcpy(words, bytes, sizeof(words));
        for (unsigned i = 0; i < 4; i++) {
            sum[i] += words[i];
            twice[i] += sum[i];
        }
    }
    for (; length > 0; length--)
        left = left * 257 + *bytes++;
    for (unsigned i = 0; i < 4; i++)
        left = (left ^ sum[i] ^ (twice[i] << 17 | twice[i] >> 47)) * 0x9E3779B97F4A7C15ull;
    return left;
}

void check_payload_enter(const struct netio_classify *classify, struct check_payload *payload)
{
    struct ndis_cursor cursor = *classify->start;
    size_t left = classify->length, run;

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
    char detail[160];

    for (unsigned i = 0; i < payload->count; position += payload->run[i].length, i++) {
        if (digest_of(payload->run[i].bytes, payload->run[i].length) == payload->run[i].digest)
            continue;
        snprintf(detail, sizeof(detail),
                 "bytes %llu to %llu of the stream are not what they were when they were offered",
                 (unsigned long long)position,
                 (unsigned long long)(position + payload->run[i].length - 1));
        check_note(check, &(struct sim_breach){
                              .rule = "R19",
                              .function = "classifyFn",
                              .detail = detail,
                              .flow = netio_flow_handle(classify->flow),
                              .classify = classify->number,
                              .bytes = payload->run[i].length,
                              .address = classify->callout->classify,
                              .direction = (uint8_t)(classify->direction + 1),
                              .has_offset = true,
                              .offset = position,
                          });
        return;
    }
}
