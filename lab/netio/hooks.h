/* SPDX-License-Identifier: MIT */
/* What the engine tells whoever listens (netio/listener.h) while it works. */
#pragma once

#include "netio/flow.h"
#include "netio/kfd.h"

/* What an answer comes to (contract 1.4). */
enum stream_verdict_kind {
    VERDICT_PERMIT,
    VERDICT_CONTINUE,
    VERDICT_BLOCK,
    VERDICT_NEED,
    VERDICT_DEFER,
    VERDICT_DROP,
    VERDICT_ALLOW
};

/* One classify at a stream layer. Valid during the hook only. */
struct netio_classify {
    struct netio_flow *flow;
    enum netio_direction direction;
    const struct netio_callout *callout;
    uint32_t filter_action; /* FWP_ACTION_CALLOUT_* of the filter */
    uint32_t number;        /* of this flow, from 1 */
    uint32_t indication;    /* of this flow, from 1: re-calls share it */
    FWPS_STREAM_CALLOUT_IO_PACKET0 *io;
    FWPS_CLASSIFY_OUT0 *out;
    uint64_t flow_context;
    uint32_t injects;       /* inject calls made during it */
    NET_BUFFER_LIST *chain; /* as offered */
    size_t length;
    const struct ndis_cursor *start; /* at the first byte on offer */
    uint32_t flags;                  /* FWPS_STREAM_FLAG_*, as offered */
    /* After: what the engine makes of the answer. */
    enum stream_verdict_kind verdict;
    size_t covered; /* bytes, of PERMIT, CONTINUE and BLOCK */
    void *of_check; /* check/'s alone, from enter to exit */
};

/* What FwpsStreamInjectAsync0 was called with. */
struct netio_inject {
    struct netio_flow *flow; /* NULL: no such flow */
    struct netio_classify
        *classify; /* the classify of this flow that is running, or NULL: outside */
    enum netio_direction direction;
    uint32_t callout;
    uint32_t number; /* within the classify, from 1; 0 outside */
    uint32_t stream_flags;
    NET_BUFFER_LIST *chain;
    size_t length;
    NTSTATUS status; /* after */
    struct {
        bool known, ordered, whole, copy;
        uint32_t flags;
        uint64_t first, behind;
        const char *rule;
    } of_check; /* check/'s alone, from enter to exit */
};

/* The chain cut of the report. */
struct netio_cut {
    struct netio_flow *flow;
    uint32_t classify, inject;
    uint64_t nbl;      /* number of the NBL whose Next became NULL */
    uint64_t next_nbl; /* number of the one that followed */
    uint32_t nbls;     /* NBLs behind the cut */
    uint64_t bytes;    /* their payload */
    bool rejoined;     /* told a second time when the engine joined it again */
};

/* NBLs of an indication that nothing points to any more when the engine was through with it. */
struct netio_lost_chain {
    struct netio_flow *flow;
    enum netio_direction direction;
    uint32_t classify, inject; /* the last cut */
    const char *quirk;         /* that lost it, when it is not the chain cut; else NULL */
    uint32_t nbls;
    uint64_t bytes;          /* payload of the NBLs that leak */
    uint64_t lost_bytes;     /* permitted bytes among them that never reached the application */
    const uint64_t *numbers; /* NBL numbers */
};

/* What becomes of a flow context. */
struct netio_context_event {
    uint64_t flow;
    uint32_t callout;
    uint64_t value;
    NTSTATUS status;      /* associated: what the call returned */
    uint32_t classifies;  /* of the flow at the stream layer, so far */
    bool late;            /* its removal was answered with STATUS_PENDING */
    const void *function; /* flowDeleteFn */
};

/* Every pointer may be NULL. */
struct netio_hooks {
    void (*classify_enter)(void *context, struct netio_classify *classify);
    /* The answer was read, nothing was done about it yet. An end. */
    void (*classify_exit)(void *context, struct netio_classify *classify);
    void (*inject_enter)(void *context, struct netio_inject *inject);
    /* An end. */
    void (*inject_exit)(void *context, struct netio_inject *inject);
    void (*cut)(void *context, const struct netio_cut *cut);
    void (*lost)(void *context, const struct netio_lost_chain *lost);
    void (*completed)(void *context, struct netio_flow *flow, NET_BUFFER_LIST *nbl,
                      NTSTATUS status);
    void (*flow_open)(void *context, struct netio_flow *flow);
    void (*flow_close)(void *context, struct netio_flow *flow);
    /* FwpsFlowAssociateContext0 is through, with whatever status. */
    void (*context_associated)(void *context, const struct netio_context_event *event);
    /* Around the call of flowDeleteFn; the second is an end. */
    void (*context_deleting)(void *context, const struct netio_context_event *event);
    void (*context_deleted)(void *context, const struct netio_context_event *event);
};
