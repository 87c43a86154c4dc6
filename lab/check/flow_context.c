/* SPDX-License-Identifier: MIT */
/* The ledger of flow contexts, and breaches in flowDeleteFn put down to their rule. */
#include "check/flow_context.h"

#include "check/check.h"

#include "netio/listener.h"
#include "sim/breach.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024
#define RUNNING 16 /* flowDeleteFn of several flows at once */
#define GIVEN   64 /* contexts whose flowDeleteFn is through, remembered for a second free */

/* A pool block that was passed as a flow context. */
struct entry {
    struct entry *next;
    uint64_t value;
    uint64_t number; /* of the block */
    uint64_t flow;
    NTSTATUS status; /* of the association */
    bool deleted;    /* flowDeleteFn returned */
};

struct given {
    uint64_t value, number, flow;
};

struct running {
    const struct sim_task *task; /* NULL: free */
    const struct netio_context_event *event;
};

struct check_flow_contexts {
    struct sim *sim;
    struct nt *nt;
    struct netio *netio;
    struct netio_listener listener;
    struct sim_observer outer;
    struct entry *buckets[BUCKETS];
    size_t count, swept_at;
    struct running running[RUNNING];
    struct given given[GIVEN];
    unsigned next_given;
    const void *proven, *proven_prompt; /* flowDeleteFn that returned for a flow with classifies,
                                           and for one that was removed at once */
};

static unsigned bucket_index(uint64_t value)
{
    return (unsigned)((value >> 4) * 0x9E3779B97F4A7C15ull >> 54);
}

static struct entry **bucket_of(struct check_flow_contexts *contexts, uint64_t value)
{
    return &contexts->buckets[bucket_index(value)];
}

static bool is_alive(const struct check_flow_contexts *contexts, const struct entry *entry,
                     struct nt_pool_block *block)
{
    return nt_pool_find_block(contexts->nt, (const void *)(uintptr_t)entry->value, block) &&
           block->number == entry->number;
}

/* Drops entries whose block is gone. */
static void sweep(struct check_flow_contexts *contexts)
{
    struct nt_pool_block block;

    for (unsigned i = 0; i < BUCKETS; i++) {
        struct entry **link = &contexts->buckets[i];
        while (*link != NULL) {
            struct entry *entry = *link;
            if (is_alive(contexts, entry, &block)) {
                link = &entry->next;
                continue;
            }
            *link = entry->next;
            free(entry);
            contexts->count--;
        }
    }
    contexts->swept_at = contexts->count;
}

static void associated(void *context, const struct netio_context_event *event)
{
    struct check_flow_contexts *contexts = context;
    struct entry **bucket = bucket_of(contexts, event->value);
    struct nt_pool_block block;

    if (!nt_pool_find_block(contexts->nt, (const void *)(uintptr_t)event->value, &block) ||
        !block.driver)
        return;
    for (struct entry *entry = *bucket; entry != NULL; entry = entry->next) {
        if (entry->value != event->value || entry->number != block.number)
            continue;
        /* A context that another flow or callout has keeps its block; one that was given back may
         * be used again. */
        if (event->status == STATUS_SUCCESS || entry->deleted || entry->status != STATUS_SUCCESS) {
            entry->status = event->status;
            entry->deleted = false;
            entry->flow = event->flow;
        }
        return;
    }
    struct entry *entry = malloc(sizeof(*entry));
    if (entry == NULL)
        return;
    *entry = (struct entry){.next = *bucket,
                            .value = event->value,
                            .number = block.number,
                            .flow = event->flow,
                            .status = event->status};
    *bucket = entry;
    if (++contexts->count > contexts->swept_at * 2 + BUCKETS)
        sweep(contexts);
}

static void deleting(void *context, const struct netio_context_event *event)
{
    struct check_flow_contexts *contexts = context;

    for (unsigned i = 0; i < RUNNING; i++) {
        if (contexts->running[i].task != NULL)
            continue;
        contexts->running[i] =
            (struct running){.task = sim_task_self(contexts->sim), .event = event};
        return;
    }
}

static void deleted(void *context, const struct netio_context_event *event)
{
    struct check_flow_contexts *contexts = context;
    struct nt_pool_block block;

    for (unsigned i = 0; i < RUNNING; i++) {
        if (contexts->running[i].event == event)
            contexts->running[i] = (struct running){0};
    }
    if (event->classifies != 0)
        contexts->proven = event->function;
    if (!event->late)
        contexts->proven_prompt = event->function;
    for (struct entry **link = bucket_of(contexts, event->value); *link != NULL;
         link = &(*link)->next) {
        struct entry *entry = *link;
        if (entry->value != event->value || entry->status != STATUS_SUCCESS || entry->deleted)
            continue;
        entry->deleted = true;
        contexts->given[contexts->next_given++ % GIVEN] =
            (struct given){entry->value, entry->number, entry->flow};
        if (!is_alive(contexts, entry, &block)) {
            *link = entry->next;
            free(entry);
            contexts->count--;
        }
        return;
    }
}

