/* SPDX-License-Identifier: MIT */
/* R38: two injections of one callout into one direction of a flow do not overlap. */
#pragma once

#include "check/track.h"

void check_overlap_enter(struct check *check, struct check_track *track,
                         const struct netio_inject *inject);
void check_overlap_completed(struct check_flow *flow, const NET_BUFFER_LIST *nbl);
void check_overlap_exit(struct check_track *track);
