/* SPDX-License-Identifier: MIT */
/* A run on its way, for the files that make one: run.c, run_own.c, run_feed.c, run_ledger.c. */
#pragma once

#include "explore/fault_plan.h"
#include "explore/neighbour.h"
#include "explore/run.h"
#include "explore/sample.h"

struct run {
    const struct run_config *config;
    struct machine machine;
    struct sluice_client *client;
    struct traffic_sink *sink;
    struct traffic_connection *kept; /* until the driver has told what it thinks of their flows */
    size_t kept_count, kept_capacity;
    bool no_memory;
    struct traffic_clock clock; /* of the capture; time 0: none */
    struct passage *passage;    /* NULL: nobody asks */
    struct sampler *sampler;    /* likewise */
    struct debug_print *print;  /* likewise */
    struct script_run *script;  /* while one runs */
    struct sluice_statistics statistics;
    bool own;         /* statistics are those of the whole run */
    bool too_early;   /* the driver was unloaded within the traffic */
    NTSTATUS refused; /* what the driver said to rules that it did not take within the traffic */
    struct fault_plan faults;
    struct neighbour_set neighbours;
};

/* ---- run_own.c ---- */

/* A time of the driver's clock on the capture's. */
struct run_moment run_moment_at(const struct run *run, uint64_t system_time);

/* Opens its device and hands it the rules and the block list. False: result says why not. */
bool run_prepare_own(struct run *run, struct run_result *result);

/* The driver's figures, and the end of its device. */
void run_take_leave(struct run *run);

/* context: struct run. Gives it the rules and the block list again (`on`), or takes them away. */
void run_change_rules(void *context, bool on);

/* ---- run_feed.c ---- */

/* All of it, until the world is quiet. result->text says what went wrong. */
enum machine_status run_feed(struct run *run, struct run_result *result);

/* machine_unload_driver(), where a neighbour may hold what the driver injected: it may wait for
 * bytes that the script has not said yet, and who unloads has to wait for it. Elsewhere the traffic
 * would go on meanwhile: here the connections end after a while. */
void run_unload_driver(struct run *run);

/* ---- run_ledger.c ---- */

/* Tells both directions' ledgers; one that does not close is a breach. own: what sluice.sys counted
 * in the whole run, or NULL. */
void run_tell_ledgers(struct run *run, const struct sluice_statistics *own);

/* sluice.sys edits nothing but what `replace` rules tell it to: what came out must be what went in.
 * Another driver may edit as it likes. */
void run_compare_content(struct run *run, bool edits);
