/* SPDX-License-Identifier: MIT */
/* The component as a whole: its making, the NIC's memory, its DPC, and what others may ask. */

#include "tcpip/tcpip.h"

#include "tcpip/fragment.h"
#include "tcpip/state.h"

#include <stdlib.h>
#include <string.h>

#define NIC_BLOCK      (1u << 20)
#define NIC_ALIGNMENT  16u
#define ARRIVALS_FIRST 256u

/* ---- the DPC ---- */

void tcpip_work_queue(struct tcpip *tcpip)
{
    if (!tcpip->work.queued)
        nt_defer(tcpip->nt, 0, &tcpip->work);
}

void tcpip_work_add(struct tcpip_tcb *tcb)
{
    struct tcpip *tcpip = tcb->tcpip;

    if (!tcb->listed) {
        tcb->listed = true;
        tcb->next = NULL;
        if (tcpip->busy == NULL)
            tcpip->busy = tcb;
        else
            tcpip->busy_last->next = tcb;
        tcpip->busy_last = tcb;
    }
    tcpip_work_queue(tcpip);
}

void tcpip_work_remove(struct tcpip_tcb *tcb)
{
    struct tcpip *tcpip = tcb->tcpip;
    struct tcpip_tcb *before = NULL;

    if (!tcb->listed)
        return;
    for (struct tcpip_tcb *at = tcpip->busy; at != tcb; at = at->next)
        before = at;
    if (before != NULL)
        before->next = tcb->next;
    else
        tcpip->busy = tcb->next;
    if (tcpip->busy_last == tcb)
        tcpip->busy_last = before;
    tcb->listed = false;
}

/* Batches end with the NIC's indication; a slow reader reads when enough has come. */
static void run_busy(struct tcpip *tcpip)
{
    while (tcpip->busy != NULL) {
        struct tcpip_tcb *tcb = tcpip->busy;
        struct tcpip_half *half = &tcb->half[NETIO_INBOUND];
        tcpip_work_remove(tcb);
        if (half->waiting != 0 && half->waiting >= tcpip->config.slow_reader)
            half->waiting = UINT32_MAX;
        tcpip_drain(tcb, NETIO_INBOUND, TCPIP_DRAIN_READY);
        tcpip_ops_unblock(tcb);
    }
}

static void flush(struct tcpip *tcpip)
{
    for (struct tcpip_tcb *tcb = tcpip->live.oldest; tcb != NULL; tcb = tcb->newer) {
        tcpip_drain(tcb, NETIO_OUTBOUND, TCPIP_DRAIN_ALL);
        tcpip_drain(tcb, NETIO_INBOUND, TCPIP_DRAIN_ALL);
    }
}

static void finish(struct tcpip *tcpip)
{
    flush(tcpip);
    while (tcpip->live.oldest != NULL)
        tcpip_tcb_close(tcpip->live.oldest);
}

static void work(struct nt_deferred *self)
{
    SIM_FRAME("tcpip", "TcpDeferredWork");
    struct tcpip *tcpip = (struct tcpip *)((char *)self - offsetof(struct tcpip, work));

    tcpip_receive_backlog(tcpip);
    tcpip_ops_run(tcpip);
    run_busy(tcpip);
    tcpip_close_due(tcpip);
    /* The end comes behind all that was received before it. */
    if (tcpip->arrivals_count != 0 || tcpip->writer != NULL)
        return;
    if (tcpip->flush_due)
        flush(tcpip);
    tcpip->flush_due = false;
    if (tcpip->finish_due)
        finish(tcpip);
    tcpip->finish_due = false;
}

static void timer_fired(void *context)
{
    tcpip_work_queue(context);
}

/* ---- the application's thread, when the stream layer is to be entered at PASSIVE_LEVEL ---- */

static void application(void *context)
{
    struct tcpip *tcpip = context;

    for (;;) {
        struct tcpip_tcb *tcb = tcpip->writer;
        if (tcb == NULL) {
            tcpip->application_waits = true;
            sim_task_block(tcpip->sim, SIM_NO_DEADLINE);
            tcpip->application_waits = false;
            continue;
        }
        SIM_FRAME("tcpip", "TcpTlConnectionSend");
        tcpip_drain(tcb, NETIO_OUTBOUND, TCPIP_DRAIN_READY);
        tcb->sending = false;
        tcpip->writer = NULL;
        tcpip_work_queue(tcpip);
    }
}

/* ---- making and ending ---- */

struct tcpip *tcpip_create(struct sim *sim, struct netio *netio, const struct tcpip_config *config)
{
    struct tcpip *tcpip = calloc(1, sizeof(*tcpip));

