/* SPDX-License-Identifier: MIT */
/* Between reassembly and the stream layer: what is in order is offered; what passed goes to the
 * application. */

#include "netio/stream.h"
#include "tcpip/state.h"

#include <string.h>

/* Frames of a connection that may still bring what its receiver acknowledged: captures reorder a
 * little. */
#define GAP_PATIENCE 16
/* No receive window is larger than 1 GiB (RFC 7323), few reach 16 MiB: what waits behind a hole
 * longer is behind a hole of the capture. */
#define MOST_WAITING (16u << 20)

void TcpInspectReceive(struct tcpip_tcb *tcb, NET_BUFFER_LIST *chain, size_t length, uint32_t flags)
{
    SIM_FRAME("tcpip", "TcpInspectReceive");

    WfpStreamInspectReceive(tcb->flow, chain, length, flags);
}

void TcpInspectSend(struct tcpip_tcb *tcb, NET_BUFFER_LIST *chain, size_t length, uint32_t flags)
{
    SIM_FRAME("tcpip", "TcpInspectSend");

    WfpStreamInspectSend(tcb->flow, chain, length, flags);
}

void tcpip_tell_offered(struct tcpip_tcb *tcb, enum netio_direction direction, const uint8_t *bytes,
                        size_t length)
{
    const struct tcpip_observer *observer = &tcb->tcpip->observer;

    tcb->half[direction].counts.offered += length;
    if (observer->offered != NULL)
        observer->offered(observer->context, tcb, direction, bytes, length);
}

void tcpip_tell_settled(struct tcpip_tcb *tcb, enum netio_direction direction)
{
    const struct tcpip_observer *observer = &tcb->tcpip->observer;

    if (observer->settled != NULL)
        observer->settled(observer->context, tcb, direction);
}

/* ---- what the stream layer hands back ---- */

static void deliver(void *connection, enum netio_direction direction, const struct netio_run *run,
                    uint32_t stream_flags, bool injected)
{
    struct tcpip_tcb *tcb = connection;
    const struct tcpip_observer *observer = &tcb->tcpip->observer;
    struct ndis_cursor cursor = run->start;
    size_t left = run->length;

    while (left != 0) {
        size_t length;
        const uint8_t *bytes = ndis_cursor_bytes(&cursor, &length);
        if (length == 0)
            break;
        if (length > left)
            length = left;
        tcb->half[direction].counts.delivered += length;
        if (observer->delivered != NULL)
            observer->delivered(observer->context, tcb, direction, bytes, length);
        left -= length;
        if (left != 0)
            ndis_cursor_advance(&cursor, length);
    }
}

static void disconnect(void *connection, enum netio_direction direction, bool injected)
{
    struct tcpip_tcb *tcb = connection;
    struct tcpip *tcpip = tcb->tcpip;

    if (tcb->half[direction].fin_delivered)
        return;
    tcb->half[direction].fin_delivered = true;
    if (tcpip->observer.finished != NULL)
        tcpip->observer.finished(tcpip->observer.context, tcb, direction);
    if (tcb->half[!direction].fin_delivered)
        tcpip_tcb_close_at(tcb, tcpip->sim->now + tcpip->config.close_delay);
}

static void reset(void *connection)
{
    struct tcpip_tcb *tcb = connection;
    struct tcpip *tcpip = tcb->tcpip;

    if (tcb->by_verdict)
        return;
    tcb->by_verdict = true;
    tcpip->totals.reset_by_verdict++;
    tcpip_tcb_close_at(tcb, tcpip->sim->now);
}

static void window(void *connection, bool closed)
{
    struct tcpip_tcb *tcb = connection;

    tcb->deferred = closed;
    if (!closed)
        tcpip_work_add(tcb);
}

const struct netio_stream_client tcpip_stream_client = {deliver, disconnect, reset, window};

/* ---- NBLs ---- */

static void release(void *context, NET_BUFFER_LIST *nbl)
{
    ndis_nbl_destroy(nbl);
}

static NET_BUFFER_LIST *shaped_nbl(struct tcpip *tcpip, const uint8_t *bytes, uint32_t length)
{
    struct sim *sim = tcpip->sim;
    const struct ndis_nbl_shape shape = {
        .net_buffers = (uint16_t)(1 + sim_choose(sim, SIM_CHOICE_SHAPE, 3)),
        .mdls = (uint16_t)(1 + sim_choose(sim, SIM_CHOICE_SHAPE, 4)),
        .head_room = (uint16_t)sim_choose(sim, SIM_CHOICE_SHAPE, 64),
        .tail_room = (uint16_t)sim_choose(sim, SIM_CHOICE_SHAPE, 32),
        .empty_first_mdl = sim_choose(sim, SIM_CHOICE_SHAPE, 4) == 0,
    };
    return ndis_nbl_create_shaped(tcpip->ndis, NDIS_NBL_NBUF, TCPIP_TAG_NBUF, &shape, bytes, length,
                                  release, NULL);
}

