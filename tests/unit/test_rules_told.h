/* SPDX-License-Identifier: MIT */
/* Parses rules in tests and keeps what was told about them. */
#pragma once

#include "rules/rule.h"

#define TOLD_MAX 16

struct told {
    enum rules_severity severity;
    uint32_t line, column, length;
    uint32_t caret, underline;
    char path[64], text[512], source[256];
};

struct told_rules {
    struct rule_set *set;
    struct told told[TOLD_MAX];
    size_t count; /* may be beyond TOLD_MAX */
};

void told_collect(void *context,
                  const struct rules_diagnostic *diagnostic); /* context: told_rules */
void told_parse(struct told_rules *rules, const char *text);
void told_parse_bytes(struct told_rules *rules, const char *text, size_t length);
void told_free(struct told_rules *rules);

/* Parses rules that are good, without a warning; fails the test otherwise. */
void told_parse_good(struct told_rules *rules, const char *text);

/* The only rule of `options`, with the head "alert tcp any any -> any any" and sid 1. */
const struct rule *told_options(struct told_rules *rules, const char *options);
