/* SPDX-License-Identifier: MIT */
/* A trie of sorted literals, its failure links (Aho and Corasick, 1975), and the compact form of
 * both. */
#include "rules/literals_build_automaton.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/match/literals_section.h"

#define WORDS_MAX LITERALS_LINK_WORD
/* Children from which a node becomes a row, by depth; deeper ones never do. */
static const uint32_t row_children[] = {0, 1, 4};

struct trie_node {
    uint32_t child, last_child, sibling; /* 0: none */
    uint32_t fail, dictionary;           /* dictionary: next terminal on failure, 0: none */
    uint32_t record;
    uint32_t word;
    uint32_t parent;
    uint32_t flags;
    uint16_t depth, children;
    uint8_t byte;
};

struct trie {
    struct trie_node *nodes; /* preorder; 0 is the root */
    uint32_t *order;         /* by depth */
    uint32_t count;
    uint32_t root_child[256];
};

static uint32_t find_child(const struct trie *trie, uint32_t at, uint8_t byte)
{
    if (at == 0)
        return trie->root_child[byte];
    uint32_t child = trie->nodes[at].child;
    while (child != 0 && trie->nodes[child].byte != byte)
        child = trie->nodes[child].sibling;
    return child;
}

/* Where `byte` leads from node `at`, failures included. */
static uint32_t find_next(const struct trie *trie, uint32_t at, uint8_t byte)
{
    for (;;) {
        const uint32_t child = find_child(trie, at, byte);
        if (child != 0 || at == 0)
            return child;
        at = trie->nodes[at].fail;
    }
}

static void grow_trie(struct trie *trie, const struct literals_item *items, uint32_t count)
{
    uint32_t path[LITERALS_LENGTH_MAX + 1] = {0};

    trie->count = 1;
    for (uint32_t i = 0; i < count; i++) {
        const struct literals_item *item = &items[i];
        for (uint32_t depth = item->shared; depth < item->length; depth++) {
            const uint32_t parent = path[depth], made = trie->count++;
            struct trie_node *node = &trie->nodes[made];
            struct trie_node *above = &trie->nodes[parent];

            node->byte = item->bytes[depth];
            node->depth = (uint16_t)(depth + 1);
            node->record = i;
            node->parent = parent;
            if (above->child == 0)
                above->child = made;
            else
                trie->nodes[above->last_child].sibling = made;
            above->last_child = made;
            above->children++;
            if (parent == 0)
                trie->root_child[node->byte] = made;
            path[depth + 1] = made;
        }
        trie->nodes[path[item->length]].flags |= LITERALS_TERMINAL;
        for (uint32_t depth = 0; item->blocking && depth < item->length; depth++)
            trie->nodes[path[depth]].flags |= LITERALS_BELOW | LITERALS_LIVE;
    }
    trie->nodes[0].flags &= ~(LITERALS_BELOW | LITERALS_LIVE); /* nothing is begun there */
}

static void order_by_depth(struct trie *trie)
{
    uint32_t first[LITERALS_LENGTH_MAX + 2] = {0};

    for (uint32_t i = 0; i < trie->count; i++)
        first[trie->nodes[i].depth + 1]++;
    for (uint32_t depth = 1; depth < LITERALS_LENGTH_MAX + 2; depth++)
        first[depth] += first[depth - 1];
    for (uint32_t i = 0; i < trie->count; i++)
        trie->order[first[trie->nodes[i].depth]++] = i;
}

static void link_failures(struct trie *trie)
{
    for (uint32_t i = 1; i < trie->count; i++) {
        struct trie_node *node = &trie->nodes[trie->order[i]];
        if (node->parent != 0)
            node->fail = find_next(trie, trie->nodes[node->parent].fail, node->byte);
        const struct trie_node *fail = &trie->nodes[node->fail];
        node->flags |= fail->flags & LITERALS_LIVE;
        node->dictionary = (fail->flags & LITERALS_TERMINAL) != 0 ? node->fail : fail->dictionary;
        if (node->dictionary != 0)
            node->flags |= LITERALS_SUFFIX;
    }
}

static enum literals_kind node_kind(const struct trie_node *node)
{
    const size_t limits = sizeof(row_children) / sizeof(row_children[0]);

