/* SPDX-License-Identifier: MIT */
/* What is noted while a run is explained: what the engine tells, the life
 * of NBLs (ndis) and of pool blocks (nt). */
#include "check/explain.h"

#include "check/hang.h"
#include "check/history.h"
#include "check/state.h"

#include "nt/hang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCATIONS 8192u /* driver blocks whose whole stack is known; a power of two */

/* The stack of the allocation of a driver's block or NBL. */
struct allocation {
    uint64_t key; /* 0: free */
    struct check_stack *stack;
};

struct check_explain {
    struct check *check;
    struct check_history *history;
    struct netio_listener listener;
    struct check_injections injections;
    struct allocation allocations[CHECK_OBJECTS][ALLOCATIONS];
};

/* ---- events ---- */

/* Where driver code is, for that tells most; else the innermost function of the kernel. */
static void note_place(const struct pe *pe, char *where, size_t size)
{
    const struct sim_frame *frame = *sim_frame_list();
    const struct sim_frame *innermost = frame;
    char place[64];

    while (frame != NULL && frame->address == NULL)
        frame = frame->up;
    if (frame != NULL)
        snprintf(where, size, "%s (%s)", pe_describe(pe, frame->address, place, sizeof(place)),
                 frame->function);
    else if (innermost != NULL)
        snprintf(where, size, "%s!%s", innermost->module, innermost->function);
}

__attribute__((format(printf, 3, 4))) static void
event_begin(const struct check_explain *explain, struct check_event *event, const char *format, ...)
{
    const struct sim *sim = explain->check->sim;
    va_list arguments;

    memset(event, 0, sizeof(*event));
    event->time = sim->now;
    event->processor = (uint8_t)sim_task_processor(sim);
    event->irql = sim_task_irql(sim);
    va_start(arguments, format);
    vsnprintf(event->what, sizeof(event->what), format, arguments);
    va_end(arguments);
    note_place(explain->check->pe, event->where, sizeof(event->where));
}

static void of_flow(struct check_event *event, const struct netio_flow *flow, uint32_t classify)
{
    event->flow = flow != NULL ? netio_flow_handle(flow) : 0;
    event->classify = classify;
}

static void add_to_chain(const struct check_explain *explain, NET_BUFFER_LIST *chain,
                         const struct check_event *event)
{
    for (unsigned i = 0; chain != NULL && i < 1024; chain = chain->Next, i++) {
        const struct ndis_nbl_header *header = ndis_nbl_header(chain);
        if (header == NULL)
            return;
        check_history_add(explain->history, CHECK_OBJECT_NBL, header->number, event);
    }
}

/* ---- allocations ---- */

static struct allocation *allocation_of(struct check_explain *explain, enum check_object kind,
                                        uint64_t key, bool make)
{
    const uint32_t start = (uint32_t)((key * 0x9E3779B97F4A7C15ull) >> 51);

    for (uint32_t i = 0; i < 64; i++) {
        struct allocation *at = &explain->allocations[kind][(start + i) % ALLOCATIONS];
        if (at->key == key || (make && at->key == 0))
            return at;
    }
    return NULL;
}

static void allocation_note(struct check_explain *explain, enum check_object kind, uint64_t key)
{
    struct allocation *at = allocation_of(explain, kind, key, true);

    if (at == NULL)
        return;
    if (at->stack == NULL)
        at->stack = malloc(sizeof(*at->stack));
    at->key = at->stack != NULL ? key : 0;
    if (at->stack != NULL)
        check_stack_capture(explain->check->pe, at->stack);
}

static void allocation_drop(struct check_explain *explain, enum check_object kind, uint64_t key)
{
    struct allocation *at = allocation_of(explain, kind, key, false);

    if (at == NULL)
        return;
    free(at->stack);
    at->stack = NULL;
    at->key = UINT64_MAX; /* what was put further on because of it is still found */
}

/* ---- NBLs ---- */

static const char *origin_name(const struct ndis_nbl_header *header)
{
    static const char *const names[] = {
        [NDIS_NBL_NIC] = "received by the NIC",
        [NDIS_NBL_NBUF] = "copied by NETIO (Nbuf)",
        [NDIS_NBL_SEND] = "made for a send",
        [NDIS_NBL_STREAM] = "described anew by the stream layer",
        [NDIS_NBL_ALLOCATED] = "allocated",
        [NDIS_NBL_FWPS] = "allocated (Fwps)",
        [NDIS_NBL_CLONE] = "cloned",
        [NDIS_NBL_FWPS_CLONE] = "cloned (Fwps)",
        [NDIS_NBL_STREAM_CLONE] = "cloned from stream data",
    };
    return header->origin < sizeof(names) / sizeof(names[0]) && names[header->origin] != NULL
               ? names[header->origin]
               : "made";
}

