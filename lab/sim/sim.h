/* SPDX-License-Identifier: MIT */
/* The simulation: one deterministic world of tasks, virtual time, choices and trace, in one OS
 * thread. */
#pragma once

#include "sim/clock.h"
#include "sim/random.h"
#include "sim/task.h"
#include "sim/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_breach;

/* Each floor of the lab keeps its state behind one pointer, found from the running simulation. */
enum sim_layer {
    SIM_LAYER_PE,
    SIM_LAYER_NT,
    SIM_LAYER_NDIS,
    SIM_LAYER_NETIO,
    SIM_LAYER_FWP,
    SIM_LAYER_TCPIP,
    SIM_LAYERS
};

#define SIM_MAX_PROCESSORS 4

struct sim_config {
    uint64_t seed;                /* every choice follows from it */
    unsigned processors;          /* virtual processors, 1..SIM_MAX_PROCESSORS; 0 means 2 */
    uint32_t preempt_per_million; /* chance that a kernel call switches to another task */
    uint64_t arena_bytes;         /* address space for what drivers see; 0 means 64 GiB */
};

/* What the floors above are told about broken rules and failures; see sim/breach.h. */
struct sim_observer {
    void *context;
    void (*breach)(void *context, const struct sim_breach *breach);
};

struct sim {
    struct sim_task *task; /* the running task; NULL while the host (the lab's main program) runs */
    struct sim_task *self; /* the running task, or the one that stands for the host */
    uint64_t now;          /* virtual time since start of the world, 100 ns units */
    struct sim_trace trace;
    struct sim_random random; /* choices: scheduling, completions */
    void *layers[SIM_LAYERS];
    struct sim_observer observer;        /* breach may be NULL: nobody listens */
    void (*time_changed)(void *context); /* called whenever `now` went on; may be NULL */
    void *time_context;
    /* Called whenever other code runs, or its IRQL is another one; may be NULL. */
    void (*irql_changed)(void *context);
    void *irql_context;
    uint32_t preempt_per_million;
    const char *damaged; /* the rule by which driver code is known to have damaged what is not its
                            own; NULL: none */
    bool stopped;        /* a bug check ended this world: no driver code runs any more */
    uint64_t seed;
    struct sim_scheduler *scheduler;
    struct sim_timers *timers;
    struct sim_arena *arena;
    struct sim_faults *faults;
    struct sim_decider *decider; /* sim/decision.h */
};

/* The world whose task or host code runs in this OS thread. The only thread-local of the lab:
 * exports that a driver calls have no other way to find their lab. sim_run() and sim_enter() set
 * it. */
extern _Thread_local struct sim *sim_current;

/* Makes a world. Ownership: the caller, who ends it with sim_destroy(). Returns NULL when memory or
 * address space cannot be had (errno says why). */
struct sim *sim_create(const struct sim_config *config);

/* Ends the world: tasks that have not ended are dropped with their stacks. */
void sim_destroy(struct sim *sim);

/* Makes sim the current world for host code; returns the one that was, to be handed to sim_leave().
 */
struct sim *sim_enter(struct sim *sim);
void sim_leave(struct sim *previous);

/* Host only: runs tasks until none is runnable; virtual time stands still.
 * Returns false when the world was stopped by sim_stop(). */
bool sim_run(struct sim *sim);

/* Host only: lets virtual time go on to `until` (100 ns units), firing timers and running tasks on
 * the way, in order of due time. Returns false when the world was stopped. */
bool sim_run_until(struct sim *sim, uint64_t until);

/* Host only: like sim_run_until(), but ends as soon as nothing is runnable and no timer is due
 * before `limit`. Used to drain a driver: virtual time goes on only as far as timers ask. */
bool sim_run_idle(struct sim *sim, uint64_t limit);

/* Ends the world after a bug check. In a task, control returns to the host's sim_run*(); in host
 * code, to the innermost sim_guard(), without which the program aborts. */
_Noreturn void sim_stop(struct sim *sim);

/* Host only: runs function(context) so that sim_stop() in it comes back here: whatever host code
 * calls kernel functions or driver code outside a task belongs into a guard. Returns false when the
 * world was stopped. */
bool sim_guard(struct sim *sim, void (*function)(void *context), void *context);

/* A choice among n (>= 1) possibilities, by the seed; recorded in the trace under `kind`. */
uint32_t sim_choose(struct sim *sim, enum sim_choice kind, uint32_t n);

/* A kernel call: the scheduler may switch to another task here. */
void sim_point_slow(struct sim *sim);
static inline void sim_point(struct sim *sim)
{
    if (__builtin_expect(sim->preempt_per_million != 0, 0) && sim->task != NULL)
        sim_point_slow(sim);
}

/* IRQL of the running code. */
static inline uint8_t sim_task_irql(const struct sim *sim)
{
    return sim->self->irql;
}

/* Number of the processor that runs the current code; 0 for the host. */
static inline unsigned sim_task_processor(const struct sim *sim)
{
    return sim->self->processor;
}

/* A stretch of address space at an address that depends on nothing but the order of calls (and on
 * how many worlds live at once): page aligned, readable and writable, zero. Never given back before
 * sim_destroy(). Returns NULL when the arena is used up. */
void *sim_arena_take(struct sim *sim, size_t bytes);

/* The address lies in what was handed out: it can be followed, whoever wrote it. */
bool sim_arena_holds(const struct sim *sim, const void *address);

/* Fault points: true when this call is to fail. `site` names the call (a literal). Always false
 * unless a plan was set with sim_fault_plan(). */
bool sim_fault(struct sim *sim, const char *site);

/* Makes the nth call (from 1) of sim_fault() with this site fail; every later one too if `forever`.
 * site NULL: any site. n 0 clears the plan. */
void sim_fault_plan(struct sim *sim, const char *site, uint64_t n, bool forever);

/* Calls that the present plan's site matched so far: a plan with n UINT64_MAX counts what a sweep
 * has to cover. */
uint64_t sim_fault_seen(const struct sim *sim);

#include "sim/frame.h"
