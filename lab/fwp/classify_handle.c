/* SPDX-License-Identifier: MIT */
/* FwpsAcquireClassifyHandle0 and its kin. Nothing can be pended at the layers that are classified
 * here for streams (contract 2.6). */
#include "fwp/state.h"

#include "netio/classify_context.h"
#include "sim/breach.h"

#include <stdio.h>
#include <stdlib.h>

struct classify_handle {
    struct classify_handle *next;
    uint64_t value;
    uint16_t layer;
    const void *caller;
    uint64_t flow; /* of the classify it was acquired in, 0 none */
    uint32_t classify;
    uint64_t time;
};

struct classify_part {
    struct fwp_part part; /* first */
    struct classify_handle *handles;
    uint64_t last;
};

static void report_left(struct fwp *fwp, struct fwp_part *part)
{
    for (const struct classify_handle *h = ((struct classify_part *)part)->handles; h != NULL;
         h = h->next) {
        const uint64_t age = (fwp->sim->now - h->time) / SIM_MILLISECOND;
        char detail[120];

        snprintf(detail, sizeof(detail),
                 "a classify handle, acquired %llu.%03llu s before, was not released",
                 (unsigned long long)age / 1000, (unsigned long long)age % 1000);
        sim_breach(fwp->sim, &(struct sim_breach){.rule = "R53",
                                                  .function = "FwpsReleaseClassifyHandle0",
                                                  .detail = detail,
                                                  .flow = h->flow,
                                                  .classify = h->classify,
                                                  .address = h->caller});
    }
}

void fwp_classify_handles_each(struct fwp *fwp,
                               void (*visit)(void *context, const void *caller, uint64_t flow,
                                             uint32_t classify, uint64_t time),
                               void *context)
{
    const struct classify_part *part = (struct classify_part *)fwp_part_find(fwp, "classify");

    for (const struct classify_handle *h = part != NULL ? part->handles : NULL; h != NULL;
         h = h->next)
        visit(context, h->caller, h->flow, h->classify, h->time);
}

static void destroy(struct fwp *fwp, struct fwp_part *part)
{
    struct classify_part *const classify = (struct classify_part *)part;

    while (classify->handles != NULL) {
        struct classify_handle *const handle = classify->handles;

        classify->handles = handle->next;
        free(handle);
    }
    free(classify);
}

static struct classify_part *classify_part(struct fwp *fwp)
{
    struct classify_part *part = (struct classify_part *)fwp_part_find(fwp, "classify");

    if (part == NULL) {
        part = calloc(1, sizeof(*part));
        if (part == NULL)
            return NULL;
        part->part =
            (struct fwp_part){.name = "classify", .report_left = report_left, .destroy = destroy};
        fwp_part_register(fwp, &part->part);
    }
    return part;
}

static struct classify_handle **link_of(struct fwp *fwp, uint64_t value)
{
    struct classify_part *const part = (struct classify_part *)fwp_part_find(fwp, "classify");

    for (struct classify_handle **link = part == NULL ? NULL : &part->handles;
         link != NULL && *link != NULL; link = &(*link)->next)
        if ((*link)->value == value)
            return link;
    return NULL;
}

NTSTATUS NTAPI FwpsAcquireClassifyHandle0(VOID *classifyContext, UINT32 flags,
                                          UINT64 *classifyHandle)
{
    static const char name[] = "FwpsAcquireClassifyHandle0";
    const struct netio_classify_context *const context = classifyContext;
    struct fwp *const fwp = fwp_current();
    struct classify_handle *handle;
    struct classify_part *part;
    NTSTATUS status;

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, name, DISPATCH_LEVEL);
    *classifyHandle = 0;
    if (flags != 0 || context == NULL || context->magic != NETIO_CLASSIFY_CONTEXT_MAGIC)
        return STATUS_INVALID_PARAMETER;
    status = nt_failure(fwp->sim, name);
    if (status != STATUS_SUCCESS)
        return status;
    part = classify_part(fwp);
    handle = part == NULL ? NULL : calloc(1, sizeof(*handle));
    if (handle == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *handle = (struct classify_handle){.next = part->handles,
                                       .value = ++part->last,
                                       .layer = context->layer,
                                       .caller = __builtin_return_address(0),
                                       .time = fwp->sim->now};
    handle->flow = sim_task_self(fwp->sim)->flow;
    handle->classify = sim_task_self(fwp->sim)->classify;
    part->handles = handle;
    *classifyHandle = handle->value;
    return STATUS_SUCCESS;
}

VOID NTAPI FwpsReleaseClassifyHandle0(UINT64 classifyHandle)
{
    static const char name[] = "FwpsReleaseClassifyHandle0";
    struct fwp *const fwp = fwp_current();
    struct classify_handle **link;

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, name, DISPATCH_LEVEL);
    link = link_of(fwp, classifyHandle);
    if (link == NULL) {
        sim_breach_text(fwp->sim, "R53", name, "no such classify handle: released twice?");
        return;
    }
    struct classify_handle *const handle = *link;

    *link = handle->next;
    free(handle);
}

/* Where Windows would let the classify be pended, which is not modelled. */
static bool can_pend(uint16_t layer)
{
    switch (layer) {
    case FWPS_LAYER_ALE_AUTH_RECV_ACCEPT_V4:
    case FWPS_LAYER_ALE_AUTH_RECV_ACCEPT_V6:
    case FWPS_LAYER_ALE_AUTH_CONNECT_V4:
    case FWPS_LAYER_ALE_AUTH_CONNECT_V6:
        return true;
    default:
        return false;
    }
}

NTSTATUS NTAPI FwpsPendClassify0(UINT64 classifyHandle, UINT64 filterId, UINT32 flags,
                                 FWPS_CLASSIFY_OUT0 *classifyOut)
{
    static const char name[] = "FwpsPendClassify0";
    struct fwp *const fwp = fwp_current();
    struct classify_handle **link;

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, name, DISPATCH_LEVEL);
    link = link_of(fwp, classifyHandle);
    if (link == NULL)
        return STATUS_INVALID_PARAMETER;
    if (can_pend((*link)->layer))
        nt_stop_unmodelled(fwp->nt, "fwpkclnt.sys", name, __builtin_return_address(0));
    return STATUS_FWP_CANNOT_PEND;
}

/* Undoes a pend, and there never is one: every FwpsPendClassify0 here fails. */
VOID NTAPI FwpsCompleteClassify0(UINT64 classifyHandle, UINT32 flags,
                                 const FWPS_CLASSIFY_OUT0 *classifyOut)
{
    static const char name[] = "FwpsCompleteClassify0";
    struct fwp *const fwp = fwp_current();

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, name, DISPATCH_LEVEL);
    sim_breach_text(fwp->sim, "R53", name, "no classify was pended with this handle");
}
