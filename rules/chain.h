/* SPDX-License-Identifier: MIT */
/*
 * Chains: a rule's options on one buffer, cut into conditions that are independent of each other.
 * An option that is not relative begins a chain; options relative to the previous match continue
 * the last chain of their buffer, whichever options on other buffers stand between. An option that
 * is relative to nothing counts from the buffer's begin.
 *
 * Sources: Suricata 7 user guide, "Payload Keywords" (offset, depth, distance, within, startswith,
 * endswith, isdataat, bsize, byte_test, byte_jump) and "Rule's Format" (sticky buffers).
 */
#pragma once

#include "inspect/rule/ruleset.h"
#include "rules/regex.h"
#include "rules/rule.h"

/* An element to be. */
struct chain_link {
    const struct rule_option *option; /* NULL: none wrote it (LENGTH that only waits for the end) */
    uint8_t kind;                     /* enum ruleset_element_kind */
    bool negated;                     /* inside a chain: must not follow */
    bool nocase;
    bool absolute; /* counts from the buffer's begin */
    bool at_end;
    bool unbounded;           /* maximum does not count */
    bool segment;             /* begins a segment */
    bool mark;                /* content that is replaced */
    int32_t minimum, maximum; /* as in struct ruleset_element */
    struct regex *regex;      /* owned */
};

struct chain {
    uint8_t buffer; /* enum inspect_buffer */
    bool negated;   /* the whole chain must not match */
    struct chain_link *links;
    size_t count;
    struct rules_place place; /* of its first option */
};

struct chain_list {
    struct chain *chains;
    size_t count;
};

/* Tells what is wrong at a place of the rule. */
struct chain_teller {
    struct rule_set *set;
    rules_tell *tell;
    void *context;
};
void chain_refuse(const struct chain_teller *teller, struct rules_place place, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));

enum chain_result { CHAIN_OK, CHAIN_REFUSED, CHAIN_NO_MEMORY };

/* Cuts the options of a rule. REFUSED: told. `list` is to be freed in any case. */
enum chain_result chain_list_make(const struct rule *rule, const struct chain_teller *teller,
                                  struct chain_list *list);
void chain_list_free(struct chain_list *list);
/* A-Z as a-z, as the matcher folds. */
uint8_t chain_fold(uint8_t byte);
/* Frees the links, not the chain itself. */
void chain_clear(struct chain *chain);

/* Refuses what no buffer can satisfy: contents at fixed places that differ, a length that is
 * shorter than what must be in it, a content that must and must not be there. */
enum chain_result chain_list_check(const struct chain_list *list,
                                   const struct chain_teller *teller);

/* What a chain needs; filled by chain_measure. */
struct chain_measure {
    bool bounded;           /* one segment whose span is known and at most hold_max */
    uint32_t span;          /* bytes from the chain's begin to the last that any element may need */
    size_t segments;        /* at least 1 */
    size_t last;            /* link that begins the last segment */
    uint32_t content;       /* length of the longest content */
    bool unanchored_search; /* the last segment begins with an expression that may lie anywhere */
};

/* Parses the chain's expressions (errors are told) and marks its segments. A gap that may exceed
 * hold_max counts as unbounded. */
enum chain_result chain_measure(struct chain *chain, uint32_t hold_max,
                                const struct chain_teller *teller, struct chain_measure *measure);
