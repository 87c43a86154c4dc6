/* SPDX-License-Identifier: MIT */
/* The life of a connection block: made, opened, closed, kept for TIME_WAIT, forgotten. */

#include "tcpip/state.h"

#include <stdlib.h>
#include <string.h>

static void list_add(struct tcpip_tcb_list *list, struct tcpip_tcb *tcb)
{
    tcb->newer = NULL;
    tcb->older = list->newest;
    if (list->newest != NULL)
        list->newest->newer = tcb;
    else
        list->oldest = tcb;
    list->newest = tcb;
    list->count++;
}

static void list_remove(struct tcpip_tcb_list *list, struct tcpip_tcb *tcb)
{
    if (tcb->newer != NULL)
        tcb->newer->older = tcb->older;
    else
        list->newest = tcb->older;
    if (tcb->older != NULL)
        tcb->older->newer = tcb->newer;
    else
        list->oldest = tcb->newer;
    list->count--;
}

struct tcpip_tcb *tcpip_tcb_make(struct tcpip *tcpip)
{
    if (tcpip->unused == NULL) {
        struct tcpip_tcb_chunk *chunk = malloc(sizeof(*chunk));
        if (chunk == NULL)
            return NULL;
        chunk->next = tcpip->chunks;
        tcpip->chunks = chunk;
        for (size_t i = sizeof(chunk->tcbs) / sizeof(chunk->tcbs[0]); i-- > 0;) {
            chunk->tcbs[i].next = tcpip->unused;
            tcpip->unused = &chunk->tcbs[i];
        }
    }
    struct tcpip_tcb *tcb = tcpip->unused;
    tcpip->unused = tcb->next;
    memset(tcb, 0, sizeof(*tcb));
    tcb->tcpip = tcpip;
    tcb->state = TCPIP_TCB_OPENING;
    for (int d = 0; d < 2; d++) {
        tcb->half[d].fin = TCPIP_NO_OFFSET;
        tcb->half[d].urgent = TCPIP_NO_OFFSET;
        tcb->half[d].scale = -1;
    }
    list_add(&tcpip->live, tcb);
    tcpip->totals.connections++;
    return tcb;
}

/* True when the sender of a connection's first segment is its client. Without SYN: the end with the
 * lower port is taken for the server. */
static bool sender_is_client(const struct tcpip_segment *segment)
{
    if (segment->flags & TCPIP_FLAG_SYN)
        return !(segment->flags & TCPIP_FLAG_ACK);
    return segment->source.port >= segment->destination.port;
}

static bool is_host(const struct tcpip *tcpip, const struct tcpip_segment *segment,
                    const struct tcpip_endpoint *end)
{
    return tcpip->host_set[segment->v6] && memcmp(tcpip->host[segment->v6], end->address, 16) == 0;
}

static uint32_t address4(const uint8_t *address)
{
    return (uint32_t)address[0] << 24 | (uint32_t)address[1] << 16 | (uint32_t)address[2] << 8 |
           address[3];
}

