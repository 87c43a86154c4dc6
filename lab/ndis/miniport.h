/* SPDX-License-Identifier: MIT */
/* The NIC: frames become NBLs in the receive DPC and are indicated to the protocol above. The NBLs
 * point straight at the frames' bytes: nothing is copied. */
#pragma once

#include "ndis/nbl.h"

/* A frame as it came off the wire. The bytes must stay valid until the NBL made for it was
 * returned. */
struct ndis_frame {
    const uint8_t *bytes;
    uint32_t captured; /* bytes that are there */
    uint32_t length;   /* bytes that were on the wire */
    int link;          /* DLT_* of libpcap */
    uint64_t number;   /* from 1, in the capture */
};

struct ndis_miniport_config {
    uint32_t batch; /* frames in one indication at most, up to 256; 0: 32 */
    bool resources; /* NDIS_RECEIVE_FLAGS_RESOURCES: the NIC takes its NBLs back when the indication
                       returns */
};

/* The protocol's ReceiveNetBufferLists function (tcpip!FlReceiveNetBufferListChain): called at
 * DISPATCH_LEVEL with a chain of `count` NBLs and NDIS_RECEIVE_FLAGS_*. Without RESOURCES every NBL
 * goes back by NdisReturnNetBufferLists, or by ndis_nbl_dereference() when its last user is through
 * with it; with RESOURCES none may be kept. */
typedef void ndis_receive(void *context, NET_BUFFER_LIST *chain, uint32_t count, uint32_t flags);

void ndis_protocol_register(struct ndis *ndis, ndis_receive *receive, void *context);
void ndis_miniport_configure(struct ndis *ndis, const struct ndis_miniport_config *config);

/* The NIC's interrupt: queues the receive DPC (processor 0), which indicates the frames in order.
 * The descriptors are copied, the bytes are not. Host only. False: memory is short, and no frame
 * was taken. */
bool ndis_miniport_receive(struct ndis *ndis, const struct ndis_frame *frames, size_t count);

/* The frame an NBL of the NIC was made for, valid until the NBL is returned. */
static inline const struct ndis_frame *ndis_miniport_frame(const NET_BUFFER_LIST *nbl)
{
    return (const struct ndis_frame *)nbl->MiniportReserved[0];
}

/* The protocol gives a chain of NBLs back. */
VOID NTAPI NdisReturnNetBufferLists(NDIS_HANDLE NdisBindingHandle, PNET_BUFFER_LIST NetBufferLists,
                                    ULONG ReturnFlags);

/* NBLs of the NIC that have not come back. */
uint64_t ndis_miniport_outstanding(const struct ndis *ndis);

struct ndis_miniport *ndis_miniport_create(struct ndis *ndis);
void ndis_miniport_destroy(struct ndis_miniport *miniport);
