/* SPDX-License-Identifier: MIT */
/* R70: bytes that are given up because a call failed, while the connection goes on without them.
 * Source of the rule: packet-modification-examples (a block of data that is not put back is
 * removed), and Driver Verifier's low resources simulation; that a driver would have given the
 * bytes back is known from a run in which nothing fails. */
#pragma once

#include "check/check.h"

/* What of an open flow is known (struct check_track). */
struct check_hole {
    uint64_t bytes;  /* blocked without an inject by classifies in which a call failed */
    uint64_t offset; /* of the first of them */
    int64_t owed;    /* bytes that were held in front of them */
    uint32_t classify;
    size_t failure; /* which of sim_fault_taken() */
    const void *function;
    bool followed; /* what comes behind came out */
};

/* What a callout kept of a direction when its flow ended: bytes blocked less bytes injected. */
struct check_balance {
    uint64_t flow;
    uint32_t callout;
    uint8_t direction;
    int64_t kept;
    struct check_hole hole; /* bytes 0: none */
};

/* A growing list. Zero-initialised is empty. */
struct check_balances {
    struct check_balance *list;
    size_t count, capacity;
    bool no_memory; /* something is missing: nothing can be compared */
};
void check_balances_clear(struct check_balances *balances);

struct check_call;
struct check_flow;
struct check_track;

void check_hole_enter(const struct check *check, struct check_call *call);
/* Before the verdict is added to what the track knows. */
void check_hole_answer(const struct check *check, const struct check_call *call,
                       const struct netio_classify *classify);
void check_hole_inject(struct check_track *track, const struct netio_inject *inject);
void check_holes_close(struct check *check, const struct check_flow *flow);

/* At the end of a run: whether it left a hole, and whether all else of that direction was given
 * back: then a run of the same seed in which nothing fails decides. */
bool check_holes_are_suspected(const struct check *check);

/* What every callout kept in this run becomes the caller's. */
void check_balances_take(struct check *check, struct check_balances *balances);

/* plain: of the run in which nothing failed. What was given back there becomes findings. */
void check_holes_judge(struct check *check, const struct check_balances *plain);
