/* SPDX-License-Identifier: MIT */
/* tcpip: frames in, TCP connections, reassembly, what applications receive. */
#pragma once

#include "netio/flow.h"
#include "netio/netio.h"
#include "netio/stream.h"
#include "tcpip/segment.h"

struct tcpip;
struct tcpip_tcb;

struct tcpip_config {
    /* Connections without a SYN are taken for new ones; else they are old: not indicated unless a
     * callout asks for such. */
    bool midstream_adopt;
    /* Received segments of a connection that make one indication when they arrive together. */
    uint32_t batch;
    /* NDIS_RECEIVE_FLAGS_RESOURCES on every frame: NETIO copies. */
    bool low_resources;
    /* Several NBs, odd MDL splits, by seed. */
    bool random_shapes;
    /* The application reads when so many segments have arrived, and at the end; 0: at once. */
    uint32_t slow_reader;
    /* Virtual time from both FINs delivered to flowDelete; an RST adds a millisecond, so that what
     * a callout does outside classify can end first. */
    uint64_t close_delay;
};

/* Sets one member by its switch's name: batch=N, slow_reader=N (at most 4096),
 * low_resources=off|on, chain_shape=plain|random. False when name or value is unknown. */
bool tcpip_config_set(struct tcpip_config *config, const char *name, const char *value);

bool tcpip_config_same(const struct tcpip_config *one, const struct tcpip_config *other);

/* What became of a connection; see traffic/sink.h for who listens. */
struct tcpip_observer {
    void *context;
    /* Its first segment came: there is no flow yet, and there may never be one. */
    void (*begun)(void *context, struct tcpip_tcb *tcb);
    /* The flow was opened, or a filter refused it. */
    void (*opened)(void *context, struct tcpip_tcb *tcb);
    /* Bytes came out: inbound ones at the application, outbound ones at the peer. */
    void (*delivered)(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                      const uint8_t *bytes, size_t length);
    /* Bytes went in: what the peer (inbound) or the application (outbound) sent, in stream order,
     * before any callout. They are not the memory that callouts see, and stay valid until
     * settled(). */
    void (*offered)(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                    const uint8_t *bytes, size_t length);
    /* The indication of what was offered since the last time is over. */
    void (*settled)(void *context, struct tcpip_tcb *tcb, enum netio_direction direction);
    void (*finished)(void *context, struct tcpip_tcb *tcb,
                     enum netio_direction direction); /* FIN came out */
    /* The flow ended (its flowDelete has run), before the TCB goes; told of every connection
     * that was begun. */
    void (*closed)(void *context, struct tcpip_tcb *tcb);
};

/* Binds to the miniport of netio's ndis. NULL: no memory. */
struct tcpip *tcpip_create(struct sim *sim, struct netio *netio, const struct tcpip_config *config);
/* Gives back what tcpip itself took. Flows that are open are left to netio: call tcpip_finish()
 * before. */
void tcpip_destroy(struct tcpip *tcpip);
/* Copied; any pointer in it may be NULL. Called at DISPATCH_LEVEL or below: observers must not call
 * into tcpip, but for the functions that read. */
void tcpip_set_observer(struct tcpip *tcpip, const struct tcpip_observer *observer);

/* Which end of its connections this host is, when its address does not tell (tcpip_set_host()). The
 * client is who sent the first SYN; without SYN, the end with the higher port. */
enum tcpip_side { TCPIP_SIDE_CLIENT, TCPIP_SIDE_SERVER };
void tcpip_set_side(struct tcpip *tcpip, enum tcpip_side side);

/* This host's address of one family (IPv4: four bytes): connections that have it at exactly one end
 * take that end as local; the side decides for all others. */
void tcpip_set_host(struct tcpip *tcpip, bool v6, const uint8_t *address);

/* The NIC's interrupt: frames are taken in by the receive DPC (ndis!ndisInterruptDpc ...). Frames
 * that this host sent are among them: they become the application's writes, in their place. Host
 * only: call sim_run() after a batch. The bytes must stay valid until tcpip_nic_release(); the NIC
 * copies them into memory of its own. */
void tcpip_nic_receive(struct tcpip *tcpip, const struct tcpip_frame *frames, size_t count);

/* After sim_run(): the caller's bytes go. Frames that were not taken in yet (a callout holds the
 * application's thread up) are the NIC's copies from now on. Host only. */
void tcpip_nic_release(struct tcpip *tcpip);

/* The end of the capture. What waits for a hole to be filled, for a batch or for a slow reader is
 * given out; holes are counted as gaps. Connections stay open, so that a callout can release what
 * it holds. Host only: call sim_run(). */
void tcpip_flush(struct tcpip *tcpip);