static void on_nbl(void *context, enum ndis_nbl_change change, NET_BUFFER_LIST *nbl,
                   const struct ndis_nbl_header *header)
{
    static const char *const others[] = {"", "referenced", "dereferenced", "freed"};
    struct check_explain *explain = context;
    const bool made = change == NDIS_NBL_MADE;
    struct check_event event;

    event_begin(explain, &event, "%s", made ? origin_name(header) : others[change]);
    event.flow = header->flow;
    event.classify = header->classify;
    if (made) {
        NET_BUFFER_LIST *parent = nbl->ParentNetBufferList;
        const struct ndis_nbl_header *of = parent != NULL ? ndis_nbl_header(parent) : NULL;
        if (of != NULL)
            snprintf(event.detail, sizeof(event.detail), "of NBL #%llu",
                     (unsigned long long)of->number);
        if (header->driver)
            allocation_note(explain, CHECK_OBJECT_NBL, header->number);
        if (of != NULL && header->driver) {
            struct check_event clone = event;
            snprintf(clone.what, sizeof(clone.what), "cloned as NBL #%llu",
                     (unsigned long long)header->number);
            clone.detail[0] = '\0';
            check_history_add(explain->history, CHECK_OBJECT_NBL, of->number, &clone);
        }
    } else if (change != NDIS_NBL_UNMADE) {
        snprintf(event.detail, sizeof(event.detail), "%d left", header->references);
    } else if (header->driver) {
        allocation_drop(explain, CHECK_OBJECT_NBL, header->number);
    }
    check_history_add(explain->history, CHECK_OBJECT_NBL, header->number, &event);
}

/* ---- pool ---- */

static void on_taken(void *context, const struct nt_pool_block *block)
{
    struct check_explain *explain = context;
    struct check_event event;

    if (!block->driver)
        return;
    event_begin(explain, &event, "allocated, %zu byte%s, tag %.4s", block->size,
                block->size == 1 ? "" : "s", (const char *)&block->tag);
    event.flow = block->flow;
    event.classify = block->classify;
    check_history_forget(explain->history, CHECK_OBJECT_POOL, (uintptr_t)block->address);
    check_history_add(explain->history, CHECK_OBJECT_POOL, (uintptr_t)block->address, &event);
    allocation_note(explain, CHECK_OBJECT_POOL, (uintptr_t)block->address);
}

static void on_given(void *context, const struct nt_pool_block *block, const void *caller)
{
    struct check_explain *explain = context;
    struct check_event event;

    if (!block->driver)
        return;
    event_begin(explain, &event, "freed");
    check_history_add(explain->history, CHECK_OBJECT_POOL, (uintptr_t)block->address, &event);
    allocation_drop(explain, CHECK_OBJECT_POOL, (uintptr_t)block->address);
}

/* ---- flows ---- */

static void on_classify_enter(void *context, struct netio_classify *classify)
{
    struct check_explain *explain = context;
    struct check_event event;

    event_begin(explain, &event, "shown to callout %u, %zu byte%s", classify->callout->id,
                classify->length, classify->length == 1 ? "" : "s");
    of_flow(&event, classify->flow, classify->number);
    add_to_chain(explain, classify->chain, &event);
}

static const char *answer_of(const struct netio_classify *classify, char *text, size_t size)
{
    static const char *const streams[] = {
        [FWPS_STREAM_ACTION_NONE] = "NONE",
        [FWPS_STREAM_ACTION_NEED_MORE_DATA] = "NEED_MORE_DATA",
        [FWPS_STREAM_ACTION_DROP_CONNECTION] = "DROP_CONNECTION",
        [FWPS_STREAM_ACTION_DEFER] = "DEFER",
        [FWPS_STREAM_ACTION_ALLOW_CONNECTION] = "ALLOW_CONNECTION",
    };
    const FWPS_STREAM_CALLOUT_IO_PACKET0 *io = classify->io;
    const FWP_ACTION_TYPE action = classify->out->actionType;
    const char *name = action == FWP_ACTION_PERMIT     ? "PERMIT"
                       : action == FWP_ACTION_BLOCK    ? "BLOCK"
                       : action == FWP_ACTION_CONTINUE ? "CONTINUE"
                                                       : "action";

    if (io->streamAction != FWPS_STREAM_ACTION_NONE)
        snprintf(text, size, "%s",
                 (unsigned)io->streamAction < sizeof(streams) / sizeof(streams[0])
                     ? streams[io->streamAction]
                     : "a stream action");
    else if (io->countBytesEnforced != 0)
        snprintf(text, size, "%s %llu of %zu", name, (unsigned long long)io->countBytesEnforced,
                 classify->length);
    else
        snprintf(text, size, "%s %zu", name, classify->length);
    return text;
}

