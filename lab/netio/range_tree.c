/* SPDX-License-Identifier: MIT */
/* The treap: what is higher up has the higher priority, which follows from the node's number. */
#include "netio/range_tree.h"

#include <stdbool.h>
#include <stddef.h>

static uint64_t priority_of(const struct range_node *node)
{
    const uint64_t mixed = node->number * 0x9E3779B97F4A7C15ull;

    return (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93ull;
}

static bool precedes(const struct range_node *one, const struct range_node *other)
{
    return one->start != other->start ? one->start < other->start : one->number < other->number;
}

static void update(struct range_node *node)
{
    node->furthest = node->end;
    if (node->left != NULL && node->left->furthest > node->furthest)
        node->furthest = node->left->furthest;
    if (node->right != NULL && node->right->furthest > node->furthest)
        node->furthest = node->right->furthest;
}

/* What stands before the node goes to *left, what stands behind it to *right. */
static void split(struct range_node *tree, const struct range_node *node, struct range_node **left,
                  struct range_node **right)
{
    if (tree == NULL) {
        *left = *right = NULL;
    } else if (precedes(tree, node)) {
        *left = tree;
        split(tree->right, node, &tree->right, right);
        update(tree);
    } else {
        *right = tree;
        split(tree->left, node, left, &tree->left);
        update(tree);
    }
}

/* All of `left` stands before all of `right`. */
static struct range_node *join(struct range_node *left, struct range_node *right)
{
    if (left == NULL || right == NULL)
        return left != NULL ? left : right;
    if (priority_of(left) > priority_of(right)) {
        left->right = join(left->right, right);
        update(left);
        return left;
    }
    right->left = join(left, right->left);
    update(right);
    return right;
}

void range_tree_add(struct range_node **root, struct range_node *node)
{
    const uint64_t priority = priority_of(node);

    while (*root != NULL && priority_of(*root) > priority) {
        if ((*root)->furthest < node->end)
            (*root)->furthest = node->end;
        root = precedes(*root, node) ? &(*root)->right : &(*root)->left;
    }
    split(*root, node, &node->left, &node->right);
    update(node);
    *root = node;
}

void range_tree_remove(struct range_node **root, const struct range_node *node)
{
    if (*root == NULL)
        return;
    if (*root == node) {
        *root = join(node->left, node->right);
        return;
    }
    range_tree_remove(precedes(*root, node) ? &(*root)->right : &(*root)->left, node);
    update(*root);
}

struct range_node *range_tree_newest(struct range_node *root, uintptr_t start, uintptr_t end)
{
    struct range_node *newest, *other;

    if (root == NULL || root->furthest <= start)
        return NULL;
    newest = range_tree_newest(root->left, start, end);
    if (root->start >= end)
        return newest;
    if (root->end > start && (newest == NULL || newest->number < root->number))
        newest = root;
    other = range_tree_newest(root->right, start, end);
    return other != NULL && (newest == NULL || newest->number < other->number) ? other : newest;
}
