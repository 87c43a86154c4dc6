/* SPDX-License-Identifier: MIT */
/* Position automata that know of each live position where the earliest match at it began. */
#include "inspect/match/automaton_format.h"

struct body {
    uint32_t now, before, end, future;
    uint32_t sets[]; /* reach[classes], follow[bits] */
};

bool automaton_tracked_verify(const uint8_t *base, uint32_t size,
                              const struct automaton_header *header)
{
    uint32_t bits = header->states, first = header->tracked.first;
    if (bits > AUTOMATON_POSITIONS_MAX || first < 2 || first > bits ||
        bits - first > AUTOMATON_STARTS_MAX ||
        !automaton_within(size, header->body, 4 + (uint64_t)header->classes + bits,
                          sizeof(uint32_t))) {
        return false;
    }
    const struct body *body = (const struct body *)(base + header->body);
    uint64_t used = (UINT64_C(1) << bits) - 1 - AUTOMATON_TOLD - AUTOMATON_BEGIN;
    for (uint32_t i = 0; i < header->classes; i++) {
        if ((body->sets[i] & ~used) != 0) {
            return false; /* a position without a place for its start */
        }
    }
    return true;
}

static enum inspect_automaton_result result_of(const struct body *body, uint32_t live)
{
    return (live & body->now) != 0      ? INSPECT_AUTOMATON_MATCH
           : (live & body->future) == 0 ? INSPECT_AUTOMATON_DEAD
                                        : INSPECT_AUTOMATON_MORE;
}

enum inspect_automaton_result automaton_tracked_begin(const uint8_t *base,
                                                      const struct automaton_header *header,
                                                      uint64_t offset,
                                                      struct automaton_tracked_state *state)
{
    const struct body *body = (const struct body *)(base + header->body);
    state->base = offset;
    state->live = AUTOMATON_BEGIN;
    state->told = 0;
    return result_of(body, state->live);
}

static uint32_t searching(const struct automaton_header *header)
{
    return (uint32_t)((UINT64_C(1) << header->tracked.first) - 1) & ~AUTOMATON_TOLD;
}

/* Where a match that begins at `offset` began, counted from the base, which moves up when the
 * distance is too large. What is further apart still (4 GB) counts as begun earlier than it did. */
static uint32_t start_at(const struct automaton_header *header,
                         struct automaton_tracked_state *state, uint64_t offset)
{
    if (offset - state->base > UINT32_MAX) {
        uint32_t first = header->tracked.first;
        uint64_t lowest = offset - state->base;
        for (uint32_t i = first; i < header->states; i++) {
            if ((state->live >> i & 1) != 0 && state->starts[i - first] < lowest) {
                lowest = state->starts[i - first];
            }
        }
        for (uint32_t i = first; i < header->states; i++) {
            if ((state->live >> i & 1) != 0) {
                state->starts[i - first] -= (uint32_t)lowest;
            }
        }
        state->base += lowest;
    }
    return offset - state->base > UINT32_MAX ? UINT32_MAX : (uint32_t)(offset - state->base);
}

/* The earliest of the starts of `positions`, or `otherwise` if there is none. */
static uint32_t earliest(uint32_t positions, uint32_t first, const uint32_t *starts,
                         uint32_t otherwise)
{
    for (; positions != 0; positions &= positions - 1) {
        uint32_t start = starts[(uint32_t)__builtin_ctz(positions) - first];
        otherwise = start < otherwise ? start : otherwise;
    }
    return otherwise;
}

/* Reads the byte at `offset`. False: a match that has not been told ended before it, and the run
 * stands where it stood. */
