/* SPDX-License-Identifier: MIT */
/* Sources: stream-inspection (an out-of-band module must not arbitrarily inject a FIN into the
 * outgoing stream), nf-fwpsk-fwpsstreaminjectasync0 (a FIN that was pended is injected later). */
#include "check/disconnect.h"

#include "check/fault_blame.h"
#include "check/state.h"
#include "check/tell.h"

#include "netio/stream_verdict.h"

#define FLAGS_DISCONNECT (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)

/* Not with the answer: another processor may inject the FIN before classify has returned. */
void check_disconnect_offer(struct check_track *track, const struct netio_classify *classify)
{
    if ((classify->flags & FLAGS_DISCONNECT) == 0)
        return;
    track->fin_offered = true;
    track->fin_classify = classify->number;
}

void check_disconnect_answer(struct check_track *track, const struct netio_classify *classify)
{
    if ((classify->flags & FLAGS_DISCONNECT) == 0 || classify->covered < classify->length)
        return;
    track->fin_unanswered = classify->out->actionType == STREAM_ACTION_POISON;
    if (classify->verdict == VERDICT_BLOCK) {
        track->fin_held = true;
        track->excused = true;
    } else if (classify->verdict == VERDICT_PERMIT || classify->verdict == VERDICT_CONTINUE ||
               classify->verdict == VERDICT_ALLOW) {
        track->fin_passed = true;
    }
}

void check_disconnect_inject(struct check *check, struct check_track *track,
                             const struct netio_inject *inject)
{
    if ((inject->stream_flags & FLAGS_DISCONNECT) == 0)
        return;
    track->fins_injected++;
    if (track->fins_injected > 1 || track->fin_passed)
        check_tell_inject(check, "R40", inject, track->decided, 0,
                          "a second FIN is injected into the same stream");
    else if (!track->fin_offered && inject->classify == NULL && track->direction == NETIO_OUTBOUND)
        check_tell_inject(
            check, "R40", inject, track->decided, 0,
            "a FIN is injected into the outgoing stream that the application has not ended");
}

void check_disconnect_quiet(struct check *check, struct check_flow *flow)
{
    /* Behind bytes that did not get out a FIN would say that all is well. */
    if (flow->dropped || flow->refused || netio_flow_is_dead(flow->flow))
        return;
    /* Who could not end the connection has tried all there is. */
    if (check_call_failed(check->sim, "FwpsFlowAbort0"))
        return;
    for (struct check_track *track = flow->tracks; track != NULL; track = track->next) {
        if (track->fin_held && track->fins_injected == 0 && !track->fin_told) {
            track->fin_told = true;
            check_tell_waiting(
                check, "R40", flow, track, track->fin_classify, 0,
                track->fin_unanswered ? "R01" : NULL,
                "a FIN was blocked and never injected: the connection stays half open for ever");
        }
    }
}
