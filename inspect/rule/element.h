/* SPDX-License-Identifier: MIT */
/*
 * Runs one element of a chain over bytes: contents (Knuth-Morris-Pratt), regular expressions, byte
 * tests and jumps. Private to inspect/rule.
 */
#pragma once

#include "inspect/rule/ruleset.h"

enum element_result {
    ELEMENT_MORE = 0,  /* all read */
    ELEMENT_MATCH = 1, /* at the place read to */
    ELEMENT_DEAD = 2,  /* cannot match any more, decided at the place read to */
};

/* Reads the next bytes into a content of which `*matched` bytes are matched. Its match must begin
 * at or before `latest`. `offset`: of data[0]. */
enum element_result inspect_element_content(const struct inspect_ruleset *ruleset,
                                            const struct ruleset_element *element,
                                            uint32_t *matched, uint64_t offset, const uint8_t *data,
                                            size_t length, uint64_t latest, size_t *read);

/* The bytes that stay matched behind a match: how the next, overlapping one begins. */
uint32_t inspect_element_border(const struct inspect_ruleset *ruleset,
                                const struct ruleset_element *element);

/* No path element, but one that is judged beside it. */
bool inspect_element_is_side(const struct ruleset_element *element);

/* Once a content or regular expression matched, later matches of it give nothing that this one does
 * not: all that follows has no upper bound. */
bool inspect_element_first_suffices(const struct inspect_ruleset *ruleset, uint32_t element);

/* Where the bytes of a byte test or jump begin. */
int64_t inspect_element_byte_begin(const struct ruleset_byte *byte, uint64_t origin);

/* Judges a byte test over its bytes. */
bool inspect_element_byte_test(const struct ruleset_byte *byte, const uint8_t *bytes);

/* Where a byte jump leads. False: nowhere (no number, or before the buffer's begin). `end`: buffer
 * offset behind its bytes. */
bool inspect_element_byte_jump(const struct ruleset_byte *byte, const uint8_t *bytes, uint64_t end,
                               uint64_t *target);
