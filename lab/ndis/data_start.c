/* SPDX-License-Identifier: MIT */
/* Retreat and advance of data starts (documentation: "Retreat Operations", "Advance Operations").
 */
#include "ndis/data_start.h"

#include "ndis/mdl.h"
#include "ndis/state.h"
#include "nt/call.h"

#include <string.h>

#define RETREAT_MAGIC 0x5441455254455253ull
#define RETREAT_TAG   NT_TAG('N', 'D', 'p', 'p')

/* In front of an MDL with data that a retreat made by itself. */
struct retreat_header {
    uint64_t magic;
    uint64_t reserved;
};

/* How many MDLs at the head of the chain came from retreats stands in the NB, in a field that is
 * NDIS's own. */
static uintptr_t retreats(const NET_BUFFER *nb)
{
    return (uintptr_t)nb->NdisReserved[0];
}

static void set_retreats(NET_BUFFER *nb, uintptr_t count)
{
    nb->NdisReserved[0] = (PVOID)count;
}

void ndis_net_buffer_settle(NET_BUFFER *nb)
{
    MDL *mdl = NET_BUFFER_FIRST_MDL(nb);
    uint32_t offset = NET_BUFFER_DATA_OFFSET(nb);

    while (mdl != NULL && offset >= mdl->ByteCount && mdl->Next != NULL) {
        offset -= mdl->ByteCount;
        mdl = mdl->Next;
    }
    NET_BUFFER_CURRENT_MDL(nb) = mdl;
    NET_BUFFER_CURRENT_MDL_OFFSET(nb) = mdl == NULL ? 0 : offset;
}

static void free_mdl(struct ndis *ndis, MDL *mdl, NET_BUFFER_FREE_MDL_HANDLER_PTR handler)
{
    struct retreat_header *const header = (struct retreat_header *)(uintptr_t)mdl - 1;

    if (handler != NULL) {
        struct nt_call call;

        nt_call_enter(ndis->nt, &call, "NetFreeMdl", (const void *)(uintptr_t)handler);
        handler(mdl);
        nt_call_leave(ndis->nt, &call);
    } else if (ndis_peek(&header->magic) == RETREAT_MAGIC) {
        header->magic = 0;
        nt_pool_free(ndis->nt, header, RETREAT_TAG);
    }
}

bool ndis_retreat_discard(struct ndis *ndis, NET_BUFFER *nb)
{
    const uintptr_t count = retreats(nb);

    for (uintptr_t i = 0; i < count && NET_BUFFER_FIRST_MDL(nb) != NULL; i++) {
        MDL *const mdl = NET_BUFFER_FIRST_MDL(nb);

        NET_BUFFER_FIRST_MDL(nb) = mdl->Next;
        free_mdl(ndis, mdl, NULL);
    }
    set_retreats(nb, 0);
    return count > 0;
}

static MDL *allocate_mdl(struct ndis *ndis, const char *function,
                         NET_BUFFER_ALLOCATE_MDL_HANDLER_PTR handler, ULONG *size)
{
    struct retreat_header *header;
    MDL *mdl;

    if (handler != NULL) {
        struct nt_call call;

        nt_call_enter(ndis->nt, &call, "NetAllocateMdl", (const void *)(uintptr_t)handler);
        mdl = handler(size);
        nt_call_leave(ndis->nt, &call);
        return mdl;
    }
    header =
        nt_pool_allocate(ndis->nt, NT_POOL_NONPAGED, sizeof(*header) + ndis_mdl_size(*size) + *size,
                         RETREAT_TAG, function);
    if (header == NULL)
        return NULL;
    header->magic = RETREAT_MAGIC;
    mdl = (MDL *)(header + 1);
    ndis_mdl_describe(mdl, (uint8_t *)mdl + ndis_mdl_size(*size), *size);
    return mdl;
}

static NDIS_STATUS retreat(struct ndis *ndis, const char *function, NET_BUFFER *nb, ULONG delta,
                           ULONG back_fill, NET_BUFFER_ALLOCATE_MDL_HANDLER_PTR handler)
{
    const ULONG unused = NET_BUFFER_DATA_OFFSET(nb);
    ULONG wanted, size;
    MDL *mdl;

    if (delta > UINT32_MAX - NET_BUFFER_DATA_LENGTH(nb) || back_fill > UINT32_MAX - delta)
        return NDIS_STATUS_FAILURE;
    if (delta > unused) {
        /* The unused space of the chain comes right before its data, so it is used first. */
        wanted = delta - unused;
        size = wanted + back_fill;
        mdl = allocate_mdl(ndis, function, handler, &size);
        if (mdl == NULL)
            return NDIS_STATUS_RESOURCES;
        mdl->Next = NET_BUFFER_FIRST_MDL(nb);
        NET_BUFFER_FIRST_MDL(nb) = mdl;
        set_retreats(nb, retreats(nb) + 1);
        NET_BUFFER_DATA_OFFSET(nb) = mdl->ByteCount - wanted;
    } else {
        NET_BUFFER_DATA_OFFSET(nb) -= delta;
    }
    NET_BUFFER_DATA_LENGTH(nb) += delta;
    ndis_net_buffer_settle(nb);
    return NDIS_STATUS_SUCCESS;
}

