/* SPDX-License-Identifier: MIT */
/* Exception dispatch, as traps and raising exports start it. */
#pragma once

#include "pe/seh.h"
#include "pe/trap.h"

/* Looks for a handler in the driver frames from *context upwards and goes on there; returns only
 * when there is none. Runs on the stack of the frames. A filter that continues resumes *context. */
void pe_dispatch_exception(struct pe *pe, struct pe_exception *exception,
                           struct pe_context *context);

/* The exports' C sides; entry.S calls them with the caller's registers. */
void pe_seh_on_capture_context(struct pe_context *caller);
void pe_seh_on_restore_context(struct pe_context *caller);
void pe_seh_on_unwind_ex(struct pe_context *caller);
void pe_seh_on_local_unwind(struct pe_context *caller);
void pe_seh_on_raise_exception(struct pe_context *caller);
void pe_seh_on_raise_status(struct pe_context *caller);
void pe_seh_on_raise_access_violation(struct pe_context *caller);
void pe_seh_on_raise_misalignment(struct pe_context *caller);
void pe_raising_begin(struct pe_context *caller);
void pe_raising_end(struct pe_context *caller);