    if (tcpip == NULL)
        return NULL;
    tcpip->sim = sim;
    tcpip->netio = netio;
    tcpip->ndis = sim->layers[SIM_LAYER_NDIS];
    tcpip->nt = ndis_nt(tcpip->ndis);
    tcpip->config = *config;
    tcpip->work.run = work;
    tcpip->timer.fire = timer_fired;
    tcpip->timer.context = tcpip;
    tcpip->store = tcpip_store_create();
    tcpip->fragments = tcpip_fragments_create();
    if (!tcpip_table_open(&tcpip->table) || tcpip->store == NULL || tcpip->fragments == NULL)
        goto fail;
    if (netio_switches(netio)->send_passive != NETIO_NEVER) {
        tcpip->application = sim_task_create(sim, &(struct sim_task_config){.name = "application",
                                                                            .processor = -1,
                                                                            .function = application,
                                                                            .context = tcpip});
        if (tcpip->application == NULL)
            goto fail;
    }
    ndis_miniport_configure(tcpip->ndis,
                            &(struct ndis_miniport_config){.resources = config->low_resources});
    ndis_protocol_register(tcpip->ndis, FlReceiveNetBufferListChain, tcpip);
    sim->layers[SIM_LAYER_TCPIP] = tcpip;
    return tcpip;

fail:
    tcpip_destroy(tcpip);
    return NULL;
}

void tcpip_destroy(struct tcpip *tcpip)
{
    if (tcpip == NULL)
        return;
    sim_timer_cancel(tcpip->sim, &tcpip->timer);
    if (tcpip->sim->layers[SIM_LAYER_TCPIP] == tcpip) {
        ndis_protocol_register(tcpip->ndis, NULL, NULL);
        tcpip->sim->layers[SIM_LAYER_TCPIP] = NULL;
    }
    while (tcpip->ops != NULL) {
        struct tcpip_op *op = tcpip->ops;
        tcpip->ops = op->next;
        free(op);
    }
    while (tcpip->ops_unused != NULL) {
        struct tcpip_op *op = tcpip->ops_unused;
        tcpip->ops_unused = op->next;
        free(op);
    }
    for (struct tcpip_tcb *tcb = tcpip->live.oldest; tcb != NULL; tcb = tcb->newer) {
        while (tcb->blocked != NULL) {
            struct tcpip_op *op = tcb->blocked;
            tcb->blocked = op->next;
            free(op);
        }
    }
    while (tcpip->chunks != NULL) {
        struct tcpip_tcb_chunk *chunk = tcpip->chunks;
        tcpip->chunks = chunk->next;
        free(chunk);
    }
    while (tcpip->nic_blocks != NULL) {
        struct tcpip_nic_block *block = tcpip->nic_blocks;
        tcpip->nic_blocks = block->next;
        free(block);
    }
    tcpip_table_close(&tcpip->table);
    tcpip_store_destroy(tcpip->store);
    tcpip_fragments_destroy(tcpip->fragments);
    free(tcpip->arrivals);
    free(tcpip->nic_frames);
    free(tcpip);
}

void tcpip_set_observer(struct tcpip *tcpip, const struct tcpip_observer *observer)
{
    tcpip->observer = *observer;
}

void tcpip_set_side(struct tcpip *tcpip, enum tcpip_side side)
{
    tcpip->side = side;
}

void tcpip_set_host(struct tcpip *tcpip, bool v6, const uint8_t *address)
{
    tcpip->host_set[v6] = true;
    memset(tcpip->host[v6], 0, sizeof(tcpip->host[v6]));
    memcpy(tcpip->host[v6], address, v6 ? 16 : 4);
}

/* ---- the NIC ---- */

/* Room for one frame in the NIC's memory. Blocks are the arena's: never given back, but used again
 * when no NBL points into any of them. */
static uint8_t *nic_room(struct tcpip *tcpip, size_t size)
{
    size = (size + NIC_ALIGNMENT - 1) / NIC_ALIGNMENT * NIC_ALIGNMENT;
    struct tcpip_nic_block *block = tcpip->nic_block;
    while (block != NULL && block->size - block->used < size) {
        block = block->next;
        if (block != NULL)
            block->used = 0;
    }
    if (block == NULL) {
        const size_t whole = size < NIC_BLOCK ? NIC_BLOCK : size;
        block = malloc(sizeof(*block));
        uint8_t *bytes = block != NULL ? sim_arena_take(tcpip->sim, whole) : NULL;
        if (bytes == NULL) {
            free(block);
            return NULL;
        }
        *block = (struct tcpip_nic_block){.bytes = bytes, .size = whole};
        if (tcpip->nic_blocks == NULL) {
            tcpip->nic_blocks = block;
        } else {
            struct tcpip_nic_block *last = tcpip->nic_blocks;
            while (last->next != NULL)
                last = last->next;
            last->next = block;
        }
    }
    tcpip->nic_block = block;
    uint8_t *room = block->bytes + block->used;
    block->used += size;
    return room;
}

