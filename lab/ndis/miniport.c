/* SPDX-License-Identifier: MIT */
/* The NIC's driver: interrupt, receive DPC, indication, return. */
#include "ndis/miniport.h"

#include "ndis/mdl.h"
#include "ndis/state.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_BATCH 32
#define MAX_BATCH     256
#define RING_FIRST    256

/* A receive descriptor: everything the NIC keeps for one frame. Never given back to the arena, only
 * to the list. */
struct descriptor {
    struct descriptor *next;
    struct ndis_frame frame;
    struct ndis_nbl_header *header; /* within block */
    NET_BUFFER *nb;
    MDL *mdl;
    uint32_t mdl_room; /* longest frame that the MDL can describe */
};

struct ndis_miniport {
    struct ndis *ndis;
    struct ndis_miniport_config config;
    ndis_receive *receive;
    void *receive_context;
    struct nt_deferred dpc;
    struct descriptor *idle;
    uint64_t outstanding;
    struct ndis_frame *ring; /* frames that the DPC has not taken yet */
    size_t ring_size, ring_head, ring_count;
};

static void returned(void *context, NET_BUFFER_LIST *nbl)
{
    struct ndis_miniport *const miniport = context;
    struct descriptor *const descriptor =
        CONTAINING_RECORD(ndis_miniport_frame(nbl), struct descriptor, frame);

    ndis_nbl_delist(miniport->ndis, descriptor->header);
    descriptor->next = miniport->idle;
    miniport->idle = descriptor;
    miniport->outstanding--;
}

/* The NIC's memory is no pool memory: a slab of the arena holds a page's worth of descriptors. */
static bool more_descriptors(struct ndis_miniport *miniport)
{
    enum { ROOM = 65536 + 256 };
    const size_t mdl_size = ndis_mdl_size(ROOM);
    const size_t header_room =
        2 * sizeof(struct ndis_nbl_header) + sizeof(NET_BUFFER_LIST) + sizeof(NET_BUFFER);
    const size_t one = (sizeof(struct descriptor) + header_room + mdl_size + 63) & ~(size_t)63;
    const size_t count = 64;
    uint8_t *const slab = sim_arena_take(miniport->ndis->sim, one * count);

    if (slab == NULL)
        return false;
    for (size_t i = count; i-- > 0;) {
        struct descriptor *const d = (struct descriptor *)(slab + i * one);
        uintptr_t nbl = ((uintptr_t)(d + 1) + sizeof(struct ndis_nbl_header) + 15) & ~(uintptr_t)15;

        if ((nbl & (PAGE_SIZE - 1)) < sizeof(struct ndis_nbl_header))
            nbl += sizeof(struct ndis_nbl_header) - (nbl & (PAGE_SIZE - 1));
        d->header = (struct ndis_nbl_header *)nbl - 1;
        d->nb = (NET_BUFFER *)((NET_BUFFER_LIST *)nbl + 1);
        d->mdl = (MDL *)(d->nb + 1);
        d->mdl_room = ROOM;
        d->next = miniport->idle;
        miniport->idle = d;
    }
    return true;
}

static NET_BUFFER_LIST *describe(struct ndis_miniport *miniport, const struct ndis_frame *frame)
{
    struct descriptor *const d = miniport->idle;
    NET_BUFFER_LIST *const nbl = ndis_nbl_of(d->header);
    const uint32_t length = frame->captured < d->mdl_room ? frame->captured : d->mdl_room;

    miniport->idle = d->next;
    miniport->outstanding++;
    d->frame = *frame;
    memset(d->header, 0, sizeof(*d->header) + sizeof(NET_BUFFER_LIST) + sizeof(NET_BUFFER));
    ndis_mdl_describe(d->mdl, frame->bytes, length);
    NET_BUFFER_FIRST_MDL(d->nb) = d->mdl;
    NET_BUFFER_CURRENT_MDL(d->nb) = d->mdl;
    NET_BUFFER_DATA_LENGTH(d->nb) = length;
    NET_BUFFER_LIST_FIRST_NB(nbl) = d->nb;
    nbl->SourceHandle = miniport;
    nbl->MiniportReserved[0] = &d->frame;
    d->header->references = 1;
    d->header->origin = NDIS_NBL_NIC;
    d->header->owner = NDIS_OWNER_STACK;
    d->header->payload = length;
    d->header->release = returned;
    d->header->release_context = miniport;
    ndis_nbl_enlist(miniport->ndis, d->header);
    return nbl;
}

static void return_chain(NET_BUFFER_LIST *chain)
{
    while (chain != NULL) {
        NET_BUFFER_LIST *const next = NET_BUFFER_LIST_NEXT_NBL(chain);

        NET_BUFFER_LIST_NEXT_NBL(chain) = NULL;
        ndis_nbl_dereference(chain);
        chain = next;
    }
}

