/* SPDX-License-Identifier: MIT */
/* Prefixes of patterns, and where reading one leads. */
#pragma once

#include "rules/regex_graph.h"

struct regex {
    char *pattern; /* as it was given */
    size_t length;
    unsigned flags;
    struct regex_tree tree;
    struct regex_graph graph; /* of a run */
    size_t minimum, maximum;
    bool needs_end;
};

/* The positions live behind the bytes of a prefix (a set of graph->words words). */
void regex_graph_walk(const struct regex_graph *graph, const uint8_t *bytes, size_t length,
                      uint64_t *live);
