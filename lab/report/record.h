/* SPDX-License-Identifier: MIT */
/* Records: what a run tells, one JSON object each, with the keys of SPEC.md. Made where the run
 * happens, shown where the user is: as JSON lines or as tables. */
#pragma once

#include "check/finding.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct report_flow {
    uint64_t flow;
    const char *client, *server; /* "10.0.0.1:1234", "[fe80::1]:80" */
    const char *protocol;        /* "tls", "http", "other", "" when unknown */
    const char *name;            /* TLS server name or HTTP host, or "" */
    uint64_t c2s, s2c;           /* bytes delivered */
    uint64_t held_peak;          /* bytes the driver held at once, at most */
    uint64_t matches;            /* of rules */
    const char *verdict;
    bool complete; /* both SYNs, no gap, no truncation */
};

struct report_ledger {
    const char *direction; /* "c2s", "s2c", "outbound", "inbound" */
    uint64_t offered, permitted, blocked, injected, delivered;
    uint64_t held_engine, held_driver;
    uint64_t inserted, removed, dropped, discarded;
    uint64_t lost, duplicate, gap;
    bool closed;
};

struct report_pool {
    uint32_t tag;
    bool paged;
    uint64_t allocs, frees, bytes;
};

/* A line of DbgPrint's. */
struct report_debug {
    uint64_t time; /* virtual, nanoseconds */
    unsigned processor;
    const char *text;
    uint64_t more; /* lines that were not kept */
};

/* What is open in a ledger when the connections have ended. */
struct report_left {
    const char *ledger; /* "clones" */
    uint32_t tag;       /* 0: none */
    uint64_t count, bytes, ended, flow;
    uint32_t classify;
    uint64_t age; /* ns */
    const char *who;
};

/* For the report's curves and views; not shown by themselves. */
struct report_sample {
    uint64_t time; /* ns since the start of the world */
    uint64_t classifies, held_driver, held_engine;
    json_t *tags; /* array of pool records; taken over */
};

struct report_step {
    uint64_t time; /* ns */
    uint64_t flow, bytes;
    uint32_t classify, callout, nbls;
    const char *kind;  /* "indication", "verdict", ... */
    uint8_t direction; /* as in a finding */
    uint8_t processor;
    bool bad;
    const char *text;
};

struct report_nbl {
    uint64_t number, address, first_nb, next, flow;
    uint32_t classify, tag, bytes, references, children;
    const char *origin, *holder, *caller;
};

struct report_cell {
    const char *profile, *model, *workaround;
    unsigned nbls, injects, injects_made;
    uint32_t leaked_nbls;
    uint64_t leaked_bytes;
    uint32_t predicted_nbls;
    const char *basis; /* "documented", "hypothesis", ... */
};

/* One of the further predictions of the contract (P1 to P6). */
struct report_prediction {
    const char *id, *profile, *model, *expected, *observed;
    bool equal;
    const char *basis;
};

struct report_run {
    const char *command, *profile, *mode;
    uint64_t seed, trace_hash;
    const char *checks; /* "on", "off" */
    uint64_t findings, warnings;
    const char *verdict; /* "clean", "findings", "no-verdict" */
    const char *reason;  /* why there is no verdict, else NULL */
};

/* Each makes a new reference; NULL when memory is short. */
json_t *report_record_flow(const struct report_flow *flow);
json_t *report_record_ledger(const struct report_ledger *ledger);
json_t *report_record_pool(const struct report_pool *pool);
json_t *report_record_debug(const struct report_debug *line);
json_t *report_record_left(const struct report_left *left);
json_t *report_record_finding(const struct check_finding *finding, const char *rerun);
/* run: its number in the campaign, from 1. */
json_t *report_record_exhibit(const struct check_finding *finding, uint64_t run, const char *rerun);
json_t *report_record_sample(const struct report_sample *sample);
json_t *report_record_step(const struct report_step *step);
json_t *report_record_nbl(const struct report_nbl *nbl);
json_t *report_record_cell(const struct report_cell *cell);
json_t *report_record_prediction(const struct report_prediction *prediction);
json_t *report_record_rule(const struct check_rule *rule);
json_t *report_record_run(const struct report_run *run);
