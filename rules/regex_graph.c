/* SPDX-License-Identifier: MIT */
/*
 * From a tree to positions: first a net of choices and conditions between the sets (Thompson), then
 * for each set the closure of what can come behind it, with the conditions under which it can.
 */
#include "rules/regex_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POSITIONS_MAX 2500u
#define NET_MAX       100000u

/* A node of the net: a set that reads a byte, the accepting end, or a choice of two ways that can
 * be gone where the guard holds. */
struct net_node {
    uint32_t ways[2];
    regex_guard guard;
    uint32_t leaf; /* index of a set; NO_LEAF */
};
#define NO_LEAF    UINT32_MAX
#define NET_ACCEPT 0u

struct net {
    struct net_node *nodes;
    size_t count, node_capacity;
    const struct regex_set **sets; /* by leaf */
    size_t leaves, capacity;
    uint32_t begin;
    uint32_t search; /* leaf of the search's loop; NO_LEAF */
    /* Closures. */
    regex_guard *reached; /* by node */
    uint32_t *stack, *touched;
    size_t touched_count;
    uint8_t *stacked;
    regex_guard *found; /* by leaf */
    uint32_t *found_leaves;
    size_t found_count;
    regex_guard accepted;
    /* What the closures of all leaves said. */
    regex_guard *accepts; /* by leaf */
    bool *split;          /* by leaf */
};

static const struct regex_set any_byte = {{~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)}};

/* What cannot be added makes the count exceed NET_MAX, for good: looked at when all is done. */
static uint32_t net_add(struct net *net, uint32_t first, uint32_t second, regex_guard guard)
{
    if (net->count < NET_MAX && net->count == net->node_capacity) {
        size_t capacity = net->node_capacity * 2 + 64;
        struct net_node *grown = realloc(net->nodes, capacity * sizeof(*grown));
        net->nodes = grown != NULL ? grown : net->nodes;
        net->node_capacity = grown != NULL ? capacity : net->node_capacity;
    }
    if (net->count >= NET_MAX || net->count == net->node_capacity) {
        net->count = NET_MAX + 1;
        return NET_ACCEPT;
    }
    net->nodes[net->count] =
        (struct net_node){.ways = {first, second}, .guard = guard, .leaf = NO_LEAF};
    return (uint32_t)net->count++;
}

static uint32_t net_add_leaf(struct net *net, const struct regex_set *set, uint32_t next)
{
    uint32_t node = net_add(net, next, next, REGEX_GUARD_ALWAYS);
    if (net->count > NET_MAX || net->leaves == net->capacity) {
        net->count = NET_MAX + 1;
        return NET_ACCEPT;
    }
    net->sets[net->leaves] = set;
    net->nodes[node].leaf = (uint32_t)net->leaves++;
    return node;
}

static uint32_t net_emit(struct net *net, const struct regex_node *node, uint32_t next);

/* Children are linked forwards, the net is made backwards. */
static uint32_t net_emit_sequence(struct net *net, const struct regex_node *node, uint32_t next)
{
    size_t count = 0;
    for (const struct regex_node *child = node->children; child != NULL; child = child->next) {
        count++;
    }
    const struct regex_node **children = calloc(count + 1, sizeof(*children));
    if (children == NULL) {
        net->count = NET_MAX + 1;
        return NET_ACCEPT;
    }
    count = 0;
    for (const struct regex_node *child = node->children; child != NULL; child = child->next) {
        children[count++] = child;
    }
    uint32_t choice = UINT32_MAX;
    uint32_t behind = next;
    while (count > 0 && net->count <= NET_MAX) {
        count--;
        if (node->kind == REGEX_NODE_SEQUENCE) {
            next = net_emit(net, children[count], next);
        } else {
            uint32_t way = net_emit(net, children[count], behind);
            choice = choice == UINT32_MAX ? way : net_add(net, way, choice, REGEX_GUARD_ALWAYS);
        }
    }
    free(children);
    return node->kind == REGEX_NODE_SEQUENCE || choice == UINT32_MAX ? next : choice;
}

