/* SPDX-License-Identifier: MIT */
/* What a thread waits for, noted by itself while it does. */
#pragma once

#include "nt/thread.h"

struct nt_wait {
    const char *function; /* the kernel's name, literal */
    const void *object;   /* the first of what it waits for; NULL: for time to pass */
    const char *kind;     /* of it, literal; NULL: a dispatcher object, of this type */
    uint8_t type;
    unsigned count; /* of objects */
    uint64_t since;
};

/* Begins and ends a wait of the running thread; waits nest where one function is made of another.
 */
static inline const struct nt_wait *nt_wait_begin(struct nt *nt, const struct nt_wait *wait)
{
    struct nt_thread *thread = nt_thread_current(nt);
    const struct nt_wait *outer = thread->wait;

    if (outer == NULL)
        thread->wait = wait;
    return outer;
}

static inline void nt_wait_end(struct nt *nt, const struct nt_wait *outer)
{
    nt_thread_current(nt)->wait = outer;
}
