/* SPDX-License-Identifier: MIT */
/* From the NIC's indication to the connection: framing layer, IP, TCP. */

#include "tcpip/state.h"

#include <string.h>

static const struct tcpip_frame *arrival_take(struct tcpip *tcpip)
{
    const struct tcpip_frame *frame = &tcpip->arrivals[tcpip->arrivals_head].frame;
    tcpip->arrivals_head = (tcpip->arrivals_head + 1) & (tcpip->arrivals_size - 1);
    tcpip->arrivals_count--;
    return frame;
}

/* ---- a SYN with the ends of a connection that is known ---- */

/* Ends the old connection: everything that waits is given out, the flow is closed. */
static void replace(struct tcpip_tcb *tcb)
{
    if (tcb->state != TCPIP_TCB_CLOSED) {
        tcpip_drain(tcb, NETIO_OUTBOUND, TCPIP_DRAIN_ALL);
        tcpip_drain(tcb, NETIO_INBOUND, TCPIP_DRAIN_ALL);
        tcpip_tcb_close(tcb);
    }
    if (!tcb->leaving) {
        tcpip_tcb_forget(tcb);
        return;
    }
    tcb->untabled = true; /* whoever closes it forgets it */
    tcpip_table_remove(&tcb->tcpip->table, tcb);
}

/* The direction of a segment's data, seen from this host. */
static enum netio_direction direction_of(const struct tcpip_tcb *tcb, bool source_first)
{
    return tcb->local_first == source_first ? NETIO_OUTBOUND : NETIO_INBOUND;
}

/* True when this SYN begins another connection: the ends are used again (TIME_WAIT reuse, or a
 * capture that lost the end of the old one). While the old one is open, a SYN alone proves nothing
 * (RFC 5961): the answer to it does. */
static bool begins_another(struct tcpip_tcb *tcb, const struct tcpip_segment *segment,
                           enum netio_direction direction)
{
    struct tcpip_half *half = &tcb->half[direction];
    const uint32_t first = segment->sequence + 1;

    if (half->known && half->first == first)
        return false;
    if (tcb->state == TCPIP_TCB_CLOSED)
        return true;
    if (segment->flags & TCPIP_FLAG_ACK)
        return tcb->reuse && tcb->reuse_direction == !direction &&
               tcb->reuse_first == segment->acknowledged;
    /* An acknowledgement alone made the start known: this SYN says it better. */
    if (!half->known || (half->counts.segments == 0 && !half->counts.syn))
        return false;
    /* The handshake is not through: another try with another sequence number. */
    if (tcb->state == TCPIP_TCB_OPENING)
        return true;
    if (tcb->state == TCPIP_TCB_CLOSING || (tcb->half[0].counts.fin && tcb->half[1].counts.fin))
        return true;
    tcb->reuse = true;
    tcb->reuse_direction = (uint8_t)direction;
    tcb->reuse_first = first;
    tcb->reuse_scale = segment->scale;
    return false;
}

static struct tcpip_tcb *match(struct tcpip *tcpip, const struct tcpip_segment *segment,
                               enum netio_direction *direction)
{
    struct tcpip_key key;
    bool source_first;

    tcpip_key_make(segment, &key, &source_first);
    const uint32_t hash = tcpip_key_hash(&key);
    struct tcpip_tcb *tcb = tcpip_table_find(&tcpip->table, &key, hash);
    if (tcb != NULL && segment->flags & TCPIP_FLAG_SYN &&
        begins_another(tcb, segment, direction_of(tcb, source_first))) {
        const struct tcpip_tcb old = *tcb;
        replace(tcb);
        tcb = tcpip_tcb_begin(tcpip, &key, hash, segment, source_first);
        if (tcb != NULL && segment->flags & TCPIP_FLAG_ACK && old.reuse) {
            const enum netio_direction other = !direction_of(tcb, source_first);
            tcb->half[other].first = old.reuse_first;
            tcb->half[other].known = true;
            tcb->half[other].counts.syn = true;
            tcb->half[!other].scale = old.reuse_scale;
        }
    } else if (tcb == NULL) {
        tcb = tcpip_tcb_begin(tcpip, &key, hash, segment, source_first);
    }
    if (tcb == NULL)
        tcpip->totals.unmatched++;
    else
        *direction = direction_of(tcb, source_first);
    return tcb;
}

