/* SPDX-License-Identifier: MIT */
/* The floor as a whole: making it, ending it, what a driver left in it. */
#include "fwp/fwp.h"

#include "fwp/bfe.h"
#include "fwp/engine.h"
#include "fwp/enumeration.h"
#include "fwp/memory.h"
#include "fwp/state.h"
#include "fwp/sublayer.h"
#include "fwp/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Filter ids are unique for the engine's lifetime; those below belong to Windows' own filters. */
#define FIRST_FILTER 0x10000

struct fwp *fwp_create(struct sim *sim, struct netio *netio)
{
    struct fwp *const fwp = calloc(1, sizeof(*fwp));

    if (fwp == NULL)
        return NULL;
    fwp->sim = sim;
    fwp->netio = netio;
    fwp->ndis = sim->layers[SIM_LAYER_NDIS];
    fwp->nt = sim->layers[SIM_LAYER_NT];
    fwp->bfe_state = FWPM_SERVICE_RUNNING;
    fwp->next_filter = FIRST_FILTER;
    if (!fwp_sublayer_add_builtin(fwp)) {
        fwp_destroy(fwp);
        return NULL;
    }
    sim->layers[SIM_LAYER_FWP] = fwp;
    return fwp;
}

void fwp_destroy(struct fwp *fwp)
{
    if (fwp == NULL)
        return;
    while (fwp->parts != NULL) {
        struct fwp_part *const part = fwp->parts;

        fwp->parts = part->next;
        part->destroy(fwp, part);
    }
    fwp_memory_free_all(fwp);
    fwp_enumeration_end_all(fwp, NULL);
    fwp_bfe_free_all(fwp);
    fwp_session_free_all(fwp);
    fwp_transaction_forget(fwp);
    for (int kind = 0; kind < FWP_KINDS; kind++) {
        while (fwp->objects[kind] != NULL) {
            struct fwp_object *const object = fwp->objects[kind];

            fwp->objects[kind] = object->next;
            fwp_object_free(object);
        }
    }
    if (fwp->sim->layers[SIM_LAYER_FWP] == fwp)
        fwp->sim->layers[SIM_LAYER_FWP] = NULL;
    free(fwp);
}

void fwp_passive(struct fwp *fwp, const char *function)
{
    const uint8_t irql = sim_task_irql(fwp->sim);

    if (irql != PASSIVE_LEVEL && nt_checks(fwp->nt))
        sim_breach_text(fwp->sim, "R55", function, "called at IRQL %u: PASSIVE_LEVEL only", irql);
}

void fwp_part_register(struct fwp *fwp, struct fwp_part *part)
{
    part->next = fwp->parts;
    fwp->parts = part;
}

struct fwp_part *fwp_part_find(const struct fwp *fwp, const char *name)
{
    struct fwp_part *part = fwp->parts;

    while (part != NULL && strcmp(part->name, name) != 0)
        part = part->next;
    return part;
}

static void report_callout(void *context, const struct netio_callout *callout)
{
    struct fwp *const fwp = context;
    char text[160];

    snprintf(text, sizeof(text),
             "callout %u (%08x-%04x-%04x-...) is still registered: its code is gone%s", callout->id,
             (unsigned)callout->key.Data1, callout->key.Data2, callout->key.Data3,
             callout->contexts > 0 ? "; flows hold contexts of it" : "");
    sim_breach(fwp->sim, &(struct sim_breach){
                             .rule = "R52",
                             .function = "FwpsCalloutUnregisterById0",
                             .detail = text,
                             .address = callout->classify,
                         });
}

/* Objects that live on on purpose are no finding. */
static void report_objects(struct fwp *fwp)
{
    char name[96], text[160];

    for (int kind = 0; kind < FWP_KINDS; kind++) {
        for (const struct fwp_object *object = fwp->objects[kind]; object != NULL;
             object = object->next) {
            if (object->lifetime != FWP_STATIC && object->lifetime != FWP_DYNAMIC)
                continue;
            fwp_object_describe(object, name, sizeof(name));
            snprintf(text, sizeof(text), "%s is still there", name);
            sim_breach(fwp->sim, &(struct sim_breach){
                                     .rule = "R53",
                                     .function = "FwpmEngineClose0",
                                     .detail = text,
                                     .address = object->caller,
                                 });
        }
    }
}

static void report_sessions(struct fwp *fwp)
{
    for (const struct fwp_session *session = fwp->sessions; session != NULL;
         session = session->next) {
        const bool open = session->transaction != FWP_TXN_NONE;

        sim_breach(fwp->sim,
                   &(struct sim_breach){
                       .rule = open ? "R60" : "R53",
                       .function = open ? "FwpmTransactionAbort0" : "FwpmEngineClose0",
                       .detail = open ? "a transaction is still open: it holds the engine's lock"
                                      : "the engine handle is still open",
                       .address = session->caller,
                   });
    }
}

void fwp_report_left(struct fwp *fwp)
{
    netio_callout_each(fwp->netio, report_callout, fwp);
    for (struct fwp_part *part = fwp->parts; part != NULL; part = part->next)
        part->report_left(fwp, part);
    report_objects(fwp);
    report_sessions(fwp);
    fwp_bfe_report_left(fwp);
    fwp_memory_report_left(fwp);
}
