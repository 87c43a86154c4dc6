/* SPDX-License-Identifier: MIT */
/* A plan's faults while a run goes on: which calls of the driver under test fail, and which could
 * have. */
#pragma once

#include "explore/machine.h"
#include "explore/plan.h"
#include "sim/random.h"

#define FAULT_PLAN_CALLS 96

/* A place where a call of the driver could have failed: this function, reached through these calls
 * inside the driver. */
struct fault_point {
    const char *call; /* the kernel's name, a literal */
    unsigned ways;    /* documented failures */
    uint64_t stack;   /* hash of the driver's return offsets and of what it was called as */
    uint32_t nth;     /* call of this function, of the run that reached the point first */
    uint32_t last;    /* the last such call of that run: later rounds of a loop */
    uint64_t run;     /* that run's number */
    char where[64];   /* "sluice+0x1234" */
    bool benign;      /* marked: not to be tried */
    bool allocation;  /* gives memory */
};

/* Points in the order in which they were first reached; runs may share one log. Zero-initialised is
 * empty. */
struct fault_log {
    struct fault_point *points;
    size_t count, capacity;
    uint32_t *table; /* of indexes plus one, by hash: a power of two at least twice the capacity */
    uint64_t seen;   /* fault points of the driver, all of them, of the last run */
    uint64_t allocations;
    uint64_t runs;
    bool no_memory;
};
void fault_log_clear(struct fault_log *log);

/* Judges one run. */
struct fault_plan {
    struct machine *machine;
    const struct run_plan *plan;
    struct sim_random random; /* of its own: what fails at random must not shift other choices */
    struct {
        const char *call;
        uint32_t count;
    } calls[FAULT_PLAN_CALLS];
    size_t call_count;
    uint32_t allocations;
};

/* Sets `faults` (the caller's, for as long as the world lives) as the judge of the machine's world,
 * when the plan asks for anything. */
void fault_plan_open(struct fault_plan *faults, struct machine *machine,
                     const struct run_plan *plan);

/* Parses "CALL:NTH[:WAY]", "CALL" being a function with fault points or PLAN_LOW_POOL. False after
 * filling `error`. */
bool fault_plan_parse(struct plan_fault *fault, const char *text, char *error, size_t size);

/* "FwpsCloneStreamData0:3" or, with a way of several, "FwpsStreamInjectAsync0:3:2".
 * Returns text. */
const char *fault_plan_text(const struct plan_fault *fault, char *text, size_t size);
