/* SPDX-License-Identifier: MIT */
/* The order in which spin locks are taken, as a graph: a circle in it is a deadlock that waits for
 * its moment, whether it happened or not. Source: Driver Verifier, deadlock detection ("it looks
 * for loops in the graph"). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NT_LOCKS_WATCHED 4

struct nt;
struct nt_thread;
struct nt_lock_order;

/* A spin lock is about to be waited for, while this thread holds others. Shared acquisitions are
 * left out: readers do not exclude each other. A circle of which every step is taken below one and
 * the same other lock cannot deadlock and is not told. */
void nt_lock_order_note(struct nt *nt, const struct nt_thread *thread, const char *function,
                        const void *lock);

/* Locks in memory that is freed are no more. */
void nt_lock_order_forget(struct nt *nt, uintptr_t start, uintptr_t end);
void nt_lock_order_close(struct nt *nt);

/* Spin locks that the running thread holds exclusively; returns how many, at most
 * NT_LOCKS_WATCHED. */
unsigned nt_locks_held(struct nt *nt, const void **locks);

/* Until the end, the running thread's acquiring of one of these locks is a breach of `rule`. */
struct nt_lock_watch {
    const struct nt_lock_watch *outer;
    const char *rule, *function, *detail;
    uint64_t flow;
    unsigned count;
    const void *locks[NT_LOCKS_WATCHED];
};
void nt_lock_watch_begin(struct nt *nt, struct nt_lock_watch *watch);
void nt_lock_watch_end(struct nt *nt, const struct nt_lock_watch *watch);
void nt_lock_watch_check(struct nt *nt, const struct nt_thread *thread, const void *lock);