static void on_classify_exit(void *context, struct netio_classify *classify)
{
    struct check_explain *explain = context;
    struct check_event event;
    char answer[40];

    event_begin(explain, &event, "%s", answer_of(classify, answer, sizeof(answer)));
    of_flow(&event, classify->flow, classify->number);
    pe_describe(explain->check->pe, classify->callout->classify, event.where, sizeof(event.where));
    snprintf(event.detail, sizeof(event.detail), "callout %u, %s, %u inject%s",
             classify->callout->id, classify->direction == NETIO_INBOUND ? "inbound" : "outbound",
             classify->injects, classify->injects == 1 ? "" : "s");
    add_to_chain(explain, classify->chain, &event);
    check_history_add(explain->history, CHECK_OBJECT_FLOW, event.flow, &event);
}

static void on_inject_enter(void *context, struct netio_inject *inject)
{
    struct check_explain *explain = context;
    struct check_event event;

    event_begin(explain, &event, "injected, %zu byte%s", inject->length,
                inject->length == 1 ? "" : "s");
    of_flow(&event, inject->flow, inject->classify != NULL ? inject->classify->number : 0);
    snprintf(event.detail, sizeof(event.detail), "callout %u, %s%s", inject->callout,
             inject->direction == NETIO_INBOUND ? "inbound" : "outbound",
             inject->classify == NULL ? ", outside classify" : "");
    add_to_chain(explain, inject->chain, &event);
    check_history_add(explain->history, CHECK_OBJECT_FLOW, event.flow, &event);
}

static void on_inject_exit(void *context, struct netio_inject *inject)
{
    struct check_explain *explain = context;

    check_injections_note(&explain->injections, explain->check, inject);
}

static void note_number(struct check_explain *explain, uint64_t number, struct netio_flow *flow,
                        uint32_t classify, const char *what)
{
    struct check_event event;

    event_begin(explain, &event, "%s", what);
    of_flow(&event, flow, classify);
    check_history_add(explain->history, CHECK_OBJECT_NBL, number, &event);
}

static void on_cut(void *context, const struct netio_cut *cut)
{
    struct check_explain *explain = context;

    note_number(explain, cut->nbl, cut->flow, cut->classify,
                cut->rejoined ? "Next was joined again" : "Next became NULL: the chain was cut");
    note_number(explain, cut->next_nbl, cut->flow, cut->classify,
                cut->rejoined ? "reachable again" : "cut off from its chain");
}

static void on_lost(void *context, const struct netio_lost_chain *lost)
{
    struct check_explain *explain = context;

    for (uint32_t i = 0; i < lost->nbls; i++)
        note_number(explain, lost->numbers[i], lost->flow, lost->classify,
                    "lost: nothing points to it any more");
}

static void on_completed(void *context, struct netio_flow *flow, NET_BUFFER_LIST *nbl,
                         NTSTATUS status)
{
    struct check_explain *explain = context;
    const struct ndis_nbl_header *header = ndis_nbl_header(nbl);
    char what[40];

    explain->injections.completed++;
    snprintf(what, sizeof(what), "completed with 0x%08X", (unsigned)status);
    if (header != NULL)
        note_number(explain, header->number, flow, 0, what);
}

/* ---- events of the kernel ---- */

static void on_event(void *context, const void *object, const char *what)
{
    struct check_explain *explain = context;
    struct check_event event;

    event_begin(explain, &event, "event %s", what);
    if (strcmp(what, "initialised") == 0)
        check_history_forget(explain->history, CHECK_OBJECT_EVENT, (uintptr_t)object);
    check_history_add(explain->history, CHECK_OBJECT_EVENT, (uintptr_t)object, &event);
}

