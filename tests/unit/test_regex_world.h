/* SPDX-License-Identifier: MIT */
/* What the tests of regular expressions share: compile one, run it over a text in pieces. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/match/automaton.h"
#include "rules/regex.h"

#define WORLD_TEXT_MAX 512u

/* One pattern, compiled for one use. */
struct world_regex {
    struct regex *regex;
    struct inspect_automata automata;
    uint8_t *section;
    size_t size;
    uint32_t automaton;
    struct regex_prefix prefixes[REGEX_PREFIXES_MAX];
    size_t prefix_count;
    struct regex_error error;
};

/* `as_bits`: no table, where bits are possible. False: refused, see error. Free it in any case. */
bool world_compile(struct world_regex *made, const char *pattern, size_t length, unsigned flags,
                   enum regex_use use, bool as_bits);
void world_free(struct world_regex *made);

/* What a run over a whole text told. */
struct world_matches {
    bool ends[WORLD_TEXT_MAX + 1]; /* a match ended at this offset */
    bool at_end;                   /* inspect_automaton_end behind the last byte */
    bool dead;
    uint64_t began[WORLD_TEXT_MAX + 1]; /* of ends: inspect_automaton_matched */
    uint64_t began_at_end;
    uint64_t live[WORLD_TEXT_MAX + 1]; /* inspect_automaton_live behind that many bytes */
};

/* Runs from `entry`, the text's first `from` bytes having been read by it. Pieces end behind byte i
 * when bit (i % 64) of `cuts` is set; ~0: each byte is a piece of its own. */
void world_run(const struct world_regex *made, uint32_t entry, const uint8_t *text, size_t from,
               size_t length, uint64_t cuts, struct world_matches *matches);

uint32_t world_random(uint64_t *seed, uint32_t below);