/* False: more than there is. */
static bool advance(struct ndis *ndis, NET_BUFFER *nb, ULONG delta, bool free_mdls,
                    NET_BUFFER_FREE_MDL_HANDLER_PTR handler)
{
    if (delta > NET_BUFFER_DATA_LENGTH(nb))
        return false;
    NET_BUFFER_DATA_OFFSET(nb) += delta;
    NET_BUFFER_DATA_LENGTH(nb) -= delta;
    while (free_mdls && retreats(nb) > 0 && NET_BUFFER_FIRST_MDL(nb) != NULL &&
           NET_BUFFER_FIRST_MDL(nb)->ByteCount <= NET_BUFFER_DATA_OFFSET(nb)) {
        MDL *const mdl = NET_BUFFER_FIRST_MDL(nb);

        NET_BUFFER_DATA_OFFSET(nb) -= mdl->ByteCount;
        NET_BUFFER_FIRST_MDL(nb) = mdl->Next;
        set_retreats(nb, retreats(nb) - 1);
        free_mdl(ndis, mdl, handler);
    }
    ndis_net_buffer_settle(nb);
    return true;
}

static void too_far(struct ndis *ndis, const char *function, const NET_BUFFER *nb, ULONG delta)
{
    sim_breach_text(ndis->sim, "R18", function,
                    "advance by %u, but the NET_BUFFER has %u bytes of data", (unsigned)delta,
                    (unsigned)NET_BUFFER_DATA_LENGTH(nb));
}

NDIS_STATUS NTAPI
NdisRetreatNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta, ULONG DataBackFill,
                              NET_BUFFER_ALLOCATE_MDL_HANDLER_PTR AllocateMdlHandler)
{
    static const char name[] = "NdisRetreatNetBufferDataStart";

    PE_EXPORT(pe_current());
    sim_point(sim_current);
    nt_irql_limit(nt_current(), name, DISPATCH_LEVEL);
    return retreat(ndis_current(), name, NetBuffer, DataOffsetDelta, DataBackFill,
                   AllocateMdlHandler);
}

VOID NTAPI NdisAdvanceNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta,
                                         BOOLEAN FreeMdl,
                                         NET_BUFFER_FREE_MDL_HANDLER_PTR FreeMdlHandler)
{
    static const char name[] = "NdisAdvanceNetBufferDataStart";

    PE_EXPORT(pe_current());
    sim_point(sim_current);
    nt_irql_limit(nt_current(), name, DISPATCH_LEVEL);
    if (!advance(ndis_current(), NetBuffer, DataOffsetDelta, FreeMdl != FALSE, FreeMdlHandler))
        too_far(ndis_current(), name, NetBuffer, DataOffsetDelta);
}

NDIS_STATUS NTAPI NdisRetreatNetBufferListDataStart(
    PNET_BUFFER_LIST NetBufferList, ULONG DataOffsetDelta, ULONG DataBackFill,
    NET_BUFFER_ALLOCATE_MDL_HANDLER_PTR AllocateMdlHandler,
    NET_BUFFER_FREE_MDL_HANDLER_PTR FreeMdlHandler)
{
    static const char name[] = "NdisRetreatNetBufferListDataStart";
    struct ndis *const ndis = ndis_current();
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    NET_BUFFER *nb;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    for (nb = NET_BUFFER_LIST_FIRST_NB(NetBufferList); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb)) {
        status = retreat(ndis, name, nb, DataOffsetDelta, DataBackFill, AllocateMdlHandler);
        if (status != NDIS_STATUS_SUCCESS)
            break;
    }
    if (status != NDIS_STATUS_SUCCESS) {
        for (NET_BUFFER *done = NET_BUFFER_LIST_FIRST_NB(NetBufferList); done != nb;
             done = NET_BUFFER_NEXT_NB(done))
            advance(ndis, done, DataOffsetDelta, true, FreeMdlHandler);
    }
    return status;
}

VOID NTAPI NdisAdvanceNetBufferListDataStart(PNET_BUFFER_LIST NetBufferList, ULONG DataOffsetDelta,
                                             BOOLEAN FreeMdl,
                                             NET_BUFFER_FREE_MDL_HANDLER_PTR FreeMdlHandler)
{
    static const char name[] = "NdisAdvanceNetBufferListDataStart";
    struct ndis *const ndis = ndis_current();

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    for (NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(NetBufferList); nb != NULL;
         nb = NET_BUFFER_NEXT_NB(nb)) {
        if (!advance(ndis, nb, DataOffsetDelta, FreeMdl != FALSE, FreeMdlHandler))
            too_far(ndis, name, nb, DataOffsetDelta);
    }
}
