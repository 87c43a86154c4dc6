/* SPDX-License-Identifier: MIT */
/* The driver's own frames below a call into it, for reports. */
#include "pe/state.h"
#include "pe/unwind.h"

#include <string.h>

/* What is known of the registers: all of them after a trap; else the stack pointer and rbp, which
 * the export's own frame keeps, and no unwinding needs more unless a function has another frame
 * register. */
static bool registers_of(const struct pe *pe, const struct pe_call *call,
                         struct pe_context *context)
{
    (void)pe;
    if (call->registers != NULL) {
        memcpy(context, call->registers, sizeof *context);
        return true;
    }
    if (call->site == 0)
        return false;
    memset(context, 0, sizeof *context);
    context->rbp = pe_stack_word(call->site);
    context->rip = (uint64_t)(uintptr_t)call->frame.address;
    context->rsp = call->site + 16;
    return true;
}

size_t pe_backtrace(struct pe *pe, const struct pe_call *call, struct pe_backtrace_entry *out,
                    size_t capacity)
{
    struct pe_stack_range range;
    struct pe_context context;
    size_t count = 0;
    if (call == NULL || !pe_stack_bounds(pe, &range.limit, &range.base) ||
        !registers_of(pe, call, &context))
        return 0;
    while (count < capacity) {
        const struct pe_image *image = pe_image_of(pe, (const void *)context.rip);
        uint64_t establisher;
        void *handler;
        const void *data;
        if (image == NULL)
            break;
        out[count++] =
            (struct pe_backtrace_entry){image, (uint32_t)(context.rip - (uintptr_t)image->base)};
        if (image->resident) /* without unwind data */
            break;
        const uint64_t before = context.rsp;
        if (!pe_unwind_frame(image, pe_function_of(image, context.rip), PE_HANDLER_NONE, &range,
                             &context, &establisher, &handler, &data) ||
            context.rsp <= before)
            break;
    }
    return count;
}
