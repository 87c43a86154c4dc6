/* SPDX-License-Identifier: MIT */
/* FwpsFlowAssociateContext0, FwpsFlowRemoveContext0, FwpsFlowAbort0 (contract 1.13). */
#include "fwp/state.h"

#include "netio/flow.h"

NTSTATUS NTAPI FwpsFlowAssociateContext0(UINT64 flowId, UINT16 layerId, UINT32 calloutId,
                                         UINT64 flowContext)
{
    static const char name[] = "FwpsFlowAssociateContext0";
    struct fwp *const fwp = fwp_current();
    NTSTATUS status;

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, name, DISPATCH_LEVEL);
    /* One of them is a status that NT_SUCCESS() takes for one (R46). */
    status = nt_failure(fwp->sim, name);
    if (status != STATUS_SUCCESS) {
        netio_flow_associate_refused(fwp->netio, flowId, calloutId, flowContext, status);
        return status;
    }
    return netio_flow_associate(fwp->netio, flowId, layerId, calloutId, flowContext);
}

NTSTATUS NTAPI FwpsFlowRemoveContext0(UINT64 flowId, UINT16 layerId, UINT32 calloutId)
{
    struct fwp *const fwp = fwp_current();

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, "FwpsFlowRemoveContext0", DISPATCH_LEVEL);
    return netio_flow_remove(fwp->netio, flowId, layerId, calloutId);
}

NTSTATUS NTAPI FwpsFlowAbort0(UINT64 flowId)
{
    struct fwp *const fwp = fwp_current();
    NTSTATUS status;

    PE_EXPORT(pe_current());
    sim_point(fwp->sim);
    nt_irql_limit(fwp->nt, "FwpsFlowAbort0", DISPATCH_LEVEL);
    status = nt_failure(fwp->sim, "FwpsFlowAbort0");
    return status != STATUS_SUCCESS ? status : netio_flow_abort(fwp->netio, flowId);
}
