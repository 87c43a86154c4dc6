/* SPDX-License-Identifier: MIT */
/* Transactions: the lock, the journal, commit and abort. */
#include "fwp/transaction.h"

#include "fwp/filter_object.h"
#include "fwp/state.h"

#include <stdlib.h>

/* One step of the write transaction in progress, in order. */
struct fwp_change {
    struct fwp_object *object;
    bool deleted;
};

/* A task that waits for the lock; on its stack. */
struct fwp_waiter {
    struct fwp_waiter *next;
    struct sim_task *task;
};

static bool taken(const struct fwp_lock *lock, enum fwp_transaction_state kind)
{
    return lock->writer != NULL || (kind == FWP_TXN_WRITE && lock->readers > 0);
}

static void wait(struct fwp *fwp, uint64_t deadline)
{
    struct fwp_waiter waiter = {.next = fwp->lock.waiters, .task = fwp->sim->task};
    struct fwp_waiter **link = &fwp->lock.waiters;

    fwp->lock.waiters = &waiter;
    sim_task_block(fwp->sim, deadline);
    while (*link != &waiter)
        link = &(*link)->next;
    *link = waiter.next;
}

NTSTATUS fwp_transaction_begin(struct fwp *fwp, struct fwp_session *session,
                               enum fwp_transaction_state kind)
{
    const uint64_t deadline = session->wait > UINT64_MAX - fwp->sim->now
                                  ? SIM_NO_DEADLINE
                                  : fwp->sim->now + session->wait;

    if (session->transaction != FWP_TXN_NONE)
        return STATUS_FWP_TXN_IN_PROGRESS;
    while (taken(&fwp->lock, kind)) {
        /* Host code cannot wait, and neither can anybody at DISPATCH_LEVEL (R55 was reported). */
        if (fwp->sim->task == NULL || sim_task_irql(fwp->sim) != PASSIVE_LEVEL ||
            fwp->sim->now >= deadline)
            return STATUS_FWP_TIMEOUT;
        wait(fwp, deadline);
    }
    if (kind == FWP_TXN_WRITE)
        fwp->lock.writer = session;
    else
        fwp->lock.readers++;
    session->transaction = kind;
    return STATUS_SUCCESS;
}

static void unlock(struct fwp *fwp, struct fwp_session *session)
{
    if (session->transaction == FWP_TXN_WRITE)
        fwp->lock.writer = NULL;
    else
        fwp->lock.readers--;
    session->transaction = FWP_TXN_NONE;
    for (const struct fwp_waiter *waiter = fwp->lock.waiters; waiter != NULL; waiter = waiter->next)
        sim_task_wake(fwp->sim, waiter->task);
}

