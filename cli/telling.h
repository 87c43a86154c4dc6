/* SPDX-License-Identifier: MIT */
/* A run in the child, told to the parent record by record. */
#pragma once

#include "cli/inspection.h"
#include "cli/session.h"
#include "explore/run.h"

struct telling {
    struct session_channel *channel;
    const char *command; /* "replay", "check" */
    const char *rerun;   /* how to do it again */
    const char *mode;
    bool flows, ledgers; /* are told */
    bool delivers;
    bool samples; /* curves, steps of a flow, and NBLs are told: outputs_wants_samples() */
    bool debug;   /* what the driver prints is told: --debug-print */
    struct inspection *inspection; /* wants to know too; NULL: nobody */
    /* Filled in while telling. */
    size_t errors, warnings;
    uint64_t hash;
};

/* A listener that makes records of a run. */
struct run_listener telling_listener(struct telling *telling);

/* A listener for the run whose curves, steps, NBLs, ledgers and pool a report shows in place of the
 * first run's: what follows telling_exhibit(). */
struct run_listener telling_exhibit_listener(struct telling *telling);

/* Says which run that is: number (from 1), the finding it shows, how to see it again, and the
 * behaviour it was found under or NULL. */
void telling_exhibit(struct telling *telling, uint64_t number, const struct check_finding *finding,
                     const char *rerun, const char *reading);

/* A finding of a run that has no listener of its own. rerun: how to see it again, NULL: the
 * telling's. reading: the name of the behaviour it was found under, or NULL. */
void telling_finding(struct telling *telling, const struct check_finding *finding,
                     const char *rerun, const char *reading);

/* Runs it with a listener that makes records. config->listener is replaced. */
void telling_run(struct telling *telling, struct run_config *config, struct run_result *result);

/* The closing record. verdict follows from the exit code. */
void telling_end(const struct telling *telling, const struct run_config *config,
                 const char *profile, int code, const char *reason);
