/* SPDX-License-Identifier: MIT */
/* The ledgers: what a driver takes and must give back, where each of them is closed, and what is
 * open in them now. A driver may keep much until it is unloaded (stock, a timer, a cache), so what
 * is open before is named and is no finding. */
#pragma once

#include "check/check.h"
#include "check/flow_context.h"

/* One ledger and what closes it; text for people. */
struct check_ledger {
    const char *name;     /* "clones" */
    const char *flow_end; /* when its flow ends */
    const char *idle;     /* when traffic has ended and all is quiet */
    const char *unload;   /* when the driver is unloaded */
    const char *proof;    /* test or specimen */
};

/* NULL beyond the last. */
const struct check_ledger *check_ledger_at(size_t index);

/* What is open: things of one ledger and tag that the same code made. */
struct check_left {
    const struct check_ledger *ledger;
    uint32_t tag;               /* 0: has none */
    uint64_t count, bytes;      /* bytes 0: has none */
    uint64_t ended;             /* of those, how many were made for a flow that has ended */
    uint64_t flow;              /* of the first of them; 0: none */
    uint32_t classify;          /* likewise */
    uint64_t age;               /* of the first one, virtual, 100 ns; 0: not known */
    const void *caller;         /* code that made them, or NULL */
    char who[CHECK_FRAME_TEXT]; /* that in words: "driver+0x1234", or "" */
};

struct check_left_of {
    struct fwp *fwp;
    struct check_flow_contexts *contexts; /* NULL: none are known */
    struct nt_driver *driver;             /* NULL: it is gone */
};

/* Calls visit for what is open now, ledger by ledger, the first made first. Host only. */
void check_left_each(struct check *check, const struct check_left_of *of,
                     void (*visit)(void *context, const struct check_left *left), void *context);
