/* SPDX-License-Identifier: MIT */
/*
 * Rules compiled from text and run over a stream, and beside it a naive reading of the same rules:
 * over the whole text, by trying every way of matching.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/rule/scope.h"
#include "rules/compile.h"

struct scope_world {
    struct rule_set *set;
    uint8_t *blob;
    size_t size;
    struct inspect_ruleset ruleset;
    char told[1024]; /* the first thing that compiling told */
};

/* False: the rules were refused, `told` says why. */
bool scope_world_make(struct scope_world *world, const char *rules);
void scope_world_free(struct scope_world *world);

/* What a run told. */
struct scope_match {
    uint32_t kind, sid;
    uint64_t begin, end;
    bool closed; /* told when the stream closed */
};
struct scope_run {
    size_t count;
    struct scope_match matches[64];
    bool overflow;
};

/* Runs the rules over an unparsed client stream cut in pieces: cuts[i] bytes each, the rest at the
 * end. `holds`: NULL, or for length + 1 entries where each call's hold is put (by bytes fed). */
void scope_world_run(const struct scope_world *world, const uint8_t *text, size_t length,
                     const size_t *cuts, size_t cut_count, struct scope_run *run, uint64_t *holds);

/* ---- the naive reading ---- */

#define NAIVE_NEVER UINT64_MAX

/* The place at which a rule on the stream matches: the bytes read so far, length + 1 for the end of
 * the stream, NAIVE_NEVER. Knows content with all modifiers but nocase and fast_pattern, isdataat,
 * byte_test and pcre. */
uint64_t naive_rule(const struct rule *rule, const uint8_t *text, size_t length);

/*
 * The earliest begin of a match of a chain's last segment that is not decided after the text and
 * that some continuation completes; `length` if there is none. For rules of one chain of positive
 * contents without negative distances and expressions: later bytes are taken to be whatever is
 * wanted.
 */
uint64_t naive_live(const struct rule *rule, const uint8_t *text, size_t length);

/* A random number below `limit`. */
uint32_t scope_random(uint64_t *state, uint32_t limit);
