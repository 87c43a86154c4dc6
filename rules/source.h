/* SPDX-License-Identifier: MIT */
/* A rule file in memory: read, and refused if it is no text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest file that is read. */
#define RULES_SOURCE_MAX ((size_t)64 << 20)

struct rules_source {
    char *path;
    char *text;
    size_t length;
    uint32_t *lines; /* where each line begins */
    size_t line_count;
};

enum rules_source_result {
    RULES_SOURCE_READ,
    RULES_SOURCE_REFUSED, /* cannot be read, or is no rule file: `why` says it */
    RULES_SOURCE_NO_MEMORY,
};

/* What is wrong with a source, one sentence. line 0: with the whole of it. */
struct rules_source_fault {
    uint32_t line, column;
    char why[160];
};

/* Reads the file `path`; "-" is standard input. */
enum rules_source_result rules_source_read(struct rules_source *source, const char *path,
                                           struct rules_source_fault *fault);

/* The same for a copy of text in memory. */
enum rules_source_result rules_source_take(struct rules_source *source, const char *path,
                                           const char *text, size_t length,
                                           struct rules_source_fault *fault);

void rules_source_free(struct rules_source *source);

/* A line, from 1, without its end; NULL: there is no such line. */
const char *rules_source_line(const struct rules_source *source, uint32_t line, size_t *length);
