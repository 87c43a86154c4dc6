/* SPDX-License-Identifier: MIT */
/* FwpmSubLayerAdd0 and its kin, and the sublayers that are always there (contract 3.2). */
#include "fwp/sublayer.h"

#include "fwp/memory.h"
#include "fwp/state.h"
#include "fwp/transaction.h"

#include <stdlib.h>

static NTSTATUS add(struct fwp *fwp, struct fwp_session *session, const FWPM_SUBLAYER0 *subLayer,
                    const void *caller)
{
    const struct fwp_object_request request = {
        .kind = FWP_SUBLAYER,
        .key = &subLayer->subLayerKey,
        .display = &subLayer->displayData,
        .provider = subLayer->providerKey,
        .flags = subLayer->flags,
        .allowed = FWPM_SUBLAYER_FLAG_PERSISTENT,
        .persistent = FWPM_SUBLAYER_FLAG_PERSISTENT,
        .caller = caller,
    };
    FWPM_SUBLAYER0 definition = *subLayer;
    struct fwp_object *object;
    NTSTATUS status = fwp_object_make(fwp, session, &request, &object);

    if (status != STATUS_SUCCESS)
        return status;
    definition.subLayerKey = object->key;
    status = fwp_memory_define(object, &definition);
    if (status == STATUS_SUCCESS)
        status = fwp_transaction_added(fwp, object);
    if (status != STATUS_SUCCESS)
        fwp_object_free(object);
    return status;
}

NTSTATUS NTAPI FwpmSubLayerAdd0(HANDLE engineHandle, const FWPM_SUBLAYER0 *subLayer,
                                PSECURITY_DESCRIPTOR sd)
{
    static const char name[] = "FwpmSubLayerAdd0";
    struct fwp *const fwp = fwp_current();
    struct fwp_operation operation;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    if (subLayer == NULL)
        return STATUS_FWP_NULL_POINTER;
    status = nt_failure(fwp->sim, name);
    if (status != STATUS_SUCCESS)
        return status;
    status = fwp_operation_begin(fwp, name, engineHandle, true, &operation);
    if (status != STATUS_SUCCESS)
        return status;
    status = add(fwp, operation.session, subLayer, __builtin_return_address(0));
    return fwp_operation_end(&operation, status);
}

NTSTATUS NTAPI FwpmSubLayerDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
    static const char name[] = "FwpmSubLayerDeleteByKey0";
    struct fwp *const fwp = fwp_current();
    struct fwp_operation operation;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    if (key == NULL)
        return STATUS_FWP_NULL_POINTER;
    status = fwp_operation_begin(fwp, name, engineHandle, true, &operation);
    if (status != STATUS_SUCCESS)
        return status;
    status = fwp_object_delete(fwp, operation.session, fwp_object_by_key(fwp, FWP_SUBLAYER, key),
                               STATUS_FWP_SUBLAYER_NOT_FOUND);
    return fwp_operation_end(&operation, status);
}

NTSTATUS NTAPI FwpmSubLayerGetByKey0(HANDLE engineHandle, const GUID *key,
                                     FWPM_SUBLAYER0 **subLayer)
{
    static const char name[] = "FwpmSubLayerGetByKey0";
    struct fwp *const fwp = fwp_current();
    const struct fwp_object *object;
    struct fwp_operation operation;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    if (key == NULL || subLayer == NULL)
        return STATUS_FWP_NULL_POINTER;
    status = fwp_operation_begin(fwp, name, engineHandle, false, &operation);
    if (status != STATUS_SUCCESS)
        return status;
    object = fwp_object_by_key(fwp, FWP_SUBLAYER, key);
    status = object == NULL ? STATUS_FWP_SUBLAYER_NOT_FOUND
                            : fwp_memory_object(fwp, name, object, __builtin_return_address(0),
                                                (void **)subLayer);
    return fwp_operation_end(&operation, status);
}

uint16_t fwp_sublayer_weight(const struct fwp *fwp, const GUID *key)
{
    const struct fwp_object *const object = fwp_object_by_key(fwp, FWP_SUBLAYER, key);

    return object == NULL ? 0 : ((const FWPM_SUBLAYER0 *)object->definition)->weight;
}

bool fwp_sublayer_add_builtin(struct fwp *fwp)
{
    static WCHAR universal[] = u"WFP Built-in Universal Sublayer";
    static WCHAR inspection[] = u"WFP Built-in Inspection Sublayer";
    const struct {
        const GUID *key;
        WCHAR *name;
        uint16_t weight;
    } builtin[] = {
        {&FWPM_SUBLAYER_UNIVERSAL, universal, 0x8000},
        {&FWPM_SUBLAYER_INSPECTION, inspection, 0},
    };

    for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++) {
        struct fwp_object *const object = calloc(1, sizeof(*object));
        FWPM_SUBLAYER0 definition = {.subLayerKey = *builtin[i].key,
                                     .displayData = {.name = builtin[i].name},
                                     .flags = FWPM_SUBLAYER_FLAG_PERSISTENT,
                                     .weight = builtin[i].weight};

        if (object == NULL)
            return false;
        object->kind = FWP_SUBLAYER;
        object->key = *builtin[i].key;
        object->lifetime = FWP_BUILTIN;
        if (fwp_memory_define(object, &definition) != STATUS_SUCCESS) {
            free(object);
            return false;
        }
        fwp_object_list(fwp, object);
    }
    return true;
}
