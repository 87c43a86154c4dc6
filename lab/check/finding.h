/* SPDX-License-Identifier: MIT */
/* Findings: what is told about a driver. One for each rule and place; what happens again is
 * counted. */
#pragma once

#include "check/rules.h"

#include <stdbool.h>
#include <stdint.h>

#define CHECK_STACK_FRAMES     64
#define CHECK_CONSEQUENCES     8
#define CHECK_FRAME_TEXT       96
#define CHECK_CONSEQUENCE_TEXT 256
#define CHECK_HISTORY          32
#define CHECK_OTHERS           8

struct check_stack {
    unsigned count;
    char frames[CHECK_STACK_FRAMES]
               [CHECK_FRAME_TEXT]; /* innermost first: "NETIO!StreamDatapInject" */
};

/* One thing that happened to the object of a finding, or near it: told when the run is explained.
 */
struct check_event {
    uint64_t time; /* virtual, 100 ns since the start of the world */
    uint8_t processor, irql;
    uint64_t flow; /* 0: none */
    uint32_t classify;
    char what[48]; /* "allocated", "cloned", "injected", "completed", "freed", "PERMIT 1460 of 2920"
                    */
    char where[CHECK_FRAME_TEXT];  /* innermost frame: "sluice+0x1234" or "NETIO!StreamInject" */
    char detail[CHECK_FRAME_TEXT]; /* may be empty */
};

struct check_finding {
    const struct check_rule *rule;
    enum check_severity severity;
    enum check_confidence confidence;
    uint64_t count; /* how often; the rest of this record is of the first time, but nbls and bytes
                       are sums */
    char function[64]; /* API or place, may be empty */
    char detail[CHECK_CONSEQUENCE_TEXT];
    uint32_t tag;
    uint64_t flow;
    uint32_t classify, inject;
    uint32_t nbls;
    uint64_t bytes;
    struct check_stack stack;
    uint64_t object;   /* as in sim_breach */
    uint8_t direction; /* 1 outbound, 2 inbound; 0: none */
    bool has_offset;
    uint64_t offset;     /* of the first byte concerned, in the direction's stream */
    const char *because; /* as in sim_breach, when it was the same each time; else NULL */
    const void *site;    /* likewise */
    uint8_t irql;        /* when it was noticed, when it was the same each time; else 0 */
    uint8_t left_irql;   /* as in sim_breach */
    uint64_t time;       /* when it was noticed, virtual, 100 ns */
    bool folded;         /* a consequence of another finding, which tells it: not told by itself */
    struct check_finding *cause; /* folded: that one */
    unsigned history_count;      /* of the object, oldest first; the run must be explained */
    struct check_event history[CHECK_HISTORY];
    unsigned other_count; /* what other callouts did to the flow before, oldest first */
    struct check_event others[CHECK_OTHERS];
    unsigned consequences;
    char consequence[CHECK_CONSEQUENCES][CHECK_CONSEQUENCE_TEXT];
};

/* A growing list; zero-initialised is empty. Findings never move once they are in it. */
struct check_findings {
    struct check_finding **list;
    size_t count, capacity;
};

/* The finding of this rule, function and tag; made when there is none (*is_new). NULL when memory
 * is short. */
struct check_finding *check_findings_get(struct check_findings *findings,
                                         const struct check_rule *rule, const char *function,
                                         uint32_t tag, bool *is_new);
void check_findings_clear(struct check_findings *findings);

/* Adds a consequence, formatted; the ninth and later are dropped. */
void check_finding_consequence(struct check_finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many are told with this severity: folded ones are not. */
size_t check_findings_of(const struct check_findings *findings, enum check_severity severity);
