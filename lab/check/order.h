/* SPDX-License-Identifier: MIT */
/* R37 for any driver: bytes that it passes on as they are, permitted or as clones, come out in
 * their order and once. Of bytes that it made itself nothing is known. */
#pragma once

#include "check/place.h"

/* An inject succeeded; place: of what it was given. */
void check_order_inject(struct check *check, struct check_flow *flow, struct check_track *track,
                        const struct netio_inject *inject);

/* The first bytes of an offer pass, before `decided` goes on. */
void check_order_pass(struct check *check, struct check_flow *flow, struct check_track *track,
                      const struct netio_classify *classify, uint64_t bytes);
