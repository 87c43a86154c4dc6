/* SPDX-License-Identifier: MIT */
/* Streams without packets: each side's bytes, handed over in calls that take effect in order. */

#include "netio/stream.h"
#include "tcpip/state.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST_NBL 65536u

static void op_free(struct tcpip *tcpip, struct tcpip_op *op)
{
    while (op->pieces != NULL) {
        struct tcpip_piece *piece = op->pieces;
        op->pieces = piece->next;
        tcpip_piece_free(tcpip->store, piece);
    }
    op->tcb->ops--;
    op->next = tcpip->ops_unused;
    tcpip->ops_unused = op;
}

static struct tcpip_op *op_queue(struct tcpip_tcb *tcb, enum tcpip_op_kind kind,
                                 enum netio_direction direction)
{
    struct tcpip *tcpip = tcb->tcpip;
    struct tcpip_op *op = tcpip->ops_unused;

    if (op != NULL)
        tcpip->ops_unused = op->next;
    else
        op = malloc(sizeof(*op));
    if (op == NULL) {
        tcpip->totals.no_memory++;
        return NULL;
    }
    *op = (struct tcpip_op){.tcb = tcb, .kind = kind, .direction = direction};
    tcb->ops++;
    if (tcpip->ops == NULL)
        tcpip->ops = op;
    else
        tcpip->ops_last->next = op;
    tcpip->ops_last = op;
    tcpip_work_queue(tcpip);
    return op;
}

static void queue_bytes(struct tcpip_op *op, const uint8_t *bytes, size_t length, size_t segment)
{
    struct tcpip *tcpip = op->tcb->tcpip;
    struct tcpip_reassembly list = {0};
    struct tcpip_inserted inserted;

    if (segment == 0 || segment > LARGEST_NBL)
        segment = LARGEST_NBL;
    for (size_t at = 0; at < length; at += segment) {
        const uint32_t part = (uint32_t)(length - at < segment ? length - at : segment);
        tcpip_reassembly_insert(&list, tcpip->store, at, bytes + at, part, part, 0, &inserted);
        if (inserted.no_memory) {
            tcpip->totals.no_memory++;
            break;
        }
    }
    op->pieces = list.head;
}

struct tcpip_tcb *tcpip_connect(struct tcpip *tcpip, const struct netio_flow_info *info)
{
    struct tcpip_tcb *tcb = tcpip_tcb_make(tcpip);

    if (tcb == NULL)
        return NULL;
    tcb->info = *info;
    tcb->is_client = info->direction == NETIO_OUTBOUND;
    if (tcpip->observer.begun != NULL)
        tcpip->observer.begun(tcpip->observer.context, tcb);
    if (op_queue(tcb, TCPIP_OP_OPEN, NETIO_OUTBOUND) == NULL) {
        tcpip_tcb_close(tcb);
        return NULL;
    }
    return tcb;
}

void tcpip_stream_bytes(struct tcpip_tcb *tcb, enum netio_direction direction, const uint8_t *bytes,
                        size_t length, const struct tcpip_shape *shape)
{
    struct tcpip_op *op =
        op_queue(tcb, direction == NETIO_INBOUND ? TCPIP_OP_RECEIVE : TCPIP_OP_SEND, direction);

    if (op == NULL)
        return;
    op->shape = *shape;
    queue_bytes(op, bytes, length, shape->segment);
}

void tcpip_stream_receive(struct tcpip_tcb *tcb, const uint8_t *bytes, size_t length,
                          size_t segment, bool copy)
{
    tcpip_stream_bytes(tcb, NETIO_INBOUND, bytes, length,
                       &(struct tcpip_shape){.segment = segment, .nic = !copy});
}

void tcpip_stream_send(struct tcpip_tcb *tcb, const uint8_t *bytes, size_t length, size_t segment)
{
    tcpip_stream_bytes(tcb, NETIO_OUTBOUND, bytes, length,
                       &(struct tcpip_shape){.segment = segment});
}

void tcpip_stream_fin(struct tcpip_tcb *tcb, enum netio_direction direction)
{
    op_queue(tcb, TCPIP_OP_FIN, direction);
}

void tcpip_stream_reset(struct tcpip_tcb *tcb, enum netio_direction direction, enum netio_rst how)
{
    struct tcpip_op *op = op_queue(tcb, TCPIP_OP_RESET, direction);

    if (op != NULL)
        op->rst = how;
}

/* ---- in the DPC ---- */

static void nic_release(void *context, NET_BUFFER_LIST *nbl)
{
    ndis_nbl_destroy(nbl);
}

