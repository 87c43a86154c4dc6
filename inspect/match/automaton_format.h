/* SPDX-License-Identifier: MIT */
/*
 * How a section of automata lies in memory: shared by who makes it (rules/regex_build.c) and who
 * runs it. Little endian; offsets count from the section's begin, which is 8-byte aligned.
 *
 *   struct automata_section, uint32_t offset[count] of struct automaton_header, and what these
 *   point to.
 *
 * TABLE: next[class * states + state], 1 or 2 bytes each; flags[state]. By class first, so that the
 * state is all that a step waits for. States from `plain` on have something to report.
 *
 * BITS: sets of positions, `width` words each; bit 0 is none of them: it says that the match before
 * the next byte has been told. In order: reach[classes], shift, self, now, before, end, future,
 * from[groups], to[groups], entries[entries]. A position is followed by its neighbour (shift),
 * itself (self), and for each group that it is in (from) by a set (to).
 *
 * TRACKED: as BITS with 32-bit sets. Bit 1 is where the run begins; bits below `first` are
 * positions at which no match has begun. In order: now, before, end, future, reach[classes],
 * follow[positions].
 */
#pragma once

#include <stdint.h>

#include "inspect/match/automaton.h"

#define AUTOMATA_MAGIC          0x4d545541u /* "AUTM" */
#define AUTOMATA_VERSION        1u

#define AUTOMATON_STATES_MAX    65535u
#define AUTOMATON_WORDS_MAX     4u
#define AUTOMATON_GROUPS_MAX    256u
#define AUTOMATON_POSITIONS_MAX 32u /* TRACKED: bits of a set */
#define AUTOMATON_STARTS_MAX    27u /* TRACKED: positions with a start */

struct automata_section {
    uint32_t magic, version;
    uint32_t size; /* of the whole section */
    uint32_t count;
};

struct automaton_header {
    uint8_t kind;  /* enum inspect_automaton_kind */
    uint8_t width; /* TABLE: bytes of an entry; BITS: words of a set */
    uint16_t classes;
    uint32_t map;    /* offset of uint8_t[256]: each byte's class */
    uint32_t body;   /* offset, 8-byte aligned */
    uint32_t states; /* TABLE: states; TRACKED: bits in use */
    union {
        struct {
            uint32_t plain;
            uint32_t start;
            uint32_t flags;     /* offset of uint8_t[states]: enum automaton_flag */
            uint32_t dominance; /* offset of uint64_t[states]: bit b: covers state b; 0: none */
        } table;
        struct {
            uint32_t groups;
            uint32_t entries;
        } bits;
        struct {
            uint32_t first;
        } tracked;
    };
};

_Static_assert(sizeof(struct automaton_header) == 32, "part of the format");

enum automaton_flag {
    AUTOMATON_NOW = 1u << 0,    /* a match ends here */
    AUTOMATON_BEFORE = 1u << 1, /* a match ended before the byte that led here */
    AUTOMATON_END = 1u << 2,    /* it matches if the buffer ends here */
    AUTOMATON_OVER = 1u << 3,   /* no continuation matches */
};

/* State numbers are entries + 1: entry 0 is the start. */
#define AUTOMATON_ENTRY_OF_STATE(state) ((state) + 1)

/* Bits of BITS and TRACKED. */
#define AUTOMATON_TOLD                  1u /* the bit itself */
#define AUTOMATON_BEGIN                 2u /* the bit itself */

/* A kind's part: found by inspect/match/automaton.c. */
static inline const struct automaton_header *
automaton_header(const struct inspect_automata *automata, uint32_t automaton)
{
    const uint32_t *offsets = (const uint32_t *)(automata->base + sizeof(struct automata_section));
    return (const struct automaton_header *)(automata->base + offsets[automaton]);
}

/* Each kind's functions: as those of inspect/match/automaton.h. */
bool automaton_table_verify(const uint8_t *base, uint32_t size,
                            const struct automaton_header *header);
enum inspect_automaton_result automaton_table_begin(const uint8_t *base,
                                                    const struct automaton_header *header,
                                                    uint32_t entry, uint64_t *state);
enum inspect_automaton_result automaton_table_read(const uint8_t *base,
                                                   const struct automaton_header *header,
                                                   uint64_t *state, const uint8_t *data,
                                                   size_t length, size_t *read);
unsigned automaton_table_flags(const uint8_t *base, const struct automaton_header *header,
                               const uint64_t *state);
bool automaton_table_covers(const uint8_t *base, const struct automaton_header *header,
                            const uint64_t *a, const uint64_t *b);

bool automaton_bits_verify(uint32_t size, const struct automaton_header *header);
enum inspect_automaton_result automaton_bits_begin(const uint8_t *base,
                                                   const struct automaton_header *header,
                                                   uint32_t entry, uint64_t *state);
enum inspect_automaton_result automaton_bits_read(const uint8_t *base,
                                                  const struct automaton_header *header,
                                                  uint64_t *state, const uint8_t *data,
                                                  size_t length, size_t *read);
unsigned automaton_bits_flags(const uint8_t *base, const struct automaton_header *header,
                              const uint64_t *state);
bool automaton_bits_covers(const struct automaton_header *header, const uint64_t *a,
                           const uint64_t *b);

/* `told` (where the match told last began) and `starts` count from `base`. */
struct automaton_tracked_state {
    uint64_t base;
    uint32_t live;
    uint32_t told;
    uint32_t starts[AUTOMATON_STARTS_MAX];
};
#define AUTOMATON_TRACKED_SIZE(starts) ((16 + 4 * (size_t)(starts) + 7) / 8 * 8)
_Static_assert(AUTOMATON_TRACKED_SIZE(AUTOMATON_STARTS_MAX) == 128, "state of a run");

bool automaton_tracked_verify(const uint8_t *base, uint32_t size,
                              const struct automaton_header *header);
enum inspect_automaton_result automaton_tracked_begin(const uint8_t *base,
                                                      const struct automaton_header *header,
                                                      uint64_t offset,
                                                      struct automaton_tracked_state *state);
enum inspect_automaton_result automaton_tracked_read(const uint8_t *base,
                                                     const struct automaton_header *header,
                                                     struct automaton_tracked_state *state,
                                                     uint64_t offset, const uint8_t *data,
                                                     size_t length, size_t *read);
unsigned automaton_tracked_flags(const uint8_t *base, const struct automaton_header *header,
                                 const struct automaton_tracked_state *state);
uint64_t automaton_tracked_matched(const uint8_t *base, const struct automaton_header *header,
                                   const struct automaton_tracked_state *state, bool at_end,
                                   uint64_t begun);
uint64_t automaton_tracked_live(const uint8_t *base, const struct automaton_header *header,
                                const struct automaton_tracked_state *state);

/* [offset, offset + count * item) lies in the section. */
static inline bool automaton_within(uint32_t size, uint32_t offset, uint64_t count, uint64_t item)
{
    return offset <= size && count * item <= size - offset;
}