/* ---- breaches that have a cause here ---- */

static const struct netio_context_event *running_here(const struct check_flow_contexts *contexts)
{
    for (unsigned i = RUNNING; i > 0; i--) {
        if (contexts->running[i - 1].task == sim_task_self(contexts->sim))
            return contexts->running[i - 1].event;
    }
    return NULL;
}

static void tell(struct check_flow_contexts *contexts, const struct sim_breach *breach)
{
    if (contexts->outer.breach != NULL)
        contexts->outer.breach(contexts->outer.context, breach);
}

/* A flowDeleteFn that did well before fails for a flow that never had a classify, or when it comes
 * later than the removal. */
static void judge_crash(struct check_flow_contexts *contexts, const struct sim_breach *crash)
{
    const struct netio_context_event *event = running_here(contexts);
    const char *why = NULL;

    if (event == NULL)
        return;
    if (event->classifies == 0 && contexts->proven == event->function)
        why = "flowDeleteFn fails for a flow that had no classify: it was reset before any data";
    else if (event->late && contexts->proven_prompt == event->function)
        why = "flowDeleteFn fails when it is called after FwpsFlowRemoveContext0 returned "
              "STATUS_PENDING";
    if (why != NULL)
        tell(contexts, &(struct sim_breach){.rule = "R48",
                                            .function = "flowDeleteFn",
                                            .detail = why,
                                            .flow = event->flow,
                                            .address = crash->address});
}

static void judge_wait(struct check_flow_contexts *contexts, const struct sim_breach *wait)
{
    const struct netio_context_event *event = running_here(contexts);
    char detail[120];

    snprintf(detail, sizeof(detail), "flowDeleteFn calls %s: it runs at DISPATCH_LEVEL",
             wait->function);
    tell(contexts, &(struct sim_breach){.rule = "R49",
                                        .function = "flowDeleteFn",
                                        .detail = detail,
                                        .flow = event != NULL ? event->flow : 0,
                                        .address = wait->address});
}

static void judge_second_free(struct check_flow_contexts *contexts, const struct sim_breach *free)
{
    const uint64_t number =
        nt_pool_freed_number(contexts->nt, (const void *)(uintptr_t)free->object);

    const struct entry *entry = *bucket_of(contexts, free->object);
    const struct given *given = contexts->given;
    uint64_t flow;

    if (number == 0)
        return;
    while (entry != NULL && (entry->value != free->object || entry->number != number))
        entry = entry->next;
    while (given < contexts->given + GIVEN &&
           (given->value != free->object || given->number != number))
        given++;
    if (entry == NULL && given == contexts->given + GIVEN)
        return;
    flow = entry != NULL ? entry->flow : given->flow;
    tell(contexts, &(struct sim_breach){.rule = "R47",
                                        .function = "flowDeleteFn",
                                        .detail = "a flow context is freed a second time",
                                        .tag = free->tag,
                                        .flow = flow,
                                        .object = free->object,
                                        .address = free->address});
}

static bool is_wait(const struct sim_breach *breach)
{
    return (strcmp(breach->rule, "R69") == 0 || strcmp(breach->rule, "R61") == 0) &&
           breach->function != NULL &&
           (strncmp(breach->function, "KeWaitFor", 9) == 0 ||
            strcmp(breach->function, "KeDelayExecutionThread") == 0);
}

static void on_breach(void *context, const struct sim_breach *breach)
{
    struct check_flow_contexts *contexts = context;

    if (strcmp(breach->rule, "CRASH") == 0 && check_stack_in_role("flowDeleteFn"))
        judge_crash(contexts, breach);
    else if (is_wait(breach) && check_stack_in_role("flowDeleteFn"))
        judge_wait(contexts, breach);
    else if (strcmp(breach->rule, "R65") == 0 && breach->object != 0 && breach->detail != NULL &&
             strstr(breach->detail, "second time") != NULL)
        judge_second_free(contexts, breach);
    tell(contexts, breach);
}

/* ---- the end ---- */

