/* SPDX-License-Identifier: MIT */
/* A rule set with what belongs to it: sources, memory, the index by sid. */
#pragma once

#include "rules/arena.h"
#include "rules/rule.h"
#include "rules/source.h"

struct rules_store {
    struct rule_set set; /* first: a rule_set is the beginning of its store */
    struct rules_arena arena;
    struct rules_source *sources;
    size_t rule_capacity;
    uint32_t *index; /* open addressing; index of the rule + 1, 0: free */
    size_t index_size;
};

/* A store without rules, with room for `sources`. NULL: no memory. */
struct rules_store *rules_store_create(size_t sources);
void rules_store_free(struct rules_store *store);

/* Adds a rule. Another of the same gid and sid: nothing is added and `*other` is that one. False:
 * no memory. */
bool rules_store_add(struct rules_store *store, const struct rule *rule, const struct rule **other);

/* Tells a diagnostic and counts it. */
void rules_store_tell(struct rules_store *store, enum rules_severity severity,
                      struct rules_place place, rules_tell *tell, void *context, const char *text);
