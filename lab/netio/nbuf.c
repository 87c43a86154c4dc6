/* SPDX-License-Identifier: MIT */
/* NETIO's own copies of received bytes, tag Nbuf: what the report found leaked. */
#include "netio/stream.h"

#include <string.h>

#define TAG_NBUF NT_TAG('N', 'b', 'u', 'f')

NET_BUFFER_LIST *NetioAllocateAndReferenceCopyNetBufferListEx(struct netio *netio,
                                                              const uint8_t *bytes, size_t size,
                                                              uint64_t flow)
{
    uint8_t *data;
    NET_BUFFER_LIST *const nbl =
        ndis_nbl_create(netio_ndis(netio), NDIS_NBL_NBUF, TAG_NBUF, size, NULL, NULL, &data);

    if (nbl == NULL)
        return NULL;
    memcpy(data, bytes, size);
    ndis_nbl_header(nbl)->flow = flow;
    return nbl;
}
