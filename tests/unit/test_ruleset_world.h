/* SPDX-License-Identifier: MIT */
/* A rule set with something of everything, damaged on purpose, and traffic that goes through all of
 * its parts. For tests and fuzzers. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/rule/scope.h"

#define RULESET_WORLD_RULES 16u

/* Compiles rule `which` (1 to RULESET_WORLD_RULES) alone, or with 0 all of them. malloc'ed, 8-byte
 * aligned; NULL: they were refused. */
uint8_t *ruleset_world_make(unsigned which, size_t *size);

/* Makes the checksum right again. */
void ruleset_world_repair(uint8_t *blob, size_t size);

/* Runs traffic made of `bytes` over a verified set: every buffer in both directions, in pieces.
 * Ends the program if the scope breaks its contract. Gives the outcomes told. */
size_t ruleset_world_run(const struct inspect_ruleset *ruleset, const uint8_t *bytes,
                         size_t length);