static void report_kept(struct check_flow_contexts *contexts, const struct entry *entry,
                        const struct nt_pool_block *block)
{
    const bool exists = entry->status == STATUS_OBJECT_NAME_EXISTS;
    char detail[200], tag[5] = "";

    memcpy(tag, &block->tag, 4);
    if (entry->status == STATUS_SUCCESS)
        snprintf(detail, sizeof(detail),
                 "a flow context (%zu byte%s, tag '%s') was never freed, though flowDeleteFn was "
                 "called for it",
                 block->size, block->size == 1 ? "" : "s", tag);
    else if (exists)
        snprintf(detail, sizeof(detail),
                 "the association answered STATUS_OBJECT_NAME_EXISTS, which is no failure for "
                 "NT_SUCCESS, and the new context (%zu byte%s, tag '%s') was never freed",
                 block->size, block->size == 1 ? "" : "s", tag);
    else
        snprintf(detail, sizeof(detail),
                 "the association failed with status 0x%08" PRIX32
                 ", and the context (%zu byte%s, tag '%s') was never freed",
                 (uint32_t)entry->status, block->size, block->size == 1 ? "" : "s", tag);
    sim_breach(contexts->sim,
               &(struct sim_breach){
                   .rule = exists ? "R46" : "R47",
                   .function = entry->status == STATUS_SUCCESS ? "flowDeleteFn"
                                                               : "FwpsFlowAssociateContext0",
                   .detail = detail,
                   .tag = block->tag,
                   .flow = entry->flow,
                   .bytes = block->size,
                   .object = entry->value,
                   .address = block->caller,
               });
}

/* The entry of a block that the engine has given back, or never took; NULL: the block is none. */
static const struct entry *entry_of(const struct check_flow_contexts *contexts,
                                    const struct nt_pool_block *block)
{
    const uint64_t value = (uintptr_t)block->address;
    const struct entry *entry = contexts->buckets[bucket_index(value)];

    while (entry != NULL && (entry->value != value || entry->number != block->number ||
                             (!entry->deleted && entry->status == STATUS_SUCCESS)))
        entry = entry->next;
    return entry;
}

/* In order of allocation: buckets are by address. */
static void judge_block(void *context, const struct nt_pool_block *block)
{
    struct check_flow_contexts *contexts = context;
    const struct entry *entry = entry_of(contexts, block);

    if (entry != NULL)
        report_kept(contexts, entry, block);
}

void check_flow_contexts_finish(struct check_flow_contexts *contexts)
{
    if (contexts->count != 0)
        nt_pool_each_block(contexts->nt, judge_block, contexts);
}

struct each_kept {
    struct check_flow_contexts *contexts;
    void (*visit)(void *context, uint64_t flow, const struct nt_pool_block *block);
    void *context;
};

static void visit_kept(void *context, const struct nt_pool_block *block)
{
    const struct each_kept *each = context;
    const struct entry *entry = entry_of(each->contexts, block);

    if (entry != NULL)
        each->visit(each->context, entry->flow, block);
}

void check_flow_contexts_each_kept(struct check_flow_contexts *contexts,
                                   void (*visit)(void *context, uint64_t flow,
                                                 const struct nt_pool_block *block),
                                   void *context)
{
    struct each_kept each = {contexts, visit, context};

    if (contexts->count != 0)
        nt_pool_each_block(contexts->nt, visit_kept, &each);
}

struct check_flow_contexts *check_flow_contexts_create(struct sim *sim, struct nt *nt,
                                                       struct netio *netio)
{
    struct check_flow_contexts *contexts = calloc(1, sizeof(*contexts));

    if (contexts == NULL)
        return NULL;
    contexts->sim = sim;
    contexts->nt = nt;
    contexts->netio = netio;
    contexts->outer = sim->observer;
    sim->observer = (struct sim_observer){.context = contexts, .breach = on_breach};
    contexts->listener = (struct netio_listener){.hooks = {.context_associated = associated,
                                                           .context_deleting = deleting,
                                                           .context_deleted = deleted},
                                                 .context = contexts};
    netio_listener_add(netio, &contexts->listener);
    return contexts;
}

void check_flow_contexts_destroy(struct check_flow_contexts *contexts)
{
    if (contexts == NULL)
        return;
    netio_listener_remove(contexts->netio, &contexts->listener);
    contexts->sim->observer = contexts->outer;
    for (unsigned i = 0; i < BUCKETS; i++) {
        while (contexts->buckets[i] != NULL) {
            struct entry *entry = contexts->buckets[i];

            contexts->buckets[i] = entry->next;
            free(entry);
        }
    }
    free(contexts);
}
