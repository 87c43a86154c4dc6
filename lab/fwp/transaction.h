/* SPDX-License-Identifier: MIT */
/* Transactions: the lock, the journal, commit and abort (documentation: "Object Management"). */
#pragma once

#include "fwp/engine.h"

/* Waits for the lock as long as the session allows. STATUS_FWP_TXN_IN_PROGRESS: the session has one
 * already; STATUS_FWP_TIMEOUT: the lock was not to be had. PASSIVE_LEVEL. */
NTSTATUS fwp_transaction_begin(struct fwp *fwp, struct fwp_session *session,
                               enum fwp_transaction_state kind);

/* Hands added and deleted filters to the engine, then lets go of the lock. When the engine refuses
 * one, everything is undone and its status returned. STATUS_FWP_NO_TXN_IN_PROGRESS without one. */
NTSTATUS fwp_transaction_commit(struct fwp *fwp, struct fwp_session *session);
NTSTATUS fwp_transaction_abort(struct fwp *fwp, struct fwp_session *session);

/* Inside a write transaction: lists a new object / takes one out, to be undone by an abort. On
 * failure nothing happened; the object stays the caller's. */
NTSTATUS fwp_transaction_added(struct fwp *fwp, struct fwp_object *object);
NTSTATUS fwp_transaction_deleted(struct fwp *fwp, struct fwp_object *object);

/* One call on an engine handle: within the session's transaction, or within one of its own. */
struct fwp_operation {
    struct fwp *fwp;
    struct fwp_session *session;
    bool implicit;
};
NTSTATUS fwp_operation_begin(struct fwp *fwp, const char *function, HANDLE engine, bool write,
                             struct fwp_operation *operation);

/* Returns status, or why the implicit commit failed. */
NTSTATUS fwp_operation_end(struct fwp_operation *operation, NTSTATUS status);

/* The floor ends with a transaction open: frees what its journal holds and the lists do not. */
void fwp_transaction_forget(struct fwp *fwp);