static uint32_t net_emit_repeat(struct net *net, const struct regex_node *node, uint32_t next)
{
    const struct regex_node *body = node->children;
    uint32_t behind = next;
    uint32_t copies = node->minimum;
    if (regex_node_positions(body) == 0) {
        /* Conditions alone: often is no more than once. */
        return node->minimum == 0 ? next : net_emit(net, body, next);
    }
    if (node->maximum == REGEX_UNLIMITED) {
        uint32_t loop = net_add(net, behind, behind, REGEX_GUARD_ALWAYS);
        uint32_t entry = net_emit(net, body, loop);
        if (net->count > NET_MAX) {
            return NET_ACCEPT;
        }
        net->nodes[loop].ways[0] = entry;
        next = copies == 0 ? loop : entry;
        copies -= copies == 0 ? 0 : 1;
    } else {
        for (uint32_t i = node->minimum; i < node->maximum && net->count <= NET_MAX; i++) {
            next = net_add(net, net_emit(net, body, next), behind, REGEX_GUARD_ALWAYS);
        }
    }
    while (copies > 0 && net->count <= NET_MAX) {
        next = net_emit(net, body, next);
        copies--;
    }
    return next;
}

static uint32_t net_emit(struct net *net, const struct regex_node *node, uint32_t next)
{
    switch (node->kind) {
    case REGEX_NODE_SET:
        return net_add_leaf(net, &node->set, next);
    case REGEX_NODE_GUARD:
        return net_add(net, next, next, node->guard);
    case REGEX_NODE_SEQUENCE:
    case REGEX_NODE_CHOICE:
        return net_emit_sequence(net, node, next);
    case REGEX_NODE_REPEAT:
        return net_emit_repeat(net, node, next);
    default:
        return next;
    }
}

static void net_free(struct net *net)
{
    free(net->nodes);
    free(net->sets);
    free(net->reached);
    free(net->stack);
    free(net->touched);
    free(net->stacked);
    free(net->found);
    free(net->found_leaves);
    free(net->accepts);
    free(net->split);
}

static bool net_make(struct net *net, const struct regex_tree *tree, bool search,
                     struct regex_error *error)
{
    size_t positions = regex_node_positions(tree->root);
    if (positions > POSITIONS_MAX) {
        snprintf(error->text, sizeof(error->text),
                 "too large: more than %u positions with its repeats written out", POSITIONS_MAX);
        return false;
    }
    net->capacity = positions + 1;
    net->search = NO_LEAF;
    net->sets = calloc(net->capacity, sizeof(*net->sets));
    if (net->sets == NULL) {
        goto no_memory;
    }
    (void)net_add(net, NET_ACCEPT, NET_ACCEPT, REGEX_GUARD_ALWAYS);
    net->begin = net_emit(net, tree->root, NET_ACCEPT);
    if (search && net->count <= NET_MAX) {
        uint32_t loop = net_add(net, net->begin, net->begin, REGEX_GUARD_ALWAYS);
        uint32_t leaf = net_add_leaf(net, &any_byte, loop);
        if (net->count <= NET_MAX) {
            net->nodes[loop].ways[0] = leaf;
            net->search = net->nodes[leaf].leaf;
            net->begin = loop;
        }
    }
    if (net->count > NET_MAX) {
        snprintf(error->text, sizeof(error->text),
                 "too large: its repeats written out have too many parts");
        return false;
    }
    net->reached = calloc(net->count, sizeof(*net->reached));
    net->stack = calloc(net->count, sizeof(*net->stack));
    net->touched = calloc(net->count, sizeof(*net->touched));
    net->stacked = calloc(net->count, sizeof(*net->stacked));
    net->found = calloc(net->capacity, sizeof(*net->found));
    net->found_leaves = calloc(net->capacity, sizeof(*net->found_leaves));
    net->accepts = calloc(net->capacity, sizeof(*net->accepts));
    net->split = calloc(net->capacity, sizeof(*net->split));
    if (net->reached != NULL && net->stack != NULL && net->touched != NULL &&
        net->stacked != NULL && net->found != NULL && net->found_leaves != NULL &&
        net->accepts != NULL && net->split != NULL) {
        return true;
    }
no_memory:
    snprintf(error->text, sizeof(error->text), "out of memory");
    return false;
}

