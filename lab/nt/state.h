/* SPDX-License-Identifier: MIT */
/* What the files of nt share: the kernel's state, and how every export begins. Nobody above
 * includes this. */
#pragma once

#include "nt/call.h"
#include "nt/hang.h"
#include "nt/nt.h"
#include "nt/paged.h"
#include "sim/breach.h"

#define NT_PROCESS_NOTIFICATIONS 8

struct nt_pool_state;
struct nt_thread;
struct nt_key;
struct nt_request;

/* A queue of DPCs of one processor, and the task that runs them. Nodes are tagged pointers: see
 * dpc.c. */
struct nt_dpc_queue {
    uintptr_t first, last;
    struct sim_task *task;
    bool idle;
    PKDPC running;
};

struct nt_handle {
    void *object;
    uint32_t next_free;
};

struct nt {
    struct sim *sim;
    struct pe *pe;
    struct nt_config config;
    bool checks;
    const char *unmodelled;
    void (*debug_said)(void *context, const char *text, size_t length);
    void *debug_context;
    char unmodelled_text[256];
    char evidence_text[256]; /* see pe_traps.evidence */
    bool interrupts_off;     /* cli without sti */

    struct nt_pool_state *pool;
    struct nt_forbidden *forbidden; /* see nt/forbidden.h */
    struct nt_paged paged;
    bool pageable_code;               /* calls from pageable code are looked at */
    struct nt_lock_order *lock_order; /* NULL: no lock was taken while another was held */

    struct nt_thread *host_thread;
    struct nt_thread *threads; /* every one that lives */
    uint64_t thread_count;     /* ever */

    struct nt_dpc_queue dpcs[SIM_MAX_PROCESSORS];
    uint64_t dpc_count;
    struct nt_timer *timers;      /* armed */
    struct nt_timer *timers_free; /* structures to use again */

    struct nt_work_queue {
        LIST_ENTRY items; /* of WORK_QUEUE_ITEM */
        struct sim_task *idle[16];
        unsigned idle_count, workers;
        uint64_t count;
        unsigned running;
        unsigned restless; /* items run since none was queued and none ran */
    } work;
    LIST_ENTRY work_items; /* IO_WORKITEMs that exist */

    struct nt_handle *handles;
    uint32_t handle_count, handle_capacity, handle_free;

    LIST_ENTRY devices; /* struct nt_device */
    LIST_ENTRY links;   /* symbolic links */
    LIST_ENTRY drivers; /* struct nt_driver */
    LIST_ENTRY callbacks;
    LIST_ENTRY rundowns;  /* waits for rundown protection */
    LIST_ENTRY resources; /* initialised ERESOURCEs */
    LIST_ENTRY lookasides;
    KSPIN_LOCK cancel_lock;
    uint64_t irp_count;

    struct nt_key *registry;
    uint64_t counter_reads; /* each read of a fast counter moves it on a little */
    uint64_t uuids;
    struct nt_event_watch event_watch;
    bool unloading; /* a driver is, or is being loaded */
    const void *process_notifications[NT_PROCESS_NOTIFICATIONS];
    struct nt_etw {
        uint64_t registered;
    } etw;
};

/* The beginning of an export: notes the driver's call site, lets others run, checks the IRQL.
 * Defines nt. */
#define NT_EXPORT(name, limit)                                                                     \
    struct nt *nt = nt_current();                                                                  \
    PE_EXPORT(nt->pe);                                                                             \
    sim_point(nt->sim);                                                                            \
    if (nt->checks)                                                                                \
    nt_irql_limit(nt, name, limit)

/* The same for exports that are called so often, and do so little, that nobody is let in. */
#define NT_EXPORT_SHORT()                                                                          \
    struct nt *nt = nt_current();                                                                  \
    PE_EXPORT(nt->pe)

/* Return address of an export, for whoever keeps it. */
#define NT_CALLER() pe_caller(pe_current(), __builtin_return_address(0))

/* Unlike the macros of the kit, these do not stop at damaged links: they are the lab's own lists.
 */
static inline void nt_list_init(LIST_ENTRY *head)
{
    head->Flink = head->Blink = head;
}

static inline void nt_list_append(LIST_ENTRY *head, LIST_ENTRY *entry)
{
    entry->Flink = head;
    entry->Blink = head->Blink;
    head->Blink->Flink = entry;
    head->Blink = entry;
}

static inline void nt_list_remove(LIST_ENTRY *entry)
{
    entry->Flink->Blink = entry->Blink; /* NOLINT(clang-analyzer-core.NullDereference): linked */
    entry->Blink->Flink = entry->Flink;
    entry->Flink = entry->Blink = NULL;
}

/* Forgets drivers that were not unloaded. */
void nt_drivers_close(struct nt *nt);

/* Where driver code last called the kernel, for reports; NULL when no driver code runs. */
const void *nt_call_site(const struct nt *nt);

/* Host only: lets the world run until *done, virtual time included, at most until `limit`. */
bool nt_run_until(struct nt *nt, const bool *done, uint64_t limit);
