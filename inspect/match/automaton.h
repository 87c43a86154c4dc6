/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions on a stream that comes in pieces: bounded-memory automata, compiled by
 * rules/regex.h. No look-around, no back-references, no allocation, no recursion.
 *
 * An automaton is anchored: it reads from where it was started. What is searched anywhere either
 * has a literal that starts it (see regex_prefixes), or has been compiled as a search.
 *
 * Kinds
 * - TABLE: deterministic, states and byte classes in a table. State: one number.
 * - BITS: position automaton, the live positions as bits (up to 256).
 * - TRACKED: position automaton (up to 27 positions) for a search whose live partial matches must
 *   be known: with each position the earliest buffer offset at which a match standing there began.
 *
 * IRQL <= DISPATCH_LEVEL; stack below 512 bytes; verified sections are safe to run whatever they
 * contain.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inspect_automaton_kind {
    INSPECT_AUTOMATON_TABLE = 1,
    INSPECT_AUTOMATON_BITS = 2,
    INSPECT_AUTOMATON_TRACKED = 3,
};

/* A verified section of automata. */
struct inspect_automata {
    const uint8_t *base;
    uint32_t size;
    uint32_t count; /* automata, numbered from 0 */
};

/* Checks everything in the section (base must be 8-byte aligned). */
bool inspect_automata_verify(const void *base, size_t size, struct inspect_automata *automata);

enum inspect_automaton_kind inspect_automaton_kind(const struct inspect_automata *automata,
                                                   uint32_t automaton);

/* Bytes of state that a run of this automaton needs: a multiple of 8, at most 128. A TABLE needs
 * 8. */
size_t inspect_automaton_state_size(const struct inspect_automata *automata, uint32_t automaton);

enum inspect_automaton_result {
    INSPECT_AUTOMATON_MORE = 0,  /* all bytes read, a match may still come */
    INSPECT_AUTOMATON_MATCH = 1, /* a match ends right behind the last byte read; can go on */
    INSPECT_AUTOMATON_DEAD = 2,  /* no continuation can match */
};

/*
 * Starts a run at buffer offset `offset`. `entry` selects where: 0 is the pattern's beginning,
 * others come from regex_prefixes (the automaton has read the prefix already; `offset` is still
 * where the match began). `state` has inspect_automaton_state_size bytes, 8-byte aligned. MATCH: it
 * matches there already (an empty match, or the prefix is all of it).
 */
enum inspect_automaton_result inspect_automaton_begin(const struct inspect_automata *automata,
                                                      uint32_t automaton, uint32_t entry,
                                                      uint64_t offset, void *state);

/*
 * Reads bytes until a match ends, no continuation can match, or all are read; `*read` says how
 * many. `offset` is the buffer offset of data[0]. After MATCH it can go on with the rest, DEAD ends
 * the run.
 *
 * A match that the byte behind it decides ($ before a newline with m, \b) is told when that byte is
 * given, but where the match ended: that byte is not among those read, and `*read` can be 0. Going
 * on then reads it. Each end is told once.
 */
enum inspect_automaton_result inspect_automaton_read(const struct inspect_automata *automata,
                                                     uint32_t automaton, void *state,
                                                     uint64_t offset, const uint8_t *data,
                                                     size_t length, size_t *read);

/* Does a match end here if the buffer does? (A pattern with $ matches only then, and also before a
 * newline that is the buffer's last byte.) True also for a match told already by MATCH here. */
bool inspect_automaton_end(const struct inspect_automata *automata, uint32_t automaton,
                           const void *state);

/* The earliest offset at which a partial match that some continuation completes began; UINT64_MAX
 * when there is none. TRACKED only knows it; for others `begun`, the run's beginning, is given back
 * while the run lives. */
uint64_t inspect_automaton_live(const struct inspect_automata *automata, uint32_t automaton,
                                const void *state, uint64_t begun);

/* Where the earliest match began that MATCH told last (before the run goes on), or, with `at_end`,
 * that inspect_automaton_end told. Others than TRACKED, and an empty match at the buffer's end,
 * give `begun` back. */
uint64_t inspect_automaton_matched(const struct inspect_automata *automata, uint32_t automaton,
                                   const void *state, bool at_end, uint64_t begun);

/* True if run `b` can be dropped because `a`, which began no later, is in a state that accepts
 * whatever `b`'s does. May say false when it does not know. */
bool inspect_automaton_covers(const struct inspect_automata *automata, uint32_t automaton,
                              const void *a, const void *b);
