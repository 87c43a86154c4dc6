/* SPDX-License-Identifier: MIT */
/* Sets of byte values, and those that PCRE has names for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct regex_set {
    uint64_t words[4];
};

void regex_set_add(struct regex_set *set, unsigned byte);
void regex_set_add_range(struct regex_set *set, unsigned low, unsigned high);
void regex_set_add_set(struct regex_set *set, const struct regex_set *other);
/* With a letter its other case too (ASCII letters only: PCRE's default tables). */
void regex_set_fold(struct regex_set *set);
void regex_set_negate(struct regex_set *set);
bool regex_set_has(const struct regex_set *set, unsigned byte);
bool regex_set_equal(const struct regex_set *a, const struct regex_set *b);
bool regex_set_empty(const struct regex_set *set);
struct regex_set regex_set_intersect(const struct regex_set *a, const struct regex_set *b);

/* Adds the set of a letter of \d \D \h \H \s \S \v \V \w \W \N (pcre2pattern, "Generic character
 * types"). False: it is none of them. */
bool regex_set_add_type(struct regex_set *set, char letter);

/* Adds the set of a POSIX class name, as in [:alpha:] (pcre2pattern, "POSIX character classes").
 * False: no such name. */
bool regex_set_add_posix(struct regex_set *set, const char *name, size_t length, bool negated);
