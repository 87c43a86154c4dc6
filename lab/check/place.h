/* SPDX-License-Identifier: MIT */
/* Where injected bytes come from: a clone shares the memory of what was offered, so its place in
 * the stream is known for certain. Of copies nothing is known: a driver may edit. */
#pragma once

#include "check/track.h"

/* Notes in the NBLs on offer where their bytes stand. */
void check_place_offer(const struct netio_classify *classify, const struct check_flow *flow,
                       const struct check_track *track);

/* The first bytes of the offer, up to position `passed`, were permitted: said to the NBLs that have
 * clones. */
void check_place_passed(const struct netio_classify *classify, uint64_t passed);

/* What an injected chain is made of. */
struct check_place {
    bool known;             /* clones of bytes that this callout was offered, all of it */
    bool ordered;           /* one behind the other */
    bool passed;            /* some of the bytes had been permitted */
    bool whole;             /* of one offer, up to its last byte */
    uint64_t first, behind; /* first byte, behind the last one */
    uint32_t flags;         /* of the offer that the last byte belongs to */
    uint32_t classify;      /* its number */
};
void check_place_of_chain(const struct netio_inject *inject, uint64_t flow,
                          struct check_place *place);
