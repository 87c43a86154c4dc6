/* SPDX-License-Identifier: MIT */
/* Chooses an automaton's kind and writes its parts: see inspect/match/automaton_format.h. */
#include "rules/regex_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/regex_prefix.h"
#include "rules/regex_table.h"

/* Bytes of transitions when there is no other way. */
#define TABLE_SIZE_MAX     (512u << 10)
#define BITS_POSITIONS_MAX (AUTOMATON_WORDS_MAX * 64u)

/* Bit 0 of a set says something else: graph position i is bit i + 1. */
#define BIT_OF(position)   ((position) + 1)

static bool lay_table(struct regex_layout *layout, const struct regex_table *table)
{
    size_t width = regex_table_width(table);
    size_t cells = table->states * table->classes;
    size_t flags = cells * width;
    size_t dominance = (flags + table->states + 7) / 8 * 8;
    layout->body_size =
        dominance + (table->dominance != NULL ? table->states * sizeof(uint64_t) : 0);
    layout->body = calloc(1, layout->body_size);
    if (layout->body == NULL) {
        return false;
    }
    for (size_t i = 0; i < cells; i++) {
        layout->body[i * width] = (uint8_t)table->next[i];
        if (width == 2) {
            layout->body[i * 2 + 1] = (uint8_t)(table->next[i] >> 8);
        }
    }
    memcpy(layout->body + flags, table->flags, table->states);
    if (table->dominance != NULL) {
        memcpy(layout->body + dominance, table->dominance, table->states * sizeof(uint64_t));
    }
    memcpy(layout->map, table->map, sizeof(layout->map));
    layout->header.kind = INSPECT_AUTOMATON_TABLE;
    layout->header.width = (uint8_t)width;
    layout->header.classes = (uint16_t)table->classes;
    layout->header.states = (uint32_t)table->states;
    layout->header.table.plain = (uint32_t)table->plain;
    layout->header.table.start = (uint32_t)table->start;
    layout->header.table.flags = (uint32_t)flags;
    layout->header.table.dominance = table->dominance != NULL ? (uint32_t)dominance : 0;
    return true;
}

/* A position from which more can come. */
static bool has_future(const struct regex_graph *graph, size_t position)
{
    const unsigned flags = graph->positions[position].flags;
    if ((flags & (REGEX_POSITION_END | REGEX_POSITION_NOW)) == REGEX_POSITION_END) {
        return true;
    }
    for (size_t w = 0; w < graph->words; w++) {
        if (regex_graph_follow(graph, position)[w] != 0) {
            return true;
        }
    }
    return false;
}

/* Groups of positions with the same followers, but for themselves and their neighbours. */
struct groups {
    uint64_t from[AUTOMATON_GROUPS_MAX][AUTOMATON_WORDS_MAX];
    uint64_t to[AUTOMATON_GROUPS_MAX][AUTOMATON_WORDS_MAX];
    size_t count;
};

static void group_add(struct groups *groups, size_t bit, const uint64_t *to)
{
    size_t group = 0;
    if ((to[0] | to[1] | to[2] | to[3]) == 0) {
        return;
    }
    while (group < groups->count && memcmp(groups->to[group], to, sizeof(groups->to[group])) != 0) {
        group++;
    }
    if (group == groups->count) {
        memcpy(groups->to[group], to, sizeof(groups->to[group]));
        groups->count++;
    }
    regex_bit_set(groups->from[group], bit);
}

/* The sets of a body that all classes share, in its order. */
enum fixed_set { SET_SHIFT, SET_SELF, SET_NOW, SET_BEFORE, SET_END, SET_FUTURE, SETS };

