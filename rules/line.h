/* SPDX-License-Identifier: MIT */
/* Logical lines: those that end in a backslash go on in the next one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/source.h"

/* The longest logical line. */
#define RULES_LINE_MAX 65536u

/* Where a part of a logical line stands in the file. */
struct rules_line_piece {
    size_t at; /* offset in the logical line */
    uint32_t line, column;
};

/* Reads the lines of a source, one by one. Zeroed but for `source`: before the first. */
struct rules_line {
    const struct rules_source *source;
    uint32_t next; /* physical lines read */
    const char *text;
    size_t length;
    struct rules_line_piece *pieces;
    size_t piece_count;
    /* Private. */
    size_t piece_capacity;
    char *joined;
    size_t joined_capacity;
    bool no_memory;
};

/* False: there is no further line, or no memory (line->no_memory). */
bool rules_line_next(struct rules_line *line);
void rules_line_free(struct rules_line *line);

/* Where byte `at` of the logical line stands. */
void rules_line_place(const struct rules_line *line, size_t at, uint32_t *number, uint32_t *column);
