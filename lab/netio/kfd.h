/* SPDX-License-Identifier: MIT */
/* The kernel filter engine: run-time callouts and filters, arbitration (contract 3.5). fwp/ makes
 * these from the objects that drivers add. */
#pragma once

#include "netio/netio.h"

/* A callout registered with FwpsCalloutRegisterN. */
struct netio_callout {
    uint32_t id; /* from 0x101 on */
    GUID key;
    uint8_t version;   /* 0..3: classifyFn has 6 arguments for 0, 7 for the others */
    uint32_t flags;    /* FWP_CALLOUT_FLAG_* */
    void *classify;    /* FWPS_CALLOUT_CLASSIFY_FN0..3 */
    void *notify;      /* FWPS_CALLOUT_NOTIFY_FN0..3, may be NULL */
    void *flow_delete; /* FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0, may be NULL */
    uint32_t contexts; /* flow contexts that name it */
    uint32_t running;  /* classifies in progress */
    bool registered;
    bool spared;        /* netio_quirks_spare(): of an image that no quirk acts on */
    bool notified_null; /* its notifyFn runs, with a filterKey that is NULL */
    bool asked_unknown; /* notifyFn was called with a type it cannot know */
    bool asking;        /* it is now */
};

/* FwpsCalloutRegisterN: STATUS_SUCCESS or STATUS_FWP_ALREADY_EXISTS. *id: the run-time id. */
NTSTATUS netio_callout_register(struct netio *netio, const GUID *key, uint8_t version,
                                uint32_t flags, void *classify, void *notify, void *flow_delete,
                                uint32_t *id);

/* FwpsCalloutUnregisterById0: STATUS_DEVICE_BUSY while flows hold contexts; waits for running
 * classifies. */
NTSTATUS netio_callout_unregister(struct netio *netio, uint32_t id);
struct netio_callout *netio_callout_by_id(struct netio *netio, uint32_t id);
struct netio_callout *netio_callout_by_key(struct netio *netio, const GUID *key);
void netio_callout_each(struct netio *netio, void (*visit)(void *, const struct netio_callout *),
                        void *);

/* A filter as fwp hands it to the engine. Conditions are the run-time form (field index, value).
 * Copied. */
struct netio_filter {
    uint64_t id;
    uint16_t layer; /* FWPS_LAYER_* */
    uint16_t sublayer_weight;
    uint64_t weight; /* effective */
    uint16_t flags;  /* FWPS_FILTER_FLAG_* */
    uint32_t action; /* FWP_ACTION_* */
    GUID callout;    /* zero when the action has none */
    uint64_t context;
    uint32_t condition_count;
    const FWPS_FILTER_CONDITION0
        *conditions;        /* values deep-copied: byte arrays, ranges, masks, blobs */
    const GUID *filter_key; /* for notifyFn */
};

/* Adds it: notifyFn(ADD_FILTER) runs first (PASSIVE_LEVEL); a failure there is
 * STATUS_FWP_CALLOUT_NOTIFICATION_FAILED. */
NTSTATUS netio_filter_add(struct netio *netio, const struct netio_filter *filter);

/* Deletes it: notifyFn(DELETE_FILTER). R56 is reported when a stream callout holds or injects out
 * of band. */
NTSTATUS netio_filter_delete(struct netio *netio, uint64_t id);

/* Filters that are deleted meanwhile are deleted by somebody else than their callout's driver: R56
 * is not reported. */
void netio_filters_by_others(struct netio *netio, bool others);
