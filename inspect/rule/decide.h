/* SPDX-License-Identifier: MIT */
/*
 * Decides rules: whether one applies to a flow, what its conditions are, what follows from it.
 * Private to inspect/rule.
 */
#pragma once

#include "inspect/rule/scope.h"

/* The rule's direction, protocol, addresses and ports fit. A protocol that is not known yet fits if
 * `possible`. */
bool inspect_decide_applies(const struct inspect_scope_view *view, const struct ruleset_rule *rule,
                            bool possible);

/* This predicate came true in the scope. */
bool inspect_decide_met(const struct inspect_scope *scope, uint32_t predicate);

/* Something could come of it if this predicate came true now: a rule that has it applies to the
 * flow and can still match. */
bool inspect_decide_wants(const struct inspect_scope *scope, const struct inspect_scope_view *view,
                          uint32_t predicate);

/* A blocking rule that applies could still match if this predicate came true. */
bool inspect_decide_blocks(const struct inspect_scope *scope, const struct inspect_scope_view *view,
                           uint32_t predicate);

/* Notes that a predicate came true, by a match that began `back` bytes before here; `mark`: bytes
 * since the end of the content to replace, UINT32_MAX: none. */
void inspect_decide_true(struct inspect_scope *scope, const struct inspect_scope_view *view,
                         uint32_t predicate, uint32_t back, uint32_t mark);

/* Where rules are looked for. */
enum decide_source {
    DECIDE_FRESH = 0, /* predicates that came true at this place */
    DECIDE_HEAD = 1,  /* all that came true: the head is whole */
    DECIDE_BARE = 2,  /* rules without conditions */
};

/* Tells the next outcome at this place. False: none left, and the place is done. The caller fills
 * in the stream offsets: `back` and `mark` are as above, for the predicate that decided. */
bool inspect_decide_next(struct inspect_scope *scope, const struct inspect_scope_view *view,
                         enum decide_source source, struct inspect_outcome *outcome, uint32_t *back,
                         uint32_t *mark);