static bool lay_bits(struct regex_layout *layout, const struct regex_graph *graph)
{
    uint64_t sets[SETS][AUTOMATON_WORDS_MAX] = {{0}};
    size_t width = (graph->count + 1 + 63) / 64;
    size_t classes = regex_graph_classes(graph, layout->map);
    bool laid = false;
    struct groups *groups = calloc(1, sizeof(*groups));
    layout->entries = calloc(width, sizeof(uint64_t));
    if (groups == NULL || layout->entries == NULL) {
        goto done;
    }
    layout->entries[0] = AUTOMATON_BEGIN;
    for (size_t i = 0; i < graph->count; i++) {
        const uint64_t *follow = regex_graph_follow(graph, i);
        unsigned flags = graph->positions[i].flags;
        uint64_t to[AUTOMATON_WORDS_MAX] = {0};
        for (size_t j = 0; j < graph->count; j++) {
            if (!regex_bit(follow, j)) {
                continue;
            }
            if (j == i || j == i + 1) {
                regex_bit_set(sets[j == i ? SET_SELF : SET_SHIFT], BIT_OF(i));
            } else {
                regex_bit_set(to, BIT_OF(j));
            }
        }
        group_add(groups, BIT_OF(i), to);
        if ((flags & REGEX_POSITION_NOW) != 0) {
            regex_bit_set(sets[SET_NOW], BIT_OF(i));
        }
        if ((flags & REGEX_POSITION_BEFORE) != 0) {
            regex_bit_set(sets[SET_BEFORE], BIT_OF(i));
        }
        if ((flags & REGEX_POSITION_END) != 0) {
            regex_bit_set(sets[SET_END], BIT_OF(i));
        }
        if (has_future(graph, i)) {
            regex_bit_set(sets[SET_FUTURE], BIT_OF(i));
        }
    }
    layout->body_size = (classes + SETS + 2 * groups->count) * width * sizeof(uint64_t);
    layout->body = calloc(1, layout->body_size);
    if (layout->body == NULL) {
        goto done;
    }
    uint64_t *at = (uint64_t *)layout->body;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t i = 1; i < graph->count; i++) {
            if (regex_set_has(&graph->positions[i].bytes, byte)) {
                regex_bit_set(at + layout->map[byte] * width, BIT_OF(i));
            }
        }
    }
    at += classes * width;
    for (size_t i = 0; i < SETS; i++, at += width) {
        memcpy(at, sets[i], width * sizeof(*at));
    }
    for (size_t i = 0; i < groups->count; i++, at += width) {
        memcpy(at, groups->from[i], width * sizeof(*at));
    }
    for (size_t i = 0; i < groups->count; i++, at += width) {
        memcpy(at, groups->to[i], width * sizeof(*at));
    }
    layout->header.kind = INSPECT_AUTOMATON_BITS;
    layout->header.width = (uint8_t)width;
    layout->header.classes = (uint16_t)classes;
    layout->header.states = (uint32_t)(graph->count + 1);
    layout->header.bits.groups = (uint32_t)groups->count;
    layout->header.bits.entries = 1;
    laid = true;
done:
    free(groups);
    return laid;
}

static bool lay_tracked(struct regex_layout *layout, const struct regex_graph *graph)
{
    size_t classes = regex_graph_classes(graph, layout->map);
    size_t first = 0;
    while (first < graph->count && (graph->positions[first].flags & REGEX_POSITION_SEARCH) != 0) {
        first++;
    }
    size_t bits = graph->count + 1;
    layout->body_size = (4 + classes + bits) * sizeof(uint32_t);
    layout->body = calloc(1, layout->body_size);
    if (layout->body == NULL) {
        return false;
    }
    uint32_t *now = (uint32_t *)layout->body, *before = now + 1, *end = now + 2, *future = now + 3;
    uint32_t *reach = now + 4, *follow = reach + classes;
    for (size_t i = 0; i < graph->count; i++) {
        const struct regex_position *position = &graph->positions[i];
        uint32_t bit = 1u << BIT_OF(i);
        *now |= (position->flags & REGEX_POSITION_NOW) != 0 ? bit : 0;
        *before |= (position->flags & REGEX_POSITION_BEFORE) != 0 ? bit : 0;
        *end |= (position->flags & REGEX_POSITION_END) != 0 ? bit : 0;
        *future |= has_future(graph, i) ? bit : 0;
        follow[BIT_OF(i)] = (uint32_t)(regex_graph_follow(graph, i)[0] << 1);
        for (unsigned byte = 0; i > 0 && byte < 256; byte++) {
            reach[layout->map[byte]] |= regex_set_has(&position->bytes, byte) ? bit : 0;
        }
    }
    layout->header.kind = INSPECT_AUTOMATON_TRACKED;
    layout->header.classes = (uint16_t)classes;
    layout->header.states = (uint32_t)bits;
    layout->header.tracked.first = (uint32_t)BIT_OF(first);
    return true;
}

