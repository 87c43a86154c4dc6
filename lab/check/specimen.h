/* SPDX-License-Identifier: MIT */
/* Which specimen pair breaks which rule: the tables of specimens/, built in. */
#pragma once

#include "check/rules.h"

struct check_specimen {
    const char *rule;   /* "R42" */
    const char *name;   /* of the pair: <name>-bad.sys, <name>-good.sys; NULL: no driver can break
                           the rule */
    const char *folder; /* in specimens/ */
    const char *what;   /* what the bad one does, or why there is none */
};

/* The specimens of a rule in turn; NULL beyond the last. */
const struct check_specimen *check_specimen_of(const struct check_rule *rule, size_t index);

/* How many of the rules (outcomes are none) have a specimen; *rules: how many there are. */
size_t check_specimen_rules(size_t *rules);
