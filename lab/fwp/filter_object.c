/* SPDX-License-Identifier: MIT */
/* FwpmFilterAdd0 and its kin (contract 3.4). */
#include "fwp/filter_object.h"

#include "fwp/condition.h"
#include "fwp/memory.h"
#include "fwp/state.h"
#include "fwp/sublayer.h"
#include "fwp/transaction.h"
#include "netio/quirk.h"

#include <stdlib.h>

#define CALL_FAILED ((NTSTATUS)0xC002001B) /* RPC_NT_CALL_FAILED */

#define FILTER_FLAGS                                                                               \
    (FWPM_FILTER_FLAG_PERSISTENT | FWPM_FILTER_FLAG_BOOTTIME |                                     \
     FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT | FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT |                 \
     FWPM_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED | FWPM_FILTER_FLAG_DISABLED |                 \
     FWPM_FILTER_FLAG_INDEXED)

#define BUCKET_SHIFT 60
#define AUTOMATIC    ((1ull << BUCKET_SHIFT) - 1)

static NTSTATUS check_sublayer(struct fwp *fwp, struct fwp_object *object, const GUID *key)
{
    const struct fwp_object *sublayer;

    object->sublayer = fwp_guid_zero(key) ? FWPM_SUBLAYER_UNIVERSAL : *key;
    sublayer = fwp_object_by_key(fwp, FWP_SUBLAYER, &object->sublayer);
    return sublayer == NULL ? STATUS_FWP_SUBLAYER_NOT_FOUND
                            : fwp_object_may_refer(object, sublayer);
}

static NTSTATUS check_action(struct fwp *fwp, struct fwp_object *object, const FWPM_ACTION0 *action)
{
    const struct fwp_object *callout;

    switch (action->type) {
    case FWP_ACTION_BLOCK:
    case FWP_ACTION_PERMIT:
        return STATUS_SUCCESS;
    case FWP_ACTION_CALLOUT_TERMINATING:
    case FWP_ACTION_CALLOUT_INSPECTION:
    case FWP_ACTION_CALLOUT_UNKNOWN:
        break;
    default:
        return STATUS_FWP_INVALID_ACTION_TYPE;
    }
    callout = fwp_object_by_key(fwp, FWP_CALLOUT, &action->calloutKey);
    if (callout == NULL)
        return STATUS_FWP_CALLOUT_NOT_FOUND;
    if (callout->layer != object->layer)
        return STATUS_FWP_INCOMPATIBLE_LAYER;
    object->callout = action->calloutKey;
    return fwp_object_may_refer(object, callout);
}

static NTSTATUS check_conditions(const struct fwp *fwp, const struct fwp_layer *layer,
                                 const FWPM_FILTER0 *filter)
{
    const struct netio_profile *const profile = netio_profile(fwp->netio);

    if (filter->numFilterConditions > 0 && filter->filterCondition == NULL)
        return STATUS_FWP_NULL_POINTER;
    for (uint32_t i = 0; i < filter->numFilterConditions && layer->fields != NULL; i++) {
        const FWPM_FILTER_CONDITION0 *const condition = &filter->filterCondition[i];
        const struct fwp_field *const field = fwp_layer_field(layer, &condition->fieldKey, profile);
        NTSTATUS status;

        if (field == NULL)
            return STATUS_FWP_CONDITION_NOT_FOUND;
        status = fwp_condition_check(field, condition, profile);
        if (status != STATUS_SUCCESS)
            return status;
        /* Since Windows 7 conditions on one field are alternatives. */
        for (uint32_t j = 0; j < i && profile->ntddi < NTDDI_WIN7; j++) {
            if (fwp_guid_equal(&filter->filterCondition[j].fieldKey, &condition->fieldKey))
                return STATUS_FWP_DUPLICATE_CONDITION;
        }
    }
    return STATUS_SUCCESS;
}

/* Filter weight assignment: nothing, a bucket of sixteen, or the weight itself. */
static NTSTATUS effective_weight(const FWPM_FILTER0 *filter, uint64_t *weight)
{
    uint64_t specificity = 0;

    for (uint32_t i = 0; i < filter->numFilterConditions; i++)
        specificity += fwp_condition_specificity(&filter->filterCondition[i]);
    if (specificity > AUTOMATIC >> 32)
        specificity = AUTOMATIC >> 32;
    switch (filter->weight.type) {
    case FWP_EMPTY:
        *weight = specificity << 32;
        return STATUS_SUCCESS;
    case FWP_UINT8:
        if (filter->weight.uint8 > 15)
            return STATUS_FWP_INVALID_WEIGHT;
        *weight = (uint64_t)filter->weight.uint8 << BUCKET_SHIFT | specificity << 32;
        return STATUS_SUCCESS;
    case FWP_UINT64:
        if (filter->weight.uint64 == NULL)
            return STATUS_FWP_NULL_POINTER;
        *weight = *filter->weight.uint64;
        return STATUS_SUCCESS;
    default:
        return STATUS_FWP_INVALID_WEIGHT;
    }
}

