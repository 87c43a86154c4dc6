/* SPDX-License-Identifier: MIT */
/* Fields of records, read without asking first: what is missing is empty. */
#pragma once

#include <jansson.h>

/* "" when it is no text. */
static inline const char *report_text(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));

    return text != NULL ? text : "";
}

/* 0 when it is no whole number. */
static inline unsigned long long report_count(const json_t *record, const char *key)
{
    return (unsigned long long)json_integer_value(json_object_get(record, key));
}
