/* SPDX-License-Identifier: MIT */
/* FwpmSubLayerEnum0 and its like: enumerations of objects, narrowed by a template. */
#include "fwp/enumeration.h"

#include "fwp/layer.h"
#include "fwp/memory.h"
#include "fwp/state.h"
#include "fwp/transaction.h"

#include <stdlib.h>

/* What an enumeration asks for; zero GUIDs and mask 0 (with any_action): everything. */
struct wanted {
    GUID provider, layer, callout;
    UINT32 actions; /* mask over FWP_ACTION_* */
    bool any_action;
    bool hide_boottime, hide_disabled;
};

/* Goes on behind the last object it returned, so that changes meanwhile do no harm. */
struct fwp_enumeration {
    struct fwp_enumeration *next;
    const struct fwp_session *session;
    enum fwp_kind kind;
    uint64_t order;
    struct wanted wanted;
};

static NTSTATUS create(struct fwp *fwp, const char *name, HANDLE engine, enum fwp_kind kind,
                       const struct wanted *wanted, HANDLE *handle)
{
    struct fwp_enumeration *enumeration;
    const struct fwp_session *session;

    if (handle == NULL)
        return STATUS_FWP_NULL_POINTER;
    session = fwp_session_of(fwp, name, engine);
    if (session == NULL)
        return STATUS_INVALID_HANDLE;
    enumeration = malloc(sizeof(*enumeration));
    if (enumeration == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *enumeration = (struct fwp_enumeration){
        .next = fwp->enumerations, .session = session, .kind = kind, .wanted = *wanted};
    fwp->enumerations = enumeration;
    *handle = enumeration;
    return STATUS_SUCCESS;
}

static struct fwp_enumeration **find(struct fwp *fwp, const struct fwp_session *session,
                                     enum fwp_kind kind, HANDLE handle)
{
    struct fwp_enumeration **link = &fwp->enumerations;

    while (*link != NULL &&
           (*link != handle || (*link)->session != session || (*link)->kind != kind))
        link = &(*link)->next;
    return link;
}

static bool fits(const struct wanted *wanted, const struct fwp_object *object)
{
    const FWPM_FILTER0 *filter;

    if (!fwp_guid_zero(&wanted->provider) && !fwp_guid_equal(&wanted->provider, &object->provider))
        return false;
    if (!fwp_guid_zero(&wanted->layer) &&
        (object->layer == NULL || !fwp_guid_equal(&wanted->layer, object->layer->key)))
        return false;
    if (object->kind != FWP_FILTER)
        return true;
    filter = object->definition;
    if (!fwp_guid_zero(&wanted->callout) && !fwp_guid_equal(&wanted->callout, &object->callout))
        return false;
    if (wanted->hide_boottime && (filter->flags & FWPM_FILTER_FLAG_BOOTTIME) != 0)
        return false;
    if (wanted->hide_disabled && (filter->flags & FWPM_FILTER_FLAG_DISABLED) != 0)
        return false;
    return wanted->any_action || (filter->action.type & wanted->actions) != 0;
}

/* The next objects of the enumeration, at most `limit`. */
static NTSTATUS next_entries(struct fwp *fwp, const char *name, struct fwp_enumeration *enumeration,
                             uint32_t limit, const void *caller, void ***entries, UINT32 *returned)
{
    struct fwp_object **found;
    NTSTATUS status = STATUS_SUCCESS;
    uint32_t count = 0;

    for (const struct fwp_object *o = fwp->objects[enumeration->kind]; o != NULL; o = o->next)
        count++;
    found = malloc((count + 1) * sizeof(*found));
    if (found == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    count = 0;
    for (struct fwp_object *o = fwp->objects[enumeration->kind]; o != NULL && count < limit;
         o = o->next) {
        if (o->order > enumeration->order && fits(&enumeration->wanted, o))
            found[count++] = o;
    }
    *returned = 0;
    *entries = NULL;
    if (count > 0)
        status = fwp_memory_array(fwp, name, found, count, caller, entries);
    if (status == STATUS_SUCCESS && count > 0) {
        *returned = count;
        enumeration->order = found[count - 1]->order;
    }
    free(found);
    return status;
}

static NTSTATUS enumerate(struct fwp *fwp, const char *name, HANDLE engine, enum fwp_kind kind,
                          HANDLE handle, uint32_t limit, const void *caller, void ***entries,
                          UINT32 *returned)
{
    struct fwp_enumeration *enumeration;
    struct fwp_operation operation;
    NTSTATUS status;

    if (entries == NULL || returned == NULL)
        return STATUS_FWP_NULL_POINTER;
    status = fwp_operation_begin(fwp, name, engine, false, &operation);
    if (status != STATUS_SUCCESS)
        return status;
    enumeration = *find(fwp, operation.session, kind, handle);
    status = enumeration == NULL
                 ? STATUS_FWP_INVALID_ENUMERATOR
                 : next_entries(fwp, name, enumeration, limit, caller, entries, returned);
    return fwp_operation_end(&operation, status);
}

static NTSTATUS destroy(struct fwp *fwp, const char *name, HANDLE engine, enum fwp_kind kind,
                        HANDLE handle)
{
    struct fwp_enumeration **link, *enumeration;
    const struct fwp_session *session;

    session = fwp_session_of(fwp, name, engine);
    if (session == NULL)
        return STATUS_INVALID_HANDLE;
    link = find(fwp, session, kind, handle);
    enumeration = *link;
    if (enumeration == NULL)
        return STATUS_FWP_INVALID_ENUMERATOR;
    *link = enumeration->next;
    free(enumeration);
    return STATUS_SUCCESS;
}

void fwp_enumeration_end_all(struct fwp *fwp, const struct fwp_session *session)
{
    struct fwp_enumeration **link = &fwp->enumerations;

    while (*link != NULL) {
        struct fwp_enumeration *const enumeration = *link;

        if (session != NULL && enumeration->session != session) {
            link = &enumeration->next;
            continue;
        }
        *link = enumeration->next;
        free(enumeration);
    }
}

/* ---- exports ---- */

NTSTATUS NTAPI FwpmProviderCreateEnumHandle0(HANDLE engineHandle,
                                             const FWPM_PROVIDER_ENUM_TEMPLATE0 *enumTemplate,
                                             HANDLE *enumHandle)
{
    static const char name[] = "FwpmProviderCreateEnumHandle0";
    struct fwp *const fwp = fwp_current();
    const struct wanted wanted = {.any_action = true};

    FWP_ENTER(fwp, name);
    return create(fwp, name, engineHandle, FWP_PROVIDER, &wanted, enumHandle);
}

NTSTATUS NTAPI FwpmSubLayerCreateEnumHandle0(HANDLE engineHandle,
                                             const FWPM_SUBLAYER_ENUM_TEMPLATE0 *enumTemplate,
                                             HANDLE *enumHandle)
{
    static const char name[] = "FwpmSubLayerCreateEnumHandle0";
    struct fwp *const fwp = fwp_current();
    struct wanted wanted = {.any_action = true};

    FWP_ENTER(fwp, name);
    if (enumTemplate != NULL && enumTemplate->providerKey != NULL)
        wanted.provider = *enumTemplate->providerKey;
    return create(fwp, name, engineHandle, FWP_SUBLAYER, &wanted, enumHandle);
}

NTSTATUS NTAPI FwpmCalloutCreateEnumHandle0(HANDLE engineHandle,
                                            const FWPM_CALLOUT_ENUM_TEMPLATE0 *enumTemplate,
                                            HANDLE *enumHandle)
{
    static const char name[] = "FwpmCalloutCreateEnumHandle0";
    struct fwp *const fwp = fwp_current();
    struct wanted wanted = {.any_action = true};

    FWP_ENTER(fwp, name);
    if (enumTemplate != NULL && enumTemplate->providerKey != NULL)
        wanted.provider = *enumTemplate->providerKey;
    if (enumTemplate != NULL)
        wanted.layer = enumTemplate->layerKey;
    return create(fwp, name, engineHandle, FWP_CALLOUT, &wanted, enumHandle);
}

NTSTATUS NTAPI FwpmFilterCreateEnumHandle0(HANDLE engineHandle,
                                           const FWPM_FILTER_ENUM_TEMPLATE0 *enumTemplate,
                                           HANDLE *enumHandle)
{
    static const char name[] = "FwpmFilterCreateEnumHandle0";
    struct fwp *const fwp = fwp_current();
    const UINT32 modelled =
        FWP_FILTER_ENUM_FLAG_INCLUDE_BOOTTIME | FWP_FILTER_ENUM_FLAG_INCLUDE_DISABLED;
    struct wanted wanted = {.any_action = true, .hide_boottime = true, .hide_disabled = true};

    FWP_ENTER(fwp, name);
    if (enumTemplate != NULL) {
        if (enumTemplate->numFilterConditions > 0 ||
            enumTemplate->providerContextTemplate != NULL || (enumTemplate->flags & ~modelled) != 0)
            nt_stop_unmodelled(
                fwp->nt, "fwpkclnt.sys",
                "FwpmFilterCreateEnumHandle0 with conditions, a provider context or sorting",
                __builtin_return_address(0));
        if (enumTemplate->providerKey != NULL)
            wanted.provider = *enumTemplate->providerKey;
        if (enumTemplate->calloutKey != NULL)
            wanted.callout = *enumTemplate->calloutKey;
        wanted.layer = enumTemplate->layerKey;
        wanted.actions = enumTemplate->actionMask;
        wanted.any_action = enumTemplate->actionMask == 0xFFFFFFFF;
        wanted.hide_boottime = (enumTemplate->flags & FWP_FILTER_ENUM_FLAG_INCLUDE_BOOTTIME) == 0;
        wanted.hide_disabled = (enumTemplate->flags & FWP_FILTER_ENUM_FLAG_INCLUDE_DISABLED) == 0;
    }
    return create(fwp, name, engineHandle, FWP_FILTER, &wanted, enumHandle);
}

NTSTATUS NTAPI FwpmProviderEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
                                 FWPM_PROVIDER0 ***entries, UINT32 *numEntriesReturned)
{
    static const char name[] = "FwpmProviderEnum0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return enumerate(fwp, name, engineHandle, FWP_PROVIDER, enumHandle, numEntriesRequested,
                     __builtin_return_address(0), (void ***)entries, numEntriesReturned);
}

