/* SPDX-License-Identifier: MIT */
/* FwpmCalloutAdd0 and its kin: the management side of callouts. Their run-time side is callout.c.
 */
#include "fwp/layer.h"
#include "fwp/memory.h"
#include "fwp/object.h"
#include "fwp/state.h"
#include "fwp/transaction.h"

#define CALLOUT_FLAGS                                                                              \
    (FWPM_CALLOUT_FLAG_PERSISTENT | FWPM_CALLOUT_FLAG_USES_PROVIDER_CONTEXT |                      \
     FWPM_CALLOUT_FLAG_REGISTERED)

/* Above every id that registration gives, so that the two never meet. */
#define UNREGISTERED_IDS 0x40000000u

/* The run-time id: that of the registration when the callout is registered (contract 3.1). */
static uint32_t callout_id(const struct fwp *fwp, const struct fwp_object *object)
{
    const struct netio_callout *const registered = netio_callout_by_key(fwp->netio, &object->key);

    return registered == NULL ? (uint32_t)object->id : registered->id;
}

static struct fwp_object *by_id(const struct fwp *fwp, uint32_t id)
{
    struct fwp_object *object = fwp->objects[FWP_CALLOUT];

    while (object != NULL && object->id != id && callout_id(fwp, object) != id)
        object = object->next;
    return object;
}

static NTSTATUS add(struct fwp *fwp, struct fwp_session *session, const FWPM_CALLOUT0 *callout,
                    const void *caller, UINT32 *id)
{
    const struct fwp_object_request request = {
        .kind = FWP_CALLOUT,
        .key = &callout->calloutKey,
        .display = &callout->displayData,
        .provider = callout->providerKey,
        .flags = callout->flags,
        .allowed = CALLOUT_FLAGS,
        .persistent = FWPM_CALLOUT_FLAG_PERSISTENT,
        .caller = caller,
    };
    const struct fwp_layer *const layer =
        fwp_layer_find(&callout->applicableLayer, netio_profile(fwp->netio));
    const struct netio_callout *registered;
    FWPM_CALLOUT0 definition = *callout;
    struct fwp_object *object;
    NTSTATUS status = fwp_object_make(fwp, session, &request, &object);

    if (status != STATUS_SUCCESS)
        return status;
    if (layer == NULL) {
        fwp_object_free(object);
        return STATUS_FWP_LAYER_NOT_FOUND;
    }
    registered = netio_callout_by_key(fwp->netio, &object->key);
    object->id = registered != NULL ? registered->id : UNREGISTERED_IDS + fwp->next_callout++;
    object->layer = layer;
    definition.calloutKey = object->key;
    definition.calloutId = (UINT32)object->id;
    definition.flags &= ~(UINT32)FWPM_CALLOUT_FLAG_REGISTERED;
    status = fwp_memory_define(object, &definition);
    if (status == STATUS_SUCCESS)
        status = fwp_transaction_added(fwp, object);
    if (status != STATUS_SUCCESS)
        fwp_object_free(object);
    else if (id != NULL)
        *id = (UINT32)object->id;
    return status;
}

NTSTATUS NTAPI FwpmCalloutAdd0(HANDLE engineHandle, const FWPM_CALLOUT0 *callout,
                               PSECURITY_DESCRIPTOR sd, UINT32 *id)
{
    static const char name[] = "FwpmCalloutAdd0";
    struct fwp *const fwp = fwp_current();
    struct fwp_operation operation;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    if (callout == NULL)
        return STATUS_FWP_NULL_POINTER;
    status = nt_failure(fwp->sim, name);
    if (status != STATUS_SUCCESS)
        return status;
    status = fwp_operation_begin(fwp, name, engineHandle, true, &operation);
    if (status != STATUS_SUCCESS)
        return status;
    status = add(fwp, operation.session, callout, __builtin_return_address(0), id);
    return fwp_operation_end(&operation, status);
}

/* By key, or by id when key is NULL. */
static NTSTATUS delete(struct fwp *fwp, const char *name, HANDLE engine, const GUID *key, UINT32 id)
{
    struct fwp_operation operation;
    struct fwp_object *object;
    NTSTATUS status = fwp_operation_begin(fwp, name, engine, true, &operation);

    if (status != STATUS_SUCCESS)
        return status;
    object = key != NULL ? fwp_object_by_key(fwp, FWP_CALLOUT, key) : by_id(fwp, id);
    status = fwp_object_delete(fwp, operation.session, object, STATUS_FWP_CALLOUT_NOT_FOUND);
    return fwp_operation_end(&operation, status);
}

NTSTATUS NTAPI FwpmCalloutDeleteById0(HANDLE engineHandle, UINT32 id)
{
    static const char name[] = "FwpmCalloutDeleteById0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return delete (fwp, name, engineHandle, NULL, id);
}

NTSTATUS NTAPI FwpmCalloutDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
    static const char name[] = "FwpmCalloutDeleteByKey0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return key == NULL ? STATUS_FWP_NULL_POINTER : delete (fwp, name, engineHandle, key, 0);
}

static NTSTATUS get(struct fwp *fwp, const char *name, HANDLE engine, const GUID *key, UINT32 id,
                    const void *caller, FWPM_CALLOUT0 **callout)
{
    struct fwp_operation operation;
    const struct fwp_object *object;
    NTSTATUS status = fwp_operation_begin(fwp, name, engine, false, &operation);

    if (status != STATUS_SUCCESS)
        return status;
    object = key != NULL ? fwp_object_by_key(fwp, FWP_CALLOUT, key) : by_id(fwp, id);
    status = object == NULL ? STATUS_FWP_CALLOUT_NOT_FOUND
                            : fwp_memory_object(fwp, name, object, caller, (void **)callout);
    if (status == STATUS_SUCCESS) {
        (*callout)->calloutId = callout_id(fwp, object);
        if (netio_callout_by_key(fwp->netio, &object->key) != NULL)
            (*callout)->flags |= FWPM_CALLOUT_FLAG_REGISTERED;
    }
    return fwp_operation_end(&operation, status);
}

NTSTATUS NTAPI FwpmCalloutGetById0(HANDLE engineHandle, UINT32 id, FWPM_CALLOUT0 **callout)
{
    static const char name[] = "FwpmCalloutGetById0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    if (callout == NULL)
        return STATUS_FWP_NULL_POINTER;
    return get(fwp, name, engineHandle, NULL, id, __builtin_return_address(0), callout);
}

NTSTATUS NTAPI FwpmCalloutGetByKey0(HANDLE engineHandle, const GUID *key, FWPM_CALLOUT0 **callout)
{
    static const char name[] = "FwpmCalloutGetByKey0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    if (key == NULL || callout == NULL)
        return STATUS_FWP_NULL_POINTER;
    return get(fwp, name, engineHandle, key, 0, __builtin_return_address(0), callout);
}
