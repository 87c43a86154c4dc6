/* SPDX-License-Identifier: MIT */
/* The table of specimens, and looking things up in it. */
#include "check/specimen.h"

#include <string.h>

static const struct check_specimen specimens[] = {
#include "check/specimens.inc"
};

const struct check_specimen *check_specimen_of(const struct check_rule *rule, size_t index)
{
    for (size_t i = 0; i < sizeof(specimens) / sizeof(specimens[0]); i++) {
        if (strcmp(specimens[i].rule, rule->id) == 0 && index-- == 0)
            return &specimens[i];
    }
    return NULL;
}

size_t check_specimen_rules(size_t *rules)
{
    const struct check_rule *rule;
    size_t with = 0;

    *rules = 0;
    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        const struct check_specimen *specimen = check_specimen_of(rule, 0);

        if (rule->confidence == CHECK_OUTCOME || rule->id[0] != 'R')
            continue;
        (*rules)++;
        with += specimen != NULL && specimen->name != NULL;
    }
    return with;
}