struct tcpip_tcb *tcpip_tcb_begin(struct tcpip *tcpip, const struct tcpip_key *key, uint32_t hash,
                                  const struct tcpip_segment *segment, bool source_first)
{
    const bool syn = (segment->flags & TCPIP_FLAG_SYN) != 0;

    /* A bare ACK, FIN or RST of a connection that is gone begins nothing. */
    if (!syn && (segment->length == 0 || segment->flags & TCPIP_FLAG_RST))
        return NULL;
    struct tcpip_tcb *tcb = tcpip_tcb_make(tcpip);
    if (tcb == NULL) {
        tcpip->totals.no_memory++;
        return NULL;
    }
    const bool source_is_client = sender_is_client(segment);
    const bool source_is_host = is_host(tcpip, segment, &segment->source);
    const bool destination_is_host = is_host(tcpip, segment, &segment->destination);
    bool source_is_local = source_is_client == (tcpip->side == TCPIP_SIDE_CLIENT);
    if (source_is_host != destination_is_host)
        source_is_local = source_is_host;

    const struct tcpip_endpoint *local = source_is_local ? &segment->source : &segment->destination;
    const struct tcpip_endpoint *remote =
        source_is_local ? &segment->destination : &segment->source;
    tcb->packets = true;
    tcb->syn_seen = syn;
    tcb->local_first = source_is_local == source_first;
    tcb->key = *key;
    tcb->hash = hash;
    tcb->info.v6 = segment->v6;
    if (segment->v6) {
        memcpy(tcb->info.local6, local->address, 16);
        memcpy(tcb->info.remote6, remote->address, 16);
    } else {
        tcb->info.local4 = address4(local->address);
        tcb->info.remote4 = address4(remote->address);
    }
    tcb->info.local_port = local->port;
    tcb->info.remote_port = remote->port;
    tcb->is_client = source_is_local == source_is_client;
    tcb->info.direction = tcb->is_client ? NETIO_OUTBOUND : NETIO_INBOUND;
    if (!tcpip_table_add(&tcpip->table, tcb)) {
        list_remove(&tcpip->live, tcb);
        tcb->next = tcpip->unused;
        tcpip->unused = tcb;
        tcpip->totals.connections--;
        tcpip->totals.no_memory++;
        return NULL;
    }
    if (tcpip->observer.begun != NULL)
        tcpip->observer.begun(tcpip->observer.context, tcb);
    return tcb;
}

void tcpip_tcb_open(struct tcpip_tcb *tcb)
{
    struct tcpip *tcpip = tcb->tcpip;

    if (tcb->packets)
        tcb->info.mid_stream = !tcb->syn_seen && !tcpip->config.midstream_adopt;
    tcb->state = TCPIP_TCB_OPEN;
    const enum netio_open result =
        netio_flow_open(tcpip->netio, &tcb->info, &tcpip_stream_client, tcb, &tcb->flow);
    if (result == NETIO_OPEN_OK) {
        tcb->handle = netio_flow_handle(tcb->flow);
    } else {
        tcb->flow = NULL;
        tcb->state = TCPIP_TCB_REFUSED;
        tcb->by_verdict = result == NETIO_OPEN_BLOCKED;
        if (tcb->by_verdict)
            tcpip->totals.refused++;
        else
            tcpip->totals.no_memory++;
    }
    if (tcpip->observer.opened != NULL)
        tcpip->observer.opened(tcpip->observer.context, tcb);
}

static void close_remove(struct tcpip_tcb *tcb)
{
    struct tcpip *tcpip = tcb->tcpip;

    if (!tcb->close_listed)
        return;
    if (tcb->sooner != NULL)
        tcb->sooner->later = tcb->later;
    else
        tcpip->closing = tcb->later;
    if (tcb->later != NULL)
        tcb->later->sooner = tcb->sooner;
    else
        tcpip->closing_last = tcb->sooner;
    tcb->close_listed = false;
}

static void close_arm(struct tcpip *tcpip)
{
    if (tcpip->closing == NULL)
        return;
    if (tcpip->closing->close_at <= tcpip->sim->now)
        tcpip_work_queue(tcpip);
    else if (tcpip->timer.heap_index == 0 || tcpip->timer.due > tcpip->closing->close_at)
        sim_timer_set(tcpip->sim, &tcpip->timer, tcpip->closing->close_at);
}

void tcpip_tcb_close_at(struct tcpip_tcb *tcb, uint64_t when)
{
    struct tcpip *tcpip = tcb->tcpip;

    if (tcb->state == TCPIP_TCB_CLOSED || (tcb->close_listed && tcb->close_at <= when))
        return;
    close_remove(tcb);
    if (tcb->state == TCPIP_TCB_OPEN || tcb->state == TCPIP_TCB_OPENING)
        tcb->state = TCPIP_TCB_CLOSING;
    tcb->close_at = when;
    tcb->sooner = tcpip->closing_last;
    while (tcb->sooner != NULL && tcb->sooner->close_at > when)
        tcb->sooner = tcb->sooner->sooner;
    tcb->later = tcb->sooner != NULL ? tcb->sooner->later : tcpip->closing;
    if (tcb->sooner != NULL)
        tcb->sooner->later = tcb;
    else
        tcpip->closing = tcb;
    if (tcb->later != NULL)
        tcb->later->sooner = tcb;
    else
        tcpip->closing_last = tcb;
    tcb->close_listed = true;
    close_arm(tcpip);
}

