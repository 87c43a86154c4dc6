/* SPDX-License-Identifier: MIT */
/* Samples of a run. */
#include "explore/sample.h"

#include "explore/step.h"
#include "netio/listener.h"
#include "nt/pool.h"
#include "pe/pe.h"

#include <stdlib.h>
#include <string.h>

#define MOST_SAMPLES 400

struct sample {
    struct run_sample told;
    struct nt_pool_tag *tags;
};

struct sampler {
    struct machine *machine;
    struct run_listener told; /* who is told */
    struct netio_listener listener;
    struct sample samples[MOST_SAMPLES + 1]; /* the last is for the end of the run */
    size_t count;
    uint64_t events, stride; /* one sample each `stride` events */
    uint64_t gone[2];        /* bytes blocked and never injected, of flows that are closed */
    struct step_log *steps;
};

static void add_tag(void *context, const struct nt_pool_tag *tag)
{
    struct sample *sample = context;
    struct nt_pool_tag *grown =
        realloc(sample->tags, (sample->told.tag_count + 1) * sizeof(*sample->tags));

    if (grown == NULL)
        return;
    sample->tags = grown;
    sample->told.tags = grown;
    grown[sample->told.tag_count++] = *tag;
}

static uint64_t held_of(const struct netio_ledger *ledger)
{
    return ledger->blocked > ledger->injected ? ledger->blocked - ledger->injected : 0;
}

static void take(struct sampler *sampler)
{
    struct sample *sample = &sampler->samples[sampler->count++];

    memset(sample, 0, sizeof(*sample));
    sample->told.time = sampler->machine->sim->now;
    for (enum netio_direction d = NETIO_OUTBOUND; d <= NETIO_INBOUND; d++) {
        struct netio_ledger total;
        netio_total_ledger(sampler->machine->netio, d, &total);
        const uint64_t held = held_of(&total);
        sample->told.held_driver += held > sampler->gone[d] ? held - sampler->gone[d] : 0;
        sample->told.held_engine += total.held_engine;
        sample->told.classifies += total.classifies;
    }
    nt_pool_each_tag(sampler->machine->nt, add_tag, sample);
}

/* Every second one goes; from now on there is one for twice as many events. */
static void thin(struct sampler *sampler)
{
    for (size_t i = 0; i < sampler->count; i++) {
        if (i % 2 == 0)
            sampler->samples[i / 2] = sampler->samples[i];
        else
            free(sampler->samples[i].tags);
    }
    sampler->count = (sampler->count + 1) / 2;
    sampler->stride *= 2;
}

static void happened(struct sampler *sampler)
{
    if (sampler->told.sample == NULL || sampler->events++ % sampler->stride != 0)
        return;
    if (sampler->count == MOST_SAMPLES)
        thin(sampler);
    take(sampler);
}

static void classify_enter(void *context, struct netio_classify *classify)
{
    const struct sampler *sampler = context;

    step_log_indication(sampler->steps, classify);
}

static void classify_exit(void *context, struct netio_classify *classify)
{
    struct sampler *sampler = context;

    step_log_verdict(sampler->steps, classify);
    happened(sampler);
}

static void inject_exit(void *context, struct netio_inject *inject)
{
    struct sampler *sampler = context;

    step_log_inject(sampler->steps, inject);
    happened(sampler);
}

static void cut(void *context, const struct netio_cut *told)
{
    struct sampler *sampler = context;

    step_log_cut(sampler->steps, told);
}

static void lost(void *context, const struct netio_lost_chain *chain)
{
    struct sampler *sampler = context;

    step_log_lost(sampler->steps, chain);
}

static void completed(void *context, struct netio_flow *flow, NET_BUFFER_LIST *nbl, NTSTATUS status)
{
    struct sampler *sampler = context;

    step_log_completion(sampler->steps, flow, nbl, status);
    happened(sampler);
}

static void flow_open(void *context, struct netio_flow *flow)
{
    struct sampler *sampler = context;

    step_log_flow(sampler->steps, RUN_STEP_OPEN, flow);
}

static void flow_close(void *context, struct netio_flow *flow)
{
    struct sampler *sampler = context;

    for (enum netio_direction d = NETIO_OUTBOUND; d <= NETIO_INBOUND; d++) {
        struct netio_ledger ledger;
        netio_flow_ledger(flow, d, &ledger);
        sampler->gone[d] += held_of(&ledger);
    }
    step_log_flow(sampler->steps, RUN_STEP_CLOSE, flow);
    happened(sampler);
}

bool sampler_wanted(const struct run_listener *listener)
{
    return listener->sample != NULL || listener->step != NULL || listener->nbl != NULL;
}

