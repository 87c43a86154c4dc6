/* SPDX-License-Identifier: MIT */
/* The transmission control block: what tcpip knows of one connection. Private to this folder. */
#pragma once

#include "tcpip/reassembly.h"
#include "tcpip/segment.h"
#include "tcpip/tcpip.h"

#define TCPIP_NO_OFFSET UINT64_MAX

/* Both ends of a connection, the smaller one first: the same for frames of either direction. */
struct tcpip_key {
    uint64_t words[5];
};

enum tcpip_tcb_state {
    TCPIP_TCB_OPENING, /* the handshake is not through: no flow yet */
    TCPIP_TCB_OPEN,    /* has a flow */
    TCPIP_TCB_CLOSING, /* nothing is offered any more; the flow is closed when its time comes */
    TCPIP_TCB_REFUSED, /* a filter blocked it: never had a flow */
    TCPIP_TCB_CLOSED,  /* TIME_WAIT: only late segments may come */
};

/* Bytes of one direction, as they travel to their receiver. */
struct tcpip_half {
    struct tcpip_reassembly queue;
    uint32_t first; /* sequence number of stream offset 0 */
    bool known;     /* first is known */
    bool fin_offered, fin_delivered;
    bool stuck;       /* memory was short: tried again with the next segment */
    uint64_t fin;     /* stream offset of the FIN; TCPIP_NO_OFFSET: none seen */
    uint64_t urgent;  /* stream offset of the urgent byte that was announced last; TCPIP_NO_OFFSET:
                         none */
    uint64_t acked;   /* by the receiver: all before this offset */
    uint32_t window;  /* that the receiver advertised, unscaled */
    int8_t scale;     /* of it, -1: not agreed on */
    uint8_t patience; /* frames since the receiver acknowledged what never came */
    uint32_t largest; /* payload of the largest segment */
    uint32_t waiting; /* segments kept back for a slow reader or a batch */
    struct tcpip_counts counts;
};

struct tcpip_tcb {
    struct tcpip *tcpip;
    struct tcpip_tcb *next;           /* in the free list or the list of those with work to do */
    struct tcpip_tcb *newer, *older;  /* connections that are not closed; or those in TIME_WAIT */
    struct tcpip_tcb *sooner, *later; /* in the list of those that wait to be closed */
    struct tcpip_key key;
    uint32_t hash;
    uint8_t state; /* enum tcpip_tcb_state */
    bool syn_seen;
    bool packets;      /* made from frames; false: tcpip_connect() */
    bool is_client;    /* this host began it */
    bool local_first;  /* the smaller end of the key is this host's */
    bool listed;       /* in the list of those with work to do */
    bool close_listed; /* in the list of those that wait to be closed */
    bool sending;      /* the application is writing: not to be closed meanwhile */
    bool deferred;     /* the stream layer closed the receive window */
    uint32_t ops;      /* tcpip_stream_*() calls that are queued */
    struct tcpip_op *blocked, *blocked_last; /* of them, those behind a closed window */
    bool by_verdict;                         /* reset by a callout */
    bool leaving;  /* it is being closed: the driver hears of it, and others may run meanwhile */
    bool untabled; /* another connection has its place in the table */
    bool reuse;    /* a SYN of another connection with the same ends was seen: */
    uint8_t reuse_direction;
    int8_t reuse_scale;
    uint32_t reuse_first;
    uint64_t close_at;
    struct netio_flow_info info;
    struct netio_flow *flow;
    uint64_t handle;
    void *user;
    struct tcpip_half half[2]; /* by enum netio_direction */
};

/* ---- table (table.c) ---- */

struct tcpip_slot {
    struct tcpip_tcb *tcb; /* NULL: empty */
    uint32_t hash;
};

struct tcpip_table {
    struct tcpip_slot *slots;
    uint32_t mask, count;
};

void tcpip_key_make(const struct tcpip_segment *segment, struct tcpip_key *key, bool *source_first);
uint32_t tcpip_key_hash(const struct tcpip_key *key);
bool tcpip_table_open(struct tcpip_table *table);
void tcpip_table_close(struct tcpip_table *table);
struct tcpip_tcb *tcpip_table_find(const struct tcpip_table *table, const struct tcpip_key *key,
                                   uint32_t hash);
/* tcb->key and hash are set; there must be none with this key. False: no memory. */
bool tcpip_table_add(struct tcpip_table *table, struct tcpip_tcb *tcb);
void tcpip_table_remove(struct tcpip_table *table, struct tcpip_tcb *tcb);
