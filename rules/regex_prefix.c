/* SPDX-License-Identifier: MIT */
/*
 * Finds prefixes by walking the positions of a run byte by byte: a tree whose leaves are the
 * prefixes. The shortest leaf is opened first, as long as that is worth its price in literals.
 */
#include "rules/regex_prefix.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX_LENGTH_MAX sizeof(((struct regex_prefix *)0)->bytes)

enum case_mode {
    CASE_OPEN, /* no letter yet */
    CASE_EXACT,
    CASE_FOLDED,
};

struct leaf {
    uint8_t bytes[PREFIX_LENGTH_MAX];
    uint8_t length;
    uint8_t mode; /* enum case_mode */
    bool closed;  /* cannot be opened, or is not worth it */
    uint64_t *live;
};

struct search {
    const struct regex_graph *graph;
    struct leaf leaves[REGEX_PREFIXES_MAX + 1];
    size_t count;
    struct leaf children[256];
    size_t child_count;
    uint64_t *sets; /* two for each leaf, children behind */
};

/* How many literals a prefix of a length may be made into by one more byte, and how many there may
 * be in all then: short ones are found too often, long ones need not grow. */
static const struct {
    uint8_t children, total;
} worth[PREFIX_LENGTH_MAX] = {
    {64, 64}, {64, 64}, {10, 64}, {10, 32}, {4, 16}, {4, 16}, {2, 16}, {2, 16},
    {1, 64},  {1, 64},  {1, 64},  {1, 64},  {1, 64}, {1, 64}, {1, 64}, {1, 64},
};

static void graph_ways(const struct regex_graph *graph, const uint64_t *live, uint64_t *ways)
{
    memset(ways, 0, graph->words * sizeof(*ways));
    for (size_t i = 0; i < graph->count; i++) {
        if (live[i / 64] == 0) {
            i |= 63;
        } else if (regex_bit(live, i)) {
            for (size_t w = 0; w < graph->words; w++) {
                ways[w] |= regex_graph_follow(graph, i)[w];
            }
        }
    }
}

/* Those of `ways` that read the byte. */
static bool graph_read(const struct regex_graph *graph, const uint64_t *ways, unsigned byte,
                       uint64_t *live)
{
    bool any = false;
    memset(live, 0, graph->words * sizeof(*live));
    for (size_t i = 1; i < graph->count; i++) {
        if (ways[i / 64] == 0) {
            i |= 63;
        } else if (regex_bit(ways, i) && regex_set_has(&graph->positions[i].bytes, byte)) {
            regex_bit_set(live, i);
            any = true;
        }
    }
    return any;
}

void regex_graph_walk(const struct regex_graph *graph, const uint8_t *bytes, size_t length,
                      uint64_t *live)
{
    uint64_t *ways = live + graph->words;
    memset(live, 0, graph->words * sizeof(*live));
    regex_bit_set(live, 0);
    for (size_t i = 0; i < length; i++) {
        graph_ways(graph, live, ways);
        graph_read(graph, ways, bytes[i], live);
    }
}

/* A match can end where these positions are live: no prefix goes on from there. */
static bool may_end(const struct regex_graph *graph, const uint64_t *live, const uint64_t *ways)
{
    const unsigned ends = REGEX_POSITION_NOW | REGEX_POSITION_END;
    for (size_t i = 0; i < graph->count; i++) {
        unsigned flags = graph->positions[i].flags;
        /* What reads the last newline only is an end, too: END and nothing behind it. */
        if ((regex_bit(live, i) && (flags & ends) != 0) ||
            (regex_bit(ways, i) && (flags & REGEX_POSITION_BEFORE) != 0)) {
            return true;
        }
    }
    return false;
}

