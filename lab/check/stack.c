/* SPDX-License-Identifier: MIT */
/* The stack of a finding: kernel functions by their names, driver code by image and offset. */
#include "check/check.h"

#include "pe/unwind.h"
#include "sim/frame.h"

#include <stdio.h>
#include <string.h>

#define DRIVER_FRAMES 16

/* Of the innermost address: an instruction that trapped. All others are return addresses. */
static bool is_fault(const struct pe_call *call, const struct pe_backtrace_entry *entry)
{
    const uint8_t *address = (const uint8_t *)pe_image_base(entry->image) + entry->offset;
    return call->registers != NULL && !pe_is_behind_call(entry->image, address);
}

/* Driver code from its innermost function outwards; the outermost also tells what it was called as.
 * "(fault)": the offset is that of the instruction itself, not of the one to return to. */
static void add_driver(struct pe *pe, const struct pe_call *call, struct check_stack *stack)
{
    struct pe_backtrace_entry entries[DRIVER_FRAMES];
    size_t count = pe_backtrace(pe, call, entries, DRIVER_FRAMES);

    for (size_t i = 0; i < count && stack->count < CHECK_STACK_FRAMES; i++)
        snprintf(stack->frames[stack->count++], CHECK_FRAME_TEXT, "%s+0x%x%s%s%s%s",
                 pe_image_name(entries[i].image), entries[i].offset,
                 i == 0 && is_fault(call, &entries[i]) ? " (fault)" : "",
                 i + 1 == count ? " (" : "", i + 1 == count ? call->frame.function : "",
                 i + 1 == count ? ")" : "");
    if (count == 0) { /* linked into the lab, or its stack cannot be followed */
        char place[64];
        snprintf(stack->frames[stack->count++], CHECK_FRAME_TEXT, "%s (%s)",
                 pe_describe(pe, call->frame.address, place, sizeof(place)), call->frame.function);
    }
}

void check_stack_capture(struct pe *pe, struct check_stack *stack)
{
    stack->count = 0;
    for (const struct sim_frame *frame = *sim_frame_list();
         frame != NULL && stack->count < CHECK_STACK_FRAMES; frame = frame->up) {
        if (frame->address == NULL)
            snprintf(stack->frames[stack->count++], CHECK_FRAME_TEXT, "%s!%s", frame->module,
                     frame->function);
        else /* pushed by pe_enter(): the first member of its call */
            add_driver(pe, (const struct pe_call *)(const void *)frame, stack);
    }
}

bool check_stack_has_driver(void)
{
    for (const struct sim_frame *frame = *sim_frame_list(); frame != NULL; frame = frame->up) {
        if (frame->address != NULL)
            return true;
    }
    return false;
}

bool check_stack_in_role(const char *role)
{
    for (const struct sim_frame *frame = *sim_frame_list(); frame != NULL; frame = frame->up) {
        if (frame->address != NULL)
            return strcmp(frame->function, role) == 0;
    }
    return false;
}

void check_stack_put(struct pe *pe, struct check_stack *stack, const void *address,
                     const char *role)
{
    char place[64];
    const bool is_role = role != NULL && strcmp(role, "classifyFn") == 0;
    unsigned kept = stack->count < CHECK_STACK_FRAMES ? stack->count : CHECK_STACK_FRAMES - 1;

    memmove(stack->frames[1], stack->frames[0], kept * sizeof(stack->frames[0]));
    snprintf(stack->frames[0], CHECK_FRAME_TEXT, "%s%s",
             pe_describe(pe, address, place, sizeof(place)), is_role ? " (classifyFn)" : "");
    stack->count = kept + 1;
}
