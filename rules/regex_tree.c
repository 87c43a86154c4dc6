/* SPDX-License-Identifier: MIT */
/* Trees of patterns: their nodes, lengths and conditions. */
#include "rules/regex_tree.h"

#include <stdlib.h>

struct regex_node *regex_tree_add(struct regex_tree *tree, enum regex_node_kind kind)
{
    struct regex_node *node = calloc(1, sizeof(*node));
    if (node != NULL) {
        node->kind = kind;
        node->allocated = tree->allocated;
        tree->allocated = node;
    }
    return node;
}

void regex_tree_free(struct regex_tree *tree)
{
    struct regex_node *node = tree->allocated;
    while (node != NULL) {
        struct regex_node *next = node->allocated;
        free(node);
        node = next;
    }
    tree->allocated = NULL;
    tree->root = NULL;
}

static bool guard_holds(char what, bool multiline, unsigned before, unsigned after)
{
    bool begin = before == REGEX_BEFORE_NOTHING;
    bool end = after == REGEX_AFTER_END;
    bool word_edge = (before == REGEX_BEFORE_WORD) != (after == REGEX_AFTER_WORD);
    switch (what) {
    case '^':
        /* Not behind a newline that ends the subject: pcre2api, PCRE2_MULTILINE. */
        return begin || (multiline && before == REGEX_BEFORE_NEWLINE && !end);
    case '$':
        return end || after == REGEX_AFTER_LAST_NEWLINE ||
               (multiline && after == REGEX_AFTER_NEWLINE);
    case 'A':
        return begin;
    case 'z':
        return end;
    case 'Z':
        return end || after == REGEX_AFTER_LAST_NEWLINE;
    case 'b':
        return word_edge;
    default:
        return !word_edge;
    }
}

regex_guard regex_guard_of(char what, bool multiline)
{
    regex_guard guard = 0;
    for (unsigned before = 0; before < REGEX_BEFORES; before++) {
        for (unsigned after = 0; after < REGEX_AFTERS; after++) {
            if (guard_holds(what, multiline, before, after)) {
                guard |= 1u << (before * REGEX_AFTERS + after);
            }
        }
    }
    return guard;
}

static size_t add(size_t a, size_t b)
{
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

static size_t multiply(size_t a, size_t b)
{
    if (a == 0 || b == 0) {
        return 0;
    }
    return a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

size_t regex_node_minimum(const struct regex_node *node)
{
    size_t length = 0;
    switch (node->kind) {
    case REGEX_NODE_SET:
        return 1;
    case REGEX_NODE_SEQUENCE:
        for (const struct regex_node *child = node->children; child != NULL; child = child->next) {
            length = add(length, regex_node_minimum(child));
        }
        return length;
    case REGEX_NODE_CHOICE:
        length = SIZE_MAX;
        for (const struct regex_node *child = node->children; child != NULL; child = child->next) {
            size_t other = regex_node_minimum(child);
            length = other < length ? other : length;
        }
        return length;
    case REGEX_NODE_REPEAT:
        return multiply(regex_node_minimum(node->children), node->minimum);
    default:
        return 0;
    }
}

size_t regex_node_maximum(const struct regex_node *node)
{
    size_t length = 0;
    switch (node->kind) {
    case REGEX_NODE_SET:
        return 1;
    case REGEX_NODE_SEQUENCE:
        for (const struct regex_node *child = node->children; child != NULL; child = child->next) {
            length = add(length, regex_node_maximum(child));
        }
        return length;
    case REGEX_NODE_CHOICE:
        for (const struct regex_node *child = node->children; child != NULL; child = child->next) {
            size_t other = regex_node_maximum(child);
            length = other > length ? other : length;
        }
        return length;
    case REGEX_NODE_REPEAT:
        return multiply(regex_node_maximum(node->children),
                        node->maximum == REGEX_UNLIMITED ? SIZE_MAX : node->maximum);
    default:
        return 0;
    }
}

size_t regex_node_positions(const struct regex_node *node)
{
    size_t count = node->kind == REGEX_NODE_SET ? 1 : 0;
    for (const struct regex_node *child = node->children; child != NULL; child = child->next) {
        count = add(count, regex_node_positions(child));
    }
    if (node->kind == REGEX_NODE_REPEAT) {
        uint32_t copies = node->maximum != REGEX_UNLIMITED ? node->maximum
                          : node->minimum == 0             ? 1
                                                           : node->minimum;
        count = multiply(count, copies);
    }
    return count;
}
