/* SPDX-License-Identifier: MIT */
/* Automata as they will lie in a section: everything but their place in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/match/automaton_format.h"
#include "rules/regex.h"
#include "rules/regex_graph.h"

struct regex_layout {
    struct automaton_header header; /* without map and body; table.flags and table.dominance count
                                       from the body's begin */
    uint8_t map[256];
    uint8_t *body;
    size_t body_size;
    uint64_t *entries; /* BITS: sets, header.bits.entries of them */
};

/* Bytes of transitions: a larger table would miss the cache more than positions cost. */
#define REGEX_TABLE_MAX_IF_BITS (128u << 10)

/* Lays out a graph as `use` wants it. `table_max`: bytes that a table may take if bits would do.
 * False: too large, or no memory; `error` says why. Free it in any case. */
bool regex_layout_make(struct regex_layout *layout, const struct regex_graph *graph,
                       enum regex_use use, size_t table_max, struct regex_error *error);
void regex_layout_free(struct regex_layout *layout);

/* The entry behind a prefix of the graph it was made of. False: no memory. */
bool regex_layout_enter(struct regex_layout *layout, const struct regex_graph *graph,
                        const struct regex_prefix *prefix, uint32_t *entry);
