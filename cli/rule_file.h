/* SPDX-License-Identifier: MIT */
/* Compiled rule sets on disk: what `sluice rules compile` writes. */
#pragma once

#include "inspect/rule/ruleset.h"

#include <stdbool.h>
#include <stdint.h>

/* Is this file a compiled rule set rather than text? By its first bytes; what cannot be read is
 * none. */
bool rule_file_is_compiled(const char *path);

/* Reads and verifies one. The blob is malloc'ed, the caller frees it; `ruleset` points into it.
 * False: one line was printed that says what is wrong. */
bool rule_file_read(const char *path, uint8_t **blob, size_t *size,
                    struct inspect_ruleset *ruleset);
