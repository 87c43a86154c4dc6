/* SPDX-License-Identifier: MIT */
/*
 * Sets of positions become states (subset construction), states that nothing tells apart become one
 * (Moore), and the numbers are given anew, breadth first: equal languages give equal tables.
 */
#include "rules/regex_table.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/match/automaton_format.h"

#define STATES_MAX    4096u
#define SLOTS         (4 * STATES_MAX) /* of hash tables */
#define NO_STATE      UINT32_MAX
#define MINIMIZE_WORK 20000000u /* steps after which a table stays as it is */

struct determinizer {
    const struct regex_graph *graph;
    const uint8_t *map;
    size_t classes;
    uint64_t *readers; /* classes sets */
    uint64_t *sets;    /* by state */
    uint32_t *next;    /* [state * classes + class] */
    uint8_t *flags;
    size_t states, capacity, states_max;
    uint32_t *slots;
    uint64_t *scratch; /* two sets */
    uint64_t *before;  /* positions that only look at their byte */
};

static uint64_t hash_words(const uint64_t *words, size_t count)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 31;
    }
    return hash;
}

static uint8_t set_flags(const struct regex_graph *graph, const uint64_t *set)
{
    unsigned found = 0;
    uint64_t ways = 0;
    for (size_t i = 0; i < graph->count; i++) {
        if (set[i / 64] == 0) {
            i |= 63;
        } else if (regex_bit(set, i)) {
            found |= graph->positions[i].flags;
            for (size_t w = 0; w < graph->words; w++) {
                ways |= regex_graph_follow(graph, i)[w];
            }
        }
    }
    bool now = (found & REGEX_POSITION_NOW) != 0, end = (found & REGEX_POSITION_END) != 0;
    return (uint8_t)((now ? AUTOMATON_NOW : 0) |
                     ((found & REGEX_POSITION_BEFORE) != 0 ? AUTOMATON_BEFORE : 0) |
                     (end ? AUTOMATON_END : 0) | (ways == 0 && (now || !end) ? AUTOMATON_OVER : 0));
}

static bool grow(struct determinizer *made)
{
    size_t capacity = made->capacity == 0 ? 64 : made->capacity * 2;
    uint64_t *sets = realloc(made->sets, capacity * made->graph->words * sizeof(*sets));
    made->sets = sets != NULL ? sets : made->sets;
    uint32_t *next = realloc(made->next, capacity * made->classes * sizeof(*next));
    made->next = next != NULL ? next : made->next;
    uint8_t *flags = realloc(made->flags, capacity);
    made->flags = flags != NULL ? flags : made->flags;
    if (sets == NULL || next == NULL || flags == NULL) {
        return false;
    }
    made->capacity = capacity;
    return true;
}

