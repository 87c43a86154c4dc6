/* SPDX-License-Identifier: MIT */
/* How the calls of a driver fail: one table of calls and their failures, from the documentation. */
#pragma once

#include "sim/faults.h"
#include "sim/sim.h"

#include <ntddk.h>

#define NT_FAILURE_WAYS 4

struct nt_failure {
    const char *call;
    const char *source; /* documentation page; "other status codes" there: what is usual */
    struct nt_failure_way {
        NTSTATUS status;
        const char *name; /* "STATUS_FWP_TCPIP_NOT_READY"; "NULL" for a call that returns a pointer;
                             NULL behind the last */
    } ways[NT_FAILURE_WAYS];
};

/* The row of a call, NULL when there is none; the rows in order, NULL behind the last. */
const struct nt_failure *nt_failure_find(const char *call);
const struct nt_failure *nt_failure_at(size_t index);
unsigned nt_failure_ways(const struct nt_failure *failure);

/* A fault point of a call that has a row: STATUS_SUCCESS when it is to do its work, else the status
 * to fail with. No failure is STATUS_SUCCESS, but STATUS_OBJECT_NAME_EXISTS is no error either. */
NTSTATUS nt_failure_slow(struct sim *sim, const char *call);
static inline NTSTATUS nt_failure(struct sim *sim, const char *call)
{
    return __builtin_expect(sim->faults->active, 0) ? nt_failure_slow(sim, call) : STATUS_SUCCESS;
}
