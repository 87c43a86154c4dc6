/* SPDX-License-Identifier: MIT */
/*
 * Patterns as position automata (Glushkov): a position is one set of bytes of the pattern, repeats
 * written out. Conditions such as \b are worked in, so that edges have none: positions are split by
 * what kind of byte they read (newline, word, other), and what matches only because of the byte
 * that follows leads to a position of its own that reads it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/regex_tree.h"

enum regex_position_flag {
    REGEX_POSITION_NOW = 1u << 0,    /* a match ends behind its byte, whatever follows */
    REGEX_POSITION_BEFORE = 1u << 1, /* a match ended before its byte */
    REGEX_POSITION_END = 1u << 2,    /* it matches if the buffer ends behind its byte */
    REGEX_POSITION_SEARCH = 1u << 3, /* no match has begun yet */
};

struct regex_position {
    struct regex_set bytes;
    uint8_t flags;
};

/* Position 0 is where a run begins; it reads nothing. */
struct regex_graph {
    size_t count, words; /* words of 64 bits in a set of positions */
    struct regex_position *positions;
    uint64_t *follow;     /* count sets: what may come behind each */
    bool anchored;        /* a match can only begin where the run does */
    bool depends_on_past; /* how it begins depends on what stands before it */
    bool possible;        /* something matches */
};

/* Makes the graph. `search`: matches begin at the run's begin or anywhere later. False: too large,
 * or no memory; `error` says why. Free it in any case. */
bool regex_graph_make(struct regex_graph *graph, const struct regex_tree *tree, bool search,
                      struct regex_error *error);
void regex_graph_free(struct regex_graph *graph);

static inline uint64_t *regex_graph_follow(const struct regex_graph *graph, size_t position)
{
    return graph->follow + position * graph->words;
}

static inline bool regex_bit(const uint64_t *set, size_t bit)
{
    return (set[bit / 64] >> (bit % 64) & 1) != 0;
}

static inline void regex_bit_set(uint64_t *set, size_t bit)
{
    set[bit / 64] |= UINT64_C(1) << (bit % 64);
}

/* Merges positions that nothing tells apart. False: no memory. */
bool regex_graph_reduce(struct regex_graph *graph);
/* Removes the positions that are not in `kept` (a set; 0 must be in it). */
void regex_graph_keep(struct regex_graph *graph, const uint64_t *kept);

/* Classes of bytes that no position tells apart: `map` gives each byte's class, 0 to the number - 1
 * that is given back. */
size_t regex_graph_classes(const struct regex_graph *graph, uint8_t map[256]);
/* For each class the set of positions that read it (classes x words). NULL: no memory. */
uint64_t *regex_graph_readers(const struct regex_graph *graph, const uint8_t map[256],
                              size_t classes);
