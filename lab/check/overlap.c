/* SPDX-License-Identifier: MIT */
/* Source: WFPSampler serialises its injections for each flow and direction; nothing says in which
 * order two that overlap come out. */
#include "check/overlap.h"

#include "check/state.h"
#include "check/tell.h"

void check_overlap_enter(struct check *check, struct check_track *track,
                         const struct netio_inject *inject)
{
    /* One that is made inside another on the same stack, by a completion, is in its place; one that
     * has completed, though its call has not returned, is in its place too. */
    if (track->injecting++ > 0 && track->injector != check->sim->task &&
        track->injecting_last != NULL)
        check_tell_inject(
            check, "R38", inject, CHECK_NO_OFFSET, inject->length,
            "while another processor is in an inject call for the same direction of the flow");
    else
        track->injector = check->sim->task;
    track->injecting_last = inject->chain;
    while (track->injecting_last != NULL && track->injecting_last->Next != NULL)
        track->injecting_last = track->injecting_last->Next;
}

void check_overlap_completed(struct check_flow *flow, const NET_BUFFER_LIST *nbl)
{
    for (struct check_track *track = flow->tracks; track != NULL; track = track->next) {
        if (track->injecting != 0 && track->injecting_last == nbl)
            track->injecting_last = NULL;
    }
}

void check_overlap_exit(struct check_track *track)
{
    track->injecting--;
}
