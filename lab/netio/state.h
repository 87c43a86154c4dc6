/* SPDX-License-Identifier: MIT */
/* What NETIO keeps, for the files of this folder only. */
#pragma once

#include "netio/chunk.h"
#include "netio/classify_context.h"
#include "netio/completion_queue.h"
#include "netio/flow.h"
#include "netio/kfd.h"
#include "netio/netio.h"
#include "netio/offer.h"
#include "netio/range_tree.h"
#include "netio/slab.h"
#include "netio/stream.h"
#include "netio/tell.h"
#include "nt/lock_order.h"

#define NETIO_LAYERS       128
#define NETIO_OWN_STAGES   2
#define LATE_REMOVAL_BYTES 64 /* of a removal that was put off, see flow_context.c */
#define NETIO_FLOW_BUCKETS 16384
#define NETIO_SPARED       4

/* ---- kernel filter engine ---- */

struct kfd_filter {
    struct kfd_filter *next; /* of its layer, heaviest first */
    uint64_t id;
    uint64_t weight;
    uint64_t born; /* place in the order of filters and flows */
    GUID callout_key;
    bool has_key; /* the action names a callout */
    bool deleted;
    uint32_t references; /* stages of flows, and the list */
    uint16_t layer;
    FWPS_FILTER1 fwps; /* what callouts see; all four versions have this layout (contract 1.1) */
    void *values;      /* pool block with conditions and what they point to */
};

struct kfd_callout {
    struct netio_callout public; /* first */
    struct kfd_callout *next;
};

/* ---- the stream layer ---- */

struct netio_stage_half {
    struct chunk *first, *last;
    uint64_t missed;
    uint64_t made_up; /* injected above, to be set against what is blocked there (one reading) */
    size_t threshold; /* NEED_MORE_DATA: called again from this length on; 0: not waiting */
    uint32_t defer_flags;
    bool accumulating, deferred;
    bool active; /* its loop runs */
    /* FwpsStreamContinue0 came while the classify that may answer DEFER was running. */
    bool continued;
    uint32_t continue_flags;
};

enum netio_stage_kind { STAGE_CALLOUT, STAGE_PERMIT, STAGE_BLOCK };

/* One filter of the stream layer as one flow meets it. */
struct netio_stage {
    struct kfd_filter *filter;
    struct netio_callout *callout; /* NULL: none, or not registered */
    uint64_t context;              /* flow context, 0 none */
    uint8_t kind;                  /* enum netio_stage_kind */
    uint8_t next_sublayer;         /* index of the first stage behind this sublayer */
    bool allow;                    /* ALLOW_CONNECTION was answered */
    bool mid_stream;
    struct netio_stage_half half[2];
};

struct flow_context {
    struct flow_context *next;
    struct netio_callout *callout;
    uint64_t context;
    uint16_t layer;
    bool removed; /* flowDelete is due when no classify of it runs */
    uint8_t held_count;
    const void *held[NT_LOCKS_WATCHED]; /* spin locks held by who removed it */
};

/* An inject call in progress; on its stack. */
struct inject_running {
    struct inject_running *next;
    uint32_t callout;
};

/* A classify in progress. */
struct stream_call {
    struct stream_call *up; /* of the same flow */
    struct sim_task *task;
    struct netio_stage *stage;
    struct chunk *chunk;
    struct netio_classify told;   /* to the listeners */
    struct chunk *out, *out_last; /* injected, to go before what the verdict covers */
    NET_BUFFER_LIST *slot;        /* the quirk's saved link */
    uint32_t static_injects;
};

enum stream_op_kind { OP_INDICATE, OP_INJECT, OP_RESUME };

/* What came while the flow was busy on another virtual processor, or further up this stack. */
struct stream_op {
    struct stream_op *next;
    enum stream_op_kind kind;
    enum netio_direction direction;
    uint32_t flags;
    uint32_t callout;
    struct chunk *chunks; /* linked by next */
};

struct stream_lane {
    bool busy;
    struct stream_op *first, *last;
};

