/* SPDX-License-Identifier: MIT */
/*
 * Thresholds count matches of a rule over all flows: keyword threshold, types limit, threshold and
 * both. The table is the caller's memory, shared by all processors without a lock.
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

/* Counts a match. True: it is to be told. `address`: whom it is tracked by, 16 bytes, zero padded.
 * A full table tells (an alert too many, never one too few). */
bool inspect_thresholds_count(struct inspect_thresholds *thresholds, uint32_t gid, uint32_t sid,
                              const struct ruleset_threshold *threshold, const uint8_t address[16],
                              uint64_t now_ms);
