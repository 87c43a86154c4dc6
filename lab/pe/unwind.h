/* SPDX-License-Identifier: MIT */
/* Unwinding of driver frames by .pdata ("x64 exception handling": unwind data versions 1 and 2). */
#pragma once

#include "pe/context.h"
#include "pe/pe.h"

enum pe_unwind_handler { PE_HANDLER_NONE = 0, PE_HANDLER_EXCEPTION = 1, PE_HANDLER_UNWIND = 2 };

/* The .pdata entry of an address, NULL in a leaf function or outside the image. */
const struct pe_function *pe_function_of(const struct pe_image *image, uint64_t pc);

/* The memory that may be read as stack while unwinding. */
struct pe_stack_range {
    uintptr_t limit, base;
};

/* Goes from the frame in *context to its caller. function NULL: a leaf. *establisher: the frame's
 * address. handler: the language's handler when the function has one of the wanted kind and pc is
 * in its body, else NULL; *handler_data: behind it. False when the stack or the unwind data cannot
 * be followed: *context is then unspecified. */
bool pe_unwind_frame(const struct pe_image *image, const struct pe_function *function,
                     enum pe_unwind_handler wanted, const struct pe_stack_range *range,
                     struct pe_context *context, uint64_t *establisher, void **handler,
                     const void **handler_data);

/* Whether a call instruction ends right before the address: it may be a return address. */
bool pe_is_behind_call(const struct pe_image *image, const void *address);

/* Addresses of driver code, innermost first, from the last export that this call made (or, in a
 * trap, from where it happened). Returns how many. Meaningful while driver code is below on the
 * stack: in exports, hooks, bug checks. */
struct pe_backtrace_entry {
    const struct pe_image *image;
    uint32_t offset;
};
size_t pe_backtrace(struct pe *pe, const struct pe_call *call, struct pe_backtrace_entry *out,
                    size_t capacity);
