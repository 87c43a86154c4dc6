/* SPDX-License-Identifier: MIT */
/* What decides over failures: a judge, or in front of it a plan of one call. */
#pragma once

#include "sim/fault.h"

struct sim_faults {
    bool active; /* somebody decides: else fault points cost a load and a branch */
    struct sim_fault_judge judge;
    /* The plan of sim_fault_plan(). */
    const char *site; /* NULL: any */
    uint64_t n;       /* 0: no plan */
    uint64_t seen;
    bool forever;
    uint32_t nth; /* for the judge to fill in before it lets a call fail */
    uint64_t taken_count;
    struct sim_fault_taken taken[SIM_FAULTS_TAKEN];
};