/* Where `guard` lets one go from node `from`: fills found, found_leaves and accepted. */
static void net_close(struct net *net, uint32_t from, regex_guard guard)
{
    size_t depth = 0;
    for (size_t i = 0; i < net->found_count; i++) {
        net->found[net->found_leaves[i]] = 0;
    }
    net->found_count = 0;
    net->accepted = 0;
    net->reached[from] = guard;
    net->touched[0] = from;
    net->touched_count = 1;
    net->stack[depth++] = from;
    net->stacked[from] = 1;
    while (depth > 0) {
        uint32_t at = net->stack[--depth];
        const struct net_node *node = &net->nodes[at];
        net->stacked[at] = 0;
        regex_guard here = net->reached[at];
        if (at == NET_ACCEPT) {
            net->accepted |= here;
            continue;
        }
        if (node->leaf != NO_LEAF) {
            if (net->found[node->leaf] == 0) {
                net->found_leaves[net->found_count++] = node->leaf;
            }
            net->found[node->leaf] |= here;
            continue;
        }
        here &= node->guard;
        for (size_t i = 0; i < 2; i++) {
            uint32_t way = node->ways[i];
            if ((here & ~net->reached[way]) == 0) {
                continue;
            }
            if (net->reached[way] == 0) {
                net->touched[net->touched_count++] = way;
            }
            net->reached[way] |= here;
            if (!net->stacked[way]) {
                net->stacked[way] = 1;
                net->stack[depth++] = way;
            }
        }
    }
    for (size_t i = 0; i < net->touched_count; i++) {
        net->reached[net->touched[i]] = 0;
    }
}

static struct regex_set context_bytes(unsigned context)
{
    struct regex_set set = {{0}};
    if (context == REGEX_BEFORE_NEWLINE) {
        regex_set_add(&set, '\n');
    } else if (context == REGEX_BEFORE_WORD) {
        regex_set_add_type(&set, 'w');
    } else {
        regex_set_add_type(&set, 'W');
        set.words[0] &= ~(UINT64_C(1) << '\n');
    }
    return set;
}

/* Bits (1 << context) of what kinds of byte are in the set; enum regex_before and enum regex_after
 * have the same numbers for them. */
static unsigned contexts_of(const struct regex_set *set)
{
    unsigned contexts = 0;
    for (unsigned context = REGEX_BEFORE_NEWLINE; context <= REGEX_BEFORE_OTHER; context++) {
        struct regex_set bytes = context_bytes(context);
        bytes = regex_set_intersect(&bytes, set);
        contexts |= regex_set_empty(&bytes) ? 0 : 1u << context;
    }
    return contexts;
}

static unsigned guard_row(regex_guard guard, unsigned before)
{
    return guard >> (before * REGEX_AFTERS) & ((1u << REGEX_AFTERS) - 1);
}

#define AFTERS_WITH_LAST(contexts)                                                                 \
    ((contexts) |                                                                                  \
     (((contexts) & 1u << REGEX_AFTER_NEWLINE) != 0 ? 1u << REGEX_AFTER_LAST_NEWLINE : 0))
#define AFTERS_ALL ((1u << REGEX_AFTERS) - 1)

/* All rows of `contexts` say the same about `columns`. */
static bool rows_equal(regex_guard guard, unsigned contexts, unsigned columns)
{
    int first = -1;
    for (unsigned before = 0; before < REGEX_BEFORES; before++) {
        if ((contexts >> before & 1) != 0) {
            int row = (int)(guard_row(guard, before) & columns);
            if (first >= 0 && row != first) {
                return false;
            }
            first = row;
        }
    }
    return true;
}

/* Each row says yes to all of `columns` or to none. */
static bool columns_equal(regex_guard guard, unsigned rows, unsigned columns)
{
    for (unsigned before = 0; before < REGEX_BEFORES; before++) {
        unsigned row = guard_row(guard, before) & columns;
        if ((rows >> before & 1) != 0 && row != 0 && row != columns) {
            return false;
        }
    }
    return true;
}

