/* SPDX-License-Identifier: MIT */
/* What rules say beside their conditions, as entries of the blob's tables. */
#pragma once

#include "rules/compile_rule.h"

/* The number of the rule's addresses and ports. */
enum chain_result compile_header(struct compile_rules *rules, const struct rule *rule,
                                 uint32_t *number);

/* Its flowbits, with their names as numbers in the order in which they first come. REFUSED: one
 * that must be set and must not be, or too many names; told. */
enum chain_result compile_flowbits(struct compile_rules *rules, const struct rule *rule,
                                   struct ruleset_range *range);

/* The number of its threshold, INSPECT_NONE: it has none. */
enum chain_result compile_threshold(struct compile_rules *rules, const struct rule *rule,
                                    uint32_t *number);
