/* SPDX-License-Identifier: MIT */
/* Kernel timers over virtual time. */
#include "nt/timer.h"
#include "nt/clock.h"
#include "nt/dispatcher.h"
#include "nt/dpc.h"
#include "nt/pool_state.h"

#include <stdlib.h>

/* The armed state of a KTIMER, or NULL. */
static struct nt_timer *armed(const struct nt *nt, const KTIMER *timer)
{
    for (struct nt_timer *t = nt->timers; t != NULL; t = t->older)
        if (t->timer == timer)
            return t;
    return NULL;
}

static void disarm(struct nt *nt, struct nt_timer *timer)
{
    sim_timer_cancel(nt->sim, &timer->sim);
    if (timer->newer != NULL)
        timer->newer->older = timer->older;
    else
        nt->timers = timer->older;
    if (timer->older != NULL)
        timer->older->newer = timer->newer;
    timer->older = nt->timers_free;
    nt->timers_free = timer;
}

static void expire(void *context)
{
    struct nt_timer *state = context;
    struct nt *nt = state->nt;
    KTIMER *timer = state->timer;
    KDPC *dpc = timer->Dpc;

    if (timer->Period != 0)
        sim_timer_set(nt->sim, &state->sim, nt->sim->now + timer->Period * SIM_MILLISECOND);
    else
        disarm(nt, state);
    timer->Header.SignalState = 1;
    nt_dispatcher_signal(nt, &timer->Header);
    if (dpc != NULL)
        nt_dpc_queue(nt, dpc, (void *)(uintptr_t)(uint32_t)nt->sim->now,
                     (void *)(uintptr_t)(uint32_t)(nt->sim->now >> 32));
}

static void arm(struct nt *nt, KTIMER *timer, uint64_t due)
{
    struct nt_timer *state = nt->timers_free;

    if (state != NULL)
        nt->timers_free = state->older;
    else
        state = malloc(sizeof(*state));
    if (state == NULL)
        abort(); /* arming cannot fail: see sim/clock.c */
    *state = (struct nt_timer){.sim = {.fire = expire, .context = state},
                               .nt = nt,
                               .timer = timer,
                               .older = nt->timers,
                               .processor = sim_task_processor(nt->sim)};
    if (nt->timers != NULL)
        nt->timers->newer = state;
    nt->timers = state;
    timer->DueTime.QuadPart = due;
    sim_timer_set(nt->sim, &state->sim, due);
}

void nt_timers_close(struct nt *nt)
{
    while (nt->timers != NULL)
        disarm(nt, nt->timers);
    while (nt->timers_free != NULL) {
        struct nt_timer *next = nt->timers_free->older; /* NOLINT(clang-analyzer-unix.Malloc) */

        free(nt->timers_free);
        nt->timers_free = next;
    }
}

void nt_timer_check_freed(struct nt *nt, uintptr_t start, uintptr_t end)
{
    for (struct nt_timer *t = nt->timers, *next; t != NULL; t = next) {
        next = t->older;
        if ((uintptr_t)t->timer < start || (uintptr_t)t->timer >= end)
            continue;
        sim_breach_text(nt->sim, "R68", "ExFreePool", "memory is freed that holds an armed timer");
        disarm(nt, t);
    }
}

unsigned nt_timers_left(const struct nt *nt, const struct pe_image *image, const void **routine)
{
    unsigned left = 0;

    for (const struct nt_timer *t = nt->timers; t != NULL; t = t->older) {
        const void *found = t->timer->Dpc != NULL
                                ? (const void *)(uintptr_t)t->timer->Dpc->DeferredRoutine
                                : t->timer;

        if (pe_image_base(image) != NULL && pe_image_of(nt->pe, found) != image &&
            pe_image_of(nt->pe, t->timer) != image)
            continue;
        *routine = found;
        left++;
    }
    return left;
}

/* ---- exports ---- */

VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    NT_EXPORT_SHORT();
    struct nt_timer *state = armed(nt, Timer);

    if (state != NULL) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R68", "KeInitializeTimerEx",
                            "an armed timer is initialised again");
        disarm(nt, state);
    }
    nt_dispatcher_init(&Timer->Header,
                       Type == NotificationTimer ? NT_DISPATCHER_NOTIFICATION_TIMER
                                                 : NT_DISPATCHER_SYNCHRONIZATION_TIMER,
                       0);
    Timer->DueTime.QuadPart = 0;
    Timer->TimerListEntry.Flink = Timer->TimerListEntry.Blink = NULL;
    Timer->Dpc = NULL;
    Timer->Processor = 0;
    Timer->Period = 0;
}

VOID NTAPI KeInitializeTimer(PKTIMER Timer)
{
    KeInitializeTimerEx(Timer, NotificationTimer);
}

static BOOLEAN set_timer(struct nt *nt, KTIMER *timer, LARGE_INTEGER due, LONG period, KDPC *dpc)
{
    struct nt_timer *state = armed(nt, timer);

    if (state != NULL)
        disarm(nt, state);
    timer->Header.SignalState = 0;
    timer->Period = (ULONG)period;
    timer->Dpc = dpc;
    arm(nt, timer, nt_deadline(nt, &due));
    return state != NULL;
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    NT_EXPORT("KeSetTimer", DISPATCH_LEVEL);
    return set_timer(nt, Timer, DueTime, 0, Dpc);
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    NT_EXPORT("KeSetTimerEx", DISPATCH_LEVEL);
    return set_timer(nt, Timer, DueTime, Period, Dpc);
}

BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period,
                                    ULONG TolerableDelay, PKDPC Dpc)
{
    NT_EXPORT("KeSetCoalescableTimer", DISPATCH_LEVEL);
    return set_timer(nt, Timer, DueTime, (LONG)Period, Dpc);
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer)
{
    NT_EXPORT("KeCancelTimer", DISPATCH_LEVEL);
    struct nt_timer *state = armed(nt, Timer);

    if (state == NULL)
        return FALSE;
    disarm(nt, state);
    return TRUE;
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer)
{
    NT_EXPORT_SHORT();
    (void)nt;
    return Timer->Header.SignalState != 0;
}