static void NdisMIndicateReceiveNetBufferLists(struct ndis_miniport *miniport,
                                               NET_BUFFER_LIST *chain, uint32_t count,
                                               uint32_t flags)
{
    SIM_FRAME("ndis", "NdisMIndicateReceiveNetBufferLists");

    if (miniport->receive != NULL)
        miniport->receive(miniport->receive_context, chain, count, flags);
    else
        return_chain(chain);
}

/* Gives one batch to the protocol. False: no descriptor could be had. */
static bool HandleInterrupt(struct ndis_miniport *miniport)
{
    SIM_FRAME("nic", "HandleInterrupt");
    const uint32_t flags = NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL |
                           (miniport->config.resources ? NDIS_RECEIVE_FLAGS_RESOURCES : 0);
    NET_BUFFER_LIST *taken[MAX_BATCH];
    uint32_t count = 0;

    while (count < miniport->config.batch && miniport->ring_count > 0) {
        if (miniport->idle == NULL && !more_descriptors(miniport))
            break;
        taken[count] = describe(miniport, &miniport->ring[miniport->ring_head]);
        if (count > 0)
            NET_BUFFER_LIST_NEXT_NBL(taken[count - 1]) = taken[count];
        miniport->ring_head = (miniport->ring_head + 1) & (miniport->ring_size - 1);
        miniport->ring_count--;
        count++;
    }
    if (count == 0)
        return false;
    NdisMIndicateReceiveNetBufferLists(miniport, taken[0], count, flags);
    /* With RESOURCES the protocol neither kept nor returned them, whatever it did to the links. */
    for (uint32_t i = 0; i < count && miniport->config.resources; i++)
        ndis_nbl_dereference(taken[i]);
    return true;
}

static void ndisInterruptDpc(struct nt_deferred *self)
{
    SIM_FRAME("ndis", "ndisInterruptDpc");
    struct ndis_miniport *const miniport = CONTAINING_RECORD(self, struct ndis_miniport, dpc);

    while (miniport->ring_count > 0 && HandleInterrupt(miniport))
        continue;
}

void ndis_protocol_register(struct ndis *ndis, ndis_receive *receive, void *context)
{
    ndis->miniport->receive = receive;
    ndis->miniport->receive_context = context;
}

void ndis_miniport_configure(struct ndis *ndis, const struct ndis_miniport_config *config)
{
    ndis->miniport->config = *config;
    if (config->batch == 0)
        ndis->miniport->config.batch = DEFAULT_BATCH;
    if (config->batch > MAX_BATCH)
        ndis->miniport->config.batch = MAX_BATCH;
}

static bool ring_grow(struct ndis_miniport *miniport, size_t wanted)
{
    size_t size = miniport->ring_size == 0 ? RING_FIRST : miniport->ring_size;
    struct ndis_frame *ring;

    while (size < wanted)
        size *= 2;
    ring = malloc(size * sizeof(*ring));
    if (ring == NULL)
        return false;
    for (size_t i = 0; i < miniport->ring_count; i++)
        ring[i] = miniport->ring[(miniport->ring_head + i) & (miniport->ring_size - 1)];
    free(miniport->ring);
    miniport->ring = ring;
    miniport->ring_size = size;
    miniport->ring_head = 0;
    return true;
}

bool ndis_miniport_receive(struct ndis *ndis, const struct ndis_frame *frames, size_t count)
{
    struct ndis_miniport *const miniport = ndis->miniport;

    if (miniport->ring_count + count > miniport->ring_size &&
        !ring_grow(miniport, miniport->ring_count + count))
        return false;
    for (size_t i = 0; i < count; i++)
        miniport->ring[(miniport->ring_head + miniport->ring_count++) & (miniport->ring_size - 1)] =
            frames[i];
    if (miniport->ring_count > 0 && !miniport->dpc.queued)
        nt_defer(ndis->nt, 0, &miniport->dpc);
    return true;
}

VOID NTAPI NdisReturnNetBufferLists(NDIS_HANDLE NdisBindingHandle, PNET_BUFFER_LIST NetBufferLists,
                                    ULONG ReturnFlags)
{
    SIM_FRAME("ndis", "NdisReturnNetBufferLists");

    return_chain(NetBufferLists);
}

uint64_t ndis_miniport_outstanding(const struct ndis *ndis)
{
    return ndis->miniport->outstanding;
}

struct ndis_miniport *ndis_miniport_create(struct ndis *ndis)
{
    struct ndis_miniport *const miniport = calloc(1, sizeof(*miniport));

    if (miniport == NULL)
        return NULL;
    miniport->ndis = ndis;
    miniport->config.batch = DEFAULT_BATCH;
    miniport->dpc.run = ndisInterruptDpc;
    return miniport;
}

void ndis_miniport_destroy(struct ndis_miniport *miniport)
{
    if (miniport == NULL)
        return;
    free(miniport->ring);
    free(miniport);
}
