/* SPDX-License-Identifier: MIT */
/* Compiles parsed rules into the blob that the inspection core runs (inspect/rule/ruleset.h). */
#pragma once

#include <stdint.h>

#include "rules/rule.h"

struct compile_options {
    uint32_t hold_max; /* longest span that a `full` rule may hold; 0: 65536 */
};

/* What came out, for `sluice rules stats`. */
struct compile_statistics {
    size_t rules, blocking, full, tail;
    size_t literals, automata, predicates, elements;
    size_t literals_bytes, automata_bytes, blob_bytes;
    double seconds;
};

/*
 * Compiles all rules. What cannot be compiled (an expression with look-around, a condition that
 * nothing satisfies, a table that grows too large) is told as an error at its place, and then there
 * is no blob. Sets rule->class. `blob` is malloc'ed, the caller frees it. False: errors told, or no
 * memory.
 */
bool rules_compile(struct rule_set *set, const struct compile_options *options, rules_tell *tell,
                   void *context, uint8_t **blob, size_t *size,
                   struct compile_statistics *statistics);
