/* SPDX-License-Identifier: MIT */
/* The floor as a whole: making it, ending it, what a driver left in it. */
#include "ndis/ndis.h"

#include "ndis/gone.h"
#include "ndis/state.h"

#include <stdio.h>
#include <stdlib.h>

struct ndis *ndis_create(struct sim *sim, struct nt *nt)
{
    struct ndis *const ndis = calloc(1, sizeof(*ndis));

    if (ndis == NULL)
        return NULL;
    ndis->sim = sim;
    ndis->nt = nt;
    ndis->miniport = ndis_miniport_create(ndis);
    if (ndis->miniport == NULL) {
        free(ndis);
        return NULL;
    }
    sim->layers[SIM_LAYER_NDIS] = ndis;
    ndis_gone_open(ndis);
    return ndis;
}

void ndis_destroy(struct ndis *ndis)
{
    if (ndis == NULL)
        return;
    /* Newest first: clones before their parents. What a driver wrote over cannot be trusted, nor
     * anything after a bug check; the memory goes with the world. */
    while (ndis->newest != NULL && !ndis->sim->stopped &&
           ndis_nbl_header(ndis_nbl_of(ndis->newest)) != NULL) {
        struct ndis_nbl_header *const header = ndis->newest;

        ndis_nbl_of(header)->ParentNetBufferList = NULL;
        ndis_nbl_destroy(ndis_nbl_of(header));
    }
    ndis_pool_destroy_all(ndis);
    ndis_miniport_destroy(ndis->miniport);
    if (ndis->sim->layers[SIM_LAYER_NDIS] == ndis)
        ndis->sim->layers[SIM_LAYER_NDIS] = NULL;
    free(ndis);
}

struct nt *ndis_nt(const struct ndis *ndis)
{
    return ndis->nt;
}

/* Live NBLs of a driver with one origin and one tag make one report. */
struct left {
    const struct ndis_nbl_header *first;
    uint32_t nbls;
    uint64_t bytes;
};

static void report_nbls(struct ndis *ndis, const struct left *left)
{
    char text[160];

    snprintf(text, sizeof(text), "NBLs the driver never gave to %s; the first is NBL #%llu",
             ndis_nbl_free_function(left->first->origin), (unsigned long long)left->first->number);
    sim_breach(ndis->sim, &(struct sim_breach){
                              .rule = "R71",
                              .function = ndis_nbl_free_function(left->first->origin),
                              .detail = text,
                              .tag = left->first->tag,
                              .flow = left->first->flow,
                              .classify = left->first->classify,
                              .nbls = left->nbls,
                              .object = left->first->number,
                              .bytes = left->bytes,
                              .address = left->first->caller,
                          });
}

static bool is_left(const struct ndis_nbl_header *h)
{
    return h->driver && h->owner == NDIS_OWNER_DRIVER;
}

static void report_left_nbls(struct ndis *ndis)
{
    for (const struct ndis_nbl_header *h = ndis->oldest; h != NULL; h = h->newer) {
        const struct ndis_nbl_header *first = ndis->oldest;
        struct left left = {.first = h};

        if (!is_left(h))
            continue;
        while (!is_left(first) || first->origin != h->origin || first->tag != h->tag)
            first = first->newer;
        if (first != h)
            continue; /* told already */
        for (const struct ndis_nbl_header *o = h; o != NULL; o = o->newer) {
            if (is_left(o) && o->origin == h->origin && o->tag == h->tag) {
                left.nbls++;
                left.bytes += o->payload;
            }
        }
        report_nbls(ndis, &left);
    }
}

static void report_left_references(struct ndis *ndis)
{
    const struct ndis_nbl_header *first = NULL;
    uint64_t references = 0, bytes = 0;
    uint32_t nbls = 0;
    char text[120];

    for (const struct ndis_nbl_header *h = ndis->oldest; h != NULL; h = h->newer) {
        if (h->driver_references == 0)
            continue;
        first = first == NULL ? h : first;
        references += h->driver_references;
        bytes += h->payload;
        nbls++;
    }
    if (first == NULL)
        return;
    snprintf(text, sizeof(text), "%llu references were never undone; the first is on NBL #%llu",
             (unsigned long long)references, (unsigned long long)first->number);
    sim_breach(ndis->sim, &(struct sim_breach){
                              .rule = "R21",
                              .function = "FwpsReferenceNetBufferList0",
                              .detail = text,
                              .tag = first->tag,
                              .flow = first->flow,
                              .classify = first->classify,
                              .nbls = nbls,
                              .object = first->number,
                              .bytes = bytes,
                              .address = first->caller,
                          });
}

/* Follows no link of a header that was not looked at. */
static bool headers_intact(const struct ndis *ndis)
{
    for (const struct ndis_nbl_header *h = ndis->oldest; h != NULL; h = h->newer) {
        if (!sim_arena_holds(ndis->sim, h) || !ndis_nbl_intact(h))
            return false;
    }
    return true;
}

void ndis_report_left(struct ndis *ndis)
{
    if (!headers_intact(ndis)) {
        if (ndis->sim->damaged == NULL) /* else it has been told */
            sim_breach_text(ndis->sim, "R65", "NBL",
                            "memory in front of a NET_BUFFER_LIST was overwritten");
        return;
    }
    report_left_nbls(ndis);
    report_left_references(ndis);
    ndis_pool_report_left(ndis);
}

void ndis_set_watch(struct ndis *ndis, const struct ndis_watch *watch)
{
    ndis->watch = watch != NULL ? *watch : (struct ndis_watch){0};
}