static bool step(const struct automaton_header *header, const struct body *body,
                 struct automaton_tracked_state *state, uint64_t offset, uint32_t reach)
{
    const uint32_t *follow = body->sets + header->classes;
    const uint32_t first = header->tracked.first;
    uint32_t starts[AUTOMATON_STARTS_MAX];
    uint32_t next = 0, begun = 0;
    if ((state->live & body->now) != 0) {
        reach &= ~body->before;
    }
    for (uint32_t left = state->live & searching(header); left != 0; left &= left - 1) {
        begun |= follow[__builtin_ctz(left)];
    }
    begun &= reach;
    for (uint32_t left = state->live & ~searching(header) & ~AUTOMATON_TOLD; left != 0;
         left &= left - 1) {
        uint32_t from = (uint32_t)__builtin_ctz(left);
        uint32_t start = state->starts[from - first];
        for (uint32_t to = follow[from] & reach & ~searching(header); to != 0; to &= to - 1) {
            uint32_t at = (uint32_t)__builtin_ctz(to);
            if ((next >> at & 1) == 0 || start < starts[at - first]) {
                starts[at - first] = start;
            }
            next |= 1u << at;
        }
    }
    if ((state->live & AUTOMATON_TOLD) == 0 && ((next | begun) & body->before) != 0) {
        uint32_t told = earliest(next & body->before, first, starts, UINT32_MAX);
        bool empty = (next & body->before) == 0;
        state->told = empty ? start_at(header, state, offset) : told;
        return false;
    }
    state->live = next;
    for (uint32_t left = next; left != 0; left &= left - 1) {
        uint32_t at = (uint32_t)__builtin_ctz(left);
        state->starts[at - first] = starts[at - first];
    }
    uint32_t fresh = begun & ~next & ~searching(header);
    if (fresh != 0) {
        uint32_t start = start_at(header, state, offset);
        for (uint32_t left = fresh; left != 0; left &= left - 1) {
            state->starts[(uint32_t)__builtin_ctz(left) - first] = start;
        }
    }
    state->live |= begun;
    return true;
}

/* Past bytes at which only one searching position stays live. */
static size_t skip(const struct automaton_header *header, const struct body *body,
                   const uint8_t *map, uint32_t live, const uint8_t *data, size_t length)
{
    size_t i = 0;
    if ((live & ~searching(header)) != 0 || (live & (live - 1)) != 0) {
        return 0;
    }
    uint32_t follow = body->sets[header->classes + (uint32_t)__builtin_ctz(live)];
    while (i < length && (body->sets[map[data[i]]] & follow) == live) {
        i++;
    }
    return i;
}

enum inspect_automaton_result automaton_tracked_read(const uint8_t *base,
                                                     const struct automaton_header *header,
                                                     struct automaton_tracked_state *state,
                                                     uint64_t offset, const uint8_t *data,
                                                     size_t length, size_t *read)
{
    const struct body *body = (const struct body *)(base + header->body);
    const uint8_t *map = base + header->map;
    enum inspect_automaton_result result = INSPECT_AUTOMATON_MORE;
    size_t i = 0;
    if ((state->live & body->future) == 0) {
        *read = 0;
        return INSPECT_AUTOMATON_DEAD;
    }
    if (result_of(body, state->live & searching(header)) == INSPECT_AUTOMATON_MORE) {
        i = skip(header, body, map, state->live, data, length);
    }
    while (i < length && result == INSPECT_AUTOMATON_MORE) {
        if (!step(header, body, state, offset + i, body->sets[map[data[i]]])) {
            state->live |= AUTOMATON_TOLD;
            result = INSPECT_AUTOMATON_MATCH;
            break;
        }
        i++;
        result = result_of(body, state->live);
        if (result == INSPECT_AUTOMATON_MORE && (state->live & ~searching(header)) == 0) {
            i += skip(header, body, map, state->live, data + i, length - i);
        }
    }
    if (result == INSPECT_AUTOMATON_MATCH && (state->live & AUTOMATON_TOLD) == 0) {
        uint32_t told = state->live & body->now & ~searching(header);
        state->told = told == 0 ? start_at(header, state, offset + i)
                                : earliest(told, header->tracked.first, state->starts, UINT32_MAX);
    }
    *read = i;
    return result;
}

unsigned automaton_tracked_flags(const uint8_t *base, const struct automaton_header *header,
                                 const struct automaton_tracked_state *state)
{
    const struct body *body = (const struct body *)(base + header->body);
    return ((state->live & body->end) != 0 ? AUTOMATON_END : 0u) |
           ((state->live & body->future) != 0 ? 0u : AUTOMATON_OVER);
}

uint64_t automaton_tracked_matched(const uint8_t *base, const struct automaton_header *header,
                                   const struct automaton_tracked_state *state, bool at_end,
                                   uint64_t begun)
{
    const struct body *body = (const struct body *)(base + header->body);
    uint32_t ending = state->live & body->end & ~searching(header) & ~AUTOMATON_TOLD;
    if (!at_end) {
        return state->base + state->told;
    }
    return ending == 0
               ? begun
               : state->base + earliest(ending, header->tracked.first, state->starts, UINT32_MAX);
}

uint64_t automaton_tracked_live(const uint8_t *base, const struct automaton_header *header,
                                const struct automaton_tracked_state *state)
{
    const struct body *body = (const struct body *)(base + header->body);
    uint32_t live = state->live & body->future & ~searching(header) & ~AUTOMATON_TOLD;
    return live == 0
               ? UINT64_MAX
               : state->base + earliest(live, header->tracked.first, state->starts, UINT32_MAX);
}
