/* SPDX-License-Identifier: MIT */
/* BFE's objects: what providers, sublayers, callouts and filters have in common. */
#pragma once

#include <fwpmk.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fwp;
struct fwp_layer;
struct fwp_session;

enum fwp_kind { FWP_PROVIDER, FWP_SUBLAYER, FWP_CALLOUT, FWP_FILTER, FWP_KINDS };

/* Shortest first: an object may not refer to one with a shorter life. */
enum fwp_lifetime { FWP_DYNAMIC, FWP_STATIC, FWP_PERSISTENT, FWP_BUILTIN };

struct fwp_object {
    struct fwp_object *next; /* of its kind, in order of adding */
    uint64_t order;
    enum fwp_kind kind;
    enum fwp_lifetime lifetime;
    GUID key;
    GUID provider;               /* zero: none */
    struct fwp_session *session; /* that added it, while that is open */
    const void *caller;
    uint64_t id;                   /* filters, callouts */
    const struct fwp_layer *layer; /* filters, callouts */
    GUID sublayer, callout;        /* filters */
    bool active;                   /* filters: the engine has it */
    /* FWPM_PROVIDER0, FWPM_SUBLAYER0, FWPM_CALLOUT0 or FWPM_FILTER0, a deep copy; it owns its
     * memory. */
    void *definition;
    void *memory;
};

static inline bool fwp_guid_equal(const GUID *a, const GUID *b)
{
    return __builtin_memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool fwp_guid_zero(const GUID *a)
{
    return fwp_guid_equal(a, &(GUID){0});
}

/* NULL when there is none. */
struct fwp_object *fwp_object_by_key(const struct fwp *fwp, enum fwp_kind kind, const GUID *key);
struct fwp_object *fwp_object_by_id(const struct fwp *fwp, enum fwp_kind kind, uint64_t id);

/* What every Add checks: name, flags, session, key, provider. On success *object is a new one (not
 * yet listed), with key (made up when zero), lifetime and provider filled in. `allowed` and
 * `persistent`: flag bits. */
struct fwp_object_request {
    enum fwp_kind kind;
    const GUID *key;
    const FWPM_DISPLAY_DATA0 *display;
    const GUID *provider; /* may be NULL */
    uint32_t flags, allowed, persistent;
    const void *caller;
};
NTSTATUS fwp_object_make(struct fwp *fwp, struct fwp_session *session,
                         const struct fwp_object_request *request, struct fwp_object **object);

/* STATUS_SUCCESS when `from` may refer to `to`, else STATUS_FWP_LIFETIME_MISMATCH. */
NTSTATUS fwp_object_may_refer(const struct fwp_object *from, const struct fwp_object *to);

/* Puts it in its list, in order; takes it out. */
void fwp_object_list(struct fwp *fwp, struct fwp_object *object);
void fwp_object_unlist(struct fwp *fwp, struct fwp_object *object);
void fwp_object_free(struct fwp_object *object);

/* What every Delete checks: the session's right to it, nothing refers to it. object NULL:
 * `missing`. On success it is taken out, to be undone with the transaction. */
NTSTATUS fwp_object_delete(struct fwp *fwp, struct fwp_session *session, struct fwp_object *object,
                           NTSTATUS missing);

/* "filter 'name'" for reports. */
void fwp_object_describe(const struct fwp_object *object, char *text, size_t size);