/* Positions that a tracked search can have: those at which a match has begun. */
static size_t tracked_positions(const struct regex_graph *graph)
{
    size_t count = 0;
    for (size_t i = 0; i < graph->count; i++) {
        count += (graph->positions[i].flags & REGEX_POSITION_SEARCH) == 0 ? 1 : 0;
    }
    return count;
}

bool regex_layout_make(struct regex_layout *layout, const struct regex_graph *graph,
                       enum regex_use use, size_t table_max, struct regex_error *error)
{
    memset(layout, 0, sizeof(*layout));
    snprintf(error->text, sizeof(error->text), "out of memory");
    if (use == REGEX_TRACKED) {
        size_t positions = tracked_positions(graph);
        if (positions > AUTOMATON_STARTS_MAX || graph->count + 1 > AUTOMATON_POSITIONS_MAX) {
            snprintf(error->text, sizeof(error->text),
                     "too large: %zu positions where a search that must know where its matches "
                     "began can have %u",
                     positions, AUTOMATON_STARTS_MAX);
            return false;
        }
        return lay_tracked(layout, graph);
    }
    bool fits_bits = graph->count + 1 <= BITS_POSITIONS_MAX;
    struct regex_table table;
    enum regex_table_result result =
        regex_table_make(&table, graph, fits_bits ? table_max : TABLE_SIZE_MAX);
    bool laid = result == REGEX_TABLE_MADE && lay_table(layout, &table);
    regex_table_free(&table);
    if (result != REGEX_TABLE_TOO_LARGE) {
        return laid;
    }
    if (!fits_bits) {
        snprintf(error->text, sizeof(error->text),
                 "too large: %zu positions, and a table of its states exceeds %u KB", graph->count,
                 TABLE_SIZE_MAX >> 10);
        return false;
    }
    return lay_bits(layout, graph);
}

void regex_layout_free(struct regex_layout *layout)
{
    free(layout->body);
    free(layout->entries);
    memset(layout, 0, sizeof(*layout));
}

static uint32_t table_walk(const struct regex_layout *layout, const struct regex_prefix *prefix)
{
    const struct automaton_header *header = &layout->header;
    size_t state = header->table.start;
    for (size_t i = 0; i < prefix->length; i++) {
        size_t cell = layout->map[prefix->bytes[i]] * header->states + state;
        state = header->width == 1
                    ? layout->body[cell]
                    : layout->body[2 * cell] | (size_t)layout->body[2 * cell + 1] << 8;
    }
    return AUTOMATON_ENTRY_OF_STATE((uint32_t)state);
}

bool regex_layout_enter(struct regex_layout *layout, const struct regex_graph *graph,
                        const struct regex_prefix *prefix, uint32_t *entry)
{
    if (layout->header.kind == INSPECT_AUTOMATON_TABLE) {
        *entry = table_walk(layout, prefix);
        return true;
    }
    size_t width = layout->header.width;
    uint32_t entries = layout->header.bits.entries;
    bool entered = false;
    uint64_t *live = calloc(2 * graph->words, sizeof(*live));
    uint64_t set[AUTOMATON_WORDS_MAX] = {0};
    if (live == NULL) {
        return false;
    }
    regex_graph_walk(graph, prefix->bytes, prefix->length, live);
    for (size_t i = 0; i < graph->count; i++) {
        if (regex_bit(live, i)) {
            regex_bit_set(set, BIT_OF(i));
        }
    }
    for (*entry = 0; *entry < entries; (*entry)++) {
        if (memcmp(layout->entries + *entry * width, set, width * sizeof(*set)) == 0) {
            entered = true;
            goto done;
        }
    }
    uint64_t *grown = realloc(layout->entries, (entries + 1) * width * sizeof(*grown));
    if (grown != NULL) {
        memcpy(grown + entries * width, set, width * sizeof(*set));
        layout->entries = grown;
        layout->header.bits.entries++;
        entered = true;
    }
done:
    free(live);
    return entered;
}
