/* SPDX-License-Identifier: MIT */
/* Position automata: all live positions as bits, stepped together. */
#include "inspect/match/automaton_format.h"

/* The parts of a body, in its order. */
struct parts {
    const uint64_t *reach, *shift, *self, *now, *before, *end, *future, *from, *to, *entries;
};

#define FIXED_SETS 6u /* shift to future */

static struct parts find_parts(const uint8_t *base, const struct automaton_header *header)
{
    size_t width = header->width;
    struct parts parts;
    parts.reach = (const uint64_t *)(base + header->body);
    parts.shift = parts.reach + header->classes * width;
    parts.self = parts.shift + width;
    parts.now = parts.self + width;
    parts.before = parts.now + width;
    parts.end = parts.before + width;
    parts.future = parts.end + width;
    parts.from = parts.future + width;
    parts.to = parts.from + header->bits.groups * width;
    parts.entries = parts.to + header->bits.groups * width;
    return parts;
}

bool automaton_bits_verify(uint32_t size, const struct automaton_header *header)
{
    if (header->width < 1 || header->width > AUTOMATON_WORDS_MAX ||
        header->bits.groups > AUTOMATON_GROUPS_MAX || header->bits.entries < 1) {
        return false;
    }
    uint64_t sets = (uint64_t)header->classes + FIXED_SETS + 2 * (uint64_t)header->bits.groups +
                    header->bits.entries;
    return automaton_within(size, header->body, sets, header->width * sizeof(uint64_t));
}

/* Made anew for each width of a set: without it clang keeps the loops over words. */
#define WIDTH_IS_CONSTANT static inline __attribute__((always_inline))

WIDTH_IS_CONSTANT bool meets(const uint64_t *set, const uint64_t *other, size_t width)
{
    uint64_t both = 0;
    for (size_t i = 0; i < width; i++) {
        both |= set[i] & other[i];
    }
    return both != 0;
}

static unsigned flags_of(const struct parts *parts, const uint64_t *state, size_t width)
{
    return (meets(state, parts->now, width) ? AUTOMATON_NOW : 0u) |
           (meets(state, parts->end, width) ? AUTOMATON_END : 0u) |
           (meets(state, parts->future, width) ? 0u : AUTOMATON_OVER);
}

WIDTH_IS_CONSTANT enum inspect_automaton_result result_of(const struct parts *parts,
                                                          const uint64_t *state, size_t width)
{
    return meets(state, parts->now, width)       ? INSPECT_AUTOMATON_MATCH
           : !meets(state, parts->future, width) ? INSPECT_AUTOMATON_DEAD
                                                 : INSPECT_AUTOMATON_MORE;
}

enum inspect_automaton_result automaton_bits_begin(const uint8_t *base,
                                                   const struct automaton_header *header,
                                                   uint32_t entry, uint64_t *state)
{
    struct parts parts = find_parts(base, header);
    size_t width = header->width;
    const uint64_t *set = parts.entries + (entry < header->bits.entries ? entry : 0) * width;
    for (size_t i = 0; i < width; i++) {
        state[i] = set[i];
    }
    state[0] &= ~(uint64_t)AUTOMATON_TOLD;
    return result_of(&parts, state, width);
}

/* The positions live behind a byte. */
WIDTH_IS_CONSTANT void step(const struct parts *parts, uint32_t groups, size_t width,
                            const uint64_t *reach, const uint64_t *state, uint64_t *next)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < width; i++) {
        uint64_t shifted = state[i] & parts->shift[i];
        next[i] = shifted << 1 | carry | (state[i] & parts->self[i]);
        carry = shifted >> 63;
    }
    for (size_t group = 0; group < groups; group++) {
        if (meets(state, parts->from + group * width, width)) {
            for (size_t i = 0; i < width; i++) {
                next[i] |= parts->to[group * width + i];
            }
        }
    }
    for (size_t i = 0; i < width; i++) {
        next[i] &= reach[i];
    }
    if (meets(state, parts->now, width)) {
        for (size_t i = 0; i < width; i++) {
            next[i] &= ~parts->before[i]; /* that match has been told */
        }
    }
    /* There is a word at least, set above: NOLINTNEXTLINE(clang-analyzer-core.uninitialized.*) */
    next[0] &= ~(uint64_t)AUTOMATON_TOLD;
}

WIDTH_IS_CONSTANT enum inspect_automaton_result
read_width(const struct parts *parts, const uint8_t *map, uint32_t groups, size_t width,
           uint64_t *state, const uint8_t *data, size_t length, size_t *read)
{
    uint64_t next[AUTOMATON_WORDS_MAX];
    size_t i = 0;
    enum inspect_automaton_result result = INSPECT_AUTOMATON_MORE;
    if (!meets(state, parts->future, width)) {
        *read = 0;
        return INSPECT_AUTOMATON_DEAD;
    }
    while (i < length && result == INSPECT_AUTOMATON_MORE) {
        step(parts, groups, width, parts->reach + map[data[i]] * width, state, next);
        if ((state[0] & AUTOMATON_TOLD) == 0 && meets(next, parts->before, width)) {
            state[0] |= AUTOMATON_TOLD;
            result = INSPECT_AUTOMATON_MATCH;
            break;
        }
        for (size_t w = 0; w < width; w++) {
            state[w] = next[w];
        }
        i++;
        result = result_of(parts, state, width);
    }
    *read = i;
    return result;
}

enum inspect_automaton_result automaton_bits_read(const uint8_t *base,
                                                  const struct automaton_header *header,
                                                  uint64_t *state, const uint8_t *data,
                                                  size_t length, size_t *read)
{
    struct parts parts = find_parts(base, header);
    const uint8_t *map = base + header->map;
    uint32_t groups = header->bits.groups;
    switch (header->width) {
    case 1:
        return read_width(&parts, map, groups, 1, state, data, length, read);
    case 2:
        return read_width(&parts, map, groups, 2, state, data, length, read);
    default:
        return read_width(&parts, map, groups, header->width, state, data, length, read);
    }
}

unsigned automaton_bits_flags(const uint8_t *base, const struct automaton_header *header,
                              const uint64_t *state)
{
    struct parts parts = find_parts(base, header);
    return flags_of(&parts, state, header->width);
}

bool automaton_bits_covers(const struct automaton_header *header, const uint64_t *a,
                           const uint64_t *b)
{
    uint64_t more = b[0] & ~a[0] & ~(uint64_t)AUTOMATON_TOLD;
    for (size_t i = 1; i < header->width; i++) {
        more |= b[i] & ~a[i];
    }
    return more == 0;
}
