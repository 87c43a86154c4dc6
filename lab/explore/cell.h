/* SPDX-License-Identifier: MIT */
/* One cell of the leak matrix: a specimen is offered a chain of N NBLs and injects k times in that
 * classify. */
#pragma once

#include "explore/machine.h"

#define CELL_NBL_BYTES 1460u

enum cell_verdict { CELL_BLOCK, CELL_PERMIT, CELL_PARTIAL }; /* --set Verdict of the specimen */

struct cell {
    const struct netio_profile *profile;
    enum netio_inject_model model;
    unsigned nbls, injects;
    enum cell_verdict verdict;
    uint64_t seed;
};

struct cell_result {
    enum machine_status status;
    char text[256];        /* why, when status is neither OK nor STOPPED */
    unsigned injects_made; /* in the classify of the data */
    struct check_leak leak;
    uint64_t lost_bytes; /* permitted, never delivered */
    uint64_t trace_hash;
};

/* Runs the cell in a machine of its own. When `inspect` is given it is called before the machine
 * goes: findings and cuts can be read there. */
void cell_run(const struct cell *cell, const struct machine_driver *driver,
              struct cell_result *result,
              void (*inspect)(void *context, struct machine *machine,
                              const struct cell_result *result),
              void *context);
