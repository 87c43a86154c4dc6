/* SPDX-License-Identifier: MIT */
/* FwpmEngineOpen0, FwpmEngineClose0. */
#include "fwp/engine.h"

#include "fwp/enumeration.h"
#include "fwp/state.h"
#include "fwp/transaction.h"

#include <stdlib.h>

/* Documentation, "Object Management": a client that names no time waits 15 seconds. */
#define DEFAULT_WAIT       (15 * SIM_SECOND)
#define WAIT_FOREVER       0xFFFFFFFFu

/* What RPC says when the service behind an interface does not run. */
#define SERVER_UNAVAILABLE ((NTSTATUS)0xC0020017)

struct fwp_session *fwp_session_of(struct fwp *fwp, const char *function, HANDLE handle)
{
    struct fwp_session *session = fwp->sessions;

    while (session != NULL && session != handle)
        session = session->next;
    if (session == NULL)
        sim_breach_text(fwp->sim, "R65", function, "the engine handle is not open");
    return session;
}

NTSTATUS NTAPI FwpmEngineOpen0(const WCHAR *serverName, UINT32 authnService,
                               SEC_WINNT_AUTH_IDENTITY_W *authIdentity,
                               const FWPM_SESSION0 *session, HANDLE *engineHandle)
{
    struct fwp *const fwp = fwp_current();
    struct fwp_session *made;
    NTSTATUS status;

    FWP_ENTER(fwp, "FwpmEngineOpen0");
    if (engineHandle == NULL)
        return STATUS_FWP_NULL_POINTER;
    if (serverName != NULL ||
        (authnService != RPC_C_AUTHN_WINNT && authnService != RPC_C_AUTHN_DEFAULT))
        return STATUS_INVALID_PARAMETER;
    if (session != NULL && (session->flags & ~(UINT32)FWPM_SESSION_FLAG_DYNAMIC) != 0)
        return STATUS_FWP_INVALID_FLAGS;
    if (fwp->bfe_state != FWPM_SERVICE_RUNNING)
        return SERVER_UNAVAILABLE;
    status = nt_failure(fwp->sim, "FwpmEngineOpen0");
    if (status != STATUS_SUCCESS)
        return status;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    made->wait = DEFAULT_WAIT;
    made->caller = __builtin_return_address(0);
    if (session != NULL) {
        made->flags = session->flags;
        if (session->txnWaitTimeoutInMSec == WAIT_FOREVER)
            made->wait = UINT64_MAX;
        else if (session->txnWaitTimeoutInMSec != 0)
            made->wait = session->txnWaitTimeoutInMSec * SIM_MILLISECOND;
    }
    made->next = fwp->sessions;
    fwp->sessions = made;
    *engineHandle = made;
    return STATUS_SUCCESS;
}

/* Takes out what a dynamic session added: those that refer to others before those. */
static void delete_dynamic(struct fwp *fwp, const struct fwp_session *session)
{
    static const enum fwp_kind order[] = {FWP_FILTER, FWP_CALLOUT, FWP_SUBLAYER, FWP_PROVIDER};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        struct fwp_object *object = fwp->objects[order[i]];

        while (object != NULL) {
            struct fwp_object *const next = object->next;

            if (object->lifetime == FWP_DYNAMIC && object->session == session)
                fwp_transaction_deleted(fwp, object);
            object = next;
        }
    }
}

/* Objects that outlive the session must not be taken for those of a later one at the same address.
 */
static void disown(struct fwp *fwp, const struct fwp_session *session)
{
    for (int kind = 0; kind < FWP_KINDS; kind++) {
        for (struct fwp_object *object = fwp->objects[kind]; object != NULL;
             object = object->next) {
            if (object->session == session)
                object->session = NULL;
        }
    }
}

NTSTATUS NTAPI FwpmEngineClose0(HANDLE engineHandle)
{
    static const char name[] = "FwpmEngineClose0";
    struct fwp *const fwp = fwp_current();
    struct fwp_session *session, **link = &fwp->sessions;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    SIM_FRAME("fwpkclnt", name);
    session = fwp_session_of(fwp, name, engineHandle);
    if (session == NULL)
        return STATUS_INVALID_HANDLE;
    if (session->transaction != FWP_TXN_NONE) {
        sim_breach_text(fwp->sim, "R60", name, "a transaction is still open: it is aborted");
        fwp_transaction_abort(fwp, session);
    }
    if (fwp_session_dynamic(session)) {
        status = fwp_transaction_begin(fwp, session, FWP_TXN_WRITE);
        if (status != STATUS_SUCCESS)
            return status;
        delete_dynamic(fwp, session);
        fwp_transaction_commit(fwp, session);
    }
    fwp_enumeration_end_all(fwp, session);
    disown(fwp, session);
    while (*link != session)
        link = &(*link)->next;
    *link = session->next;
    free(session);
    return STATUS_SUCCESS;
}

void fwp_session_free_all(struct fwp *fwp)
{
    while (fwp->sessions != NULL) {
        struct fwp_session *const session = fwp->sessions;

        fwp->sessions = session->next;
        free(session);
    }
}
