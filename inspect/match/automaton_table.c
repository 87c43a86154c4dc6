/* SPDX-License-Identifier: MIT */
/* Deterministic automata: a table of states and byte classes. */
#include "inspect/match/automaton_format.h"

/* In the state beside its number: the match before the next byte has been told. */
#define STATE_TOLD           (UINT64_C(1) << 32)

/* Dominance is a bit a state in one word. */
#define DOMINANCE_STATES_MAX 64u

bool automaton_table_verify(const uint8_t *base, uint32_t size,
                            const struct automaton_header *header)
{
    uint32_t states = header->states;
    uint64_t entries = (uint64_t)states * header->classes;
    if (states < 1 || states > AUTOMATON_STATES_MAX || header->table.plain > states ||
        header->table.start >= states || (header->width != 1 && header->width != 2) ||
        !automaton_within(size, header->body, entries, header->width) ||
        !automaton_within(size, header->table.flags, states, 1)) {
        return false;
    }
    if (header->table.dominance != 0 &&
        (states > DOMINANCE_STATES_MAX || header->table.dominance % 8 != 0 ||
         !automaton_within(size, header->table.dominance, states, sizeof(uint64_t)))) {
        return false;
    }
    const uint8_t *narrow = base + header->body;
    const uint16_t *wide = (const uint16_t *)(base + header->body);
    for (uint64_t i = 0; i < entries; i++) {
        if ((header->width == 1 ? narrow[i] : wide[i]) >= states) {
            return false;
        }
    }
    return true;
}

static enum inspect_automaton_result result_of(unsigned flags)
{
    return (flags & AUTOMATON_NOW) != 0    ? INSPECT_AUTOMATON_MATCH
           : (flags & AUTOMATON_OVER) != 0 ? INSPECT_AUTOMATON_DEAD
                                           : INSPECT_AUTOMATON_MORE;
}

enum inspect_automaton_result automaton_table_begin(const uint8_t *base,
                                                    const struct automaton_header *header,
                                                    uint32_t entry, uint64_t *state)
{
    uint32_t number = entry == 0 ? header->table.start : entry - 1;
    if (number >= header->states) {
        number = header->table.start;
    }
    *state = number;
    return result_of(base[header->table.flags + number]);
}

/* Steps over plain states; gives the bytes read. If any are left, the next one leads to `*next`,
 * which is not plain. `wide` is a constant where this is used. */
static inline size_t run(const struct automaton_header *header, const uint8_t *base, bool wide,
                         uint32_t *state, uint32_t *next, const uint8_t *data, size_t length)
{
    const uint8_t *map = base + header->map;
    const uint8_t *narrow_table = base + header->body;
    const uint16_t *wide_table = (const uint16_t *)narrow_table;
    const size_t states = header->states;
    const uint32_t plain = header->table.plain;
    uint32_t at = *state;
    size_t i = 0;
    while (i < length) {
        size_t column = map[data[i]] * states;
        uint32_t to = wide ? (wide_table + column)[at] : (narrow_table + column)[at];
        if (to >= plain) {
            *next = to;
            break;
        }
        at = to;
        i++;
    }
    *state = at;
    return i;
}

enum inspect_automaton_result automaton_table_read(const uint8_t *base,
                                                   const struct automaton_header *header,
                                                   uint64_t *state, const uint8_t *data,
                                                   size_t length, size_t *read)
{
    const uint8_t *flags = base + header->table.flags;
    uint32_t at = (uint32_t)*state;
    bool told = (*state & STATE_TOLD) != 0;
    size_t i = 0;
    *read = 0;
    if ((flags[at] & AUTOMATON_OVER) != 0) {
        return INSPECT_AUTOMATON_DEAD;
    }
    while (i < length) {
        uint32_t next = 0;
        size_t passed = header->width == 1
                            ? run(header, base, false, &at, &next, data + i, length - i)
                            : run(header, base, true, &at, &next, data + i, length - i);
        i += passed;
        if (i == length) {
            break;
        }
        if ((flags[next] & AUTOMATON_BEFORE) != 0 && !told) {
            *state = at | STATE_TOLD;
            *read = i;
            return INSPECT_AUTOMATON_MATCH;
        }
        told = false;
        at = next;
        i++;
        enum inspect_automaton_result result = result_of(flags[at]);
        if (result != INSPECT_AUTOMATON_MORE) {
            *state = at;
            *read = i;
            return result;
        }
    }
    *state = at | (told ? STATE_TOLD : 0);
    *read = i;
    return INSPECT_AUTOMATON_MORE;
}

unsigned automaton_table_flags(const uint8_t *base, const struct automaton_header *header,
                               const uint64_t *state)
{
    return base[header->table.flags + (uint32_t)*state];
}

bool automaton_table_covers(const uint8_t *base, const struct automaton_header *header,
                            const uint64_t *a, const uint64_t *b)
{
    uint32_t from = (uint32_t)*a, to = (uint32_t)*b;
    if (from == to) {
        return true;
    }
    if (header->table.dominance == 0) {
        return false;
    }
    const uint64_t *dominance = (const uint64_t *)(base + header->table.dominance);
    return (dominance[from] >> (to % DOMINANCE_STATES_MAX) & 1) != 0;
}
