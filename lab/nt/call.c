/* SPDX-License-Identifier: MIT */
/* Calls into driver code, and what must be as before when they come back. */
#include "nt/call.h"
#include "nt/irql.h"
#include "nt/thread.h"

void nt_call_enter(struct nt *nt, struct nt_call *call, const char *role, const void *function)
{
    call->role = role;
    call->irql = sim_task_irql(nt->sim);
    call->spin_locks = nt_thread_current(nt)->spin_locks;
    pe_enter(nt->pe, &call->pe, role, function);
}

void nt_call_leave(struct nt *nt, struct nt_call *call)
{
    struct nt_thread *thread = nt_thread_current(nt);
    const uint8_t irql = sim_task_irql(nt->sim);

    if (__builtin_expect(thread->spin_locks != call->spin_locks, 0)) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R62", call->role,
                            "%s returned and holds %d spin lock(s) more than before", call->role,
                            (int)(thread->spin_locks - call->spin_locks));
        thread->spin_locks = call->spin_locks;
    }
    if (__builtin_expect(irql != call->irql, 0)) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R61", call->role,
                            "%s was called at IRQL %u and returned at IRQL %u", call->role,
                            call->irql, irql);
        nt_irql_set(nt, call->irql);
    }
    pe_leave(nt->pe, &call->pe);
}

const void *nt_call_site(const struct nt *nt)
{
    for (const struct sim_frame *frame = *sim_frame_list(); frame != NULL; frame = frame->up)
        if (frame->address != NULL)
            return frame->address;
    return NULL;
}
