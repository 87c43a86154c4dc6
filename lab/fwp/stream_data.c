/* SPDX-License-Identifier: MIT */
/* FwpsCopyStreamDataToBuffer0, FwpsCloneStreamData0, FwpsDiscardClonedStreamData0 (contract 2.1).
 * They work from the structure alone: a driver may have built it itself. */
#include "fwp/state.h"

#include "ndis/allocate.h"
#include "ndis/ndis.h"
#include "sim/breach.h"

#include <string.h>

#define TAG_CLONE NT_TAG('F', 'w', 'p', 'c')

/* Data bytes of the NB before (mdl, offset). */
static size_t bytes_before(const NET_BUFFER *nb, const MDL *mdl, uint32_t offset)
{
    size_t before = 0;
    uint32_t start = NET_BUFFER_CURRENT_MDL_OFFSET(nb);

    for (const MDL *at = NET_BUFFER_CURRENT_MDL(nb); at != NULL; at = at->Next) {
        if (at == mdl)
            return before + (offset > start ? offset - start : 0);
        before += at->ByteCount > start ? at->ByteCount - start : 0;
        start = 0;
    }
    return 0;
}

/* Where the data begins. */
static void start_of(const FWPS_STREAM_DATA0 *data, struct ndis_cursor *cursor)
{
    const FWPS_STREAM_DATA_OFFSET0 *const offset = &data->dataOffset;

    if (offset->netBufferList == NULL || offset->netBuffer == NULL || offset->mdl == NULL) {
        ndis_cursor_start(cursor, offset->netBufferList != NULL ? offset->netBufferList
                                                                : data->netBufferListChain);
        return;
    }
    *cursor = (struct ndis_cursor){.nbl = offset->netBufferList,
                                   .nb = offset->netBuffer,
                                   .mdl = offset->mdl,
                                   .mdl_offset = offset->mdlOffset};
    cursor->nb_left = NET_BUFFER_DATA_LENGTH(offset->netBuffer);
    cursor->nb_left -= (uint32_t)bytes_before(offset->netBuffer, offset->mdl, offset->mdlOffset);
}

VOID NTAPI FwpsCopyStreamDataToBuffer0(const FWPS_STREAM_DATA0 *calloutStreamData, PVOID buffer,
                                       SIZE_T bytesToCopy, SIZE_T *bytesCopied)
{
    struct fwp *const fwp = fwp_current();
    size_t wanted = bytesToCopy, done = 0, run;
    struct ndis_cursor cursor;

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, "FwpsCopyStreamDataToBuffer0", DISPATCH_LEVEL);
    if (wanted > calloutStreamData->dataLength)
        wanted = calloutStreamData->dataLength;
    start_of(calloutStreamData, &cursor);
    while (done < wanted) {
        const uint8_t *const bytes = ndis_cursor_bytes(&cursor, &run);

        if (run == 0)
            break;
        if (run > wanted - done)
            run = wanted - done;
        memcpy((uint8_t *)buffer + done, bytes, run);
        ndis_cursor_advance(&cursor, run);
        done += run;
    }
    if (bytesCopied != NULL)
        *bytesCopied = done;
}

static void discard(NET_BUFFER_LIST *chain)
{
    while (chain != NULL) {
        NET_BUFFER_LIST *const next = NET_BUFFER_LIST_NEXT_NBL(chain);

        ndis_nbl_destroy(chain);
        chain = next;
    }
}

/* Data bytes of the NBL before the place where the stream data begins. */
static size_t bytes_skipped(const FWPS_STREAM_DATA0 *data, const NET_BUFFER_LIST *nbl)
{
    const FWPS_STREAM_DATA_OFFSET0 *const offset = &data->dataOffset;
    size_t skipped = 0;

    if (offset->netBufferList != nbl || offset->netBuffer == NULL)
        return 0;
    for (const NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL;
         nb = NET_BUFFER_NEXT_NB(nb)) {
        if (nb == offset->netBuffer)
            return skipped + bytes_before(nb, offset->mdl, offset->mdlOffset);
        skipped += NET_BUFFER_DATA_LENGTH(nb);
    }
    return 0;
}

NTSTATUS NTAPI FwpsCloneStreamData0(FWPS_STREAM_DATA0 *calloutStreamData,
                                    NDIS_HANDLE netBufferListPoolHandle,
                                    NDIS_HANDLE netBufferPoolHandle, ULONG allocateCloneFlags,
                                    NET_BUFFER_LIST **netBufferListChain)
{
    static const char name[] = "FwpsCloneStreamData0";
    struct fwp *const fwp = fwp_current();
    NET_BUFFER_LIST *nbl = calloutStreamData->dataOffset.netBufferList;
    NET_BUFFER_LIST *chain = NULL, **link = &chain;
    size_t left = calloutStreamData->dataLength;
    const void *const caller = __builtin_return_address(0);

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, name, DISPATCH_LEVEL);
    *netBufferListChain = NULL;
    if (nbl == NULL)
        nbl = calloutStreamData->netBufferListChain;
    if (nbl == NULL)
        return STATUS_INVALID_PARAMETER;
    for (; nbl != NULL && (left > 0 || chain == NULL); nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        const size_t skip = bytes_skipped(calloutStreamData, nbl),
                     here = ndis_nbl_length(nbl) - skip;
        const size_t length = here < left ? here : left;
        NET_BUFFER_LIST *clone;

        /* NBLs without a byte of the data are passed over, unless there is no data at all (a FIN).
         */
        if (length == 0 && left > 0)
            continue;
        clone = ndis_nbl_clone(fwp->ndis, name, NDIS_NBL_STREAM_CLONE, nbl, skip, length,
                               netBufferListPoolHandle, TAG_CLONE, allocateCloneFlags, caller);
        if (clone == NULL) {
            discard(chain);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        *link = clone;
        link = &clone->Next;
        left -= length;
    }
    *netBufferListChain = chain;
    return STATUS_SUCCESS;
}

VOID NTAPI FwpsDiscardClonedStreamData0(NET_BUFFER_LIST *netBufferListChain,
                                        UINT32 allocateCloneFlags, BOOLEAN dispatchLevel)
{
    static const char name[] = "FwpsDiscardClonedStreamData0";
    struct fwp *const fwp = fwp_current();

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, name, DISPATCH_LEVEL);
    if (dispatchLevel && sim_task_irql(fwp->sim) < DISPATCH_LEVEL && nt_checks(fwp->nt))
        sim_breach_text(fwp->sim, "R23", name, "dispatchLevel is TRUE at IRQL %u",
                        sim_task_irql(fwp->sim));
    while (netBufferListChain != NULL) {
        NET_BUFFER_LIST *const next = NET_BUFFER_LIST_NEXT_NBL(netBufferListChain);

        if (!ndis_nbl_free(fwp->ndis, name, netBufferListChain, 1u << NDIS_NBL_STREAM_CLONE))
            return;
        netBufferListChain = next;
    }
}