struct netio_flow {
    struct netio *netio;
    struct netio_flow *bucket_next;
    struct netio_flow *newer, *older; /* all open flows */
    uint64_t handle;
    uint64_t born;
    uint32_t references; /* the table, running work, injections */
    uint16_t layer;      /* FWPS_LAYER_STREAM_V4 or V6 */
    bool closed;         /* netio_flow_close() was called: no client call any more */
    bool finished;
    bool reset;   /* DROP_CONNECTION or FwpsFlowAbort0 */
    bool aborted; /* an RST was indicated */
    bool send_aborted;
    uint8_t rst;         /* enum netio_rst */
    uint64_t aborted_at; /* virtual time */
    struct stream_lane lanes[2];
    uint32_t users; /* who works on its stages now */
    struct stream_call *calls;
    struct inject_running *injecting; /* inject calls in progress */
    uint64_t generation;              /* of the stages */
    struct netio_stage *stages;
    uint32_t stage_count, stage_capacity;
    struct netio_stage own_stages[NETIO_OWN_STAGES];
    struct flow_context *contexts;
    uint32_t classifies, indications;
    struct netio_stream_client client;
    void *connection;
    uint64_t fed, feeds; /* bytes and calls injected since TCP last offered some */
    void *of_check;      /* check/'s alone */
    struct netio_flow_info info;
    char *application;         /* copied */
    struct sim_timer late_ack; /* of the quirk */
    struct netio_ledger ledger[2];
    FWPS_INCOMING_VALUES0 values;
    FWPS_INCOMING_VALUE0 fields[8];
    FWP_BYTE_ARRAY16 address6[2];
    FWPS_INCOMING_METADATA_VALUES0 metadata;
};

struct netio_injector {
    struct netio *netio;
    struct netio_injector *next;
    uint16_t family;
    uint32_t types;
    uint64_t pending; /* NBLs */
    bool closing;
    struct sim_task *waiter;
};

/* One inject call; lives until its last NBL completed. */
struct injection {
    struct netio_injector *injector;
    struct netio_flow *flow;
    enum netio_direction direction;
    NTSTATUS status;
    uint32_t remaining; /* NBLs */
    FWPS_INJECT_COMPLETE0 completion;
    void *context;
    struct injected_nbl *unused; /* records, as many as there are NBLs not yet owned */
};

/* One NBL of it, from when the engine owns it to its completion: the NBL's release_context. */
struct injected_nbl {
    struct injection *injection;
    struct injected_nbl *next;     /* unused ones */
    struct injected_range *ranges; /* see injected_memory.h */
};

struct netio {
    struct sim *sim;
    struct ndis *ndis;
    struct nt *nt;
    struct pe *pe;
    const struct netio_profile *profile;
    struct netio_switches switches;
    struct netio_listener *first_listener, *last_listener; /* in the order in which they came */
    bool checks;
    bool others;                                 /* netio_filters_by_others() */
    uint32_t quirks_acted;                       /* bits by enum netio_quirk */
    const struct pe_image *spared[NETIO_SPARED]; /* netio_quirks_spare() */
    size_t spared_count;
    bool bfe_failed; /* the last FwpmFilterDeleteById0, by its quirk */
    unsigned processors;

    struct kfd_callout *callouts;
    uint32_t next_callout;
    struct kfd_filter *filters[NETIO_LAYERS];
    uint64_t generation; /* of filters, callouts and what they match; from 1 */
    uint64_t sequence;   /* births of filters and flows */
    uint64_t next_context_handle;

    struct netio_flow *buckets[NETIO_FLOW_BUCKETS];
    struct netio_flow *newest, *oldest;
    uint64_t next_handle;
    struct netio_ledger closed_ledger[2]; /* of flows that are gone */

    struct netio_offers offers;
    struct netio_injector *injectors;
    uint64_t pending;             /* NBLs injected, not yet completed */
    uint64_t deferred;            /* stages */
    struct completion_queue done; /* to be completed by the DPC */
    struct nt_deferred completer;

