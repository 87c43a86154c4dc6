/* SPDX-License-Identifier: MIT */
/* Chooses the windows by which the prefilter meets literals: bytes that are rare in traffic. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/literals_build_automaton.h"

struct literals_windows; /* what is known of the windows of a set */

/* NULL: no memory. */
struct literals_windows *literals_windows_create(void);
void literals_windows_destroy(struct literals_windows *windows);

/* Counts the windows that a literal could have. */
void literals_windows_count(struct literals_windows *windows, const struct literals_item *item);

/* Where the best `span` bytes of a literal begin. */
uint32_t literals_windows_choose(const struct literals_windows *windows,
                                 const struct literals_item *item, uint32_t span);

/* Four bytes, folded as the prefilter does. */
uint32_t literals_window_at(const uint8_t *bytes);
