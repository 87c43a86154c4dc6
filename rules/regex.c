/* SPDX-License-Identifier: MIT */
/* Patterns: parsed, and what can be said about them. */
#include "rules/regex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/regex_prefix.h"

/* Every match waits for the buffer's end: none ends because of, or whatever, follows. */
static bool waits_for_end(const struct regex_graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        if ((graph->positions[i].flags & (REGEX_POSITION_NOW | REGEX_POSITION_BEFORE)) != 0) {
            return false;
        }
    }
    return true;
}

/* Looks at the pattern as one that is searched, where that can differ from a run: `\Ba` matches
 * only behind a word. False: refused. */
static bool look_at_search(struct regex *regex, struct regex_error *error)
{
    struct regex_graph searching = {0};
    const struct regex_graph *graph = &regex->graph;
    bool good = true;
    if (graph->depends_on_past && !graph->anchored) {
        good = regex_graph_make(&searching, &regex->tree, true, error);
        graph = &searching;
    }
    if (good && !graph->possible) {
        snprintf(error->text, sizeof(error->text), "nothing can ever match it");
        good = false;
    }
    regex->needs_end = good && waits_for_end(graph);
    regex_graph_free(&searching);
    return good;
}

struct regex *regex_parse(const char *pattern, size_t length, unsigned flags,
                          struct regex_error *error)
{
    memset(error, 0, sizeof(*error));
    struct regex *regex = calloc(1, sizeof(*regex));
    if (regex == NULL) {
        snprintf(error->text, sizeof(error->text), "out of memory");
        return NULL;
    }
    if (!regex_tree_parse(&regex->tree, pattern, length, flags, error)) {
        goto refused;
    }
    regex->pattern = malloc(length + 1);
    if (regex->pattern == NULL) {
        snprintf(error->text, sizeof(error->text), "out of memory");
        goto refused;
    }
    memcpy(regex->pattern, pattern, length);
    regex->length = length;
    regex->flags = flags;
    if (!regex_graph_make(&regex->graph, &regex->tree, false, error) ||
        !look_at_search(regex, error)) {
        goto refused;
    }
    regex->minimum = regex_node_minimum(regex->tree.root);
    regex->maximum = regex_node_maximum(regex->tree.root);
    error->text[0] = '\0';
    return regex;
refused:
    regex_destroy(regex);
    return NULL;
}

void regex_destroy(struct regex *regex)
{
    if (regex != NULL) {
        regex_tree_free(&regex->tree);
        regex_graph_free(&regex->graph);
        free(regex->pattern);
        free(regex);
    }
}

bool regex_is_anchored(const struct regex *regex)
{
    return regex->graph.anchored;
}

bool regex_needs_end(const struct regex *regex)
{
    return regex->needs_end;
}

size_t regex_min_length(const struct regex *regex)
{
    return regex->minimum;
}

size_t regex_max_length(const struct regex *regex)
{
    return regex->maximum;
}
