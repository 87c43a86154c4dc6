/* SPDX-License-Identifier: MIT */
/* The floor as a whole: making it, ending it, its exports. */
#include "netio/injected_memory.h"
#include "netio/state.h"

#include "sim/scheduler.h"

#include <stdlib.h>

static void complete_deferred(struct nt_deferred *deferred)
{
    struct netio *const netio =
        (struct netio *)(void *)((char *)deferred - offsetof(struct netio, completer));

    inject_complete_all(netio);
}

static void slab_init(struct slab *slab, size_t size)
{
    slab->size = (size + 15) & ~(size_t)15;
}

struct netio *netio_create(struct sim *sim, struct ndis *ndis, const struct netio_config *config)
{
    struct netio *const netio = calloc(1, sizeof(*netio));

    if (netio == NULL)
        return NULL;
    netio->sim = sim;
    netio->ndis = ndis;
    netio->nt = ndis_nt(ndis);
    netio->pe = sim->layers[SIM_LAYER_PE];
    netio->profile = config->profile;
    netio->switches = config->switches;
    netio->checks = nt_checks(netio->nt);
    netio->processors = sim->scheduler->processors;
    netio->generation = 1;
    netio->completer.run = complete_deferred;
    slab_init(&netio->flows, sizeof(struct netio_flow));
    slab_init(&netio->chunks, sizeof(struct chunk));
    slab_init(&netio->ops, sizeof(struct stream_op));
    slab_init(&netio->contexts, sizeof(struct flow_context));
    slab_init(&netio->injections, sizeof(struct injection));
    slab_init(&netio->injected_nbls, sizeof(struct injected_nbl));
    slab_init(&netio->late_removals, LATE_REMOVAL_BYTES);
    slab_init(&netio->filter_slab, sizeof(struct kfd_filter));
    if (netio->checks)
        injected_memory_watch(netio);
    netio_offers_open(netio, &netio->offers);
    sim->layers[SIM_LAYER_NETIO] = netio;
    return netio;
}

/* Flows that are still open are forgotten with their memory: no driver code runs any more. */
static void forget_flow(struct netio_flow *flow)
{
    for (uint32_t i = 0; i < flow->stage_count; i++) {
        for (unsigned direction = 0; direction < 2; direction++)
            for (struct chunk *c = flow->stages[i].half[direction].first; c != NULL; c = c->next)
                chunk_forget(c);
        kfd_filter_release(flow->netio, flow->stages[i].filter);
    }
    if (flow->stages != flow->own_stages)
        free(flow->stages);
    free(flow->application);
}

void netio_destroy(struct netio *netio)
{
    if (netio == NULL)
        return;
    for (struct netio_flow *flow = netio->oldest; flow != NULL; flow = flow->newer)
        forget_flow(flow);
    kfd_destroy(netio);
    while (netio->injectors != NULL) {
        struct netio_injector *const injector = netio->injectors;

        netio->injectors = injector->next;
        free(injector);
    }
    completion_queue_free(&netio->done);
    nt_pool_watch_frees(netio->nt, NULL, NULL);
    netio->sim->layers[SIM_LAYER_NETIO] = NULL;
    free(netio);
}

const struct netio_profile *netio_profile(const struct netio *netio)
{
    return netio->profile;
}

const struct netio_switches *netio_switches(const struct netio *netio)
{
    return &netio->switches;
}

struct ndis *netio_ndis(const struct netio *netio)
{
    return netio->ndis;
}

bool netio_stream_busy(const struct netio *netio)
{
    return netio->chunks.live > 0 || netio->ops.live > 0 || netio->pending > 0 ||
           netio->deferred > 0 || netio->late_removals.live > 0;
}

/* Winsock Kernel, which some drivers import beside the callout calls; none of it is modelled. */
static const struct pe_export exports[] = {
    PE_UNMODELLED(WskCaptureProviderNPI, 0), PE_UNMODELLED(WskDeregister, 0),
    PE_UNMODELLED(WskQueryProviderCharacteristics, 0), PE_UNMODELLED(WskRegister, 0),
    PE_UNMODELLED(WskReleaseProviderNPI, 0)};

const struct pe_module netio_module = {
    .name = "netio.sys", .exports = exports, .count = sizeof(exports) / sizeof(exports[0])};
