/* SPDX-License-Identifier: MIT */
/* Makes the prefilter of a set of literals (layout: inspect/match/literals_section.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/literals_build_automaton.h"
#include "rules/literals_build_section.h"

struct literals_filter_input {
    const struct literals_item *items;
    uint32_t count;
    uint32_t records; /* offset of theirs in the section */
};

/* Appends the prefilter of exact and folded literals (in this order). False: no memory. */
bool literals_build_filter(struct literals_section *section,
                           const struct literals_filter_input inputs[2], uint32_t *offset);
