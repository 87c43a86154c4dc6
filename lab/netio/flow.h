/* SPDX-License-Identifier: MIT */
/* Flows: one TCP connection as this host sees it, from ALE authorisation to flowDelete
 * (contract 1.13, 3.6). */
#pragma once

#include "netio/netio.h"

struct netio_flow;
struct netio_run;

enum netio_direction { NETIO_OUTBOUND, NETIO_INBOUND }; /* of data; values as FWP_DIRECTION_* */

/* Who the connection is. Ports in host order; IPv4 addresses in host order in local[0..3] as
 * uint32, see below. */
struct netio_flow_info {
    bool v6;
    uint32_t local4, remote4;         /* host byte order */
    uint8_t local6[16], remote6[16];  /* network byte order */
    uint16_t local_port, remote_port; /* host byte order */
    enum netio_direction direction;   /* OUTBOUND: this host connected */
    bool mid_stream;                  /* older than the filters: no ALE layers, see contract 1.14 */
    uint64_t process_id;
    const char *application; /* NT path; copied */
};

/* What the stream layer hands back to TCP. Called at DISPATCH_LEVEL or below, in stream order per
 * direction. */
struct netio_stream_client {
    /* Bytes that passed: read them before returning. injected: from FwpsStreamInjectAsync0. */
    void (*deliver)(void *connection, enum netio_direction direction, const struct netio_run *run,
                    uint32_t stream_flags, bool injected);
    /* FIN passed (or was injected). */
    void (*disconnect)(void *connection, enum netio_direction direction, bool injected);
    /* The connection is to be reset: DROP_CONNECTION, FwpsFlowAbort0. The client tears down, then
     * calls netio_flow_close() when it likes. */
    void (*reset)(void *connection);
    /* DEFER: closed true, FwpsStreamContinue0: false. */
    void (*window)(void *connection, bool closed);
};

/* Result of opening a flow. */
enum netio_open { NETIO_OPEN_OK, NETIO_OPEN_BLOCKED, NETIO_OPEN_NO_MEMORY };

/* Runs ALE_AUTH_CONNECT or ALE_AUTH_RECV_ACCEPT, makes the flow (handle = small counter), runs
 * ALE_FLOW_ESTABLISHED (unless mid_stream), and readies the stream layer. BLOCKED: some filter
 * blocked; no flow. The client and connection pointer stay the caller's until netio_flow_close().
 */
enum netio_open netio_flow_open(struct netio *netio, const struct netio_flow_info *info,
                                const struct netio_stream_client *client, void *connection,
                                struct netio_flow **flow);

/* The connection is gone: what the stream layer holds is discarded (counted), contexts are removed
 * (flowDelete exactly once each), outstanding injections complete with an error status. The flow
 * must not be used after. */
void netio_flow_close(struct netio_flow *flow);

uint64_t netio_flow_handle(const struct netio_flow *flow);
const struct netio_flow_info *netio_flow_info(const struct netio_flow *flow);

/* True when it was closed, reset or aborted: what goes into it does not come out. */
bool netio_flow_is_dead(const struct netio_flow *flow);

/* True when it did not end with FINs: it was reset, from outside or by a callout. */
bool netio_flow_is_aborted(const struct netio_flow *flow);

/* One pointer of this flow's for check/ alone, from flow_open to flow_close. */
void *netio_flow_of_check(const struct netio_flow *flow);
void netio_flow_set_of_check(struct netio_flow *flow, void *own);

/* FwpsFlowAssociateContext0, FwpsFlowRemoveContext0, FwpsFlowAbort0: statuses of contract 1.13. */
NTSTATUS netio_flow_associate(struct netio *netio, uint64_t handle, uint16_t layer,
                              uint32_t callout, uint64_t context);
/* Told to the listener: an association that a fault point refused before the engine saw it. */
void netio_flow_associate_refused(struct netio *netio, uint64_t handle, uint32_t callout,
                                  uint64_t context, NTSTATUS status);
NTSTATUS netio_flow_remove(struct netio *netio, uint64_t handle, uint16_t layer, uint32_t callout);
NTSTATUS netio_flow_abort(struct netio *netio, uint64_t handle);

/* The byte ledger of the stream layer, per direction; for one flow and summed over all flows ever.
 * Each counter is counted where it happens, none is worked out from others. At any quiet time:
 *   offered = permitted + blocked + held_engine + lost + discarded;   delivered = permitted +
 * injected. */
struct netio_ledger {
    uint64_t offered;   /* by TCP */
    uint64_t permitted; /* of those, came out at the client */
    uint64_t blocked;   /* of those, taken out of the stream by a verdict of any callout or filter:
                           BLOCK, or the   offer at a DROP_CONNECTION */
    uint64_t injected;  /* injected bytes that came out at the client */
    uint64_t delivered; /* came out at the client */
    uint64_t held_engine; /* offered, no verdict of the last callout yet: NEED_MORE_DATA, DEFER,
                             queued */
    uint64_t lost;        /* offered and permitted, but the engine's chain no longer led to them */
    uint64_t discarded; /* offered, held when the flow died by reset, RST or close: was held_engine
                           before */
    uint64_t inject_pending; /* injected and accepted, but never came out: the flow died first, the
                                completion carries an error, or the chain was cut behind a lower
                                callout's inject */
    uint64_t inject_blocked; /* injected, then blocked by a lower callout */
    uint64_t fins_offered, fins_delivered; /* delivered: injected ones too */
    uint64_t classifies, injects, completions;
};
void netio_flow_ledger(const struct netio_flow *flow, enum netio_direction direction,
                       struct netio_ledger *ledger);
void netio_total_ledger(const struct netio *netio, enum netio_direction direction,
                        struct netio_ledger *ledger);
