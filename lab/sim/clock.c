/* SPDX-License-Identifier: MIT */
/* Timers of virtual time, in a binary heap. */
#include "sim/sim.h"
#include "sim/timers.h"

#include <stdio.h>
#include <stdlib.h>

static bool earlier(const struct sim_timer *a, const struct sim_timer *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void place(struct sim_timers *timers, struct sim_timer *timer, uint32_t index)
{
    timers->heap[index] = timer;
    timer->heap_index = index;
}

static void sift_up(struct sim_timers *timers, struct sim_timer *timer, uint32_t index)
{
    while (index > 1 && earlier(timer, timers->heap[index / 2])) {
        place(timers, timers->heap[index / 2], index);
        index /= 2;
    }
    place(timers, timer, index);
}

static void sift_down(struct sim_timers *timers, struct sim_timer *timer, uint32_t index)
{
    for (;;) {
        uint32_t child = index * 2;

        if (child > timers->count)
            break;
        if (child < timers->count && earlier(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!earlier(timers->heap[child], timer))
            break;
        place(timers, timers->heap[child], index);
        index = child;
    }
    place(timers, timer, index);
}

static void take_out(struct sim_timers *timers, struct sim_timer *timer)
{
    const uint32_t index = timer->heap_index;
    struct sim_timer *last = timers->heap[timers->count--];

    timer->heap_index = 0;
    if (last == timer)
        return;
    if (index > 1 && earlier(last, timers->heap[index / 2]))
        sift_up(timers, last, index);
    else
        sift_down(timers, last, index);
}

static void grow(struct sim_timers *timers)
{
    const uint32_t capacity = timers->capacity == 0 ? 64 : timers->capacity * 2;
    struct sim_timer **heap = realloc(timers->heap, (capacity + 1) * sizeof(*heap));

    if (heap == NULL) {
        /* Arming a timer cannot fail on Windows either, so no caller could make sense of it. */
        fputs("sluice: out of memory for timers\n", stderr);
        abort();
    }
    timers->heap = heap;
    timers->capacity = capacity;
}

void sim_timer_set(struct sim *sim, struct sim_timer *timer, uint64_t due)
{
    struct sim_timers *timers = sim->timers;

    if (timer->heap_index != 0)
        take_out(timers, timer);
    if (timers->count == timers->capacity)
        grow(timers);
    timer->due = due;
    timer->order = ++timers->armed;
    sift_up(timers, timer, ++timers->count);
}

bool sim_timer_cancel(struct sim *sim, struct sim_timer *timer)
{
    if (timer->heap_index == 0)
        return false;
    take_out(sim->timers, timer);
    return true;
}

uint64_t sim_timer_next(const struct sim *sim)
{
    return sim->timers->count == 0 ? UINT64_MAX : sim->timers->heap[1]->due;
}

bool sim_timers_fire(struct sim *sim)
{
    struct sim_timers *timers = sim->timers;
    struct sim_timer *timer;

    if (timers->count == 0 || timers->heap[1]->due > sim->now)
        return false;
    timer = timers->heap[1];
    take_out(timers, timer);
    sim_trace_add(&sim->trace, SIM_EVENT_TIMER, timer->order, 0, 0);
    timer->fire(timer->context);
    return true;
}

void sim_clock_advance(struct sim *sim, uint64_t now)
{
    if (now <= sim->now)
        return;
    sim->now = now;
    if (sim->time_changed != NULL)
        sim->time_changed(sim->time_context);
}

void sim_timers_close(struct sim_timers *timers)
{
    free(timers->heap);
    *timers = (struct sim_timers){0};
}
