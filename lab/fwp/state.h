/* SPDX-License-Identifier: MIT */
/* What fwpkclnt and BFE keep, for the files of this folder only. */
#pragma once

#include "fwp/fwp.h"
#include "fwp/object.h"
#include "fwp/part.h"
#include "netio/kfd.h"
#include "nt/failure.h"
#include "sim/breach.h"

struct fwp_session;
struct fwp_waiter;
struct fwp_subscription;
struct fwp_memory;
struct fwp_bfe_note;
struct fwp_change;
struct fwp_enumeration;

/* The lock that transactions hold: one writer, or any number of readers (documentation: "Object
 * Management"). */
struct fwp_lock {
    struct fwp_session *writer;
    uint32_t readers;
    struct fwp_waiter *waiters;
};

struct fwp {
    struct sim *sim;
    struct nt *nt;
    struct ndis *ndis;
    struct netio *netio;
    struct fwp_part *parts;
    struct fwp_object *objects[FWP_KINDS]; /* in order of adding */
    struct fwp_session *sessions;
    struct fwp_lock lock;
    struct fwp_change *changes; /* of the write transaction in progress */
    size_t change_count, change_room;
    struct fwp_memory *memory; /* handed out, not yet freed */
    struct fwp_enumeration *enumerations;
    struct fwp_subscription *subscriptions;
    uint32_t bfe_state;
    bool bfe_subscribed;            /* somebody is, or was, subscribed to its changes */
    struct fwp_bfe_note *bfe_notes; /* changes that subscribers have not been told, oldest first */
    struct sim_task *bfe_notifier;  /* tells them; NULL: nothing to tell */
    uint64_t next_order, next_filter;
    uint32_t next_callout; /* ids of callouts that nobody registered */
    uint64_t next_key;
};

/* First line of every Fwpm export: the caller, a point of preemption, PASSIVE_LEVEL (R55). */
#define FWP_ENTER(fwp, name)                                                                       \
    PE_EXPORT(pe_current());                                                                       \
    sim_point((fwp)->sim);                                                                         \
    fwp_passive((fwp), (name))
void fwp_passive(struct fwp *fwp, const char *function);
