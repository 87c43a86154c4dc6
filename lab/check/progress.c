/* SPDX-License-Identifier: MIT */
/* Source: HLK NoStreamStarvation (NETWORK-0267). What NEED_MORE_DATA holds of a peer that says no
 * more cannot come by itself: that is R07 and R08's matter, at the end and at the limit. */
#include "check/progress.h"

#include "check/fault_blame.h"
#include "check/state.h"
#include "check/tell.h"

#include <string.h>

void check_progress_answer(struct check *check, struct check_track *track,
                           const struct netio_classify *classify)
{
    track->deferred = classify->verdict == VERDICT_DEFER;
    if (!track->deferred)
        return;
    if (track->deferred_classify == 0 || track->deferred_at != track->decided) {
        track->deferred_since = check->sim->now;
        track->deferred_at = track->decided;
    }
    track->deferred_classify = classify->number;
    track->deferred_bytes = classify->length;
}

void check_progress_quiet(struct check *check, struct check_flow *flow)
{
    /* What becomes of a stream whose FwpsStreamContinue0 failed no document says. */
    if (flow->dropped || netio_flow_is_dead(flow->flow) ||
        check_call_failed(check->sim, "FwpsStreamContinue0"))
        return;
    for (struct check_track *track = flow->tracks; track != NULL; track = track->next) {
        /* What waits for a callout that is gone is let go by the engine. */
        if (!track->deferred || netio_callout_by_id(check->netio, track->callout) == NULL)
            continue;
        track->deferred = false;
        check_tell_waiting(
            check, "R16", flow, track, track->deferred_classify, track->deferred_bytes, NULL,
            "%llu bytes were deferred at %.3f s, and when all was quiet at %.3f s "
            "nothing had continued the stream (FwpsStreamContinue0)",
            (unsigned long long)track->deferred_bytes, (double)track->deferred_since / SIM_SECOND,
            (double)check->sim->now / SIM_SECOND);
    }
}
