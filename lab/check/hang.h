/* SPDX-License-Identifier: MIT */
/* What an explained HANG tells beside its stack: what the driver's other threads wait for, and how
 * many completions are still to come. */
#pragma once

#include "check/check.h"

struct netio_inject;

/* The inject calls of a run. */
struct check_injections {
    uint64_t accepted, completed; /* calls; NBLs */
    uint64_t refused;             /* calls that returned an error */
    NTSTATUS status;              /* of the last of them */
    uint64_t time;
    char where[CHECK_FRAME_TEXT]; /* it was made */
};

/* After a call returned, while driver code is still on the stack. */
void check_injections_note(struct check_injections *injections, const struct check *check,
                           const struct netio_inject *inject);

/* Adds events to the finding's history; the oldest there go when room is short. */
void check_hang_add(const struct check *check, const struct check_injections *injections,
                    struct check_finding *finding);
