/* SPDX-License-Identifier: MIT */
/* What is known of each flow, and of each callout in each direction of it: how far it has decided,
 * how far its output has come, what it holds. The rules of the stream layer are judged by it. */
#pragma once

#include "check/hole.h"

/* Positions count the bytes that this callout was offered in this direction, from 0: bytes that it
 * was not shown (withheld above it) have none. */
struct check_track {
    struct check_track *next; /* of the flow */
    uint32_t callout;         /* 0: free */
    enum netio_direction direction;
    uint64_t decided; /* permitted or blocked up to here */
    int64_t kept;     /* bytes blocked less bytes injected */
    uint64_t out;     /* behind the last byte of the offer that left, permitted or as a clone */
    bool allowed;     /* ALLOW_CONNECTION was answered */
    bool passing;     /* the last verdict about data let bytes pass */
    bool answered;    /* there was a verdict about data */
    /* R34 to R36 */
    bool out_of_band; /* injected into from outside classify, lawfully or not */
    bool excused;     /* it deferred, or a FIN is held: injects from outside are lawful */
    /* R40 */
    bool fin_offered, fin_held, fin_passed, fin_told;
    uint32_t fins_injected;
    uint32_t fin_classify;
    bool fin_unanswered; /* that classify answered nothing (R01), which blocks */
    /* R16 */
    bool deferred;
    uint64_t deferred_since; /* virtual time of the first refusal of what is on offer now */
    uint64_t deferred_at;    /* position of that */
    uint64_t deferred_bytes;
    uint32_t deferred_classify;
    const void *classify;  /* the callout's function */
    uint32_t indication;   /* the last one it was shown */
    uint64_t decided_then; /* when it was shown that */
    /* R74 */
    uint8_t manner;   /* of the last answer */
    uint32_t manners; /* answers in that manner, in a row */
    bool counter_told;
    struct check_hole hole; /* R70 */
    /* R38 */
    struct check_samples *samples; /* of what is held outside classify; NULL: of nothing */
    uint32_t injecting;            /* calls in progress */
    struct sim_task *injector;
    const NET_BUFFER_LIST *injecting_last; /* of the latest one's chain; NULL: it has completed */
};

struct check_flow {
    struct check_flow *newer, *older;
    struct netio_flow *flow;
    uint64_t handle;
    struct check_track *tracks;
    struct check_track own[2]; /* the first two tracks need no memory of their own */
    const char *mixed;         /* which of R34, R35, R36 was broken first: the rest follows */
    bool dropped;              /* DROP_CONNECTION was answered */
    bool refused;              /* an injection completed with an error: its bytes never came out */
};

struct check;

/* The record of an open flow, made when there is none; NULL when memory is short, what depends on
 * it is not reported then. */
struct check_flow *check_flow_of(struct check *check, struct netio_flow *flow);

/* The track of a callout and a direction, made when there is none; NULL when memory is short. */
struct check_track *check_track_of(struct check_flow *flow, uint32_t callout,
                                   enum netio_direction direction);

void check_flow_forget(struct check *check, struct check_flow *flow);
