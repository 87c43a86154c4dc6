/* SPDX-License-Identifier: MIT */
/* What providers, sublayers, callouts and filters have in common (documentation: "Object
 * Management"). */
#include "fwp/object.h"

#include "fwp/engine.h"
#include "fwp/state.h"
#include "fwp/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *kind_name(enum fwp_kind kind)
{
    static const char *const names[FWP_KINDS] = {"provider", "sublayer", "callout", "filter"};

    return names[kind];
}

struct fwp_object *fwp_object_by_key(const struct fwp *fwp, enum fwp_kind kind, const GUID *key)
{
    struct fwp_object *object = fwp->objects[kind];

    while (object != NULL && !fwp_guid_equal(&object->key, key))
        object = object->next;
    return object;
}

struct fwp_object *fwp_object_by_id(const struct fwp *fwp, enum fwp_kind kind, uint64_t id)
{
    struct fwp_object *object = fwp->objects[kind];

    while (object != NULL && object->id != id)
        object = object->next;
    return object;
}

/* A key that no driver chose: a version 4 GUID made of a counter, so that runs are alike. */
static GUID made_up_key(struct fwp *fwp)
{
    const uint64_t n = ++fwp->next_key;
    GUID key = {.Data1 = (ULONG)n, .Data2 = (USHORT)(n >> 32), .Data3 = 0x4000, .Data4 = {0x80}};

    memcpy(&key.Data4[2], "sluice", 6);
    return key;
}

NTSTATUS fwp_object_may_refer(const struct fwp_object *from, const struct fwp_object *to)
{
    if (to->lifetime < from->lifetime)
        return STATUS_FWP_LIFETIME_MISMATCH;
    /* Another session's dynamic object may go before this one does. */
    if (to->lifetime == FWP_DYNAMIC && to->session != from->session)
        return STATUS_FWP_LIFETIME_MISMATCH;
    return STATUS_SUCCESS;
}

/* Whose an object is stands in its provider: administrators and other products see it there. */
static void check_provider(const struct fwp *fwp, const struct fwp_object_request *request)
{
    char detail[120];

    if (request->kind == FWP_PROVIDER || request->provider != NULL)
        return;
    snprintf(detail, sizeof(detail), "a %s is added that names no provider",
             kind_name(request->kind));
    sim_breach(fwp->sim, &(struct sim_breach){.rule = "R57",
                                              .function = "providerKey",
                                              .detail = detail,
                                              .address = request->caller});
}

NTSTATUS fwp_object_make(struct fwp *fwp, struct fwp_session *session,
                         const struct fwp_object_request *request, struct fwp_object **out)
{
    const bool persistent = (request->flags & request->persistent) != 0;
    struct fwp_object *object, *provider;
    NTSTATUS status;

    if (request->display->name == NULL || request->display->name[0] == 0)
        return STATUS_FWP_NULL_DISPLAY_NAME;
    if ((request->flags & ~request->allowed) != 0)
        return STATUS_FWP_INVALID_FLAGS;
    if (persistent && fwp_session_dynamic(session))
        return STATUS_FWP_DYNAMIC_SESSION_IN_PROGRESS;
    if (!fwp_guid_zero(request->key) && fwp_object_by_key(fwp, request->kind, request->key) != NULL)
        return STATUS_FWP_ALREADY_EXISTS;
    object = calloc(1, sizeof(*object));
    if (object == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    object->kind = request->kind;
    object->key = fwp_guid_zero(request->key) ? made_up_key(fwp) : *request->key;
    object->lifetime = fwp_session_dynamic(session) ? FWP_DYNAMIC
                       : persistent                 ? FWP_PERSISTENT
                                                    : FWP_STATIC;
    object->session = session;
    object->caller = request->caller;
    if (nt_checks(fwp->nt))
        check_provider(fwp, request);
    if (request->provider != NULL) {
        provider = fwp_object_by_key(fwp, FWP_PROVIDER, request->provider);
        status = provider == NULL ? STATUS_FWP_PROVIDER_NOT_FOUND
                                  : fwp_object_may_refer(object, provider);
        if (status != STATUS_SUCCESS) {
            free(object);
            return status;
        }
        object->provider = *request->provider;
    }
    *out = object;
    return STATUS_SUCCESS;
}

void fwp_object_list(struct fwp *fwp, struct fwp_object *object)
{
    struct fwp_object **link = &fwp->objects[object->kind];

    if (object->order == 0)
        object->order = ++fwp->next_order;
    while (*link != NULL && (*link)->order < object->order)
        link = &(*link)->next;
    object->next = *link;
    *link = object;
}

void fwp_object_unlist(struct fwp *fwp, struct fwp_object *object)
{
    struct fwp_object **link = &fwp->objects[object->kind];

    while (*link != object)
        link = &(*link)->next;
    *link = object->next;
}

void fwp_object_free(struct fwp_object *object)
{
    if (object == NULL)
        return;
    free(object->memory);
    free(object);
}

static bool refers(const struct fwp_object *from, const struct fwp_object *to)
{
    switch (to->kind) {
    case FWP_PROVIDER:
        return fwp_guid_equal(&from->provider, &to->key);
    case FWP_SUBLAYER:
        return from->kind == FWP_FILTER && fwp_guid_equal(&from->sublayer, &to->key);
    case FWP_CALLOUT:
        return from->kind == FWP_FILTER && fwp_guid_equal(&from->callout, &to->key);
    case FWP_FILTER:
    case FWP_KINDS:
        break;
    }
    return false;
}

static bool referred(const struct fwp *fwp, const struct fwp_object *object)
{
    for (int kind = 0; kind < FWP_KINDS; kind++) {
        for (const struct fwp_object *o = fwp->objects[kind]; o != NULL; o = o->next) {
            if (refers(o, object))
                return true;
        }
    }
    return false;
}

NTSTATUS fwp_object_delete(struct fwp *fwp, struct fwp_session *session, struct fwp_object *object,
                           NTSTATUS missing)
{
    if (object == NULL)
        return missing;
    if (object->lifetime == FWP_BUILTIN)
        return STATUS_FWP_BUILTIN_OBJECT;
    if (object->lifetime == FWP_DYNAMIC && object->session != session)
        return STATUS_FWP_WRONG_SESSION;
    if (object->lifetime != FWP_DYNAMIC && fwp_session_dynamic(session))
        return STATUS_FWP_DYNAMIC_SESSION_IN_PROGRESS;
    if (referred(fwp, object))
        return STATUS_FWP_IN_USE;
    return fwp_transaction_deleted(fwp, object);
}

void fwp_object_describe(const struct fwp_object *object, char *text, size_t size)
{
    const FWPM_DISPLAY_DATA0 *display = NULL;
    int used = snprintf(text, size, "%s '", kind_name(object->kind));

    switch (object->kind) {
    case FWP_PROVIDER:
        display = &((const FWPM_PROVIDER0 *)object->definition)->displayData;
        break;
    case FWP_SUBLAYER:
        display = &((const FWPM_SUBLAYER0 *)object->definition)->displayData;
        break;
    case FWP_CALLOUT:
        display = &((const FWPM_CALLOUT0 *)object->definition)->displayData;
        break;
    case FWP_FILTER:
    case FWP_KINDS:
        display = &((const FWPM_FILTER0 *)object->definition)->displayData;
        break;
    }
    for (const WCHAR *c = display->name; *c != 0 && used >= 0 && (size_t)used + 3 < size; c++)
        text[used++] = *c >= ' ' && *c < 127 ? (char)*c : '?';
    snprintf(text + used, size - (size_t)used, "'");
}
