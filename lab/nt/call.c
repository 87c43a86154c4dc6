/* SPDX-License-Identifier: MIT */
/* Calls into driver code, and what must be as before when they come back. */
#include "nt/call.h"
#include "nt/irql.h"
#include "nt/pool_audit.h"
#include "nt/thread.h"
#include "pe/guard.h"

#include <stdio.h>
#include <string.h>

#define STALL_LIMIT (100 * SIM_MICROSECOND)

void nt_call_enter(struct nt *nt, struct nt_call *call, const char *role, const void *function)
{
    call->role = role;
    call->irql = sim_task_irql(nt->sim);
    call->interrupts_off = nt->interrupts_off;
    call->spin_locks = nt_thread_current(nt)->spin_locks;
    call->stalled = nt_thread_current(nt)->stalled;
    pe_enter(nt->pe, &call->pe, role, function);
    if (__builtin_expect(nt->pageable_code, 0))
        nt_paged_code_note(nt, function);
}

static void check_stalled(struct nt *nt, const struct nt_call *call, uint64_t stalled)
{
    static const char *const callout_functions[] = {"classifyFn", "completionFn", "notifyFn"};
    const char *rule = strcmp(call->role, "flowDeleteFn") == 0 ? "R49" : NULL;

    for (unsigned i = 0; i < sizeof(callout_functions) / sizeof(callout_functions[0]); i++)
        if (strcmp(call->role, callout_functions[i]) == 0)
            rule = "R73";
    if (rule == NULL || !nt->checks || call->irql < DISPATCH_LEVEL)
        return;
    sim_breach_text(nt->sim, rule, call->role,
                    "%s kept the processor for %llu microseconds at DISPATCH_LEVEL, stalling or "
                    "looking at the clock; a DPC should take 100 at most",
                    call->role, (unsigned long long)(stalled / SIM_MICROSECOND));
}

static void tell_irql(struct nt *nt, const char *role, uint8_t before, uint8_t after)
{
    char text[96];

    snprintf(text, sizeof(text), "%s was called at IRQL %u and returned at IRQL %u", role, before,
             after);
    sim_breach(nt->sim, &(struct sim_breach){
                            .rule = "R61", .function = role, .detail = text, .left_irql = after});
}

void nt_call_leave(struct nt *nt, struct nt_call *call)
{
    struct nt_thread *thread = nt_thread_current(nt);
    const uint8_t irql = sim_task_irql(nt->sim);

    pe_check_call(nt->pe, &call->pe);
    if (__builtin_expect(pe_guard_is_on(), 0))
        nt_pool_audit_call(nt, call->role, call->pe.frame.address);
    if (__builtin_expect(thread->spin_locks != call->spin_locks, 0)) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R62", call->role,
                            "%s returned and holds %d spin lock%s more than before", call->role,
                            (int)(thread->spin_locks - call->spin_locks),
                            thread->spin_locks - call->spin_locks == 1 ? "" : "s");
        thread->spin_locks = call->spin_locks;
    }
    if (__builtin_expect(irql != call->irql, 0)) {
        if (nt->checks)
            tell_irql(nt, call->role, call->irql, irql);
        nt_irql_set(nt, call->irql);
    }
    if (__builtin_expect(nt->interrupts_off && !call->interrupts_off, 0)) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R61", call->role,
                            "%s returned with interrupts off: cli (_disable) without sti (_enable)",
                            call->role);
        nt->interrupts_off = false;
        pe_interrupts_on(nt->pe);
    }
    /* "A single DPC routine should not execute for more than 100 microseconds" (Sharing Processor
     * Resources During Startup from a Low-Power State). */
    if (__builtin_expect(thread->stalled - call->stalled > STALL_LIMIT, 0))
        check_stalled(nt, call, thread->stalled - call->stalled);
    pe_leave(nt->pe, &call->pe);
}

const void *nt_call_site(const struct nt *nt)
{
    for (const struct sim_frame *frame = *sim_frame_list(); frame != NULL; frame = frame->up)
        if (frame->address != NULL)
            return frame->address;
    return NULL;
}
