/* SPDX-License-Identifier: MIT */
/* What a segment means for its connection: handshake, acknowledgements, payload, FIN, RST. */

#include "tcpip/state.h"

#include <string.h>

#define GAP_PATIENCE_MOST 255
#define MOST_WINDOW       (1 << 30) /* no window is larger (RFC 7323) */
#define SCALE_UNKNOWN     14        /* of a connection picked up in mid-stream: the largest */

/* Where a sequence number lies in the stream, taken as near to what is expected next. Negative:
 * before its start. */
static int64_t offset_of(const struct tcpip_half *half, uint32_t sequence)
{
    const uint32_t expected = half->first + (uint32_t)half->queue.next;
    return (int64_t)half->queue.next + (int32_t)(sequence - expected);
}

/* ---- handshake and acknowledgements ---- */

static void take_syn(struct tcpip_tcb *tcb, enum netio_direction direction,
                     const struct tcpip_segment *segment)
{
    struct tcpip_half *half = &tcb->half[direction];

    tcb->syn_seen = true;
    half->counts.syn = true;
    half->first = segment->sequence + 1;
    half->known = true;
    /* The scale is for the windows that the SYN's sender advertises: to those who send to it. */
    tcb->half[!direction].scale = segment->scale;
    /* Both ends connect at the same time: this host did. */
    if (direction == NETIO_OUTBOUND && !(segment->flags & TCPIP_FLAG_ACK) &&
        tcb->state == TCPIP_TCB_OPENING)
        tcb->info.direction = NETIO_OUTBOUND;
}

static void take_ack(struct tcpip_tcb *tcb, enum netio_direction direction,
                     const struct tcpip_segment *segment)
{
    struct tcpip_half *other = &tcb->half[!direction];

    if (!other->known) {
        other->first = segment->acknowledged;
        other->known = true;
    }
    other->window = segment->window;
    int64_t acked = offset_of(other, segment->acknowledged);
    if (other->fin != TCPIP_NO_OFFSET && acked > (int64_t)other->fin)
        acked = (int64_t)other->fin;
    if (acked > (int64_t)other->acked && acked <= (int64_t)other->queue.next + MOST_WINDOW)
        other->acked = (uint64_t)acked;
    if (other->acked > other->queue.next && tcpip_reassembly_ready(&other->queue) == NULL) {
        if (other->patience < GAP_PATIENCE_MOST)
            other->patience++;
    } else {
        other->patience = 0;
    }
}

/* The client's flow is opened when SYN/ACK has come, before the final ACK goes out; the server's
 * when the final ACK has come (contract 3.6). When the capture lost these, data will do. */
static void try_open(struct tcpip_tcb *tcb, enum netio_direction direction,
                     const struct tcpip_segment *segment)
{
    const bool ack = (segment->flags & TCPIP_FLAG_ACK) != 0;
    const bool syn = (segment->flags & TCPIP_FLAG_SYN) != 0;
    bool open;

    if (direction == NETIO_INBOUND)
        open = ack && (tcb->info.direction == NETIO_OUTBOUND || !syn);
    else
        open = ack && !syn && segment->length != 0;
    if (!open)
        return;
    tcpip_tcb_open(tcb);
    if (tcb->state == TCPIP_TCB_OPEN) {
        /* Data may have come before the end of the handshake. */
        tcpip_drain(tcb, NETIO_OUTBOUND, TCPIP_DRAIN_READY);
        tcpip_drain(tcb, NETIO_INBOUND, TCPIP_DRAIN_READY);
    }
}

/* ---- RST ---- */

static bool reset_in_window(const struct tcpip_half *half, const struct tcpip_segment *segment)
{
    if (!half->known)
        return true;
    const int scale = half->scale >= 0 ? half->scale : half->counts.syn ? 0 : SCALE_UNKNOWN;
    const int64_t at = offset_of(half, segment->sequence);
    const int64_t next = (int64_t)half->queue.next;
    const int64_t acked = (int64_t)half->acked;
    const int64_t low = (next < acked ? next : acked) - 1;
    const int64_t high = (next > acked ? next : acked) + ((int64_t)half->window << scale);
    return at >= low && at <= high + (int64_t)half->queue.bytes;
}

