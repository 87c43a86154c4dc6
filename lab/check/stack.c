/* SPDX-License-Identifier: MIT */
/* The stack of a finding: kernel functions by their names, driver code by image and offset. */
#include "check/check.h"

#include "sim/frame.h"

#include <stdio.h>

void check_stack_capture(struct pe *pe, struct check_stack *stack)
{
    stack->count = 0;
    for (const struct sim_frame *frame = *sim_frame_list();
         frame != NULL && stack->count < CHECK_STACK_FRAMES; frame = frame->up) {
        char *text = stack->frames[stack->count++];
        if (frame->address == NULL) {
            snprintf(text, CHECK_FRAME_TEXT, "%s!%s", frame->module, frame->function);
        } else {
            char place[64];
            snprintf(text, CHECK_FRAME_TEXT, "%s (%s)",
                     pe_describe(pe, frame->address, place, sizeof(place)), frame->function);
        }
    }
}
