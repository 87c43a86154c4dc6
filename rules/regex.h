/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions of rules (keyword pcre), compiled for inspect/match/automaton.h. User mode.
 *
 * Syntax: PCRE's, on bytes, without look-around, back-references, atomic groups, possessive
 * repeats, recursion and conditionals: these are refused with the reason. Lazy and greedy repeats
 * match the same ends. Semantics: there is a match ending at e if any way of matching ends there.
 * ^ $ \A \z \Z \b \B mean what they mean to PCRE2 (with newline LF) if its subject is the buffer
 * from where the run begins.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum regex_flag {
    REGEX_CASELESS = 1u << 0,  /* i */
    REGEX_DOTALL = 1u << 1,    /* s */
    REGEX_MULTILINE = 1u << 2, /* m */
    REGEX_EXTENDED = 1u << 3,  /* x */
    REGEX_ANCHORED = 1u << 4,  /* A: only where the run begins */
};

struct regex; /* a parsed pattern */

struct regex_error {
    char text[160]; /* what is wrong, for people, without a final dot */
    size_t
        position; /* in the pattern; regex_compile, which refuses it as a whole, leaves it alone */
};

/* NULL: refused, or no memory; `error` says why. */
struct regex *regex_parse(const char *pattern, size_t length, unsigned flags,
                          struct regex_error *error);
void regex_destroy(struct regex *regex);

/* A match can only begin where a run begins (^ without m, or A). */
bool regex_is_anchored(const struct regex *regex);
/* Ends with $ or \z on every path: needs the buffer's end (inspect_automaton_end tells it). */
bool regex_needs_end(const struct regex *regex);
size_t regex_min_length(const struct regex *regex);
/* Of the longest match; SIZE_MAX: unbounded. */
size_t regex_max_length(const struct regex *regex);

/* Literals of which every match begins with one. */
struct regex_prefix {
    uint8_t bytes[16];
    uint8_t length; /* 1 to 16 */
    uint8_t nocase; /* folded bytes; any case of a letter begins a match */
    uint32_t entry; /* for inspect_automaton_begin, valid after regex_compile of the same regex */
};

#define REGEX_PREFIXES_MAX 64u

/* Fills at most REGEX_PREFIXES_MAX prefixes, none a prefix of another, as selective as it can;
 * gives their number, 0: some match begins with no usable literal, can be empty, or depends on what
 * stands before it (\b or a multi-line ^ at its begin), which only a search sees. Prefixes of an
 * anchored pattern count only where the run may begin. */
size_t regex_prefixes(const struct regex *regex, struct regex_prefix *prefixes);

enum regex_use {
    REGEX_RUN = 0,     /* matches begin where the run begins */
    REGEX_SEARCH = 1,  /* matches begin there or later; where is not asked */
    REGEX_TRACKED = 2, /* as SEARCH, and inspect_automaton_live must know where */
};

struct automata_builder;
struct automata_builder *automata_builder_create(void);
void automata_builder_destroy(struct automata_builder *builder);

/* Bytes that a table of states may take where live positions as bits would do, too (the first is
 * several times faster). 128 KB unless set. */
void automata_builder_set_table_max(struct automata_builder *builder, size_t bytes);

/* Adds the automaton of a pattern; the same pattern, flags and use give the same number. Sets the
 * `entry` of `prefixes` (may be NULL with count 0; REGEX_RUN only). False: too large, or no memory;
 * `error` says why. */
bool regex_compile(struct automata_builder *builder, const struct regex *regex, enum regex_use use,
                   struct regex_prefix *prefixes, size_t prefix_count, uint32_t *automaton,
                   struct regex_error *error);

/* Makes the section: malloc'ed, the caller frees it. */
bool automata_builder_finish(struct automata_builder *builder, uint8_t **section, size_t *size);
