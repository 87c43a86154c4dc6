/* SPDX-License-Identifier: MIT */
/* The base filtering engine as a service: FwpmBfeStateGet0, subscriptions (contract 3.1, R59; order
 * of the two: nf-fwpmk-fwpmbfestateget0). */
#include "fwp/bfe.h"

#include "fwp/state.h"
#include "nt/call.h"

#include <stdlib.h>

struct fwp_subscription {
    struct fwp_subscription *next;
    FWPM_SERVICE_STATE_CHANGE_CALLBACK0 callback;
    void *context;
    const void *caller;
    uint64_t told; /* number of the last change its callback was called for */
    bool running;
    bool gone; /* unsubscribed inside its own callback */
};

struct fwp_bfe_note {
    struct fwp_bfe_note *next;
    uint32_t state;
    uint64_t number;
};

FWPM_SERVICE_STATE NTAPI FwpmBfeStateGet0(VOID)
{
    struct fwp *const fwp = fwp_current();

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, "FwpmBfeStateGet0", DISPATCH_LEVEL);
    if (!fwp->bfe_subscribed)
        sim_breach_text(fwp->sim, "R59", "FwpmBfeStateGet0",
                        "called before changes of the state were subscribed");
    return (FWPM_SERVICE_STATE)fwp->bfe_state;
}

NTSTATUS NTAPI FwpmBfeStateSubscribeChanges0(VOID *deviceObject,
                                             FWPM_SERVICE_STATE_CHANGE_CALLBACK0 callback,
                                             VOID *context, HANDLE *changeHandle)
{
    static const char name[] = "FwpmBfeStateSubscribeChanges0";
    struct fwp *const fwp = fwp_current();
    struct fwp_subscription **link = &fwp->subscriptions, *made;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    if (callback == NULL || changeHandle == NULL)
        return STATUS_INVALID_PARAMETER;
    status = nt_failure(fwp->sim, name);
    if (status != STATUS_SUCCESS)
        return status;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    made->callback = callback;
    made->context = context;
    made->caller = __builtin_return_address(0);
    /* Changes that happened before are not its business. */
    for (const struct fwp_bfe_note *note = fwp->bfe_notes; note != NULL; note = note->next)
        made->told = note->number;
    while (*link != NULL)
        link = &(*link)->next;
    *link = made;
    *changeHandle = made;
    fwp->bfe_subscribed = true;
    return STATUS_SUCCESS;
}

static void drop(struct fwp *fwp, struct fwp_subscription *subscription)
{
    struct fwp_subscription **link = &fwp->subscriptions;

    while (*link != subscription)
        link = &(*link)->next;
    *link = subscription->next;
    free(subscription);
}

NTSTATUS NTAPI FwpmBfeStateUnsubscribeChanges0(HANDLE changeHandle)
{
    static const char name[] = "FwpmBfeStateUnsubscribeChanges0";
    struct fwp *const fwp = fwp_current();
    struct fwp_subscription *subscription = fwp->subscriptions;

    FWP_ENTER(fwp, name);
    while (subscription != NULL && (subscription != changeHandle || subscription->gone))
        subscription = subscription->next;
    if (subscription == NULL) {
        sim_breach_text(fwp->sim, "R65", name, "the handle is not subscribed");
        return STATUS_INVALID_HANDLE;
    }
    if (subscription->running && fwp->sim->task == fwp->bfe_notifier) {
        sim_breach_text(fwp->sim, "R59", name, "called inside the callback: this waits for itself");
        subscription->gone = true;
        return STATUS_SUCCESS;
    }
    /* A callback that runs elsewhere is waited for. */
    while (subscription->running && fwp->sim->task != NULL)
        sim_task_block(fwp->sim, fwp->sim->now + SIM_MILLISECOND);
    drop(fwp, subscription);
    return STATUS_SUCCESS;
}

/* The next subscription that does not know of the change. */
static struct fwp_subscription *untold(const struct fwp *fwp, uint64_t number)
{
    struct fwp_subscription *subscription = fwp->subscriptions;

    while (subscription != NULL && subscription->told >= number)
        subscription = subscription->next;
    return subscription;
}

static void tell(struct fwp *fwp, struct fwp_subscription *subscription,
                 const struct fwp_bfe_note *note)
{
    struct nt_call call;

    subscription->told = note->number;
    subscription->running = true;
    nt_call_enter(fwp->nt, &call, "BfeStateChangeCallback",
                  (const void *)(uintptr_t)subscription->callback);
    subscription->callback(subscription->context, (FWPM_SERVICE_STATE)note->state);
    nt_call_leave(fwp->nt, &call);
    subscription->running = false;
    if (subscription->gone)
        drop(fwp, subscription);
}

static void FwppBfeStateNotify(void *context)
{
    SIM_FRAME("fwpkclnt", "FwppBfeStateNotify");
    struct fwp *const fwp = context;

    while (fwp->bfe_notes != NULL) {
        struct fwp_bfe_note *const note = fwp->bfe_notes;
        struct fwp_subscription *subscription;

        while ((subscription = untold(fwp, note->number)) != NULL)
            tell(fwp, subscription, note);
        fwp->bfe_notes = note->next;
        free(note);
    }
    fwp->bfe_notifier = NULL;
}

void fwp_bfe_set(struct fwp *fwp, uint32_t state)
{
    struct fwp_bfe_note **link = &fwp->bfe_notes, *note;
    uint64_t number = 1;

    if (state == fwp->bfe_state)
        return;
    fwp->bfe_state = state;
    if (fwp->subscriptions == NULL)
        return;
    for (const struct fwp_subscription *s = fwp->subscriptions; s != NULL; s = s->next)
        number = s->told >= number ? s->told + 1 : number;
    for (; *link != NULL; link = &(*link)->next)
        number = (*link)->number >= number ? (*link)->number + 1 : number;
    note = calloc(1, sizeof(*note));
    if (note == NULL)
        return;
    note->state = state;
    note->number = number;
    *link = note;
    if (fwp->bfe_notifier == NULL)
        fwp->bfe_notifier =
            nt_thread_spawn(fwp->nt, "fwpkclnt!FwppBfeStateNotify", FwppBfeStateNotify, fwp);
}

void fwp_bfe_report_left(struct fwp *fwp)
{
    for (const struct fwp_subscription *s = fwp->subscriptions; s != NULL; s = s->next)
        sim_breach(fwp->sim,
                   &(struct sim_breach){
                       .rule = "R53",
                       .function = "FwpmBfeStateUnsubscribeChanges0",
                       .detail = "the driver was unloaded and is still subscribed to BFE's state",
                       .address = s->caller,
                   });
}

void fwp_bfe_free_all(struct fwp *fwp)
{
    while (fwp->subscriptions != NULL) {
        struct fwp_subscription *const subscription = fwp->subscriptions;

        fwp->subscriptions = subscription->next;
        free(subscription);
    }
    while (fwp->bfe_notes != NULL) {
        struct fwp_bfe_note *const note = fwp->bfe_notes;

        fwp->bfe_notes = note->next;
        free(note);
    }
}