NTSTATUS NTAPI FwpmProviderDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
    static const char name[] = "FwpmProviderDestroyEnumHandle0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return destroy(fwp, name, engineHandle, FWP_PROVIDER, enumHandle);
}

NTSTATUS NTAPI FwpmSubLayerEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
                                 FWPM_SUBLAYER0 ***entries, UINT32 *numEntriesReturned)
{
    static const char name[] = "FwpmSubLayerEnum0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return enumerate(fwp, name, engineHandle, FWP_SUBLAYER, enumHandle, numEntriesRequested,
                     __builtin_return_address(0), (void ***)entries, numEntriesReturned);
}

NTSTATUS NTAPI FwpmSubLayerDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
    static const char name[] = "FwpmSubLayerDestroyEnumHandle0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return destroy(fwp, name, engineHandle, FWP_SUBLAYER, enumHandle);
}

NTSTATUS NTAPI FwpmCalloutEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
                                FWPM_CALLOUT0 ***entries, UINT32 *numEntriesReturned)
{
    static const char name[] = "FwpmCalloutEnum0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return enumerate(fwp, name, engineHandle, FWP_CALLOUT, enumHandle, numEntriesRequested,
                     __builtin_return_address(0), (void ***)entries, numEntriesReturned);
}

NTSTATUS NTAPI FwpmCalloutDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
    static const char name[] = "FwpmCalloutDestroyEnumHandle0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return destroy(fwp, name, engineHandle, FWP_CALLOUT, enumHandle);
}

NTSTATUS NTAPI FwpmFilterEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
                               FWPM_FILTER0 ***entries, UINT32 *numEntriesReturned)
{
    static const char name[] = "FwpmFilterEnum0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return enumerate(fwp, name, engineHandle, FWP_FILTER, enumHandle, numEntriesRequested,
                     __builtin_return_address(0), (void ***)entries, numEntriesReturned);
}

NTSTATUS NTAPI FwpmFilterDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
    static const char name[] = "FwpmFilterDestroyEnumHandle0";
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, name);
    return destroy(fwp, name, engineHandle, FWP_FILTER, enumHandle);
}
