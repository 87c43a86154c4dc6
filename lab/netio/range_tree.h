/* SPDX-License-Identifier: MIT */
/* Stretches of memory, which may overlap, in a search tree: a treap ordered by their beginnings,
 * each node with the furthest end below it. */
#pragma once

#include <stdint.h>

struct range_node {
    struct range_node *left, *right;
    uintptr_t start, end; /* of the stretch; never empty */
    uintptr_t furthest;   /* end of this node and of those below it */
    uint64_t number;      /* the order in which they came; no two alike */
};

/* Puts a node in, whose start, end and number are set. */
void range_tree_add(struct range_node **root, struct range_node *node);

/* Takes out a node that is in the tree. */
void range_tree_remove(struct range_node **root, const struct range_node *node);

/* The one that came last among those that share a byte with [start, end); NULL: none does. */
struct range_node *range_tree_newest(struct range_node *root, uintptr_t start, uintptr_t end);