static bool is_letter(unsigned byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static struct leaf *child_add(struct search *search, const struct leaf *parent, unsigned byte,
                              enum case_mode mode)
{
    struct leaf *child = &search->children[search->child_count];
    uint64_t *live = child->live;
    *child = *parent;
    child->live = live;
    child->bytes[child->length++] = (uint8_t)byte;
    child->mode = (uint8_t)mode;
    search->child_count++;
    return child;
}

/* All that can follow a leaf, by bytes. False: it must stay as it is. */
static bool open_leaf(struct search *search, const struct leaf *leaf, uint64_t *ways)
{
    const struct regex_graph *graph = search->graph;
    size_t size = graph->words * sizeof(uint64_t);
    search->child_count = 0;
    graph_ways(graph, leaf->live, ways);
    if (leaf->length == PREFIX_LENGTH_MAX || may_end(graph, leaf->live, ways)) {
        return false;
    }
    struct regex_set readable = {{0}};
    for (size_t i = 1; i < graph->count; i++) {
        if (regex_bit(ways, i)) {
            regex_set_add_set(&readable, &graph->positions[i].bytes);
        }
    }
    regex_set_fold(&readable); /* a capital's turn comes with its small letter */
    for (unsigned byte = 0; byte < 256; byte++) {
        /* A letter is looked at with its other case, when the small one's turn comes. */
        bool letter = is_letter(byte);
        if ((byte >= 'A' && byte <= 'Z') || !regex_set_has(&readable, byte)) {
            continue;
        }
        uint64_t *live = search->children[search->child_count].live;
        bool reads = graph_read(graph, ways, byte, live);
        if (!letter) {
            if (reads) {
                child_add(search, leaf, byte, leaf->mode);
            }
            continue;
        }
        uint64_t *other = search->children[search->child_count + 1].live;
        unsigned capital = byte - 'a' + 'A';
        bool capital_reads = graph_read(graph, ways, capital, other);
        if (reads && capital_reads && memcmp(live, other, size) == 0 && leaf->mode != CASE_EXACT) {
            child_add(search, leaf, byte, CASE_FOLDED);
            continue;
        }
        if ((reads || capital_reads) && leaf->mode == CASE_FOLDED) {
            return false;
        }
        if (reads) {
            child_add(search, leaf, byte, CASE_EXACT);
        }
        if (capital_reads) {
            graph_read(graph, ways, capital, search->children[search->child_count].live);
            child_add(search, leaf, capital, CASE_EXACT);
        }
    }
    return search->child_count > 0;
}

/* Puts the children of a leaf into its place, if that is worth it. */
static void grow_leaf(struct search *search, size_t index, uint64_t *ways)
{
    struct leaf *leaf = &search->leaves[index];
    size_t words = search->graph->words;
    size_t length = leaf->length;
    if (!open_leaf(search, leaf, ways) ||
        (search->child_count > 1 &&
         (search->child_count > worth[length].children ||
          search->count - 1 + search->child_count > worth[length].total))) {
        leaf->closed = true;
        return;
    }
    for (size_t i = 0; i < search->child_count; i++) {
        struct leaf *to = i == 0 ? leaf : &search->leaves[search->count++];
        uint64_t *live = to->live;
        *to = search->children[i];
        to->live = live;
        memcpy(to->live, search->children[i].live, words * sizeof(*live));
    }
}

size_t regex_prefixes(const struct regex *regex, struct regex_prefix *prefixes)
{
    const struct regex_graph *graph = &regex->graph;
    size_t leaves = sizeof(((struct search *)0)->leaves) / sizeof(struct leaf);
    size_t children = sizeof(((struct search *)0)->children) / sizeof(struct leaf);
    size_t count = 0;
    if (graph->depends_on_past && !graph->anchored) {
        return 0;
    }
    struct search *search = calloc(1, sizeof(*search));
    uint64_t *sets = calloc((leaves + children + 2) * graph->words, sizeof(*sets));
    if (search == NULL || sets == NULL) {
        goto done;
    }
    search->graph = graph;
    for (size_t i = 0; i < leaves; i++) {
        search->leaves[i].live = sets + i * graph->words;
    }
    for (size_t i = 0; i < children; i++) {
        search->children[i].live = sets + (leaves + i) * graph->words;
    }
    search->count = 1;
    regex_bit_set(search->leaves[0].live, 0);
    for (;;) {
        size_t shortest = SIZE_MAX;
        for (size_t i = 0; i < search->count; i++) {
            if (!search->leaves[i].closed &&
                (shortest == SIZE_MAX ||
                 search->leaves[i].length < search->leaves[shortest].length)) {
                shortest = i;
            }
        }
        if (shortest == SIZE_MAX) {
            break;
        }
        grow_leaf(search, shortest, sets + (leaves + children) * graph->words);
    }
    for (size_t i = 0; i < search->count; i++) {
        const struct leaf *leaf = &search->leaves[i];
        if (leaf->length == 0) {
            count = 0;
            break;
        }
        memset(&prefixes[count], 0, sizeof(prefixes[count]));
        memcpy(prefixes[count].bytes, leaf->bytes, leaf->length);
        prefixes[count].length = leaf->length;
        prefixes[count].nocase = leaf->mode == CASE_FOLDED;
        count++;
    }
done:
    free(sets);
    free(search);
    return count;
}
