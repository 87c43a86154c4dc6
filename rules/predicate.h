/* SPDX-License-Identifier: MIT */
/* The predicates of a rule set while it is compiled: chains that several rules ask for, once. */
#pragma once

#include "rules/blob_table.h"
#include "rules/chain.h"

struct predicate {
    struct chain chain; /* owned */
    struct chain_measure measure;
    uint8_t direction;   /* enum inspect_direction */
    uint16_t flags;      /* enum ruleset_predicate_flag */
    bool refused;        /* told already: every rule that has it cannot be compiled */
    uint32_t rule_count; /* entries in the rule index */
    uint32_t rule_first; /* where they begin */
    uint32_t first;      /* its first element, and how many */
    uint32_t link_count;
};

struct predicate_table {
    struct blob_table predicates; /* struct predicate */
    struct blob_intern keys;
    struct blob_table key; /* bytes: of the chain being looked up */
};

/* All zero but the item sizes. */
void predicate_table_init(struct predicate_table *table);
void predicate_table_free(struct predicate_table *table);
struct predicate *predicate_at(const struct predicate_table *table, uint32_t predicate);

/*
 * The number of the predicate that is this chain in this direction. A new one takes the chain's
 * links (`chain` is empty then) and measures them; what is wrong with its expressions is told.
 */
enum chain_result predicate_add(struct predicate_table *table, struct chain *chain,
                                unsigned direction, uint32_t hold_max,
                                const struct chain_teller *teller, uint32_t *predicate);
