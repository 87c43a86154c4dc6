/* SPDX-License-Identifier: MIT */
/* Fields of records, read without asking first: what is missing is empty. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

/* "" when it is no text. */
static inline const char *report_item_text(const json_t *value)
{
    const char *text = json_string_value(value);

    return text != NULL ? text : "";
}

/* "" when it is no text. */
static inline const char *report_text(const json_t *record, const char *key)
{
    return report_item_text(json_object_get(record, key));
}

/* 0 when it is no whole number. */
static inline unsigned long long report_count(const json_t *record, const char *key)
{
    return (unsigned long long)json_integer_value(json_object_get(record, key));
}

/* Whether NBLs and bytes of a finding are lost; other rules tell what they are about. */
static inline bool report_is_loss(const json_t *finding)
{
    const char *rule = report_text(finding, "rule");

    return strcmp(rule, "LEAK") == 0 || strcmp(rule, "LOST") == 0 ||
           strcmp(report_text(finding, "confidence"), "outcome") == 0;
}
