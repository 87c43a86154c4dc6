/* SPDX-License-Identifier: MIT */
/* Fault points: the calls of a driver that can fail, and who decides which of them do. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim;

/* Who decides. Asked at every fault point that driver code reached. `call`: the kernel's name of
 * the function (a literal); what the kernel needs for itself ("NETIO!...") is never asked for.
 * `ways`: how many documented failures it has (>= 1). Returns 0: it does its work; 1..ways: it
 * fails in that way. */
struct sim_fault_judge {
    void *context;
    unsigned (*decide)(void *context, const char *call, unsigned ways);
};

/* Sets who decides (copied), NULL: nobody, nothing fails. Replaces a plan of sim_fault_plan(). */
void sim_fault_judge(struct sim *sim, const struct sim_fault_judge *judge);

/* At a fault point with several documented failures: 0, or which one (from 1). sim_fault() of sim.h
 * is the same with one way. A plan of sim_fault_plan() goes before the judge and takes the first
 * way, or of a site "CALL:WAY" that one. */
unsigned sim_fault_way(struct sim *sim, const char *call, unsigned ways);

/* Failures that driver code met, by judge or plan, in order: for who has to tell what they led to.
 */
#define SIM_FAULTS_TAKEN 8
struct sim_fault_taken {
    const char *call;
    unsigned way;
    uint32_t nth;      /* call of this function by the driver, from 1; 0: not counted */
    const void *where; /* of driver code: where the call returns to */
};

/* The first SIM_FAULTS_TAKEN of them: *list is sim's. Returns how many there were in all. */
uint64_t sim_fault_taken(const struct sim *sim, const struct sim_fault_taken **list);
