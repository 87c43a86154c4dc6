/* SPDX-License-Identifier: MIT */
/* Rules compiled for a test, what was told about them, and scopes they run over. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/rule/scope.h"
#include "rules/compile.h"

#define COMPILE_TOLD_SIZE 4096u

struct compile_world {
    struct rule_set *set;
    uint8_t *blob;
    size_t size;
    struct inspect_ruleset ruleset;
    struct compile_statistics statistics;
    char told[COMPILE_TOLD_SIZE]; /* "line:column: error: text\n" each */
};

/* Compiles a text. True: there is a blob, and it verifies. */
bool compile_world_make(struct compile_world *world, const char *text,
                        const struct compile_options *options);
void compile_world_free(struct compile_world *world);

/* The bytes of one buffer of a message. */
struct compile_feed {
    uint8_t buffer; /* enum inspect_buffer */
    const char *bytes;
    size_t length;
};

#define COMPILE_FEEDS 6u

/* A message: heads first, then BODY and STREAM. Unused entries have bytes NULL. */
struct compile_message {
    uint8_t direction, protocol;
    struct compile_feed feeds[COMPILE_FEEDS];
    const struct inspect_call *call; /* NULL: addresses that are not known */
    struct inspect_flowbits *flowbits;
};

struct compile_outcomes {
    size_t count;
    struct inspect_outcome items[64];
};

/* Runs the rules over a message, each buffer fed in pieces that end at `cut` and then every `step`
 * bytes (0: in one). */
void compile_world_run(const struct compile_world *world, const struct compile_message *message,
                       size_t cut, size_t step, struct compile_outcomes *outcomes);
