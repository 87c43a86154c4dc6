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

struct check_stack {
    unsigned count;
    char frames[CHECK_STACK_FRAMES]
               [CHECK_FRAME_TEXT]; /* innermost first: "NETIO!StreamDatapInject" */
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

size_t check_findings_of(const struct check_findings *findings, enum check_severity severity);
