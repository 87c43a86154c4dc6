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
    struct inspection *inspection; /* wants to know too; NULL: nobody */
    /* Filled in while telling. */
    size_t errors, warnings;
    uint64_t hash;
};

/* Runs it with a listener that makes records. config->listener is replaced. */
void telling_run(struct telling *telling, struct run_config *config, struct run_result *result);

/* The closing record. verdict follows from the exit code. */
void telling_end(const struct telling *telling, const struct run_config *config,
                 const char *profile, int code, const char *reason);
