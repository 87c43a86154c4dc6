/* SPDX-License-Identifier: MIT */
/*
 * Thresholds count matches of a rule over all flows: keyword threshold, types limit, threshold and
 * both. The table is the caller's memory, shared by all processors without a lock.
 *
 * Source: Suricata user guide, "Rule Thresholding" and "Global-Thresholds": `limit` tells the first
 * `count` matches in `seconds`, `threshold` every `count`th one, `both` one in `seconds` when
 * `count` is reached.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ruleset_threshold;
struct inspect_thresholds;

/* Bytes for a table of `slots` counters (a power of two). */
size_t inspect_thresholds_size(uint32_t slots);
/* Makes a table in `memory` (8-byte aligned, zeroed or not). */
struct inspect_thresholds *inspect_thresholds_init(void *memory, uint32_t slots);

enum inspect_threshold_result {
    INSPECT_THRESHOLD_NOT_YET = 0, /* not reached: no match */
    INSPECT_THRESHOLD_SILENT = 1,  /* a match that acts and is not to be told */
    INSPECT_THRESHOLD_TELL = 2,
};

/* Counts a match. `address`: whom it is tracked by, `length` bytes (0 to 32). A full table tells
 * (an alert too many, never one too few). */
enum inspect_threshold_result inspect_thresholds_count(struct inspect_thresholds *thresholds,
                                                       uint32_t gid, uint32_t sid,
                                                       const struct ruleset_threshold *threshold,
                                                       const uint8_t *address, size_t length,
                                                       uint64_t now_ms);