/* Closes connections that are still open, after tcpip_flush(). Host only: call sim_run(). */
void tcpip_finish(struct tcpip *tcpip);

/* Connections whose flow is open or being opened. */
size_t tcpip_open_connections(const struct tcpip *tcpip);

/* Streams without packets: the live relay, the generator and scripts hand over each side's bytes.
 * Each call is queued, bytes are copied, and takes effect in a DPC in the order of calls: host
 * only, call sim_run(). The pointer is valid until observer.closed was called for it. NULL: no
 * memory. */
struct tcpip_tcb *tcpip_connect(struct tcpip *tcpip, const struct netio_flow_info *info);
/* One indication. segment: the bytes are cut into NBLs of so many (the last may be short): a chain;
 * 0 or more than 65536: 65536. copy: as NETIO copies (Nbuf); else as the NIC's own. */
void tcpip_stream_receive(struct tcpip_tcb *tcb, const uint8_t *bytes, size_t length,
                          size_t segment, bool copy);
void tcpip_stream_send(struct tcpip_tcb *tcb, const uint8_t *bytes, size_t length, size_t segment);
/* The general form: what is 0 or false is as the configuration has it. */
struct tcpip_shape {
    size_t segment;
    bool nic;             /* inbound: the NIC's own buffers, not NETIO's copies */
    uint16_t net_buffers; /* of each NBL */
    uint16_t mdls;        /* of each NET_BUFFER */
    uint16_t head_room;   /* unused bytes in front of the data, in the first MDL */
    bool empty_first_mdl;
    bool no_push;   /* inbound: without RECEIVE_PUSH */
    bool expedited; /* urgent data: all of it */
    bool no_delay;  /* outbound: SEND_NODELAY */
};
void tcpip_stream_bytes(struct tcpip_tcb *tcb, enum netio_direction direction, const uint8_t *bytes,
                        size_t length, const struct tcpip_shape *shape);
void tcpip_stream_fin(struct tcpip_tcb *tcb, enum netio_direction direction);
/* An RST of the peer (inbound) or of this host's application (outbound). */
void tcpip_stream_reset(struct tcpip_tcb *tcb, enum netio_direction direction, enum netio_rst how);

/* ---- one connection ---- */
uint64_t tcpip_tcb_flow(
    const struct tcpip_tcb *tcb); /* flow handle, 0: never opened (blocked, not indicated) */
const struct netio_flow_info *tcpip_tcb_info(const struct tcpip_tcb *tcb);
void *tcpip_tcb_user(const struct tcpip_tcb *tcb);
void tcpip_tcb_set_user(struct tcpip_tcb *tcb, void *user);

struct tcpip_counts {            /* per direction */
    uint64_t segments, bytes;    /* with payload; payload seen in frames */
    uint64_t offered, delivered; /* to the stream layer; by it */
    uint64_t duplicate_bytes;    /* seen again */
    uint64_t overlap_differing;  /* bytes seen again with other contents, while the first ones still
                                    waited */
    uint64_t gap_bytes;          /* never seen: the stream went on behind them */
    uint64_t
        truncated_bytes;  /* cut off by the capture's snap length: the stream went on behind them */
    uint64_t early_bytes; /* from before a connection was picked up in mid-stream */
    uint64_t after_fin;   /* behind the FIN */
    uint64_t absurd_bytes;    /* a sequence number far from anything expected */
    uint64_t discarded_bytes; /* waited behind a hole when the connection was reset */
    uint64_t behind_verdict;  /* arrived after the connection was refused or reset by a verdict */
    uint64_t out_of_order;    /* segments that came before others that belong in front of them */
    uint64_t keep_alives;
    uint64_t resets_ignored; /* RST out of window */
    bool syn, fin, rst;
};
const struct tcpip_counts *tcpip_tcb_counts(const struct tcpip_tcb *tcb,
                                            enum netio_direction direction);
/* This host sent the first SYN. (When both ends did, info.direction is OUTBOUND whoever was first:
 * this host connected.) Without SYN: this host has the higher port. */
bool tcpip_tcb_is_client(const struct tcpip_tcb *tcb);
bool tcpip_tcb_reset_by_verdict(const struct tcpip_tcb *tcb);

/* Sums over everything ever received. */
struct tcpip_totals {
    uint64_t frames, not_ip, not_tcp, malformed, fragments, connections, bad_checksum;
    uint64_t unmatched;                 /* segments of no connection that could not begin one */
    uint64_t refused, reset_by_verdict; /* connections */
    uint64_t no_memory;                 /* segments lost to the lab's own shortage of memory */
};
const struct tcpip_totals *tcpip_totals(const struct tcpip *tcpip);
void tcpip_total_counts(const struct tcpip *tcpip, enum netio_direction direction,
                        struct tcpip_counts *counts);