#define BEFORES_ALL ((1u << REGEX_BEFORES) - 1)

/* The first pass: which sets must be split by the kind of byte, and where each accepts. */
static void net_survey(struct net *net, const uint32_t *next, struct regex_graph *graph)
{
    for (size_t leaf = 0; leaf <= net->leaves; leaf++) {
        bool begin = leaf == net->leaves;
        unsigned rows = begin ? 1u << REGEX_BEFORE_NOTHING : contexts_of(net->sets[leaf]);
        net_close(net, begin ? net->begin : next[leaf], REGEX_GUARD_ALWAYS);
        net->accepts[begin ? net->capacity - 1 : leaf] = net->accepted;
        bool split = !rows_equal(net->accepted, rows, AFTERS_ALL);
        bool past = !rows_equal(net->accepted, BEFORES_ALL, AFTERS_ALL);
        bool later = (net->accepted >> REGEX_AFTERS) != 0;
        for (size_t i = 0; i < net->found_count; i++) {
            uint32_t to = net->found_leaves[i];
            unsigned columns = contexts_of(net->sets[to]);
            regex_guard guard = net->found[to];
            split = split || !rows_equal(guard, rows, AFTERS_WITH_LAST(columns));
            net->split[to] = net->split[to] || !columns_equal(guard, rows, columns);
            past = past || !rows_equal(guard, BEFORES_ALL, AFTERS_WITH_LAST(columns));
            for (unsigned before = REGEX_BEFORE_NEWLINE; before < REGEX_BEFORES; before++) {
                later = later || (guard_row(guard, before) & AFTERS_WITH_LAST(columns)) != 0;
            }
        }
        if (begin) {
            graph->anchored = !later;
            graph->depends_on_past = past;
        } else {
            net->split[leaf] = net->split[leaf] || split;
        }
    }
}

/* The positions made of a leaf: one, or one for each kind of byte. */
struct parts {
    uint32_t position[REGEX_BEFORES]; /* by context; 0: none */
    uint8_t contexts;
};

/* Positions that stand for a byte that is only looked at. */
struct lookers {
    uint32_t before[REGEX_BEFORES]; /* a match ended before this kind of byte */
    uint32_t last_newline;
};

static uint32_t graph_add(struct regex_graph *graph, struct regex_set bytes, unsigned flags)
{
    graph->positions[graph->count] = (struct regex_position){bytes, (uint8_t)flags};
    return (uint32_t)graph->count++;
}

static void graph_accept(struct regex_graph *graph, size_t position, unsigned row,
                         const struct lookers *lookers)
{
    const unsigned whatever = 1u << REGEX_AFTER_END | 1u << REGEX_AFTER_NEWLINE |
                              1u << REGEX_AFTER_WORD | 1u << REGEX_AFTER_OTHER;
    uint64_t *follow = regex_graph_follow(graph, position);
    if ((row & 1u << REGEX_AFTER_END) != 0) {
        graph->positions[position].flags |= REGEX_POSITION_END;
    }
    if ((row & whatever) == whatever) {
        graph->positions[position].flags |= REGEX_POSITION_NOW;
        return;
    }
    for (unsigned after = REGEX_AFTER_NEWLINE; after <= REGEX_AFTER_OTHER; after++) {
        if ((row & 1u << after) != 0) {
            regex_bit_set(follow, lookers->before[after]);
        }
    }
    if ((row & 1u << REGEX_AFTER_LAST_NEWLINE) != 0 && (row & 1u << REGEX_AFTER_NEWLINE) == 0) {
        regex_bit_set(follow, lookers->last_newline);
    }
}

