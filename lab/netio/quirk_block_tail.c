/* SPDX-License-Identifier: MIT */
/* KB979223: a blocked chain loses its last NBL. The report says no more than that; that the walk
 * which gives the NBLs back stops one too early is a hypothesis. */
#include "netio/quirk.h"
#include "netio/state.h"

void quirk_at_block(struct netio_flow *flow, struct chunk *chunk, const NET_BUFFER_LIST *first,
                    uint32_t classify, const struct netio_callout *callout)
{
    NET_BUFFER_LIST *nbl = chunk->head;

    if (chunk->count < 2 || first == chunk->nbls[chunk->count - 1] ||
        chunk_nbl_injected(chunk->head) ||
        !netio_quirk_acts(flow->netio, QUIRK_BLOCK_TAIL, callout))
        return;
    while (nbl != NULL && NET_BUFFER_LIST_NEXT_NBL(nbl) != chunk->nbls[chunk->count - 1])
        nbl = NET_BUFFER_LIST_NEXT_NBL(nbl);
    if (nbl == NULL)
        return;
    NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
    chunk->cut_classify = classify;
    chunk->cut_inject = 0;
    chunk->cut_quirk = netio_quirk_at(QUIRK_BLOCK_TAIL)->name;
}
