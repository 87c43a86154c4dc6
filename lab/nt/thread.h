/* SPDX-License-Identifier: MIT */
/* Threads: what the kernel knows about a task. The dispatcher header comes first, as drivers wait
 * for threads. */
#pragma once

#include "nt/state.h"

#define NT_HELD_LOCKS 16

struct nt_held_lock {
    const void *lock;
    const void *caller;
    uint8_t old_irql;
    bool shared;
};

struct nt_wait;

struct nt_thread {
    DISPATCHER_HEADER header;
    struct nt_thread *newer, *older;
    struct sim_task *task; /* NULL: ended, or the host */
    uint64_t id;
    uint64_t number; /* what it writes into spin locks: never 0 */
    NTSTATUS exit_status;
    LONG priority;
    uint32_t spin_locks; /* held now */
    int32_t critical_regions, guarded_regions, attached;
    struct nt_held_lock held[NT_HELD_LOCKS];
    const struct nt_lock_watch *watch; /* innermost, see lock_order.h */
    uint64_t stalled; /* time that driver code let pass without giving the processor back, 100 ns */
    const struct nt_wait *wait;    /* outermost, see wait.h; NULL: it does not wait */
    const void *sleeps_at;         /* where it called KeDelayExecutionThread last */
    uint64_t sleeps, sleeps_since; /* there, in a row */
    bool ending;                   /* no driver code runs in it any more */
    bool waited;                   /* somebody's wait for it was satisfied */
    bool kept;   /* ended while its driver loads or unloads: see nt_threads_judge() */
    bool driver; /* made by PsCreateSystemThread */
    const void *caller;
    PKSTART_ROUTINE start;
    PVOID context;
    struct nt_call *call; /* into the start routine, on its stack */
};

/* The running task's thread object, made on first use; the host has one too. */
struct nt_thread *nt_thread_current_slow(struct nt *nt);
static inline struct nt_thread *nt_thread_current(struct nt *nt)
{
    struct sim_task *task = nt->sim->task;
    struct nt_thread *thread = task != NULL ? task->local : nt->host_thread;

    return __builtin_expect(thread != NULL, 1) ? thread : nt_thread_current_slow(nt);
}

/* The end of a task of the lab: its thread object goes, waiters are woken. To be called as the last
 * thing. */
void nt_thread_end(struct nt *nt, NTSTATUS status);

void nt_threads_close(struct nt *nt);

/* A wait for this object, which says that it is a thread, was satisfied. */
void nt_thread_waited(struct nt *nt, const void *object);

/* R68: `role` of this image (DriverUnload, or a DriverEntry that fails) returns. Its threads that
 * have not ended run in memory that is unmapped next; those that ended meanwhile and were not
 * waited for could have been stopped by the scheduler between their last signal and their end (a
 * warning). Source: IoCreateSystemThread
 * ("uses this parameter to ensure that the driver cannot unload while the created thread exists",
 * which PsCreateSystemThread has not), PsTerminateSystemThread ("must ensure that each such thread
 * terminates"), bug check 0xCE. */
void nt_threads_judge(struct nt *nt, const struct pe_image *image, const char *role);

/* It is over: gives back what was kept for judging. */
void nt_threads_let_go(struct nt *nt);

/* Driver threads that have not ended; the first one's start routine in *start. */
unsigned nt_threads_left(const struct nt *nt, const struct pe_image *image, const void **start);