static NTSTATUS note(struct fwp *fwp, struct fwp_object *object, bool deleted)
{
    if (fwp->change_count == fwp->change_room) {
        const size_t room = fwp->change_room == 0 ? 16 : fwp->change_room * 2;
        struct fwp_change *const changes = realloc(fwp->changes, room * sizeof(*changes));

        if (changes == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        fwp->changes = changes;
        fwp->change_room = room;
    }
    fwp->changes[fwp->change_count++] = (struct fwp_change){.object = object, .deleted = deleted};
    return STATUS_SUCCESS;
}

NTSTATUS fwp_transaction_added(struct fwp *fwp, struct fwp_object *object)
{
    const NTSTATUS status = note(fwp, object, false);

    if (status == STATUS_SUCCESS)
        fwp_object_list(fwp, object);
    return status;
}

NTSTATUS fwp_transaction_deleted(struct fwp *fwp, struct fwp_object *object)
{
    const NTSTATUS status = note(fwp, object, true);

    if (status == STATUS_SUCCESS)
        fwp_object_unlist(fwp, object);
    return status;
}

/* True when the change's object was added in this transaction and deleted in it again. */
static bool came_and_went(const struct fwp *fwp, const struct fwp_object *object)
{
    bool added = false, deleted = false;

    for (size_t i = 0; i < fwp->change_count; i++) {
        if (fwp->changes[i].object != object)
            continue;
        if (fwp->changes[i].deleted)
            deleted = true;
        else
            added = true;
    }
    return added && deleted;
}

/* Undoes the journal from its end; the engine has none of it. */
static void roll_back(struct fwp *fwp)
{
    while (fwp->change_count > 0) {
        const struct fwp_change change = fwp->changes[--fwp->change_count];

        if (change.deleted) {
            fwp_object_list(fwp, change.object);
        } else {
            fwp_object_unlist(fwp, change.object);
            fwp_object_free(change.object);
        }
    }
}

/* Does one step in the engine, or its opposite. */
static NTSTATUS apply(struct fwp *fwp, const struct fwp_change *change, bool undo)
{
    if (change->object->kind != FWP_FILTER)
        return STATUS_SUCCESS;
    if (change->deleted == undo)
        return fwp_filter_activate(fwp, change->object);
    fwp_filter_deactivate(fwp, change->object);
    return STATUS_SUCCESS;
}

NTSTATUS fwp_transaction_commit(struct fwp *fwp, struct fwp_session *session)
{
    NTSTATUS status = STATUS_SUCCESS;
    size_t done = 0;

    if (session->transaction == FWP_TXN_NONE)
        return STATUS_FWP_NO_TXN_IN_PROGRESS;
    if (session->transaction == FWP_TXN_READ) {
        unlock(fwp, session);
        return STATUS_SUCCESS;
    }
    for (; done < fwp->change_count && status == STATUS_SUCCESS; done++) {
        if (!came_and_went(fwp, fwp->changes[done].object))
            status = apply(fwp, &fwp->changes[done], false);
    }
    if (status != STATUS_SUCCESS) {
        for (done--; done-- > 0;) {
            if (!came_and_went(fwp, fwp->changes[done].object))
                apply(fwp, &fwp->changes[done], true);
        }
        roll_back(fwp);
        unlock(fwp, session);
        return status;
    }
    for (size_t i = 0; i < fwp->change_count; i++) {
        if (fwp->changes[i].deleted)
            fwp_object_free(fwp->changes[i].object);
    }
    fwp->change_count = 0;
    unlock(fwp, session);
    return STATUS_SUCCESS;
}

NTSTATUS fwp_transaction_abort(struct fwp *fwp, struct fwp_session *session)
{
    if (session->transaction == FWP_TXN_NONE)
        return STATUS_FWP_NO_TXN_IN_PROGRESS;
    if (session->transaction == FWP_TXN_WRITE)
        roll_back(fwp);
    unlock(fwp, session);
    return STATUS_SUCCESS;
}

void fwp_transaction_forget(struct fwp *fwp)
{
    for (size_t i = 0; i < fwp->change_count; i++) {
        if (fwp->changes[i].deleted)
            fwp_object_free(fwp->changes[i].object);
    }
    free(fwp->changes);
    fwp->changes = NULL;
    fwp->change_count = 0;
}

NTSTATUS fwp_operation_begin(struct fwp *fwp, const char *function, HANDLE engine, bool write,
                             struct fwp_operation *operation)
{
    struct fwp_session *const session = fwp_session_of(fwp, function, engine);

    *operation = (struct fwp_operation){.fwp = fwp, .session = session};
    if (session == NULL)
        return STATUS_INVALID_HANDLE;
    if (session->transaction == FWP_TXN_NONE) {
        operation->implicit = true;
        return fwp_transaction_begin(fwp, session, write ? FWP_TXN_WRITE : FWP_TXN_READ);
    }
    return write && session->transaction == FWP_TXN_READ ? STATUS_FWP_INCOMPATIBLE_TXN
                                                         : STATUS_SUCCESS;
}

NTSTATUS fwp_operation_end(struct fwp_operation *operation, NTSTATUS status)
{
    if (!operation->implicit)
        return status;
    if (status == STATUS_SUCCESS)
        return fwp_transaction_commit(operation->fwp, operation->session);
    fwp_transaction_abort(operation->fwp, operation->session);
    return status;
}

NTSTATUS NTAPI FwpmTransactionBegin0(HANDLE engineHandle, UINT32 flags)
{
    static const char name[] = "FwpmTransactionBegin0";
    struct fwp *const fwp = fwp_current();
    struct fwp_session *session;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    session = fwp_session_of(fwp, name, engineHandle);
    if (session == NULL)
        return STATUS_INVALID_HANDLE;
    if ((flags & ~(UINT32)FWPM_TXN_READ_ONLY) != 0)
        return STATUS_FWP_INVALID_FLAGS;
    status = nt_failure(fwp->sim, name);
    if (status != STATUS_SUCCESS)
        return status;
    return fwp_transaction_begin(fwp, session,
                                 (flags & FWPM_TXN_READ_ONLY) != 0 ? FWP_TXN_READ : FWP_TXN_WRITE);
}

NTSTATUS NTAPI FwpmTransactionCommit0(HANDLE engineHandle)
{
    static const char name[] = "FwpmTransactionCommit0";
    struct fwp *const fwp = fwp_current();
    struct fwp_session *session;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    SIM_FRAME("fwpkclnt", name);
    session = fwp_session_of(fwp, name, engineHandle);
    if (session == NULL)
        return STATUS_INVALID_HANDLE;
    status = nt_failure(fwp->sim, name);
    if (status == STATUS_SUCCESS)
        return fwp_transaction_commit(fwp, session);
    fwp_transaction_abort(fwp, session);
    return status;
}

NTSTATUS NTAPI FwpmTransactionAbort0(HANDLE engineHandle)
{
    static const char name[] = "FwpmTransactionAbort0";
    struct fwp *const fwp = fwp_current();
    struct fwp_session *session;

    FWP_ENTER(fwp, name);
    session = fwp_session_of(fwp, name, engineHandle);
    return session == NULL ? STATUS_INVALID_HANDLE : fwp_transaction_abort(fwp, session);
}