    struct range_node *injected_memory; /* see injected_memory.h */
    uint64_t injected_number;
    struct slab injected_ranges;

    struct slab flows, chunks, ops, contexts, injections, injected_nbls, late_removals;
    struct slab filter_slab; /* drivers see filters: not from the heap, whose addresses vary */
};

/* ---- kfd: callouts and filters ---- */
bool kfd_matches(struct netio *netio, const struct kfd_filter *filter,
                 const FWPS_INCOMING_VALUES0 *values);
/* A copy of conditions with all they point to, in one pool block; false when memory is short. */
bool kfd_conditions_copy(struct netio *netio, const FWPS_FILTER_CONDITION0 *conditions,
                         uint32_t count, struct kfd_filter *filter);
void kfd_conditions_free(struct netio *netio, struct kfd_filter *filter);
struct netio_callout *kfd_filter_callout(struct netio *netio, const struct kfd_filter *filter);
void kfd_filter_release(struct netio *netio, struct kfd_filter *filter);
void kfd_destroy(struct netio *netio);
/* Calls a callout's classifyFn with as many arguments as its version has. */
void kfd_invoke(struct netio *netio, struct netio_callout *callout,
                const FWPS_INCOMING_VALUES0 *values, const FWPS_INCOMING_METADATA_VALUES0 *metadata,
                void *layer_data, struct netio_classify_context *context,
                const FWPS_FILTER1 *filter, uint64_t flow_context, FWPS_CLASSIFY_OUT0 *out);
NTSTATUS kfd_notify(struct netio *netio, struct netio_callout *callout,
                    FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *filter_key, FWPS_FILTER1 *filter);
/* At DISPATCH_LEVEL. */
void kfd_flow_delete(struct netio *netio, struct netio_callout *callout, uint16_t layer,
                     uint64_t context);
/* Arbitration at an ordinary layer: FWP_ACTION_PERMIT or FWP_ACTION_BLOCK. */
uint32_t kfd_classify(struct netio *netio, const FWPS_INCOMING_VALUES0 *values,
                      const FWPS_INCOMING_METADATA_VALUES0 *metadata);

/* ---- ALE ---- */
/* True when the connection may go on. handle 0: authorisation; else flow established. */
bool ale_authorise(struct netio *netio, const struct netio_flow_info *info);
bool ale_establish(struct netio_flow *flow);

/* ---- flows ---- */
struct netio_flow *flow_find(struct netio *netio, uint64_t handle);
void flow_reference(struct netio_flow *flow);
void flow_dereference(struct netio_flow *flow);
void flow_finish(struct netio_flow *flow);
void flow_reset(struct netio_flow *flow);
/* The context of (layer, callout), 0 none. */
uint64_t flow_context_of(const struct netio_flow *flow, uint16_t layer, uint32_t callout);
void flow_contexts_end(struct netio_flow *flow);
/* flowDelete of contexts that were removed while a classify ran. */
void flow_contexts_settle(struct netio_flow *flow);

/* ---- stages ---- */
/* Makes the stages fit the filters of now; the flow must not be busy. */
void stages_refresh(struct netio_flow *flow);
void stages_discard(struct netio_flow *flow);
void stages_contexts(struct netio_flow *flow);
struct netio_stage *stages_find(struct netio_flow *flow, uint32_t callout);
/* A filter of the stream layer was deleted: R56, and what flows hold for it goes on. */
void stages_filter_deleted(struct netio *netio, const struct kfd_filter *filter);

/* ---- lanes ---- */
/* Around work on the flow's stages: the last one to leave ends a flow that was closed meanwhile. */
void flow_enter(struct netio_flow *flow);
void flow_leave(struct netio_flow *flow);
static inline struct stream_lane *flow_lane(struct netio_flow *flow, enum netio_direction direction)
{
    return &flow->lanes[flow->netio->switches.serialise_direction ? direction : 0];
}
bool lane_enter(struct netio_flow *flow, enum netio_direction direction);
void lane_leave(struct netio_flow *flow, enum netio_direction direction);
/* Puts work off until the lane is free; false when memory is short. */
bool lane_queue(struct netio_flow *flow, enum stream_op_kind kind, enum netio_direction direction,
                uint32_t flags, uint32_t callout, struct chunk *chunks);
