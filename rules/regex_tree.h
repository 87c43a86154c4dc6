/* SPDX-License-Identifier: MIT */
/* What a pattern says, as a tree; made by rules/regex_parse.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/regex.h"
#include "rules/regex_set.h"

/*
 * A condition on the place between two bytes: the pairs (what stands before it, what follows) for
 * which it holds, as bits. Conditions at one place are combined with & and |.
 */
enum regex_before {
    REGEX_BEFORE_NOTHING,
    REGEX_BEFORE_NEWLINE,
    REGEX_BEFORE_WORD,
    REGEX_BEFORE_OTHER,
    REGEX_BEFORES,
};
enum regex_after {
    REGEX_AFTER_END,
    REGEX_AFTER_NEWLINE,
    REGEX_AFTER_WORD,
    REGEX_AFTER_OTHER,
    REGEX_AFTER_LAST_NEWLINE, /* a newline with which the buffer ends */
    REGEX_AFTERS,
};
typedef uint32_t regex_guard; /* bit before * REGEX_AFTERS + after */
#define REGEX_GUARD_ALWAYS ((1u << (REGEX_BEFORES * REGEX_AFTERS)) - 1)

enum regex_node_kind {
    REGEX_NODE_EMPTY,
    REGEX_NODE_SET,
    REGEX_NODE_GUARD,
    REGEX_NODE_SEQUENCE,
    REGEX_NODE_CHOICE,
    REGEX_NODE_REPEAT, /* of its only child */
};

#define REGEX_UNLIMITED UINT32_MAX

struct regex_node {
    enum regex_node_kind kind;
    struct regex_node *children, *next; /* next: of the same parent */
    struct regex_node *allocated;       /* all nodes of a tree, in no order */
    uint32_t minimum, maximum;          /* repeat; REGEX_UNLIMITED */
    regex_guard guard;
    struct regex_set set;
};

struct regex_tree {
    struct regex_node *root;
    struct regex_node *allocated;
    bool guarded; /* it has conditions */
};

/* NULL: no memory. The node belongs to the tree. */
struct regex_node *regex_tree_add(struct regex_tree *tree, enum regex_node_kind kind);
void regex_tree_free(struct regex_tree *tree);

/* The guard of ^ $ \A \z \Z \b \B as said by pcre2pattern: '^', '$' (m: multi-line), or the letter.
 */
regex_guard regex_guard_of(char what, bool multiline);

/* Bytes of the shortest and the longest match; SIZE_MAX: unlimited. */
size_t regex_node_minimum(const struct regex_node *node);
size_t regex_node_maximum(const struct regex_node *node);
/* Sets in it when repeats are written out; SIZE_MAX when absurdly many. */
size_t regex_node_positions(const struct regex_node *node);

/* False: refused, `error` says why; the tree must be freed all the same. */
bool regex_tree_parse(struct regex_tree *tree, const char *pattern, size_t length, unsigned flags,
                      struct regex_error *error);
