/* SPDX-License-Identifier: MIT */
/* Sessions with the filter engine: what an engine handle stands for. */
#pragma once

#include "fwp/object.h"

enum fwp_transaction_state { FWP_TXN_NONE, FWP_TXN_READ, FWP_TXN_WRITE };

struct fwp_session {
    struct fwp_session *next;
    uint32_t flags;
    uint64_t wait; /* for a transaction to begin, 100 ns units; UINT64_MAX: no limit */
    enum fwp_transaction_state transaction;
    const void *caller;
};

static inline bool fwp_session_dynamic(const struct fwp_session *session)
{
    return (session->flags & FWPM_SESSION_FLAG_DYNAMIC) != 0;
}

/* The open session behind a handle; NULL when there is none, and that is reported. */
struct fwp_session *fwp_session_of(struct fwp *fwp, const char *function, HANDLE handle);

/* Gives back sessions that are still open; nothing is undone in the engine below. */
void fwp_session_free_all(struct fwp *fwp);
