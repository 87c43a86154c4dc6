/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a rule file, and where: told as compilers do,
 *
 *   web.rules:12:48: error: unknown keyword "contnet"; did you mean "content"?
 *   drop http any any -> any any (contnet:"x"; sid:1;)
 *                                 ^~~~~~~
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum rules_severity { RULES_WARNING, RULES_ERROR };

/* A place in a source file: line and column count from 1, the column in bytes. */
struct rules_place {
    uint32_t file; /* index of the source */
    uint32_t line;
    uint32_t column;
    uint32_t length; /* bytes to underline; 0: just the caret */
};

struct rules_diagnostic {
    enum rules_severity severity;
    struct rules_place place;
    const char *path;
    const char *text;   /* one sentence without a final dot */
    const char *source; /* the line, or an excerpt of a very long one; NULL: none */
    uint32_t caret;     /* where the column is in `source`, from 0 */
    uint32_t underline; /* bytes of `source` to underline, at least 1 */
};

/* Told for each, in the order found. The strings live during the call only. */
typedef void rules_tell(void *context, const struct rules_diagnostic *diagnostic);

/* Prints it as above, one line or three. */
void rules_diagnostic_print(FILE *out, const struct rules_diagnostic *diagnostic);

/* "error" or "warning". */
const char *rules_severity_name(enum rules_severity severity);
