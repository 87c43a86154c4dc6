/* SPDX-License-Identifier: MIT */
/* Sources: stream-inspection ("the callout must return BLOCK from all indicated segments";
 * switching back is "a contract violation"), nf-fwpsk-fwpsstreaminjectasync0 (the four lawful cases
 * of an inject). */
#include "check/out_of_band.h"

#include "check/state.h"
#include "check/tell.h"

#include <string.h>

#define FLAGS_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)

/* One mistake is told once: what else is mixed up in this flow follows from it. */
static bool first_of_flow(struct check_flow *flow, const char *rule)
{
    if (flow->mixed == NULL)
        flow->mixed = rule;
    return strcmp(flow->mixed, rule) == 0;
}

void check_out_of_band_inject(const struct check_flow *flow, const struct check_track *track,
                              struct netio_inject *inject, const struct check_place *place)
{
    if (inject->classify != NULL || track->excused)
        return;
    if (place->known && place->passed)
        inject->of_check.rule = "R35";
    else if ((track->answered && track->passing) || track->allowed)
        inject->of_check.rule = "R34";
}

void check_out_of_band_begin(struct check *check, struct check_flow *flow,
                             struct check_track *track, const struct netio_inject *inject)
{
    const char *rule = inject->of_check.rule;

    if (inject->classify != NULL || track->excused)
        return;
    track->out_of_band = true;
    if (rule == NULL || !first_of_flow(flow, rule))
        return;
    check_tell_inject(
        check, rule, inject, inject->of_check.known ? inject->of_check.first : track->decided,
        inject->length, "%s",
        strcmp(rule, "R35") == 0
            ? "clones of bytes are injected that classify had permitted: they come out "
              "twice"
        : track->allowed ? "from outside classify, after ALLOW_CONNECTION was answered"
                         : "from outside classify, while the callout lets the stream pass: "
                           "nothing says where these bytes belong");
}

void check_out_of_band_answer(struct check *check, struct check_flow *flow,
                              struct check_track *track, const struct netio_classify *classify)
{
    const bool fin = classify->length == 0;
    const char *rule = fin ? "R35" : "R36", *answer = NULL;

    if (!track->out_of_band || (classify->flags & FLAGS_ABORT) != 0)
        return;
    if (classify->verdict == VERDICT_PERMIT)
        answer = "PERMIT";
    else if (classify->verdict == VERDICT_CONTINUE)
        answer = "CONTINUE";
    else if (classify->verdict == VERDICT_ALLOW)
        answer = "ALLOW_CONNECTION";
    if (answer == NULL || !first_of_flow(flow, rule))
        return;
    check_tell_answer(check, rule, classify, track->decided, classify->length,
                      "%s for %s of a stream that was injected into from outside classify", answer,
                      fin ? "the FIN" : "bytes");
}
