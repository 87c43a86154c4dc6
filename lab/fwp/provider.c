/* SPDX-License-Identifier: MIT */
/* FwpmProviderAdd0 and its kin. */
#include "fwp/memory.h"
#include "fwp/state.h"
#include "fwp/transaction.h"

static NTSTATUS add(struct fwp *fwp, struct fwp_session *session, const FWPM_PROVIDER0 *provider,
                    const void *caller)
{
    const struct fwp_object_request request = {
        .kind = FWP_PROVIDER,
        .key = &provider->providerKey,
        .display = &provider->displayData,
        .flags = provider->flags,
        .allowed = FWPM_PROVIDER_FLAG_PERSISTENT,
        .persistent = FWPM_PROVIDER_FLAG_PERSISTENT,
        .caller = caller,
    };
    FWPM_PROVIDER0 definition = *provider;
    struct fwp_object *object;
    NTSTATUS status = fwp_object_make(fwp, session, &request, &object);

    if (status != STATUS_SUCCESS)
        return status;
    definition.providerKey = object->key;
    status = fwp_memory_define(object, &definition);
    if (status == STATUS_SUCCESS)
        status = fwp_transaction_added(fwp, object);
    if (status != STATUS_SUCCESS)
        fwp_object_free(object);
    return status;
}

NTSTATUS NTAPI FwpmProviderAdd0(HANDLE engineHandle, const FWPM_PROVIDER0 *provider,
                                PSECURITY_DESCRIPTOR sd)
{
    static const char name[] = "FwpmProviderAdd0";
    struct fwp *const fwp = fwp_current();
    struct fwp_operation operation;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    if (provider == NULL)
        return STATUS_FWP_NULL_POINTER;
    status = nt_failure(fwp->sim, name);
    if (status != STATUS_SUCCESS)
        return status;
    status = fwp_operation_begin(fwp, name, engineHandle, true, &operation);
    if (status != STATUS_SUCCESS)
        return status;
    status = add(fwp, operation.session, provider, __builtin_return_address(0));
    return fwp_operation_end(&operation, status);
}

NTSTATUS NTAPI FwpmProviderDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
    static const char name[] = "FwpmProviderDeleteByKey0";
    struct fwp *const fwp = fwp_current();
    struct fwp_operation operation;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    if (key == NULL)
        return STATUS_FWP_NULL_POINTER;
    status = fwp_operation_begin(fwp, name, engineHandle, true, &operation);
    if (status != STATUS_SUCCESS)
        return status;
    status = fwp_object_delete(fwp, operation.session, fwp_object_by_key(fwp, FWP_PROVIDER, key),
                               STATUS_FWP_PROVIDER_NOT_FOUND);
    return fwp_operation_end(&operation, status);
}

NTSTATUS NTAPI FwpmProviderGetByKey0(HANDLE engineHandle, const GUID *key,
                                     FWPM_PROVIDER0 **provider)
{
    static const char name[] = "FwpmProviderGetByKey0";
    struct fwp *const fwp = fwp_current();
    const struct fwp_object *object;
    struct fwp_operation operation;
    NTSTATUS status;

    FWP_ENTER(fwp, name);
    if (key == NULL || provider == NULL)
        return STATUS_FWP_NULL_POINTER;
    status = fwp_operation_begin(fwp, name, engineHandle, false, &operation);
    if (status != STATUS_SUCCESS)
        return status;
    object = fwp_object_by_key(fwp, FWP_PROVIDER, key);
    status = object == NULL ? STATUS_FWP_PROVIDER_NOT_FOUND
                            : fwp_memory_object(fwp, name, object, __builtin_return_address(0),
                                                (void **)provider);
    return fwp_operation_end(&operation, status);
}
