/* SPDX-License-Identifier: MIT */
/* Out of band: from when on a callout injects from outside classify, and what it must not do then
 * (R34 to R36). Each direction of a flow is a stream of its own. */
#pragma once

#include "check/place.h"

/* Whether an inject from outside classify is lawful; inject->of_check.rule is set when it is not.
 */
void check_out_of_band_inject(const struct check_flow *flow, const struct check_track *track,
                              struct netio_inject *inject, const struct check_place *place);

/* It succeeded. */
void check_out_of_band_begin(struct check *check, struct check_flow *flow,
                             struct check_track *track, const struct netio_inject *inject);

void check_out_of_band_answer(struct check *check, struct check_flow *flow,
                              struct check_track *track, const struct netio_classify *classify);