/* ---- findings ---- */

/* The callout that an event of a flow tells of: "callout 259, ..." */
static unsigned callout_of(const struct check_event *event)
{
    unsigned id = 0;
    return sscanf(event->detail, "callout %u", &id) == 1 ? id : 0;
}

/* What other callouts did to the flow: those that are not the one whose classify it was. */
static void add_others(const struct check_explain *explain, struct check_finding *finding)
{
    struct check_event events[CHECK_HISTORY];
    const unsigned count =
        check_history_of(explain->history, CHECK_OBJECT_FLOW, finding->flow, events, CHECK_HISTORY);
    unsigned own = 0;

    for (unsigned i = 0; i < count && finding->classify != 0; i++) {
        if (events[i].classify == finding->classify)
            own = callout_of(&events[i]);
    }
    for (unsigned i = count; i > 0 && finding->other_count < CHECK_OTHERS; i--) {
        const unsigned id = callout_of(&events[i - 1]);
        if (own != 0 && id != 0 && id != own)
            finding->others[finding->other_count++] = events[i - 1];
    }
    for (unsigned i = 0; i < finding->other_count / 2; i++) { /* oldest first */
        const struct check_event event = finding->others[i];
        finding->others[i] = finding->others[finding->other_count - 1 - i];
        finding->others[finding->other_count - 1 - i] = event;
    }
}

void check_explain_finding(struct check_explain *explain, struct check_finding *finding)
{
    const char *rule = finding->rule->id;
    const bool left = strcmp(rule, "R66") == 0 || strcmp(rule, "R71") == 0;
    const enum check_object kinds[] = {CHECK_OBJECT_NBL, CHECK_OBJECT_POOL, CHECK_OBJECT_EVENT};

    for (unsigned i = 0; i < 3 && finding->object != 0 && finding->history_count == 0; i++) {
        const struct allocation *made =
            left ? allocation_of(explain, kinds[i], finding->object, false) : NULL;
        finding->history_count = check_history_of(explain->history, kinds[i], finding->object,
                                                  finding->history, CHECK_HISTORY);
        if (finding->history_count != 0 && made != NULL && made->stack != NULL)
            finding->stack = *made->stack;
    }
    if (finding->object == 0 && finding->flow != 0)
        finding->history_count = check_history_of(explain->history, CHECK_OBJECT_FLOW,
                                                  finding->flow, finding->history, CHECK_HISTORY);
    if (finding->flow != 0)
        add_others(explain, finding);
    if (strcmp(rule, "HANG") == 0)
        check_hang_add(explain->check, &explain->injections, finding);
}

/* ---- on and off ---- */

bool check_explain(struct check *check)
{
    struct check_explain *explain = calloc(1, sizeof(*explain));

    if (explain == NULL)
        return false;
    explain->check = check;
    explain->history = check_history_create();
    if (explain->history == NULL) {
        free(explain);
        return false;
    }
    explain->listener = (struct netio_listener){
        .hooks = {.classify_enter = on_classify_enter,
                  .classify_exit = on_classify_exit,
                  .inject_enter = on_inject_enter,
                  .inject_exit = on_inject_exit,
                  .cut = on_cut,
                  .lost = on_lost,
                  .completed = on_completed},
        .context = explain,
    };
    check->explain = explain;
    netio_listener_add(check->netio, &explain->listener);
    ndis_set_watch(check->ndis, &(struct ndis_watch){.context = explain, .nbl = on_nbl});
    nt_event_set_watch(ndis_nt(check->ndis),
                       &(struct nt_event_watch){.context = explain, .changed = on_event});
    nt_pool_set_watch(
        ndis_nt(check->ndis),
        &(struct nt_pool_watch){.context = explain, .taken = on_taken, .given = on_given});
    return true;
}

void check_explain_end(struct check_explain *explain)
{
    if (explain == NULL)
        return;
    netio_listener_remove(explain->check->netio, &explain->listener);
    ndis_set_watch(explain->check->ndis, NULL);
    nt_pool_set_watch(ndis_nt(explain->check->ndis), NULL);
    nt_event_set_watch(ndis_nt(explain->check->ndis), NULL);
    for (unsigned kind = 0; kind < CHECK_OBJECTS; kind++) {
        for (unsigned i = 0; i < ALLOCATIONS; i++)
            free(explain->allocations[kind][i].stack);
    }
    check_history_destroy(explain->history);
    free(explain);
}
