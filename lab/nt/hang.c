/* SPDX-License-Identifier: MIT */
/* Who waits for what. Nothing that drivers can free is looked into: what is told was noted when the
 * wait began. */
#include "nt/hang.h"

#include "nt/dispatcher.h"
#include "nt/pool.h"
#include "nt/wait.h"

#include <stdio.h>
#include <string.h>

static const char *kind_of(const struct nt_wait *wait)
{
    if (wait->kind != NULL)
        return wait->kind;
    switch (wait->type) {
    case NT_DISPATCHER_NOTIFICATION_EVENT:
    case NT_DISPATCHER_SYNCHRONIZATION_EVENT:
        return "an event";
    case NT_DISPATCHER_MUTANT:
        return "a mutex";
    case NT_DISPATCHER_SEMAPHORE:
        return "a semaphore";
    case NT_DISPATCHER_THREAD:
        return "a thread";
    case NT_DISPATCHER_NOTIFICATION_TIMER:
    case NT_DISPATCHER_SYNCHRONIZATION_TIMER:
        return "a timer";
    default:
        return "an object";
    }
}

/* The thread that is waited for, or NULL. */
static const struct nt_thread *thread_waited_for(const struct nt *nt, const struct nt_wait *wait)
{
    for (const struct nt_thread *t = nt->threads; t != NULL; t = t->older)
        if (wait->kind == NULL && t == wait->object)
            return t;
    return NULL;
}

static const void *site_of(const struct nt_thread *thread)
{
    for (const struct sim_frame *f = thread->task != NULL ? thread->task->frames : NULL; f != NULL;
         f = f->up)
        if (f->address != NULL)
            return f->address;
    return NULL;
}

static void where_is(const struct nt *nt, const struct nt_thread *waiter, const void *object,
                     char *text, size_t size)
{
    const struct sim_task *task = waiter->task;
    const struct pe_image *image = pe_image_of(nt->pe, object);
    char place[96];

    if (image != NULL) /* not as code is named: no function is to be looked up for it */
        snprintf(text, size, " in data of %s at 0x%llx", pe_image_name(image),
                 (unsigned long long)((uintptr_t)object - (uintptr_t)pe_image_base(image)));
    else if (task != NULL && (uintptr_t)object >= task->stack_limit &&
             (uintptr_t)object < task->stack_base)
        snprintf(text, size, " on its own stack");
    else if (nt_pool_describe(nt, object, place, sizeof(place)))
        snprintf(text, size, " in %s", place);
    else
        text[0] = '\0';
}

/* "an event in data of oob at 0x3010", "the thread of oob+0x1234"; empty: time. */
static void what_for(const struct nt *nt, const struct nt_thread *waiter, char *text, size_t size)
{
    const struct nt_wait *wait = waiter->wait;
    const struct nt_thread *thread;
    char where[96], more[32] = "", place[64];

    text[0] = '\0';
    if (wait == NULL || wait->object == NULL)
        return;
    thread = thread_waited_for(nt, wait);
    if (thread != NULL && thread->driver) {
        snprintf(text, size, "the thread of %s",
                 pe_describe(nt->pe, (const void *)(uintptr_t)thread->start, place, sizeof(place)));
        return;
    }
    where_is(nt, waiter, wait->object, where, sizeof(where));
    if (wait->count > 1)
        snprintf(more, sizeof(more), ", first of %u objects", wait->count);
    snprintf(text, size, "%s%s%s", kind_of(wait), where, more);
}

void nt_threads_each(struct nt *nt, void (*visit)(void *context, const struct nt_waiting *waiting),
                     void *context)
{
    const struct nt_thread *t = nt->threads;

    while (t != NULL && t->older != NULL)
        t = t->older;
    for (; t != NULL; t = t->newer) {
        struct nt_waiting waiting = {.start = (const void *)(uintptr_t)t->start,
                                     .site = site_of(t)};

        if (!t->driver || t->task == NULL)
            continue;
        if (t->wait != NULL) {
            waiting.function = t->wait->function;
            waiting.since = t->wait->since;
            if (t->wait->object == NULL) {
                waiting.times = t->sleeps;
                waiting.since = t->sleeps_since;
            }
        }
        what_for(nt, t, waiting.what, sizeof(waiting.what));
        visit(context, &waiting);
    }
}

static const char *innermost(const struct sim_task *task)
{
    for (const struct sim_frame *f = task->frames; f != NULL; f = f->up)
        if (f->address == NULL)
            return f->function;
    return NULL;
}

/* With the task's stack, and the function it waits in on top: few exports note their names. */
static void tell_as(struct nt *nt, struct sim_task *task, const struct nt_wait *wait,
                    const struct sim_breach *breach)
{
    struct sim_frame frame;
    struct sim_task *previous;

    if (task == NULL) {
        sim_breach(nt->sim, breach);
        return;
    }
    previous = sim_look_as(nt->sim, task);
    if (wait != NULL)
        sim_frame_push(&frame, "nt", wait->function, NULL);
    sim_breach(nt->sim, breach);
    if (wait != NULL)
        sim_frame_pop(&frame);
    sim_look_back(nt->sim, previous);
}

void nt_hang_tell(struct nt *nt, const char *role, struct sim_task *task)
{
    const struct nt_thread *thread = task != NULL ? task->local : NULL;
    const struct nt_wait *wait = thread != NULL ? thread->wait : NULL;
    const char *blocked = task != NULL ? innermost(task) : NULL;
    struct sim_breach breach = {.rule = "HANG", .function = role};
    char detail[256], what[96];

    if (wait != NULL && wait->object == NULL) {
        snprintf(detail, sizeof(detail),
                 "%s did not return: it slept %llu times in a row at one place (%s), for %.0f s, "
                 "and what its loop asks for did not come",
                 role, (unsigned long long)thread->sleeps, wait->function,
                 (double)(nt->sim->now - thread->sleeps_since) / SIM_SECOND);
    } else if (wait != NULL) {
        what_for(nt, thread, what, sizeof(what));
        breach.object = (uintptr_t)wait->object;
        snprintf(detail, sizeof(detail), "%s did not return: it waits in %s for %s%s", role,
                 wait->function, what,
                 thread_waited_for(nt, wait) != NULL ? ", which does not end"
                                                     : ", and nobody ends the wait");
    } else if (blocked != NULL) {
        snprintf(detail, sizeof(detail), "%s did not return: it is blocked in %s", role, blocked);
    } else {
        snprintf(detail, sizeof(detail), "%s did not return", role);
    }
    breach.detail = detail;
    tell_as(nt, task, wait, &breach);
}

void nt_event_set_watch(struct nt *nt, const struct nt_event_watch *watch)
{
    nt->event_watch = watch != NULL ? *watch : (struct nt_event_watch){0};
}
