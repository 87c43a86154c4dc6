/* SPDX-License-Identifier: MIT */
/* Deterministic automata, made from positions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/regex_graph.h"

struct regex_table {
    size_t states, classes;
    size_t plain, start;
    uint8_t map[256];
    uint8_t *flags;      /* by state: enum automaton_flag */
    uint16_t *next;      /* [class * states + state] */
    uint64_t *dominance; /* by state: bit b: what b accepts it does, too; NULL: not known */
};

enum regex_table_result {
    REGEX_TABLE_MADE,
    REGEX_TABLE_TOO_LARGE,
    REGEX_TABLE_NO_MEMORY,
};

/* `size_max`: bytes of the table of transitions. Free it in any case. */
enum regex_table_result regex_table_make(struct regex_table *table, const struct regex_graph *graph,
                                         size_t size_max);
void regex_table_free(struct regex_table *table);

/* Bytes of one transition. */
size_t regex_table_width(const struct regex_table *table);