static NTSTATUS check_flags(const FWPM_FILTER0 *filter)
{
    const UINT32 both = FWPM_FILTER_FLAG_PERSISTENT | FWPM_FILTER_FLAG_BOOTTIME;

    if ((filter->flags & both) == both)
        return STATUS_FWP_INVALID_FLAGS;
    /* Provider contexts cannot be added here, so there is none it could name. */
    return (filter->flags & FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT) != 0
               ? STATUS_FWP_PROVIDER_CONTEXT_NOT_FOUND
               : STATUS_SUCCESS;
}

static NTSTATUS check(struct fwp *fwp, struct fwp_object *object, const FWPM_FILTER0 *filter,
                      uint64_t *weight)
{
    NTSTATUS status = check_flags(filter);

    if (status != STATUS_SUCCESS)
        return status;
    object->layer = fwp_layer_find(&filter->layerKey, netio_profile(fwp->netio));
    if (object->layer == NULL)
        return STATUS_FWP_LAYER_NOT_FOUND;
    status = check_sublayer(fwp, object, &filter->subLayerKey);
    if (status == STATUS_SUCCESS)
        status = check_action(fwp, object, &filter->action);
    if (status == STATUS_SUCCESS)
        status = check_conditions(fwp, object->layer, filter);
    return status == STATUS_SUCCESS ? effective_weight(filter, weight) : status;
}

/* In a sublayer that everybody shares one product's terminating filter decides for another's. */
static void check_own_sublayer(const struct fwp *fwp, const struct fwp_object *object,
                               const FWPM_FILTER0 *filter)
{
    const struct fwp_object *sublayer = fwp_object_by_key(fwp, FWP_SUBLAYER, &object->sublayer);

    if (filter->action.type != FWP_ACTION_CALLOUT_TERMINATING || sublayer == NULL ||
        sublayer->lifetime != FWP_BUILTIN)
        return;
    sim_breach(fwp->sim, &(struct sim_breach){
                             .rule = "R57",
                             .function = "subLayerKey",
                             .detail = "a terminating filter is added to a sublayer of Windows, "
                                       "not to one of the driver's own",
                             .address = object->caller});
}

static NTSTATUS add(struct fwp *fwp, struct fwp_session *session, const FWPM_FILTER0 *filter,
                    const void *caller, UINT64 *id)
{
    const struct fwp_object_request request = {
        .kind = FWP_FILTER,
        .key = &filter->filterKey,
        .display = &filter->displayData,
        .provider = filter->providerKey,
        .flags = filter->flags,
        .allowed = FILTER_FLAGS,
        .persistent = FWPM_FILTER_FLAG_PERSISTENT | FWPM_FILTER_FLAG_BOOTTIME,
        .caller = caller,
    };
    FWPM_FILTER0 definition = *filter;
    struct fwp_object *object;
    uint64_t weight;
    NTSTATUS status = fwp_object_make(fwp, session, &request, &object);

    if (status != STATUS_SUCCESS)
        return status;
    status = check(fwp, object, filter, &weight);
    if (status == STATUS_SUCCESS && nt_checks(fwp->nt))
        check_own_sublayer(fwp, object, filter);
    if (status == STATUS_SUCCESS) {
        object->id = ++fwp->next_filter;
        definition.filterKey = object->key;
        definition.filterId = object->id;
        definition.subLayerKey = object->sublayer;
        definition.effectiveWeight = (FWP_VALUE0){.type = FWP_UINT64, .uint64 = &weight};
        status = fwp_memory_define(object, &definition);
    }
    if (status == STATUS_SUCCESS)
        status = fwp_transaction_added(fwp, object);
    if (status != STATUS_SUCCESS)
        fwp_object_free(object);
    else if (id != NULL)
        *id = fwp->next_filter;
    return status;
}

NTSTATUS NTAPI FwpmFilterAdd0(HANDLE engineHandle, const FWPM_FILTER0 *filter,
                              PSECURITY_DESCRIPTOR sd, UINT64 *id)
{
    static const char name[] = "FwpmFilterAdd0";
    struct fwp *const fwp = fwp_current();
    struct fwp_operation operation;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    if (filter == NULL)
        return STATUS_FWP_NULL_POINTER;
    status = nt_failure(fwp->sim, name);
    if (status != STATUS_SUCCESS)
        return status;
    status = fwp_operation_begin(fwp, name, engineHandle, true, &operation);
    if (status != STATUS_SUCCESS)
        return status;
    status = add(fwp, operation.session, filter, __builtin_return_address(0), id);
    return fwp_operation_end(&operation, status);
}

static NTSTATUS delete(struct fwp *fwp, const char *name, HANDLE engine, const GUID *key, UINT64 id)
{
    struct fwp_operation operation;
    struct fwp_object *object;
    NTSTATUS status;

    SIM_FRAME("fwpkclnt", name);
    status = fwp_operation_begin(fwp, name, engine, true, &operation);
    if (status != STATUS_SUCCESS)
        return status;
    object = key != NULL ? fwp_object_by_key(fwp, FWP_FILTER, key)
                         : fwp_object_by_id(fwp, FWP_FILTER, id);
    status = fwp_object_delete(fwp, operation.session, object, STATUS_FWP_FILTER_NOT_FOUND);
    return fwp_operation_end(&operation, status);
}

