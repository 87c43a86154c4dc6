/* SPDX-License-Identifier: MIT */
/* The timer behind the watchdog; signals.c counts its ticks. Its limit is in processor time, so
 * that a busy machine does not convict anybody. */
#include "pe/watchdog.h"

#include "pe/state.h"

#include <sys/time.h>

#define TICKS 8u

static void set_timer(unsigned ms)
{
    const struct timeval every = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
    const struct itimerval timer = {.it_interval = every, .it_value = every};
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

static void set_deadline(unsigned seconds)
{
    const struct itimerval timer = {.it_value = {.tv_sec = seconds}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

void pe_watchdog_start(struct pe *pe, unsigned ms)
{
    if (ms == 0)
        ms = PE_WATCHDOG_DEFAULT_MS;
    pe->watchdog.seen = pe->calls;
    pe->watchdog.ticks = 0;
    pe->watchdog.held = 0;
    pe->watchdog.stuck = 0;
    pe->watchdog.due = false;
    pe->watchdog.allowed = TICKS;
    pe->watchdog.running = true;
    set_timer(ms / TICKS != 0 ? ms / TICKS : 1);
}

void pe_watchdog_stop(struct pe *pe)
{
    if (!pe->watchdog.running)
        return;
    pe->watchdog.running = false;
    set_timer(0);
    set_deadline(0);
}

void pe_watchdog_hurry(struct pe *pe)
{
    if (pe->watchdog.running)
        set_timer(1);
}

void pe_watchdog_dying(struct pe *pe)
{
    if (pe->watchdog.running)
        set_deadline(PE_WATCHDOG_DYING_S);
}
