/* SPDX-License-Identifier: MIT */
/* Arbitration at ordinary layers: sublayers, filters, and the right to change a decision
 * (contract 3.5). */
#include "netio/state.h"

#include "sim/breach.h"
#include "sim/fault.h"

struct decision {
    uint32_t action; /* FWP_ACTION_PERMIT, _BLOCK or _CONTINUE */
    bool hard;
    bool veto; /* a callout blocked although the right to write was gone */
};

/* Connections are decided at the layers before; the one reason to block here is an error
 * (callout-driver-programming-considerations), and in a run without failed calls there is none. */
static void check_established(struct netio *netio, const struct netio_callout *callout,
                              const FWPS_INCOMING_VALUES0 *values,
                              const FWPS_INCOMING_METADATA_VALUES0 *metadata,
                              const FWPS_CLASSIFY_OUT0 *out)
{
    const struct sim_fault_taken *taken;

    if (!netio->checks || out->actionType != FWP_ACTION_BLOCK ||
        (values->layerId != FWPS_LAYER_ALE_FLOW_ESTABLISHED_V4 &&
         values->layerId != FWPS_LAYER_ALE_FLOW_ESTABLISHED_V6) ||
        sim_fault_taken(netio->sim, &taken) != 0)
        return;
    sim_breach(netio->sim, &(struct sim_breach){
                               .rule = "R51",
                               .function = "classifyFn",
                               .detail = "BLOCK at ALE_FLOW_ESTABLISHED, though no call failed: "
                                         "the connection is closed after it was permitted",
                               .flow = metadata->flowHandle,
                               .address = callout->classify,
                           });
}

/* What one callout filter says. `writable`: the right to change the action is still there. */
static struct decision ask_callout(struct netio *netio, struct kfd_filter *filter,
                                   const FWPS_INCOMING_VALUES0 *values,
                                   const FWPS_INCOMING_METADATA_VALUES0 *metadata, uint32_t action,
                                   bool writable)
{
    SIM_FRAME("NETIO", "ProcessCallout");
    struct netio_callout *const callout = kfd_filter_callout(netio, filter);
    struct sim_task *const task = sim_task_self(netio->sim);
    const bool inspection = filter->fwps.action.type == FWP_ACTION_CALLOUT_INSPECTION;
    struct netio_classify_context context = {NETIO_CLASSIFY_CONTEXT_MAGIC, values->layerId};
    FWPS_CLASSIFY_OUT0 out = {.actionType = action,
                              .filterId = filter->id,
                              .rights = writable ? FWPS_RIGHT_ACTION_WRITE : 0};

    if (callout == NULL) {
        if (inspection)
            return (struct decision){FWP_ACTION_CONTINUE, false, false};
        if (filter->fwps.flags & FWPS_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED)
            return (struct decision){FWP_ACTION_PERMIT, false, false};
        return (struct decision){FWP_ACTION_BLOCK, true, !writable};
    }
    if (callout->flags & FWP_CALLOUT_FLAG_CONDITIONAL_ON_FLOW)
        return (struct decision){FWP_ACTION_CONTINUE, false, false};
    const uint64_t outer = task->flow;
    if (metadata->currentMetadataValues & FWPS_METADATA_FIELD_FLOW_HANDLE)
        task->flow = metadata->flowHandle;
    kfd_invoke(netio, callout, values, metadata, NULL, &context, &filter->fwps, 0, &out);
    task->flow = outer;
    check_established(netio, callout, values, metadata, &out);
    if (inspection)
        return (struct decision){FWP_ACTION_CONTINUE, false, false};
    switch (out.actionType) {
    case FWP_ACTION_PERMIT:
        return (struct decision){FWP_ACTION_PERMIT,
                                 (out.rights & FWPS_RIGHT_ACTION_WRITE) == 0 && writable, false};
    case FWP_ACTION_CONTINUE:
        if (filter->fwps.action.type == FWP_ACTION_CALLOUT_UNKNOWN)
            return (struct decision){FWP_ACTION_CONTINUE, false, false};
        break;
    default:
        break;
    }
    return (struct decision){FWP_ACTION_BLOCK,
                             (out.rights & FWPS_RIGHT_ACTION_WRITE) == 0 && writable, !writable};
}

uint32_t kfd_classify(struct netio *netio, const FWPS_INCOMING_VALUES0 *values,
                      const FWPS_INCOMING_METADATA_VALUES0 *metadata)
{
    SIM_FRAME("NETIO", "KfdClassify");
    uint32_t action = FWP_ACTION_PERMIT;
    struct kfd_filter *filter = netio->filters[values->layerId], *next;
    bool writable = true;

    while (filter != NULL) {
        const uint16_t sublayer = filter->fwps.subLayerWeight;
        struct decision said = {FWP_ACTION_CONTINUE, false, false};

        for (; filter != NULL && filter->fwps.subLayerWeight == sublayer; filter = next) {
            filter->references++;
            if (said.action == FWP_ACTION_CONTINUE && !filter->deleted &&
                kfd_matches(netio, filter, values)) {
                const uint32_t type = filter->fwps.action.type;

                if (type & FWP_ACTION_FLAG_CALLOUT)
                    said = ask_callout(netio, filter, values, metadata, action, writable);
                else
                    said = (struct decision){type, type == FWP_ACTION_BLOCK,
                                             type == FWP_ACTION_BLOCK && !writable};
                if (filter->fwps.flags & FWPS_FILTER_FLAG_CLEAR_ACTION_RIGHT)
                    said.hard = true;
            }
            next = filter->next;
            kfd_filter_release(netio, filter);
        }
        if (said.action == FWP_ACTION_CONTINUE)
            continue;
        if (writable || said.veto)
            action = said.action;
        writable &= !said.hard;
    }
    return action;
}
