/* SPDX-License-Identifier: MIT */
/* One step of a compact automaton of literals (layout: literals_section.h). */
#pragma once

#include "inspect/match/literals_section.h"

/* The link to the node after `byte` in the node of link `at`. Each failure leads to a node less
 * deep, the root has all bytes: it ends. */
static inline uint32_t literals_step(const uint32_t *nodes, uint32_t at, uint32_t byte)
{
    for (;;) {
        const uint32_t word = at & LITERALS_LINK_WORD;
        const uint32_t *node = nodes + word;

        if ((at & LITERALS_LINK_ROW) != 0)
            return node[LITERALS_NODE_WORDS + byte];
        const uint32_t header = node[0];
        const uint32_t kind = literals_kind(header);
        if (kind == LITERALS_ONE && (header & LITERALS_BYTE_MASK) == byte) {
            /* Branches, so that the child is fetched without waiting for this header. */
            if (__builtin_expect((header & (LITERALS_CHILD_ENDS | LITERALS_SUFFIX)) == 0, 1))
                return word + LITERALS_NODE_WORDS;
            const uint32_t ends = (header & LITERALS_CHILD_ENDS) != 0 ? LITERALS_LINK_ENDS : 0;
            return (word + literals_lead(header)) | ends;
        }
        const uint32_t lead = literals_lead(header);
        if (kind == LITERALS_LIST) {
            const uint32_t count = header & LITERALS_BYTE_MASK;
            const uint32_t words = (count + 2) / 3;
            const uint32_t wanted = byte * 0x010101u;
            for (uint32_t i = 0; i < words; i++) {
                const uint32_t differing = node[lead + i] ^ wanted;
                const uint32_t equal = (differing - 0x010101u) & ~differing & 0x808080u;
                if (equal != 0)
                    return node[lead + words + 3 * i + ((uint32_t)__builtin_ctz(equal) >> 3)];
            }
        } else if (kind == LITERALS_ROW) {
            return node[lead + byte];
        }
        at = node[1];
    }
}
