/* SPDX-License-Identifier: MIT */
/* UTF-16 strings: the little that the kernel itself needs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t nt_wide_length(const uint16_t *text); /* units before the terminator */
uint16_t nt_wide_upper(uint16_t unit);
uint16_t nt_wide_lower(uint16_t unit);

/* Lengths in bytes. */
bool nt_wide_equal(const uint16_t *a, size_t a_bytes, const uint16_t *b, size_t b_bytes,
                   bool ignore_case);

/* UTF-8 to UTF-16 without terminator; returns the units that were, or would have been, written. */
size_t nt_wide_from_utf8(uint16_t *out, size_t units, const char *text, size_t bytes);

/* UTF-16 to UTF-8 without terminator; returns the bytes that were, or would have been, written. */
size_t nt_wide_to_utf8(char *out, size_t size, const uint16_t *text, size_t units);
