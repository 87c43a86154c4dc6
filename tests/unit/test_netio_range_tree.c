/* SPDX-License-Identifier: MIT */
/* Stretches of memory in a tree, against a walk over all of them. */
#include "netio/range_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#define NODES 600
#define STEPS 40000

static struct range_node nodes[NODES];
static bool taken[NODES];

static struct range_node *newest_of_all(uintptr_t start, uintptr_t end)
{
    struct range_node *newest = NULL;

    for (unsigned i = 0; i < NODES; i++) {
        struct range_node *const node = &nodes[i];

        if (taken[i] && node->start < end && start < node->end &&
            (newest == NULL || newest->number < node->number))
            newest = node;
    }
    return newest;
}

static unsigned depth_of(const struct range_node *node)
{
    const unsigned left = node != NULL ? depth_of(node->left) : 0;
    const unsigned right = node != NULL ? depth_of(node->right) : 0;

    return node == NULL ? 0 : 1 + (left > right ? left : right);
}

static void finds_the_newest(void **state)
{
    struct range_node *root = NULL;
    uint32_t random = 1;
    unsigned found = 0;

    (void)state;
    for (unsigned step = 0; step < STEPS; step++) {
        random = random * 1664525u + 1013904223u;
        const unsigned i = (random >> 8) % NODES;
        const uintptr_t start = 1 + (random >> 16) % 9000, end = start + 1 + (random >> 5) % 40;
        const struct range_node *const newest = newest_of_all(start, end);

        assert_ptr_equal(range_tree_newest(root, start, end), newest);
        found += newest != NULL;
        if (taken[i]) {
            range_tree_remove(&root, &nodes[i]);
        } else {
            nodes[i] = (struct range_node){.start = start, .end = end, .number = step};
            range_tree_add(&root, &nodes[i]);
        }
        taken[i] = !taken[i];
    }
    assert_in_range(found, STEPS / 4, STEPS - STEPS / 20);
    for (unsigned i = 0; i < NODES; i++) {
        if (taken[i])
            range_tree_remove(&root, &nodes[i]);
        taken[i] = false;
    }
    assert_null(root);
}

/* Memory comes in the order of its addresses: the worst for a tree that is not balanced. */
static void stays_shallow(void **state)
{
    struct range_node *root = NULL;

    (void)state;
    for (unsigned i = 0; i < NODES; i++) {
        nodes[i] = (struct range_node){.start = 16 * i + 16, .end = 16 * i + 24, .number = i};
        range_tree_add(&root, &nodes[i]);
    }
    assert_in_range(depth_of(root), 10, 40);
    assert_null(range_tree_newest(root, 24, 32));
    assert_ptr_equal(range_tree_newest(root, 23, 24), &nodes[0]);
    assert_ptr_equal(range_tree_newest(root, 0, UINTPTR_MAX), &nodes[NODES - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_newest),
                                       cmocka_unit_test(stays_shallow)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