/* True when the NBL was handed on. */
static bool TcpMatchReceive(struct tcpip *tcpip, const struct tcpip_segment *segment,
                            const struct tcpip_frame *frame, NET_BUFFER_LIST *nbl)
{
    SIM_FRAME("tcpip", "TcpMatchReceive");
    enum netio_direction direction;

    struct tcpip_tcb *tcb = match(tcpip, segment, &direction);
    if (tcb == NULL)
        return false;
    const uint32_t data_offset =
        segment->reassembled ? 0 : (uint32_t)(segment->payload - frame->bytes);
    return TcpTcbReceive(tcb, direction, segment, nbl, data_offset);
}

static bool TcpPreValidatedReceive(struct tcpip *tcpip, const struct tcpip_segment *segment,
                                   const struct tcpip_frame *frame, NET_BUFFER_LIST *nbl)
{
    SIM_FRAME("tcpip", "TcpPreValidatedReceive");

    if (segment->bad_checksum)
        tcpip->totals.bad_checksum++;
    return TcpMatchReceive(tcpip, segment, frame, nbl);
}

static bool IpFlcReceivePreValidatedPackets(struct tcpip *tcpip, const struct tcpip_frame *frame,
                                            NET_BUFFER_LIST *nbl)
{
    SIM_FRAME("tcpip", "IpFlcReceivePreValidatedPackets");
    struct tcpip_segment segment;

    tcpip->totals.frames++;
    sim_trace_add(&tcpip->sim->trace, SIM_EVENT_FRAME, frame->number, frame->captured, 0);
    switch (tcpip_segment_parse(frame, tcpip->fragments, tcpip->sim->now, &segment)) {
    case TCPIP_PARSE_SEGMENT:
        tcpip->totals.fragments += segment.reassembled;
        return TcpPreValidatedReceive(tcpip, &segment, frame, nbl);
    case TCPIP_PARSE_NOT_IP:
        tcpip->totals.not_ip++;
        break;
    case TCPIP_PARSE_NOT_TCP:
        tcpip->totals.not_tcp++;
        break;
    case TCPIP_PARSE_FRAGMENT:
        tcpip->totals.fragments++;
        break;
    case TCPIP_PARSE_MALFORMED:
        tcpip->totals.malformed++;
        break;
    }
    return false;
}

/* While the application writes, what came behind has to wait. */
static void backlog_put(struct tcpip *tcpip, NET_BUFFER_LIST *chain)
{
    if (chain == NULL)
        return;
    if (tcpip->backlog == NULL)
        tcpip->backlog = chain;
    else
        NET_BUFFER_LIST_NEXT_NBL(tcpip->backlog_last) = chain;
    while (NET_BUFFER_LIST_NEXT_NBL(chain) != NULL)
        chain = NET_BUFFER_LIST_NEXT_NBL(chain);
    tcpip->backlog_last = chain;
}

static void receive_chain(struct tcpip *tcpip, NET_BUFFER_LIST *chain, bool keep)
{
    while (chain != NULL && tcpip->writer == NULL) {
        NET_BUFFER_LIST *nbl = chain;
        chain = NET_BUFFER_LIST_NEXT_NBL(nbl);
        if (keep)
            NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        const struct tcpip_frame *frame = arrival_take(tcpip);
        const bool taken = IpFlcReceivePreValidatedPackets(tcpip, frame, nbl);
        if (keep && !taken)
            ndis_nbl_dereference(nbl);
    }
    if (tcpip->writer != NULL) {
        backlog_put(tcpip, chain);
        if (tcpip->application_waits)
            sim_task_wake(tcpip->sim, tcpip->application);
    }
    if (tcpip->busy != NULL || tcpip->flush_due || tcpip->finish_due)
        tcpip_work_queue(tcpip);
}

/* The protocol's receive function. NBLs of a NIC that is short of resources stay the NIC's: nothing
 * of them is kept. */
void FlReceiveNetBufferListChain(void *context, NET_BUFFER_LIST *chain, uint32_t count,
                                 uint32_t flags)
{
    SIM_FRAME("tcpip", "FlReceiveNetBufferListChain");
    struct tcpip *tcpip = context;

    if (tcpip->writer != NULL || tcpip->backlog != NULL)
        backlog_put(tcpip, chain);
    else
        receive_chain(tcpip, chain, (flags & NDIS_RECEIVE_FLAGS_RESOURCES) == 0);
}

void tcpip_receive_backlog(struct tcpip *tcpip)
{
    SIM_FRAME("tcpip", "FlReceiveNetBufferListChain");
    NET_BUFFER_LIST *chain = tcpip->backlog;

    if (tcpip->writer != NULL || chain == NULL)
        return;
    tcpip->backlog = NULL;
    tcpip->backlog_last = NULL;
    receive_chain(tcpip, chain, true);
}
