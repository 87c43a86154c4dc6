/* SPDX-License-Identifier: MIT */
/*
 * The prefilter: passes over the bytes in which no literal can be, and compares the literals whose
 * windows are met. It finds every literal that lies within the piece, and the earliest of those
 * that are begun at its end and whose windows lie within it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/match/literals_view.h"

/* Literals found and not given yet. */
#define LITERALS_PENDING 16u

struct literals_hit {
    uint32_t end; /* in the piece */
    uint32_t number;
};

struct literals_search {
    const struct inspect_literals *literals;
    const struct literals_filter *filter;
    const uint8_t *data;
    uint32_t length;
    bool nibbles;     /* middle and tiny literals are found by the tables of nibbles */
    uint32_t at;      /* a multiple of 4: windows that begin before it were asked */
    uint32_t begin;   /* windows that begin before it were asked, and their hits given */
    uint32_t known;   /* matches that end up to here are known already */
    uint32_t partial; /* begin of the earliest partial match at the end, or `length` */
    uint32_t work, allowed;
    unsigned pending;
    struct literals_hit hits[LITERALS_PENDING]; /* by end, then number */
};

enum literals_search_result {
    LITERALS_SEARCH_END,   /* all windows were asked; all hits can be given */
    LITERALS_SEARCH_FOUND, /* hits that end up to `at` can be given */
    LITERALS_SEARCH_STORM, /* too much work behind `begin`: what is pending is void */
};

/* Goes on from search->at. */
enum literals_search_result literals_filter_search(struct literals_search *search);

/* Where partial matches at the piece's end may begin, from `from` on, which is one byte in front of
 * the end at least: the first place that has the first bytes of some literal, or the last byte. */
uint32_t literals_filter_tail(const struct literals_search *search, uint32_t from);
