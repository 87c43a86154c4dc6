/* SPDX-License-Identifier: MIT */
/* R15: a driver that passes bytes on as copies of its own reads them from dataOffset, over all
 * NBLs, NBs and MDLs. A driver may edit, so only what cannot be an edit is told: the bytes at the
 * head of the chain instead of those on offer, and only the first stretch of memory of an offer
 * that has several, time after time. */
#pragma once

#include "check/check.h"

/* What a classify has injected of its own so far. */
struct check_copies {
    size_t length;     /* bytes */
    size_t as_offered; /* of those, from the first on, that are as the offer's */
    size_t as_head;    /* that are as those from the head of the chain on */
    bool head_differs; /* the offer does not begin at the head */
    bool kept;         /* bytes from before the offer were held back: they leave first */
    bool unknown;      /* clones among them */
};

/* How a callout treats offers of several stretches: of the whole run. */
struct check_copying {
    uint32_t callout;
    uint32_t whole; /* passed on beyond the first stretch */
    uint32_t first; /* only the first one */
    bool told;
};

/* NULL when too many callouts pass copies on. */
struct check_copying *check_copying_of(struct check *check, uint32_t callout);

/* An offer of `length` bytes came out as its first `stretch`, outside classify; inject: one behind
 * it. */
void check_passed_on_late(struct check *check, struct check_copying *copying, uint64_t position,
                          size_t length, size_t stretch, const struct netio_inject *inject);
void check_passed_on_inject(const struct netio_inject *inject, struct check_copies *copies);
void check_passed_on_answer(struct check *check, const struct netio_classify *classify,
                            const struct check_copies *copies, uint64_t position);
