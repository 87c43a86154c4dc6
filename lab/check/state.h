/* SPDX-License-Identifier: MIT */
/* The checker's own structure, for the files of this folder only. */
#pragma once

#include "check/answers.h"
#include "check/chain.h"
#include "check/check.h"
#include "check/hole.h"
#include "check/passed_on.h"
#include "check/payload.h"
#include "check/track.h"

#include "sim/breach.h"

#define CHECK_IGNORED 4
#define CHECK_CALLS   16 /* classifies that run at once; further ones are not judged */

#define CHECK_COPYING 8 /* callouts whose copies are compared */

/* A classify that runs. */
struct check_call {
    const struct netio_classify *classify; /* NULL: free */
    struct check_flow *flow;
    struct check_track *track;
    struct check_chain *chain;
    struct check_payload payload;
    struct check_copies copies;
    uint64_t failures; /* of calls, before it was called */
};

struct check {
    struct sim *sim;
    struct pe *pe;
    struct ndis *ndis;
    struct netio *netio;
    bool contract;
    struct check_findings findings;
    struct check_chains chains;
    struct check_call calls[CHECK_CALLS];
    struct check_copying copying[CHECK_COPYING];
    struct {
        struct check_answers *record;
        const struct check_answers *expected;
        const char *rule;
        size_t at;
    } answers;
    struct check_balances balances;
    struct check_flow *flows; /* that are open, newest first */
    uint64_t *ended;          /* by flow handle: when it ended, or 0 */
    size_t ended_size;
    struct netio_listener listener;
    struct check_explain *explain; /* NULL: no histories are kept */
    const struct pe_image *ignored[CHECK_IGNORED];
    size_t ignored_count;
};

/* Notes that a flow has ended now; forgets it when memory is short. */
void check_flow_end_note(struct check *check, uint64_t handle);

/* When the flow ended (virtual, 100 ns); 0: it has not, or it is not known. */
uint64_t check_flow_end(const struct check *check, uint64_t handle);

/* Whether code at the address is that of an image about which nothing is told. */
bool check_is_ignored(const struct check *check, const void *address);

/* A breach becomes a finding, or counts for one. */
void check_note(struct check *check, const struct sim_breach *breach);
