/* SPDX-License-Identifier: MIT */
/* Tasks: what runs on the virtual processors. Coroutines with a stack of their own, switched only
 * at kernel calls. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
struct sim_frame;

#define SIM_PASSIVE_LEVEL  0
#define SIM_DISPATCH_LEVEL 2
#define SIM_NO_DEADLINE    UINT64_MAX

typedef void (*sim_task_function)(void *context);

enum sim_task_state {
    SIM_TASK_READY,
    SIM_TASK_RUNNING,
    SIM_TASK_BLOCKED,
    SIM_TASK_ENDED,
};

/* A task that is at DISPATCH_LEVEL or above keeps its processor: no other task runs there until it
 * lowers its IRQL, ends or blocks. Tasks below move freely. The IRQL belongs to the task and goes
 * with it. */
struct sim_task {
    const char *name; /* literal, for reports */
    uint64_t number;  /* from 1, in order of creation */
    uint8_t irql;     /* changed by sim_task_set_irql() only */
    uint8_t processor;
    uint8_t state;            /* enum sim_task_state */
    bool woken;               /* the last block ended by sim_task_wake(), not by its deadline */
    struct sim_frame *frames; /* innermost first; see sim/frame.h */
    void *local;              /* nt's thread object */
    void *driver_call;        /* pe's innermost call into driver code */
    /* What it works for: what is allocated now is put down to it. Zeros: nothing. */
    uint64_t flow;
    uint32_t classify;     /* number, in that flow; 0: at another layer */
    uintptr_t stack_base;  /* highest address */
    uintptr_t stack_limit; /* lowest usable address; a guard page lies below */
};

struct sim_task_config {
    const char *name;
    uint8_t irql;      /* to start with */
    int processor;     /* to start on; -1: chosen by the scheduler */
    size_t stack_size; /* 0: 256 KiB */
    sim_task_function function;
    void *context;
};

/* Makes a task, ready to run. It ends when its function returns or by sim_task_exit(). Its stack is
 * reused. Returns NULL when no stack can be had. */
struct sim_task *sim_task_create(struct sim *sim, const struct sim_task_config *config);

/* Ends the running task. */
_Noreturn void sim_task_exit(struct sim *sim);

/* Blocks the running task until sim_task_wake() or virtual time `deadline` (SIM_NO_DEADLINE: for
 * ever). True when woken. The task gives up its processor meanwhile. */
bool sim_task_block(struct sim *sim, uint64_t deadline);

/* Makes a blocked task ready; nothing happens to one that is not blocked. */
void sim_task_wake(struct sim *sim, struct sim_task *task);

/* Lets others run; the caller stays ready. */
void sim_task_yield(struct sim *sim);

/* The running task cannot go on until another one has done something (a spin lock is held): others
 * run, the caller keeps its processor. False when no other task can run: a deadlock. */
bool sim_task_spin(struct sim *sim);

/* Changes the running task's IRQL; lowering below DISPATCH gives its processor free. In host code
 * (no running task) the host's own IRQL changes: the host counts as one more task on processor 0.
 * sim_task_irql() and sim_task_processor() are in sim/sim.h. */
void sim_task_set_irql(struct sim *sim, uint8_t irql);

/* Until sim_look_back(), what asks for the running code (stack, frames, IRQL, thread) is
 * answered for this task, which does not run: for reports about it. Nothing may be run meanwhile.
 * Returns what is to be handed to sim_look_back(). */
struct sim_task *sim_look_as(struct sim *sim, struct sim_task *task);
void sim_look_back(struct sim *sim, struct sim_task *previous);

/* What a waiter notes down for sim_task_wake(): the running task, or one that stands for the host.
 * A host that blocks lets the world run, and virtual time go on, until it is woken. */
struct sim_task *sim_task_self(struct sim *sim);