static void take_reset(struct tcpip_tcb *tcb, enum netio_direction direction,
                       const struct tcpip_segment *segment)
{
    struct tcpip *tcpip = tcb->tcpip;
    struct tcpip_half *half = &tcb->half[direction];

    if (!reset_in_window(half, segment)) {
        half->counts.resets_ignored++;
        return;
    }
    half->counts.rst = true;
    if (tcb->state == TCPIP_TCB_OPENING || tcb->state == TCPIP_TCB_REFUSED) {
        tcpip_tcb_close_at(tcb, tcpip->sim->now);
        return;
    }
    tcpip_drain(tcb, NETIO_OUTBOUND, TCPIP_DRAIN_ACKED);
    tcpip_drain(tcb, NETIO_INBOUND, TCPIP_DRAIN_ACKED);
    if (tcb->state != TCPIP_TCB_OPEN)
        return;
    if (direction == NETIO_INBOUND)
        TcpInspectReceive(tcb, NULL, 0, FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_ABORT);
    else
        TcpInspectSend(tcb, NULL, 0, FWPS_STREAM_FLAG_SEND | FWPS_STREAM_FLAG_SEND_ABORT);
    tcpip_tcb_close_at(tcb, tcpip->sim->now + tcpip->config.close_delay + SIM_MILLISECOND);
}

/* ---- payload ---- */

/* A segment for a connection that takes no more data. */
static void take_late(struct tcpip_tcb *tcb, enum netio_direction direction,
                      const struct tcpip_segment *segment)
{
    struct tcpip_half *half = &tcb->half[direction];

    if (segment->flags & TCPIP_FLAG_FIN)
        half->counts.fin = true;
    if (segment->flags & TCPIP_FLAG_RST)
        half->counts.rst = true;
    if (tcb->by_verdict)
        half->counts.behind_verdict += segment->length;
    else if (half->known && offset_of(half, segment->sequence) < (int64_t)half->queue.next)
        half->counts.duplicate_bytes += segment->length;
    else
        half->counts.after_fin += segment->length;
    /* A refused connection has no flow whose end could be waited for. */
    if (tcb->state == TCPIP_TCB_REFUSED &&
        ((tcb->half[0].counts.fin && tcb->half[1].counts.fin) || half->counts.rst))
        tcpip_tcb_close_at(tcb, tcb->tcpip->sim->now);
}

/* What of a segment is of use, as stream offsets. */
struct payload {
    const uint8_t *bytes;
    int64_t start;
    uint32_t captured, length;
};

/* Cuts off what lies before the stream's start and behind its FIN. False: nothing is left. */
static bool trim(struct tcpip_half *half, struct payload *payload)
{
    if (payload->start > (int64_t)half->queue.next + MOST_WINDOW) {
        half->counts.absurd_bytes += payload->length;
        return false;
    }
    if (payload->start < 0) {
        const uint64_t before = (uint64_t)-payload->start;
        const uint32_t cut = before < payload->length ? (uint32_t)before : payload->length;
        if (half->counts.syn)
            half->counts.duplicate_bytes += cut;
        else
            half->counts.early_bytes += cut;
        payload->bytes += cut < payload->captured ? cut : payload->captured;
        payload->captured -= cut < payload->captured ? cut : payload->captured;
        payload->length -= cut;
        payload->start += cut;
    }
    const uint64_t start = (uint64_t)payload->start;
    if (payload->length != 0 && half->fin != TCPIP_NO_OFFSET &&
        start + payload->length > half->fin) {
        const uint32_t keep = start < half->fin ? (uint32_t)(half->fin - start) : 0;
        half->counts.after_fin += payload->length - keep;
        payload->length = keep;
        if (payload->captured > keep)
            payload->captured = keep;
    }
    return payload->length != 0;
}

/* A probe of an idle connection: one byte at most, before what is expected. Its contents mean
 * nothing (RFC 9293 section 3.8.4). */
static bool is_keep_alive(const struct tcpip_half *half, const struct tcpip_segment *segment,
                          int64_t start)
{
    return segment->length <= 1 && start == (int64_t)half->queue.next - 1 &&
           (segment->flags & (TCPIP_FLAG_SYN | TCPIP_FLAG_FIN | TCPIP_FLAG_RST)) == 0;
}

static void take_urgent(struct tcpip_half *half, const struct tcpip_segment *segment, int64_t start)
{
    /* The pointer names the byte behind the urgent one: BSD's reading, and Windows' unless it is
     * told otherwise. */
    const int64_t at = start + segment->urgent - 1;
    if (segment->urgent != 0 && at >= (int64_t)half->queue.next)
        half->urgent = (uint64_t)at;
}

/* True when bytes before `start` have not come yet. (What waits need not wait for a hole: its
 * reader may be slow.) */
static bool behind_hole(const struct tcpip_reassembly *queue, uint64_t start)
{
    if (queue->head == NULL)
        return start > queue->next;
    const uint64_t end = queue->tail->start + queue->tail->length;
    return start > end || (start > queue->next && queue->bytes != end - queue->next);
}

