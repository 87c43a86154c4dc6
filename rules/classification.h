/* SPDX-License-Identifier: MIT */
/* Kinds of attacks (keyword classtype): name, description, priority. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rules_parser;
struct rules_span;

struct rules_classification {
    const char *name, *text;
    uint32_t priority; /* 1: the gravest */
};

/* Of files. Zeroed: none. */
struct rules_classifications {
    struct rules_classification *items;
    size_t count, capacity;
};

/* The built-in ones, in alphabetical order; NULL beyond the last. */
const struct rules_classification *rules_classification_built_in(size_t index);

void rules_classifications_end(struct rules_classifications *classifications);

/* Those of files before the built-in ones; NULL: unknown. */
const struct rules_classification *
rules_classification_find(const struct rules_classifications *classifications, const char *name,
                          size_t length);

/* Reads what follows "config classification:": name,description,priority. */
void rules_classification_define(struct rules_parser *parser, struct rules_span rest);
