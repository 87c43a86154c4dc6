/* SPDX-License-Identifier: MIT */
/* Compiles rules one by one: conditions, direction, protocols, header, flowbits, class. */
#pragma once

#include "rules/blob.h"
#include "rules/compile.h"
#include "rules/predicate.h"

struct compile_rules {
    struct rule_set *set;
    struct chain_teller teller;
    uint32_t hold_max;
    struct blob blob;
    struct predicate_table predicates;
    struct blob_intern flowbits, headers, thresholds; /* names, and what is already in the blob */
    struct blob_table key;                            /* bytes, while something is looked up */
};

/* What the options say, within what the compiler can count with. */
uint32_t compile_hold_max(const struct compile_options *options);

bool compile_rules_init(struct compile_rules *rules);
void compile_rules_free(struct compile_rules *rules);

/* Adds a rule: one to the blob, or one for each direction. Sets its class. REFUSED: told. */
enum chain_result compile_rule(struct compile_rules *rules, struct rule *rule);