/* The second pass: the edges of one position, `row` being what stands before what follows it. */
static void graph_connect(struct regex_graph *graph, const struct net *net,
                          const struct parts *parts, const struct lookers *lookers, size_t position,
                          unsigned before, regex_guard accepts)
{
    uint64_t *follow = regex_graph_follow(graph, position);
    for (size_t i = 0; i < net->found_count; i++) {
        uint32_t to = net->found_leaves[i];
        unsigned row = guard_row(net->found[to], before);
        for (unsigned after = REGEX_AFTER_NEWLINE; after <= REGEX_AFTER_OTHER; after++) {
            if ((parts[to].contexts >> after & 1) != 0 && (row >> after & 1) != 0) {
                regex_bit_set(follow, parts[to].position[after]);
            }
        }
        /* Reads the buffer's last newline, which it could not if anything followed. */
        bool only_last = (row & 1u << REGEX_AFTER_LAST_NEWLINE) != 0 &&
                         (row & 1u << REGEX_AFTER_NEWLINE) == 0 &&
                         regex_set_has(net->sets[to], '\n');
        if (only_last &&
            (guard_row(net->accepts[to], REGEX_BEFORE_NEWLINE) & 1u << REGEX_AFTER_END) != 0) {
            regex_bit_set(follow, lookers->last_newline);
        }
    }
    graph_accept(graph, position, guard_row(accepts, before), lookers);
}

static void graph_add_leaf(struct regex_graph *graph, const struct net *net, size_t leaf,
                           struct parts *parts)
{
    unsigned flags = leaf == net->search ? REGEX_POSITION_SEARCH : 0;
    parts->contexts = (uint8_t)contexts_of(net->sets[leaf]);
    if (!net->split[leaf]) {
        uint32_t position = graph_add(graph, *net->sets[leaf], flags);
        for (unsigned context = 0; context < REGEX_BEFORES; context++) {
            parts->position[context] = position;
        }
        return;
    }
    for (unsigned context = REGEX_BEFORE_NEWLINE; context <= REGEX_BEFORE_OTHER; context++) {
        if ((parts->contexts >> context & 1) != 0) {
            struct regex_set bytes = context_bytes(context);
            bytes = regex_set_intersect(&bytes, net->sets[leaf]);
            parts->position[context] = graph_add(graph, bytes, flags);
        }
    }
}

static bool graph_build(struct regex_graph *graph, struct net *net, const uint32_t *next)
{
    size_t most = net->leaves * 3 + 5;
    struct parts *parts = calloc(net->leaves + 1, sizeof(*parts));
    struct lookers lookers = {{0}, 0};
    graph->positions = calloc(most, sizeof(*graph->positions));
    if (parts == NULL || graph->positions == NULL) {
        free(parts);
        return false;
    }
    (void)graph_add(graph, (struct regex_set){{0}}, REGEX_POSITION_SEARCH);
    /* The net was made from its end; the search's loop, made last, comes first. */
    for (size_t leaf = net->leaves; leaf-- > 0;) {
        graph_add_leaf(graph, net, leaf, &parts[leaf]);
    }
    for (unsigned context = REGEX_BEFORE_NEWLINE; context <= REGEX_BEFORE_OTHER; context++) {
        lookers.before[context] = graph_add(graph, context_bytes(context), REGEX_POSITION_BEFORE);
    }
    lookers.last_newline =
        graph_add(graph, context_bytes(REGEX_BEFORE_NEWLINE), REGEX_POSITION_END);
    graph->words = (graph->count + 63) / 64;
    graph->follow = calloc(graph->count * graph->words, sizeof(*graph->follow));
    if (graph->follow == NULL) {
        free(parts);
        return false;
    }
    net_close(net, net->begin, REGEX_GUARD_ALWAYS);
    graph_connect(graph, net, parts, &lookers, 0, REGEX_BEFORE_NOTHING, net->accepted);
    for (size_t leaf = 0; leaf < net->leaves; leaf++) {
        net_close(net, next[leaf], REGEX_GUARD_ALWAYS);
        uint32_t done = 0;
        for (unsigned context = REGEX_BEFORE_NEWLINE; context <= REGEX_BEFORE_OTHER; context++) {
            uint32_t position = parts[leaf].position[context];
            if ((parts[leaf].contexts >> context & 1) != 0 && position != done) {
                graph_connect(graph, net, parts, &lookers, position, context, net->accepts[leaf]);
                done = position;
            }
        }
    }
    free(parts);
    return true;
}