    if (node->depth < limits && node->children >= row_children[node->depth])
        return LITERALS_ROW;
    if (node->children > 1)
        return node->children <= LITERALS_BYTE_MASK ? LITERALS_LIST : LITERALS_ROW;
    return node->children == 1 ? LITERALS_ONE : LITERALS_LEAF;
}

static uint32_t node_words(const struct trie_node *node)
{
    const uint32_t lead = literals_lead(node->flags);

    switch (node_kind(node)) {
    case LITERALS_ROW:
        return lead + 256;
    case LITERALS_LIST:
        return lead + (node->children + 2u) / 3 + node->children;
    default:
        return lead;
    }
}

static uint32_t node_link(const struct trie_node *node)
{
    return literals_link(node->word,
                         (uint32_t)node_kind(node) << LITERALS_KIND_SHIFT | node->flags);
}

static void write_children(const struct trie *trie, uint32_t index, uint32_t *at)
{
    const struct trie_node *nodes = trie->nodes;
    const struct trie_node *node = &nodes[index];
    const enum literals_kind kind = node_kind(node);

    if (kind == LITERALS_ROW) {
        for (uint32_t byte = 0; byte < 256; byte++)
            at[byte] = node_link(&nodes[find_next(trie, index, (uint8_t)byte)]);
    } else if (kind == LITERALS_LIST) {
        const uint32_t byte_words = (node->children + 2u) / 3;
        uint32_t i = 0, byte = 0;
        for (uint32_t child = node->child; child != 0; child = nodes[child].sibling) {
            byte = nodes[child].byte;
            at[i / 3] |= byte << (8 * (i % 3));
            at[byte_words + i++] = node_link(&nodes[child]);
        }
        /* Of equal bytes the first is found: the places left over repeat the last. */
        for (; i % 3 != 0; i++)
            at[i / 3] |= byte << (8 * (i % 3));
    }
}

static void write_node(const struct trie *trie, uint32_t index, uint32_t *words)
{
    const struct trie_node *nodes = trie->nodes;
    const struct trie_node *node = &nodes[index];
    const enum literals_kind kind = node_kind(node);
    uint32_t *at = words + node->word;
    uint32_t byte = 0;

    if (kind == LITERALS_ONE) {
        byte = nodes[node->child].byte;
        if ((node_link(&nodes[node->child]) & LITERALS_LINK_ENDS) != 0)
            byte |= LITERALS_CHILD_ENDS;
    } else if (kind == LITERALS_LIST)
        byte = node->children;
    at[0] = LITERALS_NODE | (uint32_t)kind << LITERALS_KIND_SHIFT | node->flags |
            (uint32_t)node->depth << LITERALS_DEPTH_SHIFT | byte;
    at[1] = node_link(&nodes[node->fail]);
    at[2] = node->record;
    if ((node->flags & LITERALS_SUFFIX) != 0)
        at[3] = nodes[node->dictionary].word;
    write_children(trie, index, at + literals_lead(node->flags));
}

bool literals_build_automaton(const struct literals_item *items, uint32_t count, uint32_t **words,
                              size_t *word_count)
{
    struct trie *trie = calloc(1, sizeof(*trie));
    size_t node_max = 1, total = 0;
    bool done = false;

    *words = NULL;
    *word_count = 0;
    for (uint32_t i = 0; i < count; i++)
        node_max += (size_t)(items[i].length - items[i].shared);
    if (trie == NULL || node_max > WORDS_MAX / LITERALS_NODE_WORDS)
        goto done;
    trie->nodes = calloc(node_max, sizeof(*trie->nodes));
    trie->order = malloc(node_max * sizeof(*trie->order));
    if (trie->nodes == NULL || trie->order == NULL)
        goto done;
    grow_trie(trie, items, count);
    order_by_depth(trie);
    link_failures(trie);
    for (uint32_t i = 0; i < trie->count; i++) {
        trie->nodes[i].word = (uint32_t)total;
        total += node_words(&trie->nodes[i]);
        if (total > WORDS_MAX)
            goto done;
    }
    /* There is a root: NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI) */
    *words = calloc(total, sizeof(**words));
    if (*words == NULL)
        goto done;
    for (uint32_t i = 0; i < trie->count; i++)
        write_node(trie, i, *words);
    *word_count = total;
    done = true;

done:
    if (trie != NULL) {
        free(trie->nodes);
        free(trie->order);
    }
    free(trie);
    return done;
}
