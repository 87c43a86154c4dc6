/* SPDX-License-Identifier: MIT */
/* R74: a callout that counts bytes in 32 bits begins anew when 4 GB have passed. What it counts
 * with is its own; what shows is that it answers otherwise just then, after it had answered the
 * same for long. */
#pragma once

#include "check/track.h"

/* Before `decided` goes on. */
void check_counter_answer(struct check *check, struct check_track *track,
                          const struct netio_classify *classify);
