/* SPDX-License-Identifier: MIT */
/* Shows how a rule's options were cut into conditions. */
#include "rules/chain.h"
#include "rules/compile.h"
#include "rules/compile_rule.h"

static void tell_nobody(void *context, const struct rules_diagnostic *diagnostic)
{
    (void)context;
    (void)diagnostic;
}

size_t rules_explain(struct rule_set *set, const struct rule *rule,
                     const struct compile_options *options, struct compile_condition *conditions,
                     size_t room)
{
    struct chain_list list;
    struct chain_teller teller = {.set = set, .tell = tell_nobody};
    size_t errors = set->errors, warnings = set->warnings, count = 0;
    if (chain_list_make(rule, &teller, &list) == CHAIN_OK) {
        for (size_t i = 0; i < list.count; i++) {
            struct chain *chain = &list.chains[i];
            struct chain_measure measure;
            if (chain_measure(chain, compile_hold_max(options), &teller, &measure) != CHAIN_OK) {
                count = 0;
                break;
            }
            if (i < room) {
                conditions[i] = (struct compile_condition){
                    .buffer = (enum inspect_buffer)chain->buffer,
                    .negated = chain->negated,
                    .length = chain->links[0].kind == RULESET_LENGTH,
                    .bounded = measure.bounded,
                    .span = measure.span,
                    .segments = measure.segments,
                    .first = chain->links[0].option,
                    .held = chain->links[measure.last].option,
                };
            }
            count++;
        }
    }
    chain_list_free(&list);
    set->errors = errors;
    set->warnings = warnings;
    return count;
}
