/* SPDX-License-Identifier: MIT */
/* R40, the ledger of FINs: one that is blocked is injected later, once; out of band none is made
 * up. */
#pragma once

#include "check/track.h"

void check_disconnect_offer(struct check_track *track, const struct netio_classify *classify);

void check_disconnect_answer(struct check_track *track, const struct netio_classify *classify);

/* An inject with a DISCONNECT flag succeeded. */
void check_disconnect_inject(struct check *check, struct check_track *track,
                             const struct netio_inject *inject);

/* Nothing can happen to the flow any more: was every FIN let go? */
void check_disconnect_quiet(struct check *check, struct check_flow *flow);