struct sampler *sampler_create(struct machine *machine, const struct run_listener *listener)
{
    struct sampler *sampler = calloc(1, sizeof(*sampler));

    if (sampler == NULL)
        return NULL;
    sampler->machine = machine;
    sampler->told = *listener;
    sampler->stride = 1;
    sampler->steps = step_log_create(machine->sim);
    if (sampler->steps == NULL) {
        free(sampler);
        return NULL;
    }
    sampler->listener = (struct netio_listener){
        .hooks = {.classify_enter = classify_enter,
                  .classify_exit = classify_exit,
                  .inject_exit = inject_exit,
                  .cut = cut,
                  .lost = lost,
                  .completed = completed,
                  .flow_open = flow_open,
                  .flow_close = flow_close},
        .context = sampler,
    };
    netio_listener_add(machine->netio, &sampler->listener);
    return sampler;
}

void sampler_destroy(struct sampler *sampler)
{
    if (sampler == NULL)
        return;
    netio_listener_remove(sampler->machine->netio, &sampler->listener);
    for (size_t i = 0; i < sampler->count; i++)
        free(sampler->samples[i].tags);
    step_log_destroy(sampler->steps);
    free(sampler);
}

static const char *origin_name(uint8_t origin)
{
    static const char *const names[] = {
        [NDIS_NBL_NIC] = "NIC",
        [NDIS_NBL_NBUF] = "NETIO copy",
        [NDIS_NBL_SEND] = "send",
        [NDIS_NBL_STREAM] = "stream layer",
        [NDIS_NBL_ALLOCATED] = "NdisAllocateNetBufferList",
        [NDIS_NBL_FWPS] = "FwpsAllocateNetBufferAndNetBufferList0",
        [NDIS_NBL_CLONE] = "NdisAllocateCloneNetBufferList",
        [NDIS_NBL_FWPS_CLONE] = "FwpsAllocateCloneNetBufferList0",
        [NDIS_NBL_STREAM_CLONE] = "FwpsCloneStreamData0",
    };

    return origin < sizeof(names) / sizeof(names[0]) && names[origin] != NULL ? names[origin] : "";
}

/* Who has to act next for the NBL to go away. */
static const char *holder_of(const struct sampler *sampler, const struct ndis_nbl_header *header)
{
    if (header->owner == NDIS_OWNER_DRIVER || header->driver_references != 0)
        return sampler->machine->image != NULL ? pe_image_name(sampler->machine->image) : "driver";
    if (header->owner == NDIS_OWNER_ENGINE || header->origin == NDIS_NBL_STREAM)
        return "NETIO.SYS";
    return "tcpip.sys";
}

static void tell_nbl(void *context, NET_BUFFER_LIST *nbl, const struct ndis_nbl_header *header)
{
    struct sampler *sampler = context;
    const struct ndis_nbl_header *next = nbl->Next != NULL ? ndis_nbl_header(nbl->Next) : NULL;
    char caller[96] = "";

    if (header->owner == NDIS_OWNER_FREED)
        return;
    if (header->caller != NULL)
        (void)pe_describe(sampler->machine->pe, header->caller, caller, sizeof(caller));
    sampler->told.nbl(sampler->told.context,
                      &(struct run_nbl){
                          .number = header->number,
                          .flow = header->flow,
                          .address = (uint64_t)(uintptr_t)nbl,
                          .first_nb = (uint64_t)(uintptr_t)nbl->FirstNetBuffer,
                          .classify = header->classify,
                          .tag = header->tag,
                          .origin = origin_name(header->origin),
                          .holder = holder_of(sampler, header),
                          .bytes = header->payload,
                          .references = header->references > 0 ? (uint32_t)header->references : 0,
                          .children = nbl->ChildRefCount > 0 ? (uint32_t)nbl->ChildRefCount : 0,
                          .next = next != NULL ? next->number : 0,
                          .caller = caller,
                      });
}

void sampler_alive(struct sampler *sampler)
{
    if (sampler->told.nbl != NULL)
        ndis_nbl_each(sampler->machine->ndis, tell_nbl, sampler);
}

void sampler_end(struct sampler *sampler, uint64_t flow, uint32_t classify)
{
    if (sampler->told.sample != NULL)
        take(sampler);
    for (size_t i = 0; sampler->told.sample != NULL && i < sampler->count; i++)
        sampler->told.sample(sampler->told.context, &sampler->samples[i].told);
    if (sampler->told.step != NULL)
        step_log_tell(sampler->steps, flow, classify, sampler->told.step, sampler->told.context);
}