static NET_BUFFER_LIST *nic_nbl(struct tcpip_tcb *tcb, const uint8_t *bytes, uint32_t length)
{
    uint8_t *data;
    NET_BUFFER_LIST *nbl = ndis_nbl_create(tcb->tcpip->ndis, NDIS_NBL_NIC, TCPIP_TAG_NIC, length,
                                           nic_release, NULL, &data);
    if (nbl == NULL)
        return NULL;
    memcpy(data, bytes, length);
    ndis_nbl_header(nbl)->flow = tcb->handle;
    return nbl;
}

static bool is_shaped(const struct tcpip_shape *shape)
{
    return shape->net_buffers > 1 || shape->mdls > 1 || shape->head_room != 0 ||
           shape->empty_first_mdl;
}

static NET_BUFFER_LIST *shaped_nbl(const struct tcpip_op *op, const struct tcpip_piece *piece)
{
    const struct tcpip_shape *wanted = &op->shape;
    const struct ndis_nbl_shape shape = {
        .net_buffers = wanted->net_buffers != 0 ? wanted->net_buffers : 1,
        .mdls = wanted->mdls != 0 ? wanted->mdls : 1,
        .head_room = wanted->head_room,
        .empty_first_mdl = wanted->empty_first_mdl,
    };
    const enum ndis_nbl_origin origin = op->direction == NETIO_OUTBOUND ? NDIS_NBL_SEND
                                        : wanted->nic                   ? NDIS_NBL_NIC
                                                                        : NDIS_NBL_NBUF;
    const uint32_t tag = op->direction == NETIO_OUTBOUND ? TCPIP_TAG_SEND
                         : wanted->nic                   ? TCPIP_TAG_NIC
                                                         : TCPIP_TAG_NBUF;
    NET_BUFFER_LIST *nbl = ndis_nbl_create_shaped(op->tcb->tcpip->ndis, origin, tag, &shape,
                                                  piece->bytes, piece->length, nic_release, NULL);

    if (nbl != NULL)
        ndis_nbl_header(nbl)->flow = op->tcb->handle;
    return nbl;
}

static NET_BUFFER_LIST *nbl_of(const struct tcpip_op *op, const struct tcpip_piece *piece)
{
    if (is_shaped(&op->shape))
        return shaped_nbl(op, piece);
    if (op->direction == NETIO_OUTBOUND)
        return tcpip_send_nbl(op->tcb, piece->bytes, piece->length);
    return op->shape.nic ? nic_nbl(op->tcb, piece->bytes, piece->length)
                         : tcpip_copy_nbl(op->tcb, piece->bytes, piece->length);
}

static uint32_t byte_flags(const struct tcpip_op *op)
{
    const struct tcpip_shape *shape = &op->shape;

    if (op->direction == NETIO_OUTBOUND)
        return FWPS_STREAM_FLAG_SEND | (shape->expedited ? FWPS_STREAM_FLAG_SEND_EXPEDITED : 0) |
               (shape->no_delay ? FWPS_STREAM_FLAG_SEND_NODELAY : 0);
    return FWPS_STREAM_FLAG_RECEIVE | (shape->expedited ? FWPS_STREAM_FLAG_RECEIVE_EXPEDITED : 0) |
           (netio_profile(op->tcb->tcpip->netio)->receive_push && !shape->no_push
                ? FWPS_STREAM_FLAG_RECEIVE_PUSH
                : 0);
}

/* A FIN right behind the bytes is of the same segment: by one reading it is offered with them. */
static uint32_t fin_flags(const struct tcpip_op *op, const struct tcpip_op *behind)
{
    struct tcpip_half *half = &op->tcb->half[op->direction];

    if (behind == NULL || behind->tcb != op->tcb || behind->kind != TCPIP_OP_FIN ||
        behind->direction != op->direction || half->fin != TCPIP_NO_OFFSET ||
        !netio_switches(op->tcb->tcpip->netio)->fin_with_data)
        return 0;
    half->fin = half->queue.next;
    half->fin_offered = true;
    half->counts.fin = true;
    return op->direction == NETIO_INBOUND ? FWPS_STREAM_FLAG_RECEIVE_DISCONNECT
                                          : FWPS_STREAM_FLAG_SEND_DISCONNECT;
}

