/* SPDX-License-Identifier: MIT */
/* The plan of a run: all that decides what happens, besides the driver's image, the Windows and its
 * switches. What explores makes plans, a recorded run (.sluice) is one written down. */
#pragma once

#include "sim/decision.h"
#include "sim/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fault_log;

#define PLAN_FAULTS     16
#define PLAN_NEIGHBOURS 4
#define PLAN_NAME       64

/* The nth call (from 1) of this function by the driver fails in its `way`th documented way (from
 * 1; 0 is 1). The name PLAN_LOW_POOL: from the driver's nth allocation on, `way` of them fail. */
#define PLAN_LOW_POOL   "low-pool"
struct plan_fault {
    char call[PLAN_NAME];
    uint32_t nth;
    uint32_t way;
};

/* A capture, whole: its file's bytes. */
struct plan_input {
    const char *name; /* for messages */
    const void *bytes;
    size_t size;
};

struct run_plan {
    uint64_t seed;
    uint32_t preempt_per_million;
    enum sim_schedule schedule;
    unsigned changes; /* SIM_SCHEDULE_PCT */
    uint64_t length;
    const struct sim_decision *decisions; /* instead of the seed's choices; NULL: by the seed */
    size_t decision_count;
    struct plan_fault faults[PLAN_FAULTS];
    size_t fault_count;
    const char *const *benign; /* "CALL" or "CALL:image+0x1234": failures there are not tried */
    size_t benign_count;
    struct fault_log
        *fault_log; /* explore/fault_plan.h: what could have failed is noted; or NULL */
    uint32_t faults_per_million; /* besides: any fallible call of the driver, by the seed */
    bool bfe_stopped; /* the Base Filtering Engine is not running when the driver loads, comes later
                       */
    const char *neighbours[PLAN_NEIGHBOURS]; /* names of explore/neighbour.h */
    size_t neighbour_count;
    const struct plan_input *inputs; /* captures in place of a script */
    size_t input_count;
    const char *script; /* text; NULL: the scenario of sluice check */
    size_t unload_step; /* the driver is unloaded before this step of the script, from 1; 0: behind
                           the last */
    bool unload_rested; /* when all that the steps before it brought about has come to rest */
};
