/* SPDX-License-Identifier: MIT */
/* One rule: action protocol source ports direction destination ports (options). */
#pragma once

#include "rules/parser.h"

/* Room for parsing the rules of a set. */
bool rules_parser_begin(struct rules_parser *parser, struct rules_store *store, rules_tell *tell,
                        void *context);
void rules_parser_end(struct rules_parser *parser);

/* Parses the rule in `text`, a span of the present line, into parser->rule. parser->failed: it must
 * not be used. */
void rules_rule_parse(struct rules_parser *parser, struct rules_span text);
