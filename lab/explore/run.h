/* SPDX-License-Identifier: MIT */
/* One run: a driver in a machine, traffic through it, and everything that is to be told about it.
 */
#pragma once

#include "explore/machine.h"
#include "explore/passage.h"
#include "explore/debug_print.h"
#include "explore/plan.h"
#include "explore/sluice_client.h"
#include "traffic/capture.h"
#include "traffic/replay.h"
#include "traffic/side.h"
#include "traffic/sink.h"

enum run_traffic { RUN_CAPTURES, RUN_SCENARIO };

/* A direction's bytes, as SPEC.md's ledger record has them. */
struct run_ledger {
    const char *direction; /* "outbound", "inbound" */
    uint64_t offered, permitted, blocked, injected, delivered;
    uint64_t held_engine; /* no verdict covers them: held now, or when their flow died */
    uint64_t held_driver, inserted, removed, dropped; /* as sluice.sys tells; else 0 */
    uint64_t discarded; /* blocked, but the flow died before they came out */
    uint64_t lost, duplicate, gap;
    bool closed;
};

/* When something happened, on the capture's clock. */
struct run_moment {
    uint64_t time;       /* nanoseconds since 1970 */
    uint64_t packet;     /* the frame that caused it; 0: none did */
    const char *capture; /* name, or NULL */
};

/* The pool and what is held, at one moment of a run: for the report's curves. */
struct run_sample {
    uint64_t time;       /* virtual, 100 ns */
    uint64_t classifies; /* at the stream layers, so far */
    /* Of flows that are open: bytes blocked and not injected again; waiting in the engine. */
    uint64_t held_driver, held_engine;
    const struct nt_pool_tag *tags; /* every tag so far */
    size_t tag_count;
};

enum run_step_kind {
    RUN_STEP_OPEN,
    RUN_STEP_INDICATION, /* offered to a callout */
    RUN_STEP_VERDICT,
    RUN_STEP_INJECT,
    RUN_STEP_COMPLETION,
    RUN_STEP_CUT,  /* the chain on offer was cut: by the defect of 2011 */
    RUN_STEP_LOST, /* NBLs that nothing points to any more */
    RUN_STEP_CLOSE,
};

/* One thing that happened to the flow that is looked at: that of the first finding, else the one
 * that most happened to. */
struct run_step {
    uint64_t time; /* virtual, 100 ns */
    uint64_t flow;
    uint32_t classify, callout; /* 0: none */
    enum run_step_kind kind;
    uint8_t direction; /* 1 outbound, 2 inbound; 0: none */
    uint8_t processor;
    bool bad; /* an error status, a cut, a loss */
    uint64_t bytes;
    uint32_t nbls;
    char text[80]; /* "PERMIT 1460 of 2920" */
};

/* An NBL that is alive at a moment: for the views of a debugger. */
struct run_nbl {
    uint64_t number, flow;
    uint64_t address, first_nb; /* in the lab's arena: the same in every run */
    uint32_t classify, tag;
    const char *origin; /* "NIC", "Nbuf", "clone", ... */
    const char *holder; /* "tcpip.sys", "NETIO.SYS", or the driver's name */
    uint32_t bytes, references, children;
    uint64_t next;      /* number of the next in its chain, 0: none */
    const char *caller; /* the driver code that allocated it: "sluice+0x1234", or "" */
};

/* Who wants to know. Each may be NULL. Called in the order: flow, deliver and progress during the
 * run; ledger, pool, finding at its end. */
struct run_listener {
    void *context;
    /* own: what sluice.sys said of it, NULL otherwise. */
    void (*flow)(void *context, const struct traffic_connection *connection,
                 const struct sluice_client_flow *own);
    void (*deliver)(void *context, const char *file, enum traffic_stream stream,
                    const uint8_t *bytes, size_t length);
    void (*progress)(void *context, const struct traffic_progress *progress);
    void (*warning)(void *context, const char *line);
    /* A line of DbgPrint's (explore/debug_print.h); told when the run is over. */
    void (*debug)(void *context, const struct run_debug *line);
    bool (*stop)(void *context); /* asked while captures are read; true: they end here */
    void (*ledger)(void *context, const struct run_ledger *ledger);
    void (*pool)(void *context, const struct nt_pool_tag *tag);
    void (*left)(void *context,
                 const struct check_left *left); /* when the connections have ended and all is
                                                    quiet, before the driver is unloaded */
    void (*finding)(void *context, const struct check_finding *finding);
    /* What sluice.sys tells, as it happens, and its figures when the last flow has ended. */
    void (*event)(void *context, const struct sluice_event *event, const struct run_moment *moment);
    void (*statistics)(void *context, const struct sluice_statistics *statistics,
                       const struct run_moment *moment);
    /* explore/sample.c; told when the run is over. */
    void (*sample)(void *context, const struct run_sample *sample);
    void (*step)(void *context, const struct run_step *step);
    void (*nbl)(void *context,
                const struct run_nbl *nbl); /* those alive when traffic has ended and all is quiet,
                                               before the driver is unloaded */
    /* Where any driver's bytes are, told whenever the world is quiet. */
    struct passage_listener passage;
};

/* Who is told of findings in the listener's place. */
struct run_judge {
    void *context;
    void (*finding)(void *context, const struct check_finding *finding);
};

struct run_config {
    struct machine_config machine;
    struct machine_driver driver;
    bool own;              /* the driver is sluice.sys: its device is used */
    const void *blocklist; /* blob for it, or NULL */
    size_t blocklist_size;
    const void *rules; /* compiled rule set for it, or NULL */
    size_t rules_size;
    struct run_plan plan;
    const struct check_findings *known; /* of a run in which no call failed: not blamed on failures;
                                           NULL: none */
    struct sim_decisions *record;       /* the choices made are appended; NULL: not wanted */
    enum run_traffic traffic;
    struct traffic_capture *const *captures; /* RUN_CAPTURES; stay the caller's */
    size_t capture_count;
    enum traffic_side side;
    struct run_listener listener;
    struct run_judge judge; /* finding NULL: listener.finding is told */
};

struct run_result {
    enum machine_status status; /* NO_VERDICT also when a limit of the lab was met */
    bool bad_capture;           /* text says where */
    bool interrupted;           /* by the listener's stop(); text says after how many frames */
    bool not_loaded; /* NO_VERDICT because the profile lacks an export, or DriverEntry refused */
    char text[512];
    uint64_t trace_hash;
    size_t errors, warnings;
    uint64_t flows;
    uint64_t classifies;  /* calls of the driver at the stream layers */
    size_t load_choices;  /* made before the traffic began; counted when choices are recorded */
    uint64_t unload_time; /* virtual, 100 ns, from the call of DriverUnload to its return */
};

void run_once(const struct run_config *config, struct run_result *result);
