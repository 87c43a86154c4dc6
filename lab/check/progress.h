/* SPDX-License-Identifier: MIT */
/* R16: an offer is not refused for ever: every DEFER is followed by FwpsStreamContinue0. */
#pragma once

#include "check/track.h"

void check_progress_answer(struct check *check, struct check_track *track,
                           const struct netio_classify *classify);

/* Traffic has ended and nobody has anything to do any more: what waits now waits for ever. */
void check_progress_quiet(struct check *check, struct check_flow *flow);
