/* SPDX-License-Identifier: MIT */
/* Parses rules in tests and keeps what was told about them. */
#include "unit/test_rules_told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void told_collect(void *context, const struct rules_diagnostic *diagnostic)
{
    struct told_rules *rules = context;
    if (rules->count < TOLD_MAX) {
        struct told *told = &rules->told[rules->count];
        *told = (struct told){
            .severity = diagnostic->severity,
            .line = diagnostic->place.line,
            .column = diagnostic->place.column,
            .length = diagnostic->place.length,
            .caret = diagnostic->caret,
            .underline = diagnostic->underline,
        };
        snprintf(told->path, sizeof(told->path), "%s", diagnostic->path);
        snprintf(told->text, sizeof(told->text), "%s", diagnostic->text);
        snprintf(told->source, sizeof(told->source), "%s",
                 diagnostic->source != NULL ? diagnostic->source : "");
    }
    rules->count++;
}

void told_parse_bytes(struct told_rules *rules, const char *text, size_t length)
{
    memset(rules, 0, sizeof(*rules));
    rules->set = rule_set_parse_text("x.rules", text, length, told_collect, rules);
    assert_non_null(rules->set);
    assert_int_equal(rules->count, rules->set->errors + rules->set->warnings);
}

void told_parse(struct told_rules *rules, const char *text)
{
    told_parse_bytes(rules, text, strlen(text));
}

void told_free(struct told_rules *rules)
{
    rule_set_free(rules->set);
    rules->set = NULL;
}

void told_parse_good(struct told_rules *rules, const char *text)
{
    told_parse(rules, text);
    if (rules->count > 0) {
        fail_msg("%u:%u: %s\n%s", rules->told[0].line, rules->told[0].column, rules->told[0].text,
                 text);
    }
}

const struct rule *told_options(struct told_rules *rules, const char *options)
{
    char text[4096];
    snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)\n", options);
    told_parse_good(rules, text);
    assert_int_equal(rules->set->count, 1);
    return &rules->set->rules[0];
}