NET_BUFFER_LIST *tcpip_copy_nbl(struct tcpip_tcb *tcb, const uint8_t *bytes, uint32_t length)
{
    if (!tcb->tcpip->config.random_shapes)
        return NetioAllocateAndReferenceCopyNetBufferListEx(tcb->tcpip->netio, bytes, length,
                                                            tcb->handle);
    NET_BUFFER_LIST *nbl = shaped_nbl(tcb->tcpip, bytes, length);
    if (nbl != NULL)
        ndis_nbl_header(nbl)->flow = tcb->handle;
    return nbl;
}

NET_BUFFER_LIST *tcpip_send_nbl(struct tcpip_tcb *tcb, const uint8_t *bytes, uint32_t length)
{
    uint8_t *data;
    NET_BUFFER_LIST *nbl = ndis_nbl_create(tcb->tcpip->ndis, NDIS_NBL_SEND, TCPIP_TAG_SEND, length,
                                           release, NULL, &data);
    if (nbl == NULL)
        return NULL;
    memcpy(data, bytes, length);
    ndis_nbl_header(nbl)->flow = tcb->handle;
    return nbl;
}

/* ---- offering ---- */

/* Bytes of the head piece that belong to one indication: the urgent byte has one of its own, in its
 * place (as an application with SO_OOBINLINE reads it). */
static bool head_cut(struct tcpip_half *half, struct tcpip_store *store, bool *urgent)
{
    const struct tcpip_piece *piece = half->queue.head;
    uint64_t limit = piece->start + piece->length;

    *urgent = piece->start == half->urgent;
    if (*urgent)
        limit = piece->start + 1;
    else if (half->urgent != TCPIP_NO_OFFSET && half->urgent > piece->start && half->urgent < limit)
        limit = half->urgent;
    if (half->fin != TCPIP_NO_OFFSET && limit > half->fin)
        limit = half->fin;
    if (limit == piece->start + piece->length)
        return true;
    return tcpip_reassembly_split(&half->queue, store, (uint32_t)(limit - piece->start));
}

/* Nagle's algorithm never sends a small segment while others are not acknowledged: one that is sent
 * so means that the application asked for no delay. */
static uint32_t send_flags(const struct tcpip_half *half, const struct tcpip_piece *piece)
{
    const bool outstanding = piece->start > half->acked;
    return FWPS_STREAM_FLAG_SEND |
           (piece->length < half->largest && outstanding ? FWPS_STREAM_FLAG_SEND_NODELAY : 0);
}

/* Offers what is in order as one indication: one NBL for each segment. Outbound: one write for each
 * segment. False: memory is short, nothing was offered. */
static bool offer_run(struct tcpip_tcb *tcb, enum netio_direction direction)
{
    struct tcpip *tcpip = tcb->tcpip;
    struct tcpip_half *half = &tcb->half[direction];
    struct tcpip_piece *pieces = NULL, **piece_link = &pieces;
    NET_BUFFER_LIST *chain = NULL, **link = &chain;
    size_t length = 0;
    bool push = false, urgent = false;
    uint32_t flags;

    while (half->queue.next != half->fin) {
        struct tcpip_piece *piece = tcpip_reassembly_ready(&half->queue);
        bool piece_urgent;
        if (piece == NULL || piece->flags & TCPIP_PIECE_GHOST ||
            !head_cut(half, tcpip->store, &piece_urgent))
            break;
        if (chain != NULL && (piece_urgent || direction == NETIO_OUTBOUND))
            break;
        NET_BUFFER_LIST *nbl = direction == NETIO_INBOUND
                                   ? tcpip_copy_nbl(tcb, piece->bytes, piece->length)
                                   : tcpip_send_nbl(tcb, piece->bytes, piece->length);
        if (nbl == NULL)
            break;
        *link = nbl;
        link = &NET_BUFFER_LIST_NEXT_NBL(nbl);
        *piece_link = tcpip_reassembly_take(&half->queue);
        piece_link = &piece->next;
        length += piece->length;
        push |= (piece->flags & TCPIP_PIECE_PUSH) != 0;
        urgent = piece_urgent;
        if (urgent) {
            half->urgent = TCPIP_NO_OFFSET;
            break;
        }
    }
    half->stuck = chain == NULL;
    if (chain == NULL)
        return false;
    half->waiting = 0;
    if (direction == NETIO_INBOUND) {
        flags = FWPS_STREAM_FLAG_RECEIVE;
        if (urgent)
            flags |= FWPS_STREAM_FLAG_RECEIVE_EXPEDITED;
        if (push && netio_profile(tcpip->netio)->receive_push)
            flags |= FWPS_STREAM_FLAG_RECEIVE_PUSH;
    } else {
        flags = send_flags(half, pieces);
        if (urgent)
            flags |= FWPS_STREAM_FLAG_SEND_EXPEDITED;
    }
    for (const struct tcpip_piece *piece = pieces; piece != NULL; piece = piece->next)
        tcpip_tell_offered(tcb, direction, piece->bytes, piece->length);
    if (half->queue.next == half->fin && netio_switches(tcpip->netio)->fin_with_data) {
        flags |= direction == NETIO_INBOUND ? FWPS_STREAM_FLAG_RECEIVE_DISCONNECT
                                            : FWPS_STREAM_FLAG_SEND_DISCONNECT;
        half->fin_offered = true;
    }
    if (direction == NETIO_INBOUND)
        TcpInspectReceive(tcb, chain, length, flags);
    else
        TcpInspectSend(tcb, chain, length, flags);
    tcpip_tell_settled(tcb, direction);
    while (pieces != NULL) {
        struct tcpip_piece *piece = pieces;
        pieces = piece->next;
        tcpip_piece_free(tcpip->store, piece);
    }
    return true;
}