NTSTATUS NTAPI FwpmFilterDeleteById0(HANDLE engineHandle, UINT64 id)
{
    static const char name[] = "FwpmFilterDeleteById0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    if (netio_quirk_bfe_fails(fwp->netio))
        return CALL_FAILED;
    return delete (fwp, name, engineHandle, NULL, id);
}

NTSTATUS NTAPI FwpmFilterDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
    static const char name[] = "FwpmFilterDeleteByKey0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return key == NULL ? STATUS_FWP_NULL_POINTER : delete (fwp, name, engineHandle, key, 0);
}

static NTSTATUS get(struct fwp *fwp, const char *name, HANDLE engine, const GUID *key, UINT64 id,
                    const void *caller, FWPM_FILTER0 **filter)
{
    struct fwp_operation operation;
    const struct fwp_object *object;
    NTSTATUS status = fwp_operation_begin(fwp, name, engine, false, &operation);

    if (status != STATUS_SUCCESS)
        return status;
    object = key != NULL ? fwp_object_by_key(fwp, FWP_FILTER, key)
                         : fwp_object_by_id(fwp, FWP_FILTER, id);
    status = object == NULL ? STATUS_FWP_FILTER_NOT_FOUND
                            : fwp_memory_object(fwp, name, object, caller, (void **)filter);
    return fwp_operation_end(&operation, status);
}

NTSTATUS NTAPI FwpmFilterGetById0(HANDLE engineHandle, UINT64 id, FWPM_FILTER0 **filter)
{
    static const char name[] = "FwpmFilterGetById0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    if (filter == NULL)
        return STATUS_FWP_NULL_POINTER;
    return get(fwp, name, engineHandle, NULL, id, __builtin_return_address(0), filter);
}

NTSTATUS NTAPI FwpmFilterGetByKey0(HANDLE engineHandle, const GUID *key, FWPM_FILTER0 **filter)
{
    static const char name[] = "FwpmFilterGetByKey0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    if (key == NULL || filter == NULL)
        return STATUS_FWP_NULL_POINTER;
    return get(fwp, name, engineHandle, key, 0, __builtin_return_address(0), filter);
}

/* ---- the way to the engine ---- */

static uint16_t runtime_flags(UINT32 flags)
{
    uint16_t runtime = 0;

    if ((flags & FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT) != 0)
        runtime |= FWPS_FILTER_FLAG_CLEAR_ACTION_RIGHT;
    if ((flags & FWPM_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED) != 0)
        runtime |= FWPS_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED;
    return runtime;
}

static void runtime_conditions(const struct fwp *fwp, const struct fwp_layer *layer,
                               const FWPM_FILTER0 *definition, FWPS_FILTER_CONDITION0 *conditions)
{
    for (uint32_t i = 0; i < definition->numFilterConditions; i++) {
        const FWPM_FILTER_CONDITION0 *const from = &definition->filterCondition[i];

        conditions[i] = (FWPS_FILTER_CONDITION0){
            .fieldId = fwp_layer_field(layer, &from->fieldKey, netio_profile(fwp->netio))->index,
            .matchType = from->matchType,
            .conditionValue = from->conditionValue,
        };
    }
}

NTSTATUS fwp_filter_activate(struct fwp *fwp, struct fwp_object *object)
{
    const FWPM_FILTER0 *const definition = object->definition;
    const bool evaluated = object->layer->fields != NULL;
    FWPS_FILTER_CONDITION0 *conditions = NULL;
    struct netio_filter filter = {
        .id = object->id,
        .layer = object->layer->id,
        .sublayer_weight = fwp_sublayer_weight(fwp, &object->sublayer),
        .weight = *definition->effectiveWeight.uint64,
        .flags = runtime_flags(definition->flags),
        .action = definition->action.type,
        .callout = object->callout,
        .context = definition->rawContext,
        .condition_count = evaluated ? definition->numFilterConditions : 0,
        .filter_key = &object->key,
    };
    NTSTATUS status;

    /* Boot-time filters are in force only until BFE runs, disabled ones never. */
    if ((definition->flags & (FWPM_FILTER_FLAG_BOOTTIME | FWPM_FILTER_FLAG_DISABLED)) != 0)
        return STATUS_SUCCESS;
    if (filter.condition_count > 0) {
        conditions = calloc(filter.condition_count, sizeof(*conditions));
        if (conditions == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        runtime_conditions(fwp, object->layer, definition, conditions);
        filter.conditions = conditions;
    }
    status = netio_filter_add(fwp->netio, &filter);
    free(conditions);
    object->active = status == STATUS_SUCCESS;
    return status;
}

void fwp_filter_deactivate(struct fwp *fwp, struct fwp_object *object)
{
    if (!object->active)
        return;
    object->active = false;
    netio_filter_delete(fwp->netio, object->id);
}