/* Keeps what can be reached and from where a match can be reached. */
static bool graph_trim(struct regex_graph *graph)
{
    uint64_t *forward = calloc(graph->words, sizeof(*forward));
    uint64_t *backward = calloc(graph->words, sizeof(*backward));
    const unsigned matches = REGEX_POSITION_NOW | REGEX_POSITION_BEFORE | REGEX_POSITION_END;
    if (forward == NULL || backward == NULL) {
        free(forward);
        free(backward);
        return false;
    }
    regex_bit_set(forward, 0);
    for (size_t i = 0; i < graph->count; i++) {
        if ((graph->positions[i].flags & matches) != 0) {
            regex_bit_set(backward, i);
        }
    }
    /* Each in the direction in which most edges go: then a pass or two suffice. */
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < graph->count; i++) {
            const uint64_t *follow = regex_graph_follow(graph, i);
            for (size_t w = 0; regex_bit(forward, i) && w < graph->words; w++) {
                changed = changed || (follow[w] & ~forward[w]) != 0;
                forward[w] |= follow[w];
            }
        }
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = graph->count; i-- > 0;) {
            const uint64_t *follow = regex_graph_follow(graph, i);
            bool leads = false;
            for (size_t w = 0; !regex_bit(backward, i) && !leads && w < graph->words; w++) {
                leads = (follow[w] & backward[w]) != 0;
            }
            if (leads) {
                regex_bit_set(backward, i);
                changed = true;
            }
        }
    }
    graph->possible = regex_bit(backward, 0);
    for (size_t w = 0; w < graph->words; w++) {
        forward[w] &= backward[w];
    }
    regex_bit_set(forward, 0);
    regex_graph_keep(graph, forward);
    free(forward);
    free(backward);
    return true;
}

bool regex_graph_make(struct regex_graph *graph, const struct regex_tree *tree, bool search,
                      struct regex_error *error)
{
    struct net net = {0};
    uint32_t *next = NULL;
    bool made = false;
    memset(graph, 0, sizeof(*graph));
    if (!net_make(&net, tree, search, error)) {
        goto done;
    }
    snprintf(error->text, sizeof(error->text), "out of memory");
    next = calloc(net.leaves + 1, sizeof(*next));
    if (next == NULL) {
        goto done;
    }
    for (size_t i = 0; i < net.count; i++) {
        if (net.nodes[i].leaf != NO_LEAF) {
            next[net.nodes[i].leaf] = net.nodes[i].ways[0];
        }
    }
    net_survey(&net, next, graph);
    if (!graph_build(graph, &net, next) || !graph_trim(graph) || !regex_graph_reduce(graph)) {
        goto done;
    }
    made = true;
done:
    free(next);
    net_free(&net);
    return made;
}

void regex_graph_free(struct regex_graph *graph)
{
    free(graph->positions);
    free(graph->follow);
    memset(graph, 0, sizeof(*graph));
}

size_t regex_graph_classes(const struct regex_graph *graph, uint8_t map[256])
{
    size_t count = 1;
    memset(map, 0, 256);
    for (size_t i = 1; i < graph->count && count < 256; i++) {
        const struct regex_set *bytes = &graph->positions[i].bytes;
        int16_t inside[256], outside[256];
        memset(inside, -1, sizeof(inside));
        memset(outside, -1, sizeof(outside));
        /* A class that has bytes of both sorts becomes two. Numbers go up with the bytes. */
        size_t renumbered = 0;
        for (unsigned byte = 0; byte < 256; byte++) {
            int16_t *number = regex_set_has(bytes, byte) ? &inside[map[byte]] : &outside[map[byte]];
            if (*number < 0) {
                *number = (int16_t)renumbered++;
            }
            map[byte] = (uint8_t)*number;
        }
        count = renumbered;
    }
    return count;
}

uint64_t *regex_graph_readers(const struct regex_graph *graph, const uint8_t map[256],
                              size_t classes)
{
    uint64_t *readers = calloc(classes * graph->words, sizeof(*readers));
    if (readers == NULL) {
        return NULL;
    }
    for (size_t i = 1; i < graph->count; i++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            if (regex_set_has(&graph->positions[i].bytes, byte)) {
                regex_bit_set(readers + map[byte] * graph->words, i);
            }
        }
    }
    return readers;
}