void lanes_discard(struct netio_flow *flow);

/* ---- processing ---- */
/* Hands the chunk to the first stage from index on that wants it, or to the client. Takes the chunk
 * over. */
void stream_emit(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                 struct chunk *chunk);
/* The first n bytes of a chunk that keeps the rest. passes: see chunk.passes. */
void stream_emit_part(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                      struct chunk *chunk, size_t n, bool passes);
uint32_t stream_next_target(struct netio_flow *flow, enum netio_direction direction,
                            uint32_t index);
void StreamCalloutProcessingLoop(struct netio_flow *flow, enum netio_direction direction,
                                 uint32_t index);
/* An RST is shown to every callout. Takes the chunk over. */
void stream_abort(struct netio_flow *flow, enum netio_direction direction, struct chunk *chunk);
/* Ends a DEFER; false when there is none. The loop is to be run afterwards. */
/* A classify answered, during which FwpsStreamContinue0 came (no driver can know when the engine
 * has read its answer): true when the answer was DEFER, which has ended then; else it is R39. */
bool stream_continued_early(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                            uint32_t flags, bool deferred);

bool stream_continue(struct netio_flow *flow, enum netio_direction direction,
                     struct netio_stage *stage);
/* Verdict BLOCK for the first n bytes of the chunk. */
void stream_block(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                  struct chunk *chunk, size_t n);

struct stream_verdict {
    enum stream_verdict_kind kind;
    size_t bytes;    /* covered */
    uint32_t needed; /* countBytesRequired */
};
struct stream_verdict StreamInvokeCalloutAndNormalizeAction(struct netio_flow *flow,
                                                            enum netio_direction direction,
                                                            struct netio_stage *stage,
                                                            struct chunk *chunk, uint32_t flags,
                                                            uint32_t out_flags);

/* ---- injection ---- */
/* The classify of this flow, direction and callout that runs in this task: then an inject is a
 * static one. */
struct stream_call *inject_find_inside(struct netio_flow *flow, enum netio_direction direction,
                                       uint32_t callout);
/* Nothing can be injected into it any more; NULL: there is no such flow. */
bool inject_is_dead(const struct netio_flow *flow);
/* The callout's own chunks go on behind its stage. */
void inject_emit(struct netio_flow *flow, enum netio_direction direction, uint32_t callout,
                 struct chunk *chunks);
/* The same for a stage whose successor is known. */
void inject_emit_behind(struct netio_flow *flow, enum netio_direction direction, uint32_t index,
                        struct chunk *chunks);
/* Puts an error status on the NBL when it was injected. */
void inject_fail(NET_BUFFER_LIST *nbl, NTSTATUS status);
void inject_complete_all(struct netio *netio);

/* ---- the defect of 6.1.7601 (contract 7.3, 7.5) ---- */
void quirk_at_inject(struct netio *netio, struct stream_call *call);
void quirk_after_classify(struct netio *netio, struct stream_call *call);

/* ---- other defects, off unless named: netio/quirk.h ---- */
/* Before a chunk that is blocked to its end is released. first: the NBL at which this verdict's
 * bytes began. */
void quirk_at_block(struct netio_flow *flow, struct chunk *chunk, const NET_BUFFER_LIST *first,
                    uint32_t classify, const struct netio_callout *callout);
/* After a verdict BLOCK on data. */
void quirk_after_block(struct netio_flow *flow, enum netio_direction direction,
                       const struct netio_callout *callout);
/* When classifyFn has returned. flags: of what was indicated. */
void quirk_after_disconnect(struct netio_flow *flow, const struct netio_classify *told,
                            uint32_t flags, const struct stream_verdict *verdict);
void quirk_flow_ends(struct netio_flow *flow);
