/* SPDX-License-Identifier: MIT */
/*
 * Compiles parsed rules into the blob that the inspection core runs (inspect/rule/ruleset.h).
 *
 * Classes. A rule blocks if its action is drop or reject, or if it replaces. The class says what of
 * its matches is certain not to reach the application:
 * - full: no byte. All its positive conditions are on heads of messages (heads are held whole), it
 *   has none at all, or its only one is a chain whose span is known and at most hold_max.
 * - tail: all other rules. Withheld is what lies behind the last gap that has no bound (or one
 *   beyond hold_max), of the condition that comes true last; the byte that completes the match
 *   never passes.
 * Rules that alert or pass have no class: they hold nothing.
 */
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
 * is no blob. Sets rule->class and rule->compiled. The same rules give the same blob, byte for
 * byte. `blob` is malloc'ed, the caller frees it. False: errors told, or no memory.
 */
bool rules_compile(struct rule_set *set, const struct compile_options *options, rules_tell *tell,
                   void *context, uint8_t **blob, size_t *size,
                   struct compile_statistics *statistics);

/* One independent condition of a rule, for `sluice rules explain`: options on one buffer of which
 * each but the first is relative to a match before it. */
struct compile_condition {
    enum inspect_buffer buffer;
    bool negated;                    /* must not come true */
    bool length;                     /* asks for the length only, or waits for the buffer's end */
    bool bounded;                    /* one segment, and `span` is known */
    uint32_t span;                   /* bytes of its longest match */
    size_t segments;                 /* parts between gaps without a bound, at least 1 */
    const struct rule_option *first; /* NULL: a wait for the buffer's end that no option asks for */
    const struct rule_option *held;  /* where the last segment begins; NULL as `first` */
};

/* Fills `conditions` (at most `room`) and gives how many the rule has. Nothing is told: 0 as well
 * for a rule that cannot be compiled. */
size_t rules_explain(struct rule_set *set, const struct rule *rule,
                     const struct compile_options *options, struct compile_condition *conditions,
                     size_t room);
