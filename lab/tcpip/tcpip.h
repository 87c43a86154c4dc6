/* SPDX-License-Identifier: MIT */
/* tcpip: frames in, TCP connections, reassembly, what applications receive. */
#pragma once

#include "netio/flow.h"
#include "netio/netio.h"

struct tcpip;
struct tcpip_tcb;

/* Which frames are this host's own. */
struct tcpip_config {
    bool midstream_adopt; /* connections without a SYN: adopted (else "old": not indicated unless a callout asks) */
    uint32_t batch;       /* received segments of a flow delivered in one indication when they arrive together; 0: 1 */
    bool low_resources;   /* NDIS_RECEIVE_FLAGS_RESOURCES on every frame: NETIO copies */
    bool random_shapes;   /* several NBs, odd MDL splits by seed */
    uint32_t slow_reader; /* the application reads after so many segments have arrived; 0: at once */
    uint64_t close_delay; /* virtual time from both FINs delivered to flowDelete */
};

/* What became of a connection; see traffic/sink.h for who listens. */
struct tcpip_observer {
    void *context;
    void (*opened)(void *context, struct tcpip_tcb *tcb);
    /* Bytes came out: inbound ones at the application, outbound ones at the peer. */
    void (*delivered)(void *context, struct tcpip_tcb *tcb, enum netio_direction direction, const uint8_t *bytes,
                      size_t length);
    /* Bytes went in: what the peer (inbound) or the application (outbound) sent, in stream order, before any callout. */
    void (*offered)(void *context, struct tcpip_tcb *tcb, enum netio_direction direction, const uint8_t *bytes,
                    size_t length);
    void (*finished)(void *context, struct tcpip_tcb *tcb, enum netio_direction direction); /* FIN came out */
    /* How the flow ended, before the TCB goes. */
    void (*closed)(void *context, struct tcpip_tcb *tcb);
};

struct tcpip *tcpip_create(struct sim *sim, struct netio *netio, const struct tcpip_config *config);
void tcpip_destroy(struct tcpip *tcpip);
void tcpip_set_observer(struct tcpip *tcpip, const struct tcpip_observer *observer);

/* One captured frame. link: DLT_* of libpcap (EN10MB, LINUX_SLL, LINUX_SLL2, RAW, IPV4, IPV6, NULL, LOOP).
 * number: from 1, in the capture. outbound: this host sent it (its payload is offered to the send side as the
 * application's writes); the caller knows by traffic/side. */
struct tcpip_frame {
    const uint8_t *bytes;
    uint32_t captured, length;
    int link;
    uint64_t number;
};

/* Who is this host: a frame from one of its connections' local ends is outbound. Decided per connection by the
 * first frame: client true means this host is the client of every connection; address-based when host_set. */
enum tcpip_side { TCPIP_SIDE_CLIENT, TCPIP_SIDE_SERVER };
void tcpip_set_side(struct tcpip *tcpip, enum tcpip_side side);

/* The NIC's interrupt: frames are taken in by the receive DPC (ndis!ndisInterruptDpc ...). Host only: call sim_run()
 * after a batch. The bytes must stay valid until then. */
void tcpip_nic_receive(struct tcpip *tcpip, const struct tcpip_frame *frames, size_t count);

/* The end of the capture: connections still open are closed after what waits has been given out. */
void tcpip_finish(struct tcpip *tcpip);

/* Streams without packets: the live relay, the generator and scripts hand over each side's bytes. */
struct tcpip_tcb *tcpip_connect(struct tcpip *tcpip, const struct netio_flow_info *info);
/* segments: cut the bytes into NBLs of so many bytes (last may be short): a chain. copy: as NETIO copies (Nbuf). */
void tcpip_stream_receive(struct tcpip_tcb *tcb, const uint8_t *bytes, size_t length, size_t segment, bool copy);
void tcpip_stream_send(struct tcpip_tcb *tcb, const uint8_t *bytes, size_t length, size_t segment);
void tcpip_stream_fin(struct tcpip_tcb *tcb, enum netio_direction direction);
void tcpip_stream_reset(struct tcpip_tcb *tcb);

/* ---- one connection ---- */
uint64_t tcpip_tcb_flow(const struct tcpip_tcb *tcb); /* flow handle, 0: never opened (blocked, not indicated) */
const struct netio_flow_info *tcpip_tcb_info(const struct tcpip_tcb *tcb);
void *tcpip_tcb_user(const struct tcpip_tcb *tcb);
void tcpip_tcb_set_user(struct tcpip_tcb *tcb, void *user);

struct tcpip_counts { /* per direction */
    uint64_t segments, bytes;       /* payload seen in frames */
    uint64_t duplicate_bytes;       /* seen again */
    uint64_t overlap_differing;     /* bytes seen again with other contents */
    uint64_t gap_bytes;             /* never seen: the stream went on behind them */
    uint64_t truncated_bytes;       /* cut off by the capture's snap length */
    uint64_t behind_verdict;        /* arrived after the connection was reset by a verdict */
    uint64_t out_of_order;          /* segments through the careful path */
    bool syn, fin, rst;
};
const struct tcpip_counts *tcpip_tcb_counts(const struct tcpip_tcb *tcb, enum netio_direction direction);
bool tcpip_tcb_reset_by_verdict(const struct tcpip_tcb *tcb);

/* Sums over everything ever received. */
struct tcpip_totals {
    uint64_t frames, not_ip, not_tcp, malformed, fragments, connections, bad_checksum;
};
const struct tcpip_totals *tcpip_totals(const struct tcpip *tcpip);
