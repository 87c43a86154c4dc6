/* SPDX-License-Identifier: MIT */
/* Compiles the predicates of a rule set: elements, what begins them, literals and automata. */
#pragma once

#include "rules/blob.h"
#include "rules/predicate.h"

/* What came out, beside the blob's tables. */
struct compile_elements_count {
    size_t literals, automata;
    size_t literals_bytes, automata_bytes;
};

/* Fills elements, bytes, gates, anchors, contexts, literals and automata of the blob, in the order
 * of the predicates, whose flags must be final. Sets first and link_count of each. */
enum chain_result compile_elements(struct blob *blob, const struct predicate_table *predicates,
                                   const struct chain_teller *teller,
                                   struct compile_elements_count *count);