void tcpip_close_due(struct tcpip *tcpip)
{
    struct tcpip_tcb *tcb = tcpip->closing;

    while (tcb != NULL && tcb->close_at <= tcpip->sim->now) {
        struct tcpip_tcb *later = tcb->later;
        if (!tcb->sending) {
            tcpip_tcb_close(tcb);
            /* The driver may have run: what was next in the list may be elsewhere now. */
            later = tcpip->closing;
            while (later != NULL && later->sending)
                later = later->later;
        }
        tcb = later;
    }
    if (tcpip->closing != NULL && tcpip->closing->close_at > tcpip->sim->now)
        close_arm(tcpip);
}

/* What waits can not be offered any more. */
static void count_waiting(struct tcpip_tcb *tcb)
{
    for (int d = 0; d < 2; d++) {
        struct tcpip_half *half = &tcb->half[d];
        if (tcb->by_verdict)
            half->counts.behind_verdict += half->queue.bytes;
        else
            half->counts.discarded_bytes += half->queue.bytes;
        tcpip_reassembly_clear(&half->queue, tcb->tcpip->store);
    }
}

void tcpip_tcb_close(struct tcpip_tcb *tcb)
{
    struct tcpip *tcpip = tcb->tcpip;
    struct netio_flow *flow = tcb->flow;

    if (tcb->state == TCPIP_TCB_CLOSED)
        return;
    close_remove(tcb);
    tcpip_work_remove(tcb);
    tcb->state = TCPIP_TCB_CLOSED;
    tcb->leaving = true;
    tcb->flow = NULL;
    if (flow != NULL)
        netio_flow_close(flow);
    count_waiting(tcb);
    if (tcpip->observer.closed != NULL)
        tcpip->observer.closed(tcpip->observer.context, tcb);
    tcb->user = NULL;
    tcb->leaving = false;
    list_remove(&tcpip->live, tcb);
    list_add(&tcpip->time_wait, tcb);
    if (tcb->untabled) {
        tcpip_tcb_forget(tcb);
        return;
    }
    if (!tcb->packets) {
        if (tcb->ops == 0)
            tcpip_tcb_forget(tcb);
        else
            tcpip_ops_unblock(tcb);
        return;
    }
    struct tcpip_tcb *oldest = tcpip->time_wait.oldest;
    if (tcpip->time_wait.count > TCPIP_TIME_WAIT_MOST && oldest->ops == 0)
        tcpip_tcb_forget(oldest);
}

void tcpip_tcb_forget(struct tcpip_tcb *tcb)
{
    struct tcpip *tcpip = tcb->tcpip;

    for (int d = 0; d < 2; d++)
        tcpip_counts_add(&tcpip->gone[d], &tcb->half[d].counts);
    if (tcb->packets && !tcb->untabled)
        tcpip_table_remove(&tcpip->table, tcb);
    list_remove(&tcpip->time_wait, tcb);
    tcb->next = tcpip->unused;
    tcpip->unused = tcb;
}

void tcpip_counts_add(struct tcpip_counts *sum, const struct tcpip_counts *counts)
{
    sum->segments += counts->segments;
    sum->bytes += counts->bytes;
    sum->offered += counts->offered;
    sum->delivered += counts->delivered;
    sum->duplicate_bytes += counts->duplicate_bytes;
    sum->overlap_differing += counts->overlap_differing;
    sum->gap_bytes += counts->gap_bytes;
    sum->truncated_bytes += counts->truncated_bytes;
    sum->early_bytes += counts->early_bytes;
    sum->after_fin += counts->after_fin;
    sum->absurd_bytes += counts->absurd_bytes;
    sum->discarded_bytes += counts->discarded_bytes;
    sum->behind_verdict += counts->behind_verdict;
    sum->out_of_order += counts->out_of_order;
    sum->keep_alives += counts->keep_alives;
    sum->resets_ignored += counts->resets_ignored;
    sum->syn |= counts->syn;
    sum->fin |= counts->fin;
    sum->rst |= counts->rst;
}