static void take_payload(struct tcpip_tcb *tcb, enum netio_direction direction,
                         const struct tcpip_segment *segment, struct payload *payload)
{
    struct tcpip *tcpip = tcb->tcpip;
    struct tcpip_half *half = &tcb->half[direction];
    struct tcpip_inserted inserted;

    if (!trim(half, payload))
        return;
    if (behind_hole(&half->queue, (uint64_t)payload->start))
        half->counts.out_of_order++;
    if (segment->flags & TCPIP_FLAG_URG)
        take_urgent(half, segment, payload->start);
    tcpip_reassembly_insert(&half->queue, tcpip->store, (uint64_t)payload->start, payload->bytes,
                            payload->captured, payload->length,
                            segment->flags & TCPIP_FLAG_PSH ? TCPIP_PIECE_PUSH : 0, &inserted);
    half->counts.duplicate_bytes += inserted.duplicate;
    half->counts.overlap_differing += inserted.differing;
    if (inserted.no_memory)
        tcpip->totals.no_memory++;
    if (inserted.fresh != 0 && half->waiting < UINT32_MAX)
        half->waiting++;
}

static void take_fin(struct tcpip_half *half, const struct tcpip_segment *segment, int64_t start)
{
    const int64_t end = start + segment->length;
    const int64_t next = (int64_t)half->queue.next;

    if ((segment->flags & TCPIP_FLAG_FIN) == 0 || half->fin != TCPIP_NO_OFFSET || end < next ||
        end > next + MOST_WINDOW)
        return;
    half->counts.fin = true;
    half->fin = (uint64_t)end;
}

/* ---- the two paths ---- */

/* The segment that everybody hopes for: the next bytes, whole, and nothing else to think of. */
static bool is_fast(const struct tcpip_tcb *tcb, enum netio_direction direction,
                    const struct tcpip_segment *segment, int64_t start)
{
    const struct tcpip_config *config = &tcb->tcpip->config;
    const struct tcpip_half *half = &tcb->half[direction];

    return direction == NETIO_INBOUND && segment->length != 0 &&
           segment->captured == segment->length &&
           (segment->flags & ~(TCPIP_FLAG_ACK | TCPIP_FLAG_PSH)) == 0 &&
           start == (int64_t)half->queue.next && half->queue.head == NULL &&
           half->fin == TCPIP_NO_OFFSET && half->urgent == TCPIP_NO_OFFSET && !tcb->deferred &&
           !segment->reassembled && config->batch <= 1 && config->slow_reader <= 1 &&
           !config->low_resources && !config->random_shapes;
}

/* The NIC's NBL goes on as it came, its data beginning at the payload. What the NIC laid out is
 * laid out anew when the NBL is used again. */
static void TcpTcbFastDatagram(struct tcpip_tcb *tcb, const struct tcpip_segment *segment,
                               NET_BUFFER_LIST *nbl, uint32_t data_offset)
{
    SIM_FRAME("tcpip", "TcpTcbFastDatagram");
    struct tcpip_half *half = &tcb->half[NETIO_INBOUND];
    NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(nbl);
    struct ndis_nbl_header *header = ndis_nbl_header(nbl);
    const uint32_t length = segment->length;
    uint32_t flags = FWPS_STREAM_FLAG_RECEIVE;

    if (segment->flags & TCPIP_FLAG_PSH && netio_profile(tcb->tcpip->netio)->receive_push)
        flags |= FWPS_STREAM_FLAG_RECEIVE_PUSH;
    NET_BUFFER_DATA_OFFSET(nb) = data_offset;
    NET_BUFFER_CURRENT_MDL_OFFSET(nb) = data_offset;
    NET_BUFFER_DATA_LENGTH(nb) = length;
    header->payload = length;
    header->flow = tcb->handle;
    half->queue.next += length;
    half->patience = 0;
    tcpip_tell_offered(tcb, NETIO_INBOUND, segment->payload, length);
    TcpInspectReceive(tcb, nbl, length, flags);
    tcpip_tell_settled(tcb, NETIO_INBOUND);
}

/* Everything else: segments out of order, overlaps, retransmissions, urgent data, FIN, RST; and
 * copies. */
static void TcpTcbCarefulDatagram(struct tcpip_tcb *tcb, enum netio_direction direction,
                                  const struct tcpip_segment *segment, int64_t start)
{
    SIM_FRAME("tcpip", "TcpTcbCarefulDatagram");
    struct tcpip *tcpip = tcb->tcpip;
    struct tcpip_half *half = &tcb->half[direction];
    struct payload payload = {segment->payload, start, segment->captured, segment->length};

    if (segment->length != 0)
        take_payload(tcb, direction, segment, &payload);
    take_fin(half, segment, start);
    if (tcb->state != TCPIP_TCB_OPEN)
        return;
    if (direction == NETIO_INBOUND && tcpip->config.batch > 1 && half->waiting != 0)
        tcpip_work_add(tcb);
    tcpip_drain(tcb, direction, TCPIP_DRAIN_READY);
}

