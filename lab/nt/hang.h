/* SPDX-License-Identifier: MIT */
/* Who waits for what: for a function of the driver that does not come back, and for an explanation
 * of it. */
#pragma once

#include "nt/nt.h"

struct sim_task;
struct nt_wait;

/* A thread of a driver that waits, or is ready to go on; valid during the visit. */
struct nt_waiting {
    const void *start;    /* its start routine */
    const void *site;     /* driver code that called the kernel last; NULL: never ran */
    const char *function; /* in which it waits; NULL: it does not wait */
    uint64_t since;       /* virtual, 100 ns */
    uint64_t times;       /* of sleeps in a row at this place */
    char what[96];        /* what for: "an event in data of oob at 0x3010"; may be empty */
};

/* Every thread made by PsCreateSystemThread that has not ended, oldest first. */
void nt_threads_each(struct nt *nt, void (*visit)(void *context, const struct nt_waiting *waiting),
                     void *context);

/* HANG: the task, which runs `role` ("DriverUnload"), did not return. Tells in which function it
 * waits, for what and since when; the finding's stack is the task's. Host only. `task` NULL: it
 * could not be started. Source: what the task itself noted when it began to wait. */
void nt_hang_tell(struct nt *nt, const char *role, struct sim_task *task);

/* What drivers do to events, for whoever listens: "initialised", "set", "cleared", "taken" (reset
 * by a wait). watch NULL: nobody. */
struct nt_event_watch {
    void *context;
    void (*changed)(void *context, const void *event, const char *what);
};
void nt_event_set_watch(struct nt *nt, const struct nt_event_watch *watch);
