/* SPDX-License-Identifier: MIT */
/* Source: WFPSampler serialises its injections for each flow and direction; nothing says in which
 * order two that overlap come out. */
#include "check/overlap.h"

#include "check/state.h"

void check_overlap_enter(struct check *check, const struct check_flow *flow,
                         struct check_track *track, const struct netio_inject *inject)
{
    /* One that is made inside another on the same stack, by a completion, is in its place. */
    if (track->injecting++ > 0 && track->injector != check->sim->task)
        check_note(check, &(struct sim_breach){
                              .rule = "R38",
                              .function = "FwpsStreamInjectAsync0",
                              .detail = "while another processor is in an inject call for the same "
                                        "direction of the flow",
                              .flow = flow->handle,
                              .classify = inject->classify != NULL ? inject->classify->number : 0,
                              .inject = inject->number,
                              .bytes = inject->length,
                              .direction = (uint8_t)(track->direction + 1),
                          });
    else
        track->injector = check->sim->task;
}

void check_overlap_exit(struct check_track *track)
{
    track->injecting--;
}
