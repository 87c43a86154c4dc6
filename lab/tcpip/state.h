/* SPDX-License-Identifier: MIT */
/* What tcpip keeps, for the files of this folder only. */
#pragma once

#include "ndis/miniport.h"
#include "tcpip/tcb.h"

/* Late segments are known by their connection only while that is kept. */
#define TCPIP_TIME_WAIT_MOST 1024
#define TCPIP_TAG_SEND       NT_TAG('T', 'N', 'b', 'l')
#define TCPIP_TAG_NBUF       NT_TAG('N', 'b', 'u', 'f')
#define TCPIP_TAG_NIC        NT_TAG('N', 'i', 'c', 'R')

struct tcpip_tcb_list {
    struct tcpip_tcb *oldest, *newest;
    size_t count;
};

/* The NIC's receive memory: frames are copied in; all of it is used again when every NBL has come
 * back. */
struct tcpip_nic_block {
    struct tcpip_nic_block *next;
    uint8_t *bytes;
    size_t size, used;
};

/* A frame that the NIC was given. */
struct tcpip_arrival {
    struct tcpip_frame frame; /* its bytes are the caller's */
    const uint8_t *copy;      /* in the NIC's memory */
};

/* A tcpip_stream_*() call that waits for its turn. */
enum tcpip_op_kind { TCPIP_OP_OPEN, TCPIP_OP_RECEIVE, TCPIP_OP_SEND, TCPIP_OP_FIN, TCPIP_OP_RESET };
struct tcpip_op {
    struct tcpip_op *next;
    struct tcpip_tcb *tcb;
    enum tcpip_op_kind kind;
    enum netio_direction direction;
    struct tcpip_shape shape;
    enum netio_rst rst;
    struct tcpip_piece *pieces;
};

struct tcpip {
    struct sim *sim;
    struct nt *nt;
    struct ndis *ndis;
    struct netio *netio;
    struct tcpip_config config;
    struct tcpip_observer observer;
    enum tcpip_side side;
    bool host_set[2]; /* by v6 */
    uint8_t host[2][16];
    struct tcpip_totals totals;
    struct tcpip_counts gone[2]; /* of connections that are forgotten */

    struct tcpip_table table;
    struct tcpip_tcb *unused;
    struct tcpip_tcb_chunk *chunks;
    struct tcpip_tcb_list live, time_wait;
    struct tcpip_tcb *closing, *closing_last; /* by close_at */
    struct tcpip_tcb *busy, *busy_last; /* with work to do: a batch is complete, a window opened */
    struct tcpip_store *store;
    struct tcpip_fragments *fragments;

    /* Frames that the NIC was given, in order; the receive function takes them out. */
    struct tcpip_arrival *arrivals;
    size_t arrivals_size, arrivals_head, arrivals_count;
    struct tcpip_nic_block *nic_blocks, *nic_block;
    struct ndis_frame *nic_frames;
    size_t nic_frames_size;

    /* While the application writes at PASSIVE_LEVEL, what the NIC indicated behind that waits here.
     */
    NET_BUFFER_LIST *backlog, *backlog_last;
    struct sim_task *application;
    struct tcpip_tcb *writer; /* whose writes are due */
    bool application_waits;

    struct nt_deferred work;
    struct sim_timer timer;
    struct tcpip_op *ops, *ops_last, *ops_unused;
    bool flush_due, finish_due;
};

struct tcpip_tcb_chunk {
    struct tcpip_tcb_chunk *next;
    struct tcpip_tcb tcbs[64];
};

/* ---- tcb.c: making and ending connections ---- */

/* A connection in OPENING, without a place in the table. NULL: no memory. */
struct tcpip_tcb *tcpip_tcb_make(struct tcpip *tcpip);
/* The connection that a segment begins: decides who is local. NULL: it begins none, or memory is
 * short. */
struct tcpip_tcb *tcpip_tcb_begin(struct tcpip *tcpip, const struct tcpip_key *key, uint32_t hash,
                                  const struct tcpip_segment *segment, bool source_first);
/* Asks the filters; the state is OPEN or REFUSED afterwards. */
void tcpip_tcb_open(struct tcpip_tcb *tcb);
/* Nothing is offered any more; the flow is closed at virtual time `when`. */
void tcpip_tcb_close_at(struct tcpip_tcb *tcb, uint64_t when);
/* Closes the flow now; the TCB goes into TIME_WAIT. */
void tcpip_tcb_close(struct tcpip_tcb *tcb);
/* Forgets a closed connection: the TCB can be used again. */
void tcpip_tcb_forget(struct tcpip_tcb *tcb);
/* Those whose time has come. */
void tcpip_close_due(struct tcpip *tcpip);
void tcpip_counts_add(struct tcpip_counts *sum, const struct tcpip_counts *counts);

/* ---- inspect.c: between reassembly and the stream layer ---- */

enum tcpip_drain {
    TCPIP_DRAIN_READY, /* what is in order; a hole that the receiver acknowledged is skipped after
                          some patience */
    TCPIP_DRAIN_ACKED, /* as far as the receiver acknowledged, holes included (an RST came) */
    TCPIP_DRAIN_ALL,   /* everything (the capture ends) */
};
void tcpip_drain(struct tcpip_tcb *tcb, enum netio_direction direction, enum tcpip_drain how);
void TcpInspectReceive(struct tcpip_tcb *tcb, NET_BUFFER_LIST *chain, size_t length,
                       uint32_t flags);
void TcpInspectSend(struct tcpip_tcb *tcb, NET_BUFFER_LIST *chain, size_t length, uint32_t flags);
extern const struct netio_stream_client tcpip_stream_client;
void tcpip_tell_offered(struct tcpip_tcb *tcb, enum netio_direction direction, const uint8_t *bytes,
                        size_t length);
void tcpip_tell_settled(struct tcpip_tcb *tcb, enum netio_direction direction);
/* NETIO's copy; with random_shapes in several NBs and MDLs. NULL: no memory. */
NET_BUFFER_LIST *tcpip_copy_nbl(struct tcpip_tcb *tcb, const uint8_t *bytes, uint32_t length);
NET_BUFFER_LIST *tcpip_send_nbl(struct tcpip_tcb *tcb, const uint8_t *bytes, uint32_t length);

/* ---- connection.c: what a segment means ---- */

/* Sequence numbers, handshake, RST and FIN; puts payload in order and offers what can be offered.
 * True when the NBL was handed on (fast path); nbl NULL: none. */
bool TcpTcbReceive(struct tcpip_tcb *tcb, enum netio_direction direction,
                   const struct tcpip_segment *segment, NET_BUFFER_LIST *nbl, uint32_t data_offset);

/* ---- receive.c: frames ---- */
void FlReceiveNetBufferListChain(void *context, NET_BUFFER_LIST *chain, uint32_t count,
                                 uint32_t flags);
void tcpip_receive_backlog(struct tcpip *tcpip);

/* ---- stream.c: streams without packets ---- */
void tcpip_ops_run(struct tcpip *tcpip);
void tcpip_ops_unblock(struct tcpip_tcb *tcb);

/* ---- tcpip.c ---- */
/* Queues the DPC that runs ops, connections with work to do, and closings. */
void tcpip_work_queue(struct tcpip *tcpip);
void tcpip_work_add(struct tcpip_tcb *tcb);
void tcpip_work_remove(struct tcpip_tcb *tcb);