/* The state of a set, a new one if need be. */
static enum regex_table_result find_state(struct determinizer *made, const uint64_t *set,
                                          uint32_t *state)
{
    size_t words = made->graph->words;
    size_t slot = hash_words(set, words) % SLOTS;
    for (; made->slots[slot] != NO_STATE; slot = (slot + 1) % SLOTS) {
        *state = made->slots[slot];
        /* What has a slot has a set: NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        if (memcmp(made->sets + *state * words, set, words * sizeof(*set)) == 0) {
            return REGEX_TABLE_MADE;
        }
    }
    if (made->states == made->states_max) {
        return REGEX_TABLE_TOO_LARGE;
    }
    if (made->states == made->capacity && !grow(made)) {
        return REGEX_TABLE_NO_MEMORY;
    }
    *state = (uint32_t)made->states++;
    memcpy(made->sets + *state * words, set, words * sizeof(*set));
    made->flags[*state] = set_flags(made->graph, set);
    made->slots[slot] = *state;
    return REGEX_TABLE_MADE;
}

static enum regex_table_result determinize(struct determinizer *made)
{
    const struct regex_graph *graph = made->graph;
    uint64_t *ways = made->scratch, *to = made->scratch + graph->words;
    uint32_t state;
    memset(made->scratch, 0, 2 * graph->words * sizeof(*made->scratch));
    regex_bit_set(to, 0);
    enum regex_table_result result = find_state(made, to, &state);
    for (size_t at = 0; result == REGEX_TABLE_MADE && at < made->states; at++) {
        const uint64_t *set = made->sets + at * graph->words;
        memset(ways, 0, graph->words * sizeof(*ways));
        for (size_t i = 0; i < graph->count; i++) {
            if (set[i / 64] == 0) {
                i |= 63;
            } else if (regex_bit(set, i)) {
                for (size_t w = 0; w < graph->words; w++) {
                    ways[w] |= regex_graph_follow(graph, i)[w];
                }
            }
        }
        bool told = (made->flags[at] & AUTOMATON_NOW) != 0;
        for (size_t class = 0; class < made->classes && result == REGEX_TABLE_MADE; class ++) {
            const uint64_t *readers = made->readers + class * graph->words;
            for (size_t w = 0; w < graph->words; w++) {
                to[w] = ways[w] & readers[w] & (told ? ~made->before[w] : ~UINT64_C(0));
            }
            result = find_state(made, to, &state);
            if (result == REGEX_TABLE_MADE) {
                made->next[at * made->classes + class] = state;
            }
        }
    }
    return result; /* the scratch is the caller's: NOLINT(clang-analyzer-unix.Malloc) */
}

/* Does state `a` differ from `b` as far as `block` tells states apart? */
static bool differ(const struct determinizer *made, const uint32_t *block, size_t a, size_t b)
{
    if (block[a] != block[b]) {
        return true;
    }
    for (size_t class = 0; class < made->classes; class ++) {
        if (block[made->next[a * made->classes + class]] !=
            block[made->next[b * made->classes + class]]) {
            return true;
        }
    }
    return false;
}

/* Refines blocks once; gives their new number. `slots` holds a state of each block. */
static size_t refine(const struct determinizer *made, const uint32_t *block, uint32_t *refined)
{
    size_t count = 0;
    size_t slots = made->states * 4; /* of SLOTS; clearing all would cost more than the rest */
    memset(made->slots, 0xff, slots * sizeof(*made->slots));
    for (size_t state = 0; state < made->states; state++) {
        uint64_t hash = hash_words(&(uint64_t){block[state] + 1}, 1);
        for (size_t class = 0; class < made->classes; class ++) {
            hash = (hash ^ block[made->next[state * made->classes + class]]) *
                   UINT64_C(0x9e3779b97f4a7c15);
            hash ^= hash >> 31;
        }
        size_t slot = hash % slots;
        while (made->slots[slot] != NO_STATE && differ(made, block, made->slots[slot], state)) {
            slot = (slot + 1) % slots;
        }
        if (made->slots[slot] == NO_STATE) {
            made->slots[slot] = (uint32_t)state;
            refined[state] = (uint32_t)count++;
        } else {
            refined[state] = refined[made->slots[slot]];
        }
    }
    return count;
}

/* Gives each state the number of its block; equal ones share it. */
static bool minimize(const struct determinizer *made, uint32_t **blocks, size_t *count)
{
    uint32_t *block = malloc(made->states * sizeof(*block));
    uint32_t *refined = malloc(made->states * sizeof(*refined));
    size_t work = 0;
    if (block == NULL || refined == NULL) {
        free(block);
        free(refined);
        return false;
    }
    *count = 0;
    for (size_t state = 0; state < made->states; state++) {
        block[state] = made->flags[state];
    }
    for (;;) {
        size_t now = refine(made, block, refined);
        uint32_t *swap = block;
        block = refined;
        refined = swap;
        if (now == *count) {
            break;
        }
        *count = now;
        work += made->states * made->classes;
        if (work > MINIMIZE_WORK) {
            for (size_t state = 0; state < made->states; state++) {
                block[state] = (uint32_t)state;
            }
            *count = made->states;
            break;
        }
    }
    free(refined);
    *blocks = block;
    return true;
}

/* Numbers blocks breadth first, those with nothing to report before the others. */
static bool number_blocks(const struct determinizer *made, const uint32_t *block, size_t count,
                          uint32_t *number, uint32_t *member, size_t *plain)
{
    const unsigned reports = AUTOMATON_NOW | AUTOMATON_BEFORE | AUTOMATON_OVER;
    uint32_t *queue = malloc(count * sizeof(*queue));
    size_t queued = 0, numbered = 0;
    if (queue == NULL) {
        return false;
    }
    memset(number, 0xff, count * sizeof(*number));
    queue[queued++] = 0;
    number[block[0]] = 0;
    for (size_t i = 0; i < queued; i++) {
        for (size_t class = 0; class < made->classes; class ++) {
            uint32_t to = made->next[queue[i] * made->classes + class];
            if (number[block[to]] == NO_STATE) {
                number[block[to]] = 0;
                queue[queued++] = to;
            }
        }
    }
    for (unsigned reporting = 0; reporting < 2; reporting++) {
        for (size_t i = 0; i < queued; i++) {
            if (((made->flags[queue[i]] & reports) != 0) == (reporting != 0)) {
                member[numbered] = queue[i];
                number[block[queue[i]]] = (uint32_t)numbered++;
            }
        }
        *plain = reporting == 0 ? numbered : *plain;
    }
    free(queue);
    return true;
}

/* Classes that lead to the same states from everywhere become one. */
static void merge_classes(struct regex_table *table)
{
    uint8_t into[256];
    size_t kept = 0;
    for (size_t class = 0; class < table->classes; class ++) {
        const uint16_t *column = table->next + class * table->states;
        size_t same = 0;
        while (same < kept && memcmp(table->next + same * table->states, column,
                                     table->states * sizeof(*column)) != 0) {
            same++;
        }
        if (same == kept) {
            memmove(table->next + kept * table->states, column, table->states * sizeof(*column));
            kept++;
        }
        into[class] = (uint8_t)same;
    }
    table->classes = kept;
    for (unsigned byte = 0; byte < 256; byte++) {
        table->map[byte] = into[table->map[byte]];
    }
}

/* A set that holds another's positions accepts what that one does. */
static bool find_dominance(struct regex_table *table, const struct determinizer *made,
                           const uint32_t *member)
{
    size_t words = made->graph->words;
    bool any = false;
    if (table->states > 64) {
        return true;
    }
    uint64_t *dominance = calloc(table->states, sizeof(*dominance));
    if (dominance == NULL) {
        return false;
    }
    for (size_t a = 0; a < table->states; a++) {
        for (size_t b = 0; b < table->states; b++) {
            uint64_t more = 0;
            for (size_t w = 0; w < words; w++) {
                /* Each state has a member: NOLINTNEXTLINE(clang-analyzer-core.*) */
                more |= made->sets[member[b] * words + w] & ~made->sets[member[a] * words + w];
            }
            if (more == 0 && a != b) {
                dominance[a] |= UINT64_C(1) << b;
                any = any || (table->flags[b] & AUTOMATON_OVER) == 0;
            }
        }
    }
    if (!any) {
        free(dominance);
        dominance = NULL;
    }
    table->dominance = dominance;
    return true;
}

static bool fill_table(struct regex_table *table, const struct determinizer *made,
                       const uint32_t *block, size_t count)
{
    /* There is a state at least: NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI) */
    uint32_t *number = malloc(count * sizeof(*number));
    uint32_t *member = malloc(count * sizeof(*member));
    bool filled = false;
    table->states = count;
    table->classes = made->classes;
    table->flags = malloc(count);
    table->next = malloc(count * made->classes * sizeof(*table->next));
    if (number == NULL || member == NULL || table->flags == NULL || table->next == NULL ||
        !number_blocks(made, block, count, number, member, &table->plain)) {
        goto done;
    }
    table->start = number[block[0]];
    for (size_t state = 0; state < count; state++) {
        table->flags[state] = made->flags[member[state]];
        for (size_t class = 0; class < made->classes; class ++) {
            uint32_t to = made->next[member[state] * made->classes + class];
            table->next[class * count + state] = (uint16_t)number[block[to]];
        }
    }
    merge_classes(table);
    filled = find_dominance(table, made, member);
done:
    free(number);
    free(member);
    return filled;
}

enum regex_table_result regex_table_make(struct regex_table *table, const struct regex_graph *graph,
                                         size_t size_max)
{
    enum regex_table_result result = REGEX_TABLE_NO_MEMORY;
    uint32_t *block = NULL;
    size_t count;
    memset(table, 0, sizeof(*table));
    struct determinizer made = {.graph = graph, .map = table->map};
    made.classes = regex_graph_classes(graph, table->map);
    made.states_max =
        size_max / made.classes <= 256 ? size_max / made.classes : size_max / 2 / made.classes;
    made.states_max = made.states_max > STATES_MAX ? STATES_MAX : made.states_max;
    made.readers = regex_graph_readers(graph, table->map, made.classes);
    made.scratch = calloc(2 * graph->words, sizeof(*made.scratch));
    made.before = calloc(graph->words, sizeof(*made.before));
    made.slots = malloc(SLOTS * sizeof(*made.slots));
    if (made.readers == NULL || made.scratch == NULL || made.before == NULL || made.slots == NULL) {
        goto done;
    }
    memset(made.slots, 0xff, SLOTS * sizeof(*made.slots));
    for (size_t i = 0; i < graph->count; i++) {
        if ((graph->positions[i].flags & REGEX_POSITION_BEFORE) != 0) {
            regex_bit_set(made.before, i);
        }
    }
    result = determinize(&made);
    if (result == REGEX_TABLE_MADE &&
        (!minimize(&made, &block, &count) || !fill_table(table, &made, block, count))) {
        result = REGEX_TABLE_NO_MEMORY;
    }
done:
    free(block);
    free(made.readers);
    free(made.sets);
    free(made.next);
    free(made.flags);
    free(made.slots);
    free(made.scratch);
    free(made.before);
    return result;
}

void regex_table_free(struct regex_table *table)
{
    free(table->flags);
    free(table->next);
    free(table->dominance);
    memset(table, 0, sizeof(*table));
}

size_t regex_table_width(const struct regex_table *table)
{
    return table->states <= 256 ? 1 : 2;
}