static void offer_fin(struct tcpip_tcb *tcb, enum netio_direction direction)
{
    tcb->half[direction].fin_offered = true;
    if (direction == NETIO_INBOUND)
        TcpInspectReceive(tcb, NULL, 0,
                          FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_DISCONNECT);
    else
        TcpInspectSend(tcb, NULL, 0, FWPS_STREAM_FLAG_SEND | FWPS_STREAM_FLAG_SEND_DISCONNECT);
}

/* Nothing is ready: goes on behind the hole when it is clear that the capture has lost what was
 * there. */
static bool skip_gap(struct tcpip_tcb *tcb, struct tcpip_half *half, enum tcpip_drain how)
{
    struct tcpip_reassembly *queue = &half->queue;
    uint64_t target = queue->head != NULL ? queue->head->start : half->fin;

    if (half->fin != TCPIP_NO_OFFSET && target > half->fin)
        target = half->fin;
    const bool acked = half->acked > queue->next;
    switch (how) {
    case TCPIP_DRAIN_ALL:
        if (target == TCPIP_NO_OFFSET)
            target = acked ? half->acked : queue->next;
        break;
    case TCPIP_DRAIN_ACKED:
        target = acked && target > half->acked ? half->acked : target;
        if (!acked)
            target = queue->next;
        break;
    case TCPIP_DRAIN_READY:
        if (acked && half->patience >= GAP_PATIENCE)
            target = target < half->acked ? target : half->acked;
        else if (queue->bytes <= MOST_WAITING)
            target = queue->next;
        break;
    }
    if (target <= queue->next || target == TCPIP_NO_OFFSET)
        return false;
    half->counts.gap_bytes += tcpip_reassembly_skip(queue, tcb->tcpip->store, target);
    half->patience = 0;
    return true;
}

/* The receiver has not read yet: a batch is being collected, or its application is slow. At the end
 * of the stream everything is read. */
static bool held_back(const struct tcpip *tcpip, const struct tcpip_half *half)
{
    if (half->fin != TCPIP_NO_OFFSET)
        return false;
    return half->waiting < tcpip->config.slow_reader || half->waiting < tcpip->config.batch;
}

static void skip_ghost(struct tcpip *tcpip, struct tcpip_half *half)
{
    struct tcpip_piece *piece = tcpip_reassembly_take(&half->queue);
    half->counts.truncated_bytes += piece->length;
    tcpip_piece_free(tcpip->store, piece);
}

void tcpip_drain(struct tcpip_tcb *tcb, enum netio_direction direction, enum tcpip_drain how)
{
    struct tcpip *tcpip = tcb->tcpip;
    struct tcpip_half *half = &tcb->half[direction];

    while (tcb->state == TCPIP_TCB_OPEN && !half->fin_offered &&
           !(direction == NETIO_INBOUND && tcb->deferred)) {
        if (half->queue.next == half->fin) {
            offer_fin(tcb, direction);
            return;
        }
        const struct tcpip_piece *piece = tcpip_reassembly_ready(&half->queue);
        if (piece == NULL) {
            if (!skip_gap(tcb, half, how))
                return;
        } else if (piece->flags & TCPIP_PIECE_GHOST) {
            skip_ghost(tcpip, half);
        } else if (direction == NETIO_INBOUND && how == TCPIP_DRAIN_READY &&
                   held_back(tcpip, half)) {
            return;
        } else if (!offer_run(tcb, direction)) {
            return;
        }
    }
}