static void run_bytes(struct tcpip_op *op, const struct tcpip_op *behind)
{
    struct tcpip_tcb *tcb = op->tcb;
    struct tcpip_half *half = &tcb->half[op->direction];
    NET_BUFFER_LIST *chain = NULL, **link = &chain;
    size_t length = 0;

    for (const struct tcpip_piece *piece = op->pieces; piece != NULL; piece = piece->next) {
        NET_BUFFER_LIST *nbl = nbl_of(op, piece);
        if (nbl == NULL) {
            /* As if the network had lost it for ever. */
            tcb->tcpip->totals.no_memory++;
            half->counts.gap_bytes += piece->length;
            continue;
        }
        *link = nbl;
        link = &NET_BUFFER_LIST_NEXT_NBL(nbl);
        length += piece->length;
        half->counts.segments++;
        half->counts.bytes += piece->length;
        tcpip_tell_offered(tcb, op->direction, piece->bytes, piece->length);
    }
    if (chain == NULL)
        return;
    half->queue.next += length;
    const uint32_t flags = byte_flags(op) | fin_flags(op, behind);
    if (op->direction == NETIO_OUTBOUND)
        TcpInspectSend(tcb, chain, length, flags);
    else
        TcpInspectReceive(tcb, chain, length, flags);
    tcpip_tell_settled(tcb, op->direction);
}

static void run_fin(struct tcpip_op *op)
{
    struct tcpip_half *half = &op->tcb->half[op->direction];

    if (half->fin != TCPIP_NO_OFFSET)
        return;
    half->fin = half->queue.next;
    half->counts.fin = true;
    tcpip_drain(op->tcb, op->direction, TCPIP_DRAIN_READY);
}

static void run_reset(struct tcpip_op *op)
{
    struct tcpip_tcb *tcb = op->tcb;

    tcb->half[op->direction].counts.rst = true;
    netio_flow_rst(tcb->flow, op->rst);
    if (op->direction == NETIO_INBOUND)
        TcpInspectReceive(tcb, NULL, 0, FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_ABORT);
    else
        TcpInspectSend(tcb, NULL, 0, FWPS_STREAM_FLAG_SEND | FWPS_STREAM_FLAG_SEND_ABORT);
    tcpip_tcb_close_at(tcb,
                       tcb->tcpip->sim->now + tcb->tcpip->config.close_delay + SIM_MILLISECOND);
}

/* behind: the op that stands next to it, or NULL. */
static void run(struct tcpip_op *op, const struct tcpip_op *behind)
{
    struct tcpip_tcb *tcb = op->tcb;

    if (op->kind == TCPIP_OP_OPEN) {
        if (tcb->state == TCPIP_TCB_OPENING)
            tcpip_tcb_open(tcb);
        return;
    }
    if (tcb->state != TCPIP_TCB_OPEN) {
        for (const struct tcpip_piece *piece = op->pieces; piece != NULL; piece = piece->next) {
            tcb->half[op->direction].counts.segments++;
            tcb->half[op->direction].counts.bytes += piece->length;
            if (tcb->by_verdict)
                tcb->half[op->direction].counts.behind_verdict += piece->length;
            else
                tcb->half[op->direction].counts.after_fin += piece->length;
        }
        return;
    }
    if (op->kind == TCPIP_OP_FIN)
        run_fin(op);
    else if (op->kind == TCPIP_OP_RESET)
        run_reset(op);
    else
        run_bytes(op, behind);
}

static void finish(struct tcpip_op *op)
{
    struct tcpip_tcb *tcb = op->tcb;

    op_free(tcb->tcpip, op);
    if (tcb->ops == 0 && tcb->state == TCPIP_TCB_CLOSED && !tcb->leaving)
        tcpip_tcb_forget(tcb);
}

/* Inbound data and FIN wait while the receive window is closed; a reset does not. */
static bool must_wait(const struct tcpip_op *op)
{
    const struct tcpip_tcb *tcb = op->tcb;
    return op->direction == NETIO_INBOUND && op->kind != TCPIP_OP_RESET &&
           tcb->state == TCPIP_TCB_OPEN && (tcb->deferred || tcb->blocked != NULL);
}

void tcpip_ops_run(struct tcpip *tcpip)
{
    while (tcpip->ops != NULL) {
        struct tcpip_op *op = tcpip->ops;
        struct tcpip_tcb *tcb = op->tcb;
        tcpip->ops = op->next;
        op->next = NULL;
        if (must_wait(op)) {
            if (tcb->blocked == NULL)
                tcb->blocked = op;
            else
                tcb->blocked_last->next = op;
            tcb->blocked_last = op;
            continue;
        }
        run(op, tcpip->ops);
        finish(op);
    }
}

void tcpip_ops_unblock(struct tcpip_tcb *tcb)
{
    while (tcb->blocked != NULL && (tcb->state != TCPIP_TCB_OPEN || !tcb->deferred)) {
        struct tcpip_op *op = tcb->blocked;
        const bool last = op->next == NULL;
        tcb->blocked = op->next;
        run(op, tcb->blocked);
        finish(op);
        if (last) /* the block may be gone with its last op */
            return;
    }
}
