/* SPDX-License-Identifier: MIT */
/* How a callout answers around each multiple of 4 GB. */
#include "check/counter.h"

#include "check/state.h"

#include <stdio.h>

#define WRAP   ((uint64_t)1 << 32)
#define WINDOW ((uint64_t)1 << 20) /* bytes behind a multiple in which a change is no accident */
#define STEADY 200                 /* the same answers in a row */

void check_counter_answer(struct check *check, const struct check_flow *flow,
                          struct check_track *track, const struct netio_classify *classify)
{
    const uint64_t end = track->decided + classify->length;
    const uint8_t manner =
        (uint8_t)((unsigned)classify->verdict << 2 |
                  (classify->covered < classify->length ? 2 : 0) | (classify->injects > 0 ? 1 : 0));
    char detail[200];

    if (classify->length == 0)
        return;
    /* The offer in which the counter goes round is already judged by its new value. */
    if (end >= WRAP && end % WRAP < WINDOW + classify->length && manner != track->manner &&
        track->manners >= STEADY && !track->counter_told) {
        track->counter_told = true;
        snprintf(detail, sizeof(detail),
                 "after %u answers alike it answers otherwise at byte %llu: a counter of 32 bits "
                 "goes round there",
                 track->manners, (unsigned long long)track->decided);
        check_note(check, &(struct sim_breach){
                              .rule = "R74",
                              .function = "classifyFn",
                              .detail = detail,
                              .flow = flow->handle,
                              .classify = classify->number,
                              .bytes = classify->length,
                              .address = classify->callout->classify,
                              .direction = (uint8_t)(track->direction + 1),
                              .has_offset = true,
                              .offset = track->decided,
                          });
    }
    track->manners = manner == track->manner ? track->manners + 1 : 1;
    track->manner = manner;
}
