/* SPDX-License-Identifier: MIT */
/* How a callout answers around each multiple of 4 GB. */
#include "check/counter.h"

#include "check/state.h"
#include "check/tell.h"

#define WRAP   ((uint64_t)1 << 32)
#define WINDOW ((uint64_t)1 << 20) /* bytes behind a multiple in which a change is no accident */
#define STEADY 200                 /* the same answers in a row */

void check_counter_answer(struct check *check, struct check_track *track,
                          const struct netio_classify *classify)
{
    const uint64_t end = track->decided + classify->length;
    const uint8_t manner =
        (uint8_t)((unsigned)classify->verdict << 2 |
                  (classify->covered < classify->length ? 2 : 0) | (classify->injects > 0 ? 1 : 0));

    if (classify->length == 0)
        return;
    /* The offer in which the counter goes round is already judged by its new value. */
    if (end >= WRAP && end % WRAP < WINDOW + classify->length && manner != track->manner &&
        track->manners >= STEADY && !track->counter_told) {
        track->counter_told = true;
        check_tell_answer(
            check, "R74", classify, track->decided, classify->length,
            "after %u answers alike it answers otherwise at byte %llu: a counter of 32 bits "
            "goes round there",
            track->manners, (unsigned long long)track->decided);
    }
    track->manners = manner == track->manner ? track->manners + 1 : 1;
    track->manner = manner;
}
