/* SPDX-License-Identifier: MIT */
/* A rule in plain words: what `sluice rules explain` shows. */
#pragma once

#include "rules/compile.h"
#include "rules/rule.h"

#include <stddef.h>

/* The words of one option: `http.uri contains "abc" (any case)`. Cut off at `size`. */
void rules_words_option(const struct rule_option *option, char *text, size_t size);

/* What the rule asks of the flow's marks, and how often it is told; "" if nothing. */
void rules_words_flowbit(const struct rule_flowbit *flowbit, char *text, size_t size);
void rules_words_threshold(const struct rule_threshold *threshold, char *text, size_t size);

/* What the class of a compiled rule promises. */
const char *rules_words_promise(const struct rule *rule);

/* How long a condition's matches are and what is held of them. */
void rules_words_condition(const struct compile_condition *condition, const struct rule *rule,
                           char *text, size_t size);

const char *rules_words_action(enum rule_action action);
const char *rules_words_protocol(enum rule_protocol protocol);
