/* SPDX-License-Identifier: MIT */
/*
 * How a thread (thread.h) lies in memory: a record of 8-byte words,
 *
 *   thread, [place], [state of the path's automaton], side, [state of the side], side ...
 *
 * Offsets are the low 32 bits of buffer offsets, read against the present one. Private to
 * inspect/rule.
 */
#pragma once

#include "inspect/rule/thread.h"

enum {
    RECORD_WORDS = INSPECT_THREAD_BYTES / 8,
    RECORD_OLD = 1 << 30, /* begins and origins that are older are kept as that old */
};

enum record_flag {
    RECORD_SLOT = 7u,       /* the buffer's index */
    RECORD_SHORT = 1u << 3, /* no place: an open unbounded content, a packed automaton */
    RECORD_DONE = 1u << 4,  /* the path has matched, sides are not decided */
    RECORD_DEAD = 1u << 5,  /* to be removed */
    RECORD_EVENT = 1u << 6, /* its element matched at the place reached */
    RECORD_BEGUN = 1u << 7, /* the path's automaton runs */
    RECORD_FENCE = RECORD_SHORT | RECORD_DONE, /* no thread: matches begin at `origin` or later */
};

struct record {
    uint32_t element; /* of the path, under way; done: one of the chain */
    uint16_t matched; /* content: bytes */
    uint8_t flags;    /* enum record_flag */
    uint8_t words;
} __attribute__((may_alias));

struct record_place {
    uint32_t begin;  /* of the segment's match */
    uint32_t origin; /* end of the path element before */
} __attribute__((may_alias));

enum record_side_kind {
    SIDE_NEGATED = 1, /* content or regex that must not follow */
    SIDE_AT_END = 2,  /* the buffer ends at the origin */
    SIDE_DATA_AT = 3,
    SIDE_BYTE_TEST = 4,
    SIDE_REACH = 5, /* the buffer reaches the origin */
    SIDE_MARK = 6,  /* not a condition: the content to replace ended at the origin */
    SIDE_KIND = 15,
    SIDE_BEGUN = 32, /* negated regex: its automaton runs */
    SIDE_HOLDS = 64, /* decided: to be removed */
};

struct record_side {
    uint32_t element : 24;
    uint32_t kind : 8;
    uint32_t origin;
} __attribute__((may_alias));

struct record_matched {
    uint32_t matched;
    uint32_t reserved;
} __attribute__((may_alias));

static inline bool record_is_fence(const struct record *record)
{
    return (record->flags & RECORD_FENCE) == RECORD_FENCE;
}

static inline struct record_place *record_place(struct record *record)
{
    return (struct record_place *)((uint64_t *)(void *)record + 1);
}

/* The words of an element's automaton. */
static inline unsigned record_state_words(const struct inspect_ruleset *ruleset, uint32_t element)
{
    const struct ruleset_element *entry = &ruleset->elements[element];
    if (entry->kind != RULESET_REGEX)
        return 0;
    return (unsigned)(inspect_automaton_state_size(&ruleset->automata, entry->data) / 8);
}

/* The state of the path's automaton, if it is not packed. */
static inline uint64_t *record_state(struct record *record)
{
    return (uint64_t *)(void *)record + 2;
}

/* A packed automaton: a small state, and one bit beside it, lie in `matched`. */
#define RECORD_PACKED ((1ull << 32) | 0x7fff)

static inline uint64_t record_unpack(const struct record *record)
{
    return (record->matched & 0x7fffu) | (uint64_t)(record->matched >> 15) << 32;
}

static inline void record_pack(struct record *record, uint64_t state)
{
    record->matched = (uint16_t)((state & 0x7fff) | (state >> 32 & 1) << 15);
}

/* Where the sides begin, in words. */
static inline unsigned record_sides(const struct inspect_ruleset *ruleset,
                                    const struct record *record)
{
    if ((record->flags & RECORD_DONE) != 0)
        return 2;
    if ((record->flags & RECORD_SHORT) != 0)
        return 1;
    return 2 + record_state_words(ruleset, record->element);
}

static inline unsigned record_side_words(const struct inspect_ruleset *ruleset,
                                         const struct record_side *side)
{
    if ((side->kind & SIDE_KIND) != SIDE_NEGATED)
        return 1;
    const unsigned state = record_state_words(ruleset, side->element);
    return 1 + (state != 0 ? state : 1);
}

static inline struct record_side *record_side(struct record *record, unsigned at)
{
    return (struct record_side *)((uint64_t *)(void *)record + at);
}

static inline struct record *record_at(uint64_t *words, unsigned at)
{
    return (struct record *)(void *)&words[at];
}

/* An offset of 32 bits against `now`. */
static inline uint64_t record_widen(uint64_t now, uint32_t low)
{
    return now + (uint64_t)(int64_t)(int32_t)(low - (uint32_t)now);
}

/* What running came to, decided at the place read to. */
enum record_result {
    RECORD_MORE,     /* nothing yet, all was read */
    RECORD_HAPPENED, /* a path: it matched; a side: it holds */
    RECORD_FAILED,   /* it cannot match any more, or does not hold */
};

/* Bytes to run over: offset of data[0], how many. */
struct record_bytes {
    uint64_t offset;
    const uint8_t *data;
    size_t length;
};

/* origin + distance, as a buffer offset. Before the buffer's begin: its begin. */
uint64_t inspect_record_offset(uint64_t origin, int32_t distance);

/* The last offset at which a content may begin. False: the window lies before the buffer. */
bool inspect_record_window(const struct ruleset_element *element, uint64_t origin,
                           uint64_t *latest);

/* Copies `count` bytes of the buffer from `offset` on: out of the history, then out of the bytes at
 * hand, which begin at the buffer's present length. False: they are gone. */
bool inspect_record_look(const struct thread_pass *pass, const uint8_t *data, int64_t offset,
                         unsigned count, uint8_t *bytes);

/* Runs the path of a thread up to its first event. */
enum record_result inspect_record_path(const struct thread_pass *pass, struct record *record,
                                       struct record_bytes bytes, size_t *read);

/* Runs a side over the bytes. */
enum record_result inspect_record_side(const struct thread_pass *pass, struct record_side *side,
                                       struct record_bytes bytes, size_t *read);

/* Runs a thread up to its first event, gives how far. Without an event: all bytes. */
size_t inspect_record_run(const struct thread_pass *pass, struct record *record,
                          struct record_bytes bytes);

/* It goes with the next sweep. */
void inspect_record_kill(struct record *record);
