/* SPDX-License-Identifier: MIT */
/*
 * Makes position automata smaller. Three rules, until nothing changes:
 * - same bytes, flags and what follows: one position with what came before either;
 * - same bytes and what came before: always live together, one position with what follows either;
 * - same flags, what came before and what follows: one position that reads the bytes of either.
 * None changes the language, nor where the earliest match that stands at a position began.
 */
#include "rules/regex_graph.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX       48u
#define ROUNDS_LARGE_MAX 6u   /* of graphs that are never kept as positions, and slow to look at */
#define LARGE            512u /* positions */

void regex_graph_keep(struct regex_graph *graph, const uint64_t *kept)
{
    size_t count = 0;
    for (size_t i = 0; i < graph->count; i++) {
        count += regex_bit(kept, i) ? 1 : 0;
    }
    size_t words = (count + 63) / 64;
    size_t row = 0;
    /* In place: a row is written at or before where it is read, and the bits of a row are moved
     * down one after the other. */
    for (size_t i = 0; i < graph->count; i++) {
        if (!regex_bit(kept, i)) {
            continue;
        }
        const uint64_t *from = graph->follow + i * graph->words;
        uint64_t *to = graph->follow + row * words;
        size_t bit = 0;
        uint64_t word = 0;
        for (size_t j = 0; j < graph->count; j++) {
            if (!regex_bit(kept, j)) {
                continue;
            }
            word |= (uint64_t)(regex_bit(from, j) ? 1 : 0) << (bit % 64);
            bit++;
            if (bit % 64 == 0 || bit == count) {
                to[(bit - 1) / 64] = word;
                word = 0;
            }
        }
        graph->positions[row++] = graph->positions[i];
    }
    graph->count = count;
    graph->words = words;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

enum rule { RULE_FUTURE, RULE_PAST, RULE_BYTES, RULES };

/* Flags that must be equal. What only looks at a byte stays apart from what reads it: the former is
 * passed over where its match has been told already. */
static const uint8_t rule_flags[RULES] = {
    [RULE_FUTURE] = 0xff,
    [RULE_PAST] = REGEX_POSITION_SEARCH | REGEX_POSITION_BEFORE,
    [RULE_BYTES] = 0xff,
};

struct key {
    uint64_t hash;
    uint32_t position;
};

struct reduction {
    struct regex_graph *graph;
    uint64_t *past; /* as follow, the other way */
    uint64_t *kept;
    uint32_t *into; /* by position: the one that stands for it from now on */
    struct key *keys;
};

static uint64_t key_hash(const struct reduction *reduction, size_t position, enum rule rule)
{
    const struct regex_graph *graph = reduction->graph;
    const struct regex_position *at = &graph->positions[position];
    const uint64_t *follow = regex_graph_follow(graph, position);
    const uint64_t *past = reduction->past + position * graph->words;
    uint64_t hash = mix(1, at->flags & rule_flags[rule]);
    for (size_t i = 0; rule != RULE_BYTES && i < 4; i++) {
        hash = mix(hash, at->bytes.words[i]);
    }
    for (size_t i = 0; rule != RULE_PAST && i < graph->words; i++) {
        hash = mix(hash, follow[i]);
    }
    for (size_t i = 0; rule != RULE_FUTURE && i < graph->words; i++) {
        hash = mix(hash, past[i]);
    }
    return hash;
}

static bool same(const struct reduction *reduction, size_t a, size_t b, enum rule rule)
{
    const struct regex_graph *graph = reduction->graph;
    const struct regex_position *one = &graph->positions[a], *other = &graph->positions[b];
    size_t size = graph->words * sizeof(uint64_t);
    if (((one->flags ^ other->flags) & rule_flags[rule]) != 0 ||
        (rule != RULE_BYTES && !regex_set_equal(&one->bytes, &other->bytes))) {
        return false;
    }
    if (rule != RULE_PAST &&
        memcmp(regex_graph_follow(graph, a), regex_graph_follow(graph, b), size) != 0) {
        return false;
    }
    return rule == RULE_FUTURE || memcmp(reduction->past + a * graph->words,
                                         reduction->past + b * graph->words, size) == 0;
}

static int key_compare(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    return a->position < b->position ? -1 : a->position > b->position;
}

static void note_past(struct reduction *reduction)
{
    struct regex_graph *graph = reduction->graph;
    memset(reduction->past, 0, graph->count * graph->words * sizeof(uint64_t));
    for (size_t i = 0; i < graph->count; i++) {
        const uint64_t *follow = regex_graph_follow(graph, i);
        for (size_t j = 0; j < graph->count; j++) {
            if (follow[j / 64] == 0) {
                j |= 63;
            } else if (regex_bit(follow, j)) {
                regex_bit_set(reduction->past + j * graph->words, i);
            }
        }
    }
}

/* Finds the groups of one rule; gives how many positions go. */
static size_t find_groups(struct reduction *reduction, enum rule rule)
{
    struct regex_graph *graph = reduction->graph;
    size_t gone = 0;
    note_past(reduction);
    memset(reduction->kept, 0, graph->words * sizeof(uint64_t));
    for (size_t i = 0; i < graph->count; i++) {
        regex_bit_set(reduction->kept, i);
        reduction->into[i] = (uint32_t)i;
        reduction->keys[i] = (struct key){key_hash(reduction, i, rule), (uint32_t)i};
    }
    /* Position 0 reads nothing and is like no other. */
    qsort(reduction->keys + 1, graph->count - 1, sizeof(*reduction->keys), key_compare);
    for (size_t i = 2; i < graph->count; i++) {
        const struct key *previous = &reduction->keys[i - 1], *key = &reduction->keys[i];
        if (key->hash == previous->hash &&
            same(reduction, previous->position, key->position, rule)) {
            reduction->into[key->position] = reduction->into[previous->position];
            reduction->kept[key->position / 64] &= ~(UINT64_C(1) << (key->position % 64));
            gone++;
        }
    }
    return gone;
}

/* All groups at once: equal futures, or equal pasts, stay equal under it. */
static void merge_groups(struct reduction *reduction)
{
    struct regex_graph *graph = reduction->graph;
    for (size_t i = 0; i < graph->count; i++) {
        uint32_t into = reduction->into[i];
        if (into != i) {
            regex_set_add_set(&graph->positions[into].bytes, &graph->positions[i].bytes);
            graph->positions[into].flags |= graph->positions[i].flags;
            for (size_t w = 0; w < graph->words; w++) {
                regex_graph_follow(graph, into)[w] |= regex_graph_follow(graph, i)[w];
            }
        }
    }
    for (size_t i = 0; i < graph->count; i++) {
        uint64_t *follow = regex_graph_follow(graph, i);
        for (size_t j = 0; regex_bit(reduction->kept, i) && j < graph->count; j++) {
            if (follow[j / 64] == 0) {
                j |= 63;
            } else if (regex_bit(follow, j)) {
                regex_bit_set(follow, reduction->into[j]);
            }
        }
    }
    regex_graph_keep(graph, reduction->kept);
}

bool regex_graph_reduce(struct regex_graph *graph)
{
    struct reduction reduction = {
        .graph = graph,
        .past = malloc(graph->count * graph->words * sizeof(uint64_t)),
        .kept = malloc(graph->words * sizeof(uint64_t)),
        .into = malloc(graph->count * sizeof(uint32_t)),
        .keys = malloc(graph->count * sizeof(struct key)),
    };
    bool reduced = reduction.past != NULL && reduction.kept != NULL && reduction.into != NULL &&
                   reduction.keys != NULL;
    /* A rule can make room for another: until none of them found anything. */
    unsigned idle = 0;
    unsigned rounds = graph->count > LARGE ? ROUNDS_LARGE_MAX : ROUNDS_MAX;
    for (unsigned i = 0; reduced && idle < RULES && i < rounds; i++) {
        if (find_groups(&reduction, (enum rule)(i % RULES)) != 0) {
            merge_groups(&reduction);
            idle = 0;
        } else {
            idle++;
        }
    }
    free(reduction.past);
    free(reduction.kept);
    free(reduction.into);
    free(reduction.keys);
    return reduced;
}
