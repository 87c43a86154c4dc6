/* SPDX-License-Identifier: MIT */
/* Makes the compact automaton of sorted literals (layout: inspect/match/literals_section.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A literal as it is compiled; `bytes` are folded if it is a folded one. */
struct literals_item {
    const uint8_t *bytes;
    uint32_t number;
    uint16_t length;
    uint16_t shared; /* with the item before */
    bool blocking;
};

/* The words of the automaton of `count` items, sorted by their bytes, no two equal. malloc'ed, the
 * caller frees them. False: no memory, or too many words for an index. */
bool literals_build_automaton(const struct literals_item *items, uint32_t count, uint32_t **words,
                              size_t *word_count);