static bool arrivals_grow(struct tcpip *tcpip, size_t wanted)
{
    size_t size = tcpip->arrivals_size == 0 ? ARRIVALS_FIRST : tcpip->arrivals_size;
    while (size < wanted)
        size *= 2;
    if (size == tcpip->arrivals_size)
        return true;
    struct tcpip_arrival *arrivals = malloc(size * sizeof(*arrivals));
    if (arrivals == NULL)
        return false;
    for (size_t i = 0; i < tcpip->arrivals_count; i++)
        arrivals[i] = tcpip->arrivals[(tcpip->arrivals_head + i) & (tcpip->arrivals_size - 1)];
    free(tcpip->arrivals);
    tcpip->arrivals = arrivals;
    tcpip->arrivals_size = size;
    tcpip->arrivals_head = 0;
    return true;
}

static bool nic_frames_grow(struct tcpip *tcpip, size_t count)
{
    if (count <= tcpip->nic_frames_size)
        return true;
    struct ndis_frame *frames = realloc(tcpip->nic_frames, count * sizeof(*frames));
    if (frames == NULL)
        return false;
    tcpip->nic_frames = frames;
    tcpip->nic_frames_size = count;
    return true;
}

void tcpip_nic_receive(struct tcpip *tcpip, const struct tcpip_frame *frames, size_t count)
{
    size_t taken = 0;

    if (count == 0)
        return;
    if (!arrivals_grow(tcpip, tcpip->arrivals_count + count) || !nic_frames_grow(tcpip, count))
        goto no_memory;
    if (tcpip->arrivals_count == 0 && ndis_miniport_outstanding(tcpip->ndis) == 0) {
        tcpip->nic_block = tcpip->nic_blocks;
        if (tcpip->nic_block != NULL)
            tcpip->nic_block->used = 0;
    }
    for (; taken < count; taken++) {
        const struct tcpip_frame *frame = &frames[taken];
        uint8_t *bytes = nic_room(tcpip, frame->captured);
        if (bytes == NULL)
            break;
        memcpy(bytes, frame->bytes, frame->captured);
        tcpip->nic_frames[taken] = (struct ndis_frame){.bytes = bytes,
                                                       .captured = frame->captured,
                                                       .length = frame->length,
                                                       .link = frame->link,
                                                       .number = frame->number};
        tcpip->arrivals[(tcpip->arrivals_head + tcpip->arrivals_count + taken) &
                        (tcpip->arrivals_size - 1)] = (struct tcpip_arrival){*frame, bytes};
    }
    if (taken == 0 || !ndis_miniport_receive(tcpip->ndis, tcpip->nic_frames, taken)) {
        taken = 0;
        goto no_memory;
    }
    tcpip->arrivals_count += taken;

no_memory:
    tcpip->totals.no_memory += count - taken;
}

void tcpip_nic_release(struct tcpip *tcpip)
{
    for (size_t i = 0; i < tcpip->arrivals_count; i++) {
        struct tcpip_arrival *arrival =
            &tcpip->arrivals[(tcpip->arrivals_head + i) & (tcpip->arrivals_size - 1)];
        arrival->frame.bytes = arrival->copy;
    }
}

void tcpip_flush(struct tcpip *tcpip)
{
    tcpip->flush_due = true;
    tcpip_work_queue(tcpip);
}

void tcpip_finish(struct tcpip *tcpip)
{
    tcpip->finish_due = true;
    tcpip_work_queue(tcpip);
}

size_t tcpip_open_connections(const struct tcpip *tcpip)
{
    return tcpip->live.count;
}

/* ---- what others may ask ---- */

uint64_t tcpip_tcb_flow(const struct tcpip_tcb *tcb)
{
    return tcb->handle;
}

const struct netio_flow_info *tcpip_tcb_info(const struct tcpip_tcb *tcb)
{
    return &tcb->info;
}

void *tcpip_tcb_user(const struct tcpip_tcb *tcb)
{
    return tcb->user;
}

void tcpip_tcb_set_user(struct tcpip_tcb *tcb, void *user)
{
    tcb->user = user;
}

const struct tcpip_counts *tcpip_tcb_counts(const struct tcpip_tcb *tcb,
                                            enum netio_direction direction)
{
    return &tcb->half[direction].counts;
}

bool tcpip_tcb_is_client(const struct tcpip_tcb *tcb)
{
    return tcb->is_client;
}

bool tcpip_tcb_reset_by_verdict(const struct tcpip_tcb *tcb)
{
    return tcb->by_verdict;
}

const struct tcpip_totals *tcpip_totals(const struct tcpip *tcpip)
{
    return &tcpip->totals;
}

void tcpip_total_counts(const struct tcpip *tcpip, enum netio_direction direction,
                        struct tcpip_counts *counts)
{
    *counts = tcpip->gone[direction];
    for (const struct tcpip_tcb *tcb = tcpip->live.oldest; tcb != NULL; tcb = tcb->newer)
        tcpip_counts_add(counts, &tcb->half[direction].counts);
    for (const struct tcpip_tcb *tcb = tcpip->time_wait.oldest; tcb != NULL; tcb = tcb->newer)
        tcpip_counts_add(counts, &tcb->half[direction].counts);
}