/* True when the application's thread is to write what is ready, so that the stream layer is entered
 * at PASSIVE_LEVEL. By seed: now and then, the others are continued in the DPC. */
static bool write_later(struct tcpip_tcb *tcb)
{
    struct tcpip *tcpip = tcb->tcpip;
    const struct tcpip_half *half = &tcb->half[NETIO_OUTBOUND];
    const enum netio_when passive = netio_switches(tcpip->netio)->send_passive;

    if (passive == NETIO_NEVER || tcpip->config.low_resources || tcb->state != TCPIP_TCB_OPEN ||
        half->fin_offered)
        return false;
    if (tcpip_reassembly_ready(&half->queue) == NULL && half->queue.next != half->fin)
        return false;
    if (passive == NETIO_BY_SEED && sim_choose(tcpip->sim, SIM_CHOICE_IRQL, 8) != 0)
        return false;
    tcpip->writer = tcb;
    tcb->sending = true;
    return true;
}

/* A segment that this host sent: the application's write, in its place. */
static void TcpTcbSend(struct tcpip_tcb *tcb, const struct tcpip_segment *segment, int64_t start)
{
    /* Writes are made by a thread of the application, not by what the NIC interrupted. */
    struct sim_frame **frames = sim_frame_list();
    struct sim_frame *interrupted = *frames;
    *frames = NULL;
    {
        SIM_FRAME("tcpip", "TcpTlConnectionSend");
        struct tcpip_half *half = &tcb->half[NETIO_OUTBOUND];
        struct payload payload = {segment->payload, start, segment->captured, segment->length};

        if (segment->length != 0)
            take_payload(tcb, NETIO_OUTBOUND, segment, &payload);
        take_fin(half, segment, start);
        if (!write_later(tcb))
            tcpip_drain(tcb, NETIO_OUTBOUND, TCPIP_DRAIN_READY);
    }
    *frames = interrupted;
}

bool TcpTcbReceive(struct tcpip_tcb *tcb, enum netio_direction direction,
                   const struct tcpip_segment *segment, NET_BUFFER_LIST *nbl, uint32_t data_offset)
{
    SIM_FRAME("tcpip", "TcpTcbReceive");
    struct tcpip_half *half = &tcb->half[direction];
    const bool syn = (segment->flags & TCPIP_FLAG_SYN) != 0;

    if (segment->length != 0) {
        half->counts.segments++;
        half->counts.bytes += segment->length;
        if (segment->length > half->largest)
            half->largest = segment->length;
    }
    /* A SYN may come behind data that made the stream's start known: captures reorder. */
    if (syn && (!half->known || half->first == segment->sequence + 1 ||
                (half->counts.segments == 0 && !half->counts.syn)))
        take_syn(tcb, direction, segment);
    if (!half->known) {
        half->first = segment->sequence;
        half->known = true;
    }
    if (segment->flags & TCPIP_FLAG_ACK)
        take_ack(tcb, direction, segment);
    if (tcb->state != TCPIP_TCB_OPEN && tcb->state != TCPIP_TCB_OPENING) {
        take_late(tcb, direction, segment);
        return false;
    }
    if (segment->flags & TCPIP_FLAG_RST) {
        take_reset(tcb, direction, segment);
        return false;
    }
    if (tcb->state == TCPIP_TCB_OPENING)
        try_open(tcb, direction, segment);
    if (tcb->state == TCPIP_TCB_REFUSED) {
        take_late(tcb, direction, segment);
        return false;
    }
    /* The receiver acknowledged what never came: the other direction may go on. */
    if (tcb->half[!direction].patience != 0 || tcb->half[!direction].stuck)
        tcpip_drain(tcb, !direction, TCPIP_DRAIN_READY);

    const int64_t start = offset_of(half, segment->sequence + syn);
    if (segment->length != 0 && is_keep_alive(half, segment, start)) {
        half->counts.keep_alives++;
        return false;
    }
    if (tcb->state == TCPIP_TCB_OPEN && nbl != NULL && is_fast(tcb, direction, segment, start)) {
        TcpTcbFastDatagram(tcb, segment, nbl, data_offset);
        return true;
    }
    if (segment->length == 0 && !(segment->flags & TCPIP_FLAG_FIN) && !half->stuck)
        return false;
    if (direction == NETIO_OUTBOUND)
        TcpTcbSend(tcb, segment, start);
    else
        TcpTcbCarefulDatagram(tcb, direction, segment, start);
    return false;
}
