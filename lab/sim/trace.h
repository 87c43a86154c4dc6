/* SPDX-License-Identifier: MIT */
/* The trace: a hash over events and choices by object number; never the seed itself, an address or
 * a clock. */
#pragma once

#include <stdint.h>

struct sim;

/* What happened. Values are part of the hash: append only. */
enum sim_event {
    SIM_EVENT_TASK_START = 1, /* task */
    SIM_EVENT_TASK_SWITCH,    /* task, processor */
    SIM_EVENT_TASK_END,       /* task */
    SIM_EVENT_TIMER,          /* order */
    SIM_EVENT_CHOICE,         /* kind, n, chosen */
    SIM_EVENT_POOL_ALLOC,     /* tag, bytes */
    SIM_EVENT_POOL_FREE,      /* tag, bytes */
    SIM_EVENT_IRQL,           /* from, to */
    SIM_EVENT_DPC,            /* number */
    SIM_EVENT_WORK_ITEM,      /* number */
    SIM_EVENT_FLOW_CREATE,    /* flow */
    SIM_EVENT_FLOW_DELETE,    /* flow */
    SIM_EVENT_INDICATE,       /* flow, stream flags, bytes */
    SIM_EVENT_CLASSIFY,       /* flow, callout, bytes */
    SIM_EVENT_VERDICT,        /* flow, action << 32 | stream action, bytes */
    SIM_EVENT_INJECT,         /* flow, stream flags, bytes */
    SIM_EVENT_COMPLETE,       /* NBL, status */
    SIM_EVENT_DELIVER,        /* flow, stream flags, bytes */
    SIM_EVENT_FRAME,          /* frame number, bytes */
    SIM_EVENT_BUGCHECK,       /* code, parameter 1 when it is no address */
    SIM_EVENT_FILTER,         /* filter id, 1 added, 0 deleted */
    SIM_EVENT_CONTINUE,       /* flow */
    SIM_EVENT_IRP,            /* major function, control code */
};

enum sim_choice {
    SIM_CHOICE_TASK = 1,   /* which ready task runs */
    SIM_CHOICE_PREEMPT,    /* whether a kernel call switches */
    SIM_CHOICE_COMPLETION, /* when an injection completes */
    SIM_CHOICE_ORDER,      /* in which order completions run */
    SIM_CHOICE_IRQL,       /* IRQL of a send-side classify */
    SIM_CHOICE_SHAPE,      /* chain shapes */
    SIM_CHOICE_RST,        /* whether an RST is indicated */
    SIM_CHOICE_REMOVE,     /* flow context removal: now or later */
    SIM_CHOICE_PATH,       /* receive path: batching, low resources */
    SIM_CHOICE_GENERATOR,  /* generated traffic */
    SIM_CHOICE_FAULT,      /* whether a fallible call fails at random */
};

struct sim_trace {
    uint64_t hash;
    uint64_t events;
};

/* Adds one event. Cheap enough for every classify: one multiply a word. */
static inline void sim_trace_add(struct sim_trace *trace, enum sim_event event, uint64_t a,
                                 uint64_t b, uint64_t c)
{
    const uint64_t prime = 0x9E3779B97F4A7C15ull;
    uint64_t h = trace->hash;
    h = (h ^ (uint64_t)event) * prime;
    h = (h ^ (h >> 29) ^ a) * prime;
    h = (h ^ (h >> 31) ^ b) * prime;
    h = (h ^ (h >> 30) ^ c) * prime;
    trace->hash = h ^ (h >> 32);
    trace->events++;
}
