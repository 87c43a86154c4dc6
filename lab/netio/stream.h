/* SPDX-License-Identifier: MIT */
/* The stream layer: what tcpip hands in, and the injection side (contract sections 1 and 2.1, 7).
 */
#pragma once

#include "netio/flow.h"

/* A stretch of stream bytes inside an NBL chain. Read with ndis_cursor from `start`, `length`
 * bytes. */
struct netio_run {
    struct ndis_cursor start;
    size_t length;
};

/* tcpip offers received bytes (in order). The chain's NBLs carry one reference each for this
 * indication; the stream layer drops them when the bytes are decided (walking Next). length:
 * payload of the chain, 0 with a bare FIN/RST (one empty NBL, or NULL: the stream layer makes one).
 * flags: FWPS_STREAM_FLAG_RECEIVE*. DISPATCH_LEVEL. */
void WfpStreamInspectReceive(struct netio_flow *flow, NET_BUFFER_LIST *chain, size_t length,
                             uint32_t flags);

/* tcpip offers bytes the application sends. flags: FWPS_STREAM_FLAG_SEND*. <= DISPATCH_LEVEL. */
void WfpStreamInspectSend(struct netio_flow *flow, NET_BUFFER_LIST *chain, size_t length,
                          uint32_t flags);

/* How the RST that is offered next reaches callouts: shown to each of them, or to none (on a
 * Windows that has no such indications never shown). Without a call the switch rst_without_classify
 * decides. Both are seen on Windows: contract section 9, rst_without_classify; R48. */
enum netio_rst { NETIO_RST_SWITCHED, NETIO_RST_SHOWN, NETIO_RST_SILENT };
void netio_flow_rst(struct netio_flow *flow, enum netio_rst how);

/* NETIO's own copy of bytes: NBL + NB + MDL + data in one block of tag Nbuf, with one reference
 * (the design's tcpip paragraph). For the careful path, batched delivery and low receive resources.
 * NULL when memory is short. */
NET_BUFFER_LIST *NetioAllocateAndReferenceCopyNetBufferListEx(struct netio *netio,
                                                              const uint8_t *bytes, size_t size,
                                                              uint64_t flow);

/* Injection handles (FwpsInjectionHandleCreate0). */
struct netio_injector;
NTSTATUS netio_injector_create(struct netio *netio, uint16_t family, uint32_t types,
                               struct netio_injector **injector);
uint64_t netio_injector_pending(const struct netio_injector *injector); /* NBLs not yet completed */
uint64_t netio_injections_pending(const struct netio *netio); /* the same of all handles */
/* Waits until every injection through it has completed; PASSIVE_LEVEL. */
void netio_injector_destroy(struct netio_injector *injector);

/* FwppStreamInject: the body of FwpsStreamInjectAsync0 after its arguments were checked. */
NTSTATUS FwppStreamInject(struct netio_injector *injector, uint64_t flow_handle,
                          uint32_t callout_id, uint16_t layer, uint32_t stream_flags,
                          NET_BUFFER_LIST *chain, size_t length, FWPS_INJECT_COMPLETE0 completion,
                          void *completion_context);

/* FwpsStreamContinue0. */
NTSTATUS netio_stream_continue(struct netio *netio, uint64_t flow_handle, uint32_t callout_id,
                               uint16_t layer, uint32_t stream_flags);

/* True while flows hold undecided bytes, pending injections or deferred streams. */
bool netio_stream_busy(const struct netio *netio);
