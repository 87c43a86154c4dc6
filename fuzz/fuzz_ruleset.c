/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes compiled rule sets: a good one is damaged, its checksum repaired, and it must be refused
 * or harmless. Oracle: the sanitizers, and the scope's contract. Input: which rules (high half of a
 * byte; 0: all, else one alone, a small blob that runs fast), a number of damages (low half), for
 * each a width bit, 3 bytes of offset and 4 of value; then traffic.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "test_ruleset_world.h"

#define TRAFFIC_MAX 256u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct {
        uint8_t *good, *blob;
        size_t size;
    } sets[RULESET_WORLD_RULES];
    struct inspect_ruleset ruleset;
    if (size == 0)
        return 0;
    const unsigned which = data[0] >> 4;
    if (sets[which].good == NULL) {
        sets[which].good = ruleset_world_make(which, &sets[which].size);
        /* A block of its own size, so that reading beyond it is seen. */
        sets[which].blob = malloc(sets[which].size);
        if (sets[which].good == NULL || sets[which].blob == NULL)
            abort();
    }
    uint8_t *const blob = sets[which].blob;
    const size_t blob_size = sets[which].size;
    memcpy(blob, sets[which].good, blob_size);
    unsigned damages = data[0] & 15;
    const uint8_t *at = data + 1, *end = data + size;
    for (; damages != 0 && end - at >= 8; damages--, at += 8) {
        const size_t width = (at[0] & 1) != 0 ? 4 : 1;
        const size_t offset =
            ((size_t)at[1] | (size_t)at[2] << 8 | (size_t)at[3] << 16) & ~(width - 1);
        memcpy(blob + offset % (blob_size - 3), at + 4, width);
    }
    ruleset_world_repair(blob, blob_size);
    if (inspect_ruleset_verify(blob, blob_size, &ruleset) != INSPECT_RULESET_OK)
        return 0;
    const size_t length = (size_t)(end - at) < TRAFFIC_MAX ? (size_t)(end - at) : TRAFFIC_MAX;
    (void)ruleset_world_run(&ruleset, at, length);
    return 0;
}
