/* SPDX-License-Identifier: MIT */
/* The NBL functions of fwpkclnt (contract 2.2): NDIS's, prepared for injection. */
#include "fwp/state.h"

#include "ndis/allocate.h"
#include "ndis/ndis.h"
#include "sim/breach.h"

#define TAG_CLONE NT_TAG('F', 'w', 'p', 'c')

static struct fwp *enter(const char *name)
{
    struct fwp *const fwp = fwp_current();

    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, name, DISPATCH_LEVEL);
    return fwp;
}

NTSTATUS NTAPI FwpsAllocateNetBufferAndNetBufferList0(NDIS_HANDLE poolHandle, USHORT contextSize,
                                                      USHORT contextBackFill, MDL *mdlChain,
                                                      ULONG dataOffset, SIZE_T dataLength,
                                                      NET_BUFFER_LIST **netBufferList)
{
    static const char name[] = "FwpsAllocateNetBufferAndNetBufferList0";
    struct fwp *fwp;

    PE_EXPORT(pe_current());
    fwp = enter(name);
    *netBufferList =
        ndis_nbl_allocate(fwp->ndis, name, NDIS_NBL_FWPS, poolHandle, contextSize, contextBackFill,
                          mdlChain, dataOffset, dataLength, __builtin_return_address(0));
    return *netBufferList == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

VOID NTAPI FwpsFreeNetBufferList0(NET_BUFFER_LIST *netBufferList)
{
    static const char name[] = "FwpsFreeNetBufferList0";

    PE_EXPORT(pe_current());
    ndis_nbl_free(enter(name)->ndis, name, netBufferList, 1u << NDIS_NBL_FWPS);
}

NTSTATUS NTAPI FwpsAllocateCloneNetBufferList0(NET_BUFFER_LIST *originalNetBufferList,
                                               NDIS_HANDLE netBufferListPoolHandle,
                                               NDIS_HANDLE netBufferPoolHandle,
                                               ULONG allocateCloneFlags,
                                               NET_BUFFER_LIST **netBufferList)
{
    static const char name[] = "FwpsAllocateCloneNetBufferList0";
    struct fwp *fwp;

    PE_EXPORT(pe_current());
    fwp = enter(name);
    *netBufferList = ndis_nbl_clone(fwp->ndis, name, NDIS_NBL_FWPS_CLONE, originalNetBufferList, 0,
                                    SIZE_MAX, netBufferListPoolHandle, TAG_CLONE,
                                    allocateCloneFlags, __builtin_return_address(0));
    return *netBufferList == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

VOID NTAPI FwpsFreeCloneNetBufferList0(NET_BUFFER_LIST *netBufferList, ULONG freeCloneFlags)
{
    static const char name[] = "FwpsFreeCloneNetBufferList0";

    PE_EXPORT(pe_current());
    ndis_nbl_free(enter(name)->ndis, name, netBufferList,
                  1u << NDIS_NBL_FWPS_CLONE | 1u << NDIS_NBL_STREAM_CLONE);
}

VOID NTAPI FwpsReferenceNetBufferList0(NET_BUFFER_LIST *netBufferList, BOOLEAN intendToModify)
{
    static const char name[] = "FwpsReferenceNetBufferList0";
    struct ndis_nbl_header *header;
    struct fwp *fwp;

    PE_EXPORT(pe_current());
    fwp = enter(name);
    header = ndis_nbl_header(netBufferList);
    if (header == NULL) {
        sim_breach_text(fwp->sim, "R21", name, "not a NET_BUFFER_LIST that is alive");
        return;
    }
    if (header->driver_references++ == 0) {
        header->held_since = fwp->sim->now;
        if (!header->driver)
            header->caller = __builtin_return_address(0);
    }
    ndis_nbl_reference(netBufferList);
}

VOID NTAPI FwpsDereferenceNetBufferList0(NET_BUFFER_LIST *netBufferList, BOOLEAN dispatchLevel)
{
    static const char name[] = "FwpsDereferenceNetBufferList0";
    struct ndis_nbl_header *header;
    struct fwp *fwp;

    PE_EXPORT(pe_current());
    fwp = enter(name);
    header = ndis_nbl_header(netBufferList);
    if (dispatchLevel && sim_task_irql(fwp->sim) < DISPATCH_LEVEL && nt_checks(fwp->nt))
        sim_breach_text(fwp->sim, "R23", name, "dispatchLevel is TRUE at IRQL %u",
                        sim_task_irql(fwp->sim));
    /* One that the driver does not hold would be the stack's own. */
    if (header == NULL || header->driver_references == 0) {
        sim_breach_text(fwp->sim, "R21", name,
                        "the driver holds no reference to this NET_BUFFER_LIST");
        return;
    }
    if (--header->driver_references == 0)
        ndis_held_check(header);
    ndis_nbl_dereference(netBufferList);
}
