/* SPDX-License-Identifier: MIT */
/* Compiles literals into a section for inspect/match/literals.h. User mode. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct literals_builder;

/* NULL: no memory. */
struct literals_builder *literals_builder_create(void);
void literals_builder_destroy(struct literals_builder *builder);

/*
 * Adds a literal of `length` bytes (1 to 4096, any values; the bytes are copied). The same bytes
 * with the same `nocase` (of either case then) give the same number; it is blocking if any of the
 * calls said so. Gives its number, or UINT32_MAX: no memory, or a bad length.
 */
uint32_t literals_builder_add(struct literals_builder *builder, const uint8_t *bytes, size_t length,
                              bool nocase, bool blocking);

uint32_t literals_builder_count(const struct literals_builder *builder);

/* Makes the section: malloc'ed, the caller frees it. False: no memory, or more than 4 GB. */
bool literals_builder_finish(struct literals_builder *builder, uint8_t **section, size_t *size);
