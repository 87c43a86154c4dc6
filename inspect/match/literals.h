/* SPDX-License-Identifier: MIT */
/*
 * Finds thousands of literals in a stream that comes in pieces.
 *
 * A set of literals is a section of a compiled rule set (see rules/literals_build.h): compact
 * Aho-Corasick automata, one over exact bytes and one over folded ones (A-Z as a-z), and in front
 * of them a prefilter of hashed windows. The section holds offsets, never pointers, and can lie at
 * any address. What was verified can be scanned safely whatever it contains.
 *
 * The matches are those of a naive search: every literal at every place where it ends, in the order
 * of their ends, at one end by ascending literal number. They depend on the bytes alone, never on
 * the pieces or on the path (prefilter or automaton, SSSE3 or scalar).
 *
 * No OS call, no allocation, stack below 1.5 KB, IRQL <= DISPATCH_LEVEL, time per byte bounded: a
 * piece in which the prefilter finds too much is scanned by the automaton alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A verified section. Filled by inspect_literals_verify, read only afterwards. */
struct inspect_literals {
    const uint8_t *base;
    uint32_t size;
    uint32_t count;      /* literals, numbered from 0 */
    uint32_t max_length; /* of the longest one */
};

/* Where a scan stands: private, all zero at the start of a buffer. */
struct inspect_literals_state {
    uint32_t exact;
    uint32_t folded;
    uint32_t resume; /* after a stop: the first literal number not given yet; 0: all were */
};

_Static_assert(sizeof(struct inspect_literals_state) <= 16, "matcher state of a direction");

/* What may be used of the processor; asked once with inspect_literals_features. */
enum inspect_literals_feature {
    INSPECT_LITERALS_SSSE3 = 1u << 0,
};

/* What this processor has (CPUID). */
unsigned inspect_literals_features(void);

/* Checks every offset, count, node and link of a section (base must be 4-byte aligned). False: it
 * is damaged, or made by another version. */
bool inspect_literals_verify(const void *base, size_t size, struct inspect_literals *literals);

/* A literal ended right before buffer offset `end`. False: stop after this one. */
typedef bool inspect_literals_found(void *context, uint32_t literal, uint64_t end);

/*
 * Scans the next `length` bytes of a buffer; `offset` is the buffer offset of data[0]. Gives the
 * bytes scanned: `length`, or when `found` said stop, the bytes up to the end of that match. After
 * a stop, call again with the rest: matches of other literals at the same end come first then
 * (`state` remembers), none twice.
 */
size_t inspect_literals_scan(const struct inspect_literals *literals, unsigned features,
                             struct inspect_literals_state *state, uint64_t offset,
                             const uint8_t *data, size_t length, inspect_literals_found *found,
                             void *context);

/*
 * The partial matches at the current end of the buffer, longest first: `live` is called for each
 * literal marked blocking of which the last `length` bytes are a proper prefix. It says true to
 * end the search (these bytes must be held). Gives that length, 0 when it never said true. Costs
 * nothing when no blocking literal is begun.
 */
typedef bool inspect_literals_live(void *context, uint32_t literal, uint32_t length);
uint32_t inspect_literals_hold(const struct inspect_literals *literals,
                               const struct inspect_literals_state *state,
                               inspect_literals_live *live, void *context);
