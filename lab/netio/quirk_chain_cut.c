/* SPDX-License-Identifier: MIT */
/* The defect of the 2011 report: what an inject inside classify does to the offered chain. A
 * hypothesis that fits every reported fact, with three alternatives (contract 7.3 and 7.5); on only
 * when the switch names a model. */
#include "netio/state.h"

/* The NBL behind which inject number i cuts: NBL i counted from the first undecided one (model D).
 */
static NET_BUFFER_LIST *nth_offered(const struct stream_call *call, uint32_t i)
{
    const struct chunk *const chunk = call->chunk;
    uint32_t at = 0;

    while (at < chunk->count && chunk->nbls[at] != chunk->cursor.nbl)
        at++;
    return at + i - 1 < chunk->count ? chunk->nbls[at + i - 1] : NULL;
}

static void tell(struct netio *netio, struct stream_call *call, NET_BUFFER_LIST *nbl,
                 NET_BUFFER_LIST *next, bool rejoined)
{
    struct netio_cut cut = {.flow = call->told.flow,
                            .classify = call->told.number,
                            .inject = call->told.injects,
                            .rejoined = rejoined};
    const struct ndis_nbl_header *const at = ndis_nbl_header(nbl), *const behind =
                                                                       ndis_nbl_header(next);

    if (!rejoined) {
        call->chunk->cut_classify = call->told.number;
        call->chunk->cut_inject = call->told.injects;
    }
    cut.nbl = at == NULL ? 0 : at->number;
    cut.next_nbl = behind == NULL ? 0 : behind->number;
    for (; next != NULL && cut.nbls < call->chunk->count; next = NET_BUFFER_LIST_NEXT_NBL(next)) {
        cut.nbls++;
        cut.bytes += ndis_nbl_length(next);
    }
    NETIO_TELL(netio, cut, &cut);
}

static void cut_behind(struct netio *netio, struct stream_call *call, NET_BUFFER_LIST *nbl,
                       bool save)
{
    NET_BUFFER_LIST *const next = nbl == NULL ? NULL : NET_BUFFER_LIST_NEXT_NBL(nbl);

    if (save)
        call->slot = next;
    if (next == NULL)
        return;
    NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
    tell(netio, call, nbl, next, false);
}

void quirk_at_inject(struct netio *netio, struct stream_call *call)
{
    NET_BUFFER_LIST *const current = call->chunk->cursor.nbl;
    const uint32_t inject = ++call->static_injects;

    if (call->told.callout->spared)
        return;
    switch (netio->switches.model) {
    case NETIO_MODEL_NONE:
        break;
    case NETIO_MODEL_A:
        cut_behind(netio, call, current, true);
        break;
    case NETIO_MODEL_B:
        if (inject > 1)
            cut_behind(netio, call, current, false);
        break;
    case NETIO_MODEL_C:
        cut_behind(netio, call, current, inject == 1);
        break;
    case NETIO_MODEL_D:
        cut_behind(netio, call, nth_offered(call, inject), true);
        break;
    }
}

void quirk_after_classify(struct netio *netio, struct stream_call *call)
{
    NET_BUFFER_LIST *const current = call->chunk->cursor.nbl, *const slot = call->slot;

    if (slot == NULL || (netio->switches.model == NETIO_MODEL_C && call->static_injects != 1))
        return;
    call->slot = NULL;
    NET_BUFFER_LIST_NEXT_NBL(current) = slot;
    tell(netio, call, current, slot, true);
}
