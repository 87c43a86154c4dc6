/* SPDX-License-Identifier: MIT */
/* DPCs: one queue for each processor, run in order by a task at DISPATCH_LEVEL there. */
#include "nt/dpc.h"
#include "nt/irql.h"
#include "nt/pool_state.h"
#include "nt/thread.h"

#include <stdio.h>

#define RESTLESS_DPCS 1000000u

#define TARGET_BASE   0x20 /* in KDPC.Number: a processor was chosen */

/* A queue's nodes are addresses of "next" fields; bit 0 tells a driver's KDPC from the lab's own.
 */
static uintptr_t *next_of(uintptr_t node)
{
    return (uintptr_t *)(node & ~(uintptr_t)1);
}

static KDPC *dpc_of(uintptr_t node)
{
    return CONTAINING_RECORD(next_of(node), KDPC, DpcListEntry);
}

static bool is_dpc(uintptr_t node)
{
    return (node & 1) != 0;
}

static void run_dpc(struct nt *nt, struct nt_dpc_queue *queue, KDPC *dpc)
{
    /* The routine may queue the DPC again, or free it. */
    const PKDEFERRED_ROUTINE routine = dpc->DeferredRoutine;
    const PVOID context = dpc->DeferredContext;
    const PVOID argument1 = dpc->SystemArgument1, argument2 = dpc->SystemArgument2;
    struct nt_call call;

    dpc->DpcData = NULL;
    queue->running = dpc;
    sim_trace_add(&nt->sim->trace, SIM_EVENT_DPC, ++nt->dpc_count, 0, 0);
    nt_call_enter(nt, &call, "DeferredRoutine", (const void *)(uintptr_t)routine);
    routine(dpc, context, argument1, argument2);
    nt_call_leave(nt, &call);
    queue->running = NULL;
}

/* Parameter 1: "The system cumulatively spent an extended period of time at IRQL DISPATCH_LEVEL or
 * above" (bug check 0x133). */
static void never_at_rest(struct nt *nt, const void *routine)
{
    const uint64_t parameters[4] = {1};
    char text[160], place[64];

    snprintf(text, sizeof(text),
             "DPCs queue DPCs for ever; %u have run without a rest, the last one %s", RESTLESS_DPCS,
             pe_describe(nt->pe, routine, place, sizeof(place)));
    nt_bugcheck(nt, 0x133, parameters, routine, text);
}

static void run_queue(void *context)
{
    struct nt_dpc_queue *queue = context;
    struct nt *nt = nt_current();
    uint64_t since = nt->sim->now;
    unsigned routines = 0; /* since then without a rest */

    for (;;) {
        const uintptr_t node = queue->first;

        if (node == 0 || nt->sim->now != since) {
            since = nt->sim->now;
            routines = 0;
        }
        if (node == 0) {
            queue->idle = true;
            sim_task_block(nt->sim, SIM_NO_DEADLINE);
            continue;
        }
        queue->first = *next_of(node);
        if (queue->first == 0)
            queue->last = 0;
        if (is_dpc(node)) {
            const void *routine = (const void *)(uintptr_t)dpc_of(node)->DeferredRoutine;

            if (++routines == RESTLESS_DPCS)
                never_at_rest(nt, routine);
            run_dpc(nt, queue, dpc_of(node));
        } else {
            struct nt_deferred *deferred = (struct nt_deferred *)next_of(node);

            deferred->queued = false;
            deferred->run(deferred);
        }
    }
}

static void append(struct nt *nt, unsigned processor, uintptr_t node, bool first)
{
    struct nt_dpc_queue *queue = &nt->dpcs[processor];

    if (queue->first == 0) {
        *next_of(node) = 0;
        queue->first = queue->last = node;
    } else if (first) {
        *next_of(node) = queue->first;
        queue->first = node;
    } else {
        *next_of(node) = 0;
        *next_of(queue->last) = node;
        queue->last = node;
    }
    if (queue->task == NULL) {
        const uint64_t parameters[4] = {0};

        queue->task =
            sim_task_create(nt->sim, &(struct sim_task_config){.name = "DPC",
                                                               .irql = DISPATCH_LEVEL,
                                                               .processor = (int)processor,
                                                               .function = run_queue,
                                                               .context = queue});
        if (queue->task == NULL)
            nt_bugcheck(nt, 0x4D, parameters, NULL, "the lab has no memory for a DPC's stack");
    } else if (queue->idle) {
        queue->idle = false;
        sim_task_wake(nt->sim, queue->task);
    }
}

/* A DPC for this processor runs before code below DISPATCH_LEVEL goes on: as if the interrupt came
 * now. */
static void let_run(struct nt *nt)
{
    const uint8_t irql = sim_task_irql(nt->sim);

    if (nt->sim->task == NULL || irql >= DISPATCH_LEVEL)
        return;
    sim_task_set_irql(nt->sim, DISPATCH_LEVEL);
    sim_task_set_irql(nt->sim, irql);
}

void nt_defer(struct nt *nt, unsigned processor, struct nt_deferred *deferred)
{
    if (deferred->queued)
        return;
    deferred->queued = true;
    append(nt, processor, (uintptr_t)&deferred->next, false);
}

bool nt_dpc_queue(struct nt *nt, KDPC *dpc, void *argument1, void *argument2)
{
    unsigned processor = sim_task_processor(nt->sim);

    if (dpc->DpcData != NULL)
        return false;
    if (dpc->Number >= TARGET_BASE && dpc->Number - TARGET_BASE < SIM_MAX_PROCESSORS)
        processor = dpc->Number - TARGET_BASE;
    dpc->SystemArgument1 = argument1;
    dpc->SystemArgument2 = argument2;
    dpc->DpcData = &nt->dpcs[processor];
    append(nt, processor, (uintptr_t)&dpc->DpcListEntry | 1, dpc->Importance == HighImportance);
    return true;
}

static bool remove_dpc(struct nt *nt, KDPC *dpc)
{
    struct nt_dpc_queue *queue = dpc->DpcData;
    uintptr_t before = 0;

    if (queue == NULL)
        return false;
    for (uintptr_t node = queue->first; node != 0; before = node, node = *next_of(node)) {
        if (!is_dpc(node) || dpc_of(node) != dpc)
            continue;
        if (before == 0)
            queue->first = *next_of(node);
        else
            *next_of(before) = *next_of(node);
        if (queue->last == node)
            queue->last = before;
        dpc->DpcData = NULL;
        return true;
    }
    return false;
}

static bool anything_queued(const struct nt *nt)
{
    for (unsigned i = 0; i < SIM_MAX_PROCESSORS; i++)
        if (nt->dpcs[i].first != 0 || nt->dpcs[i].running != NULL)
            return true;
    return false;
}

unsigned nt_dpcs_left(const struct nt *nt, const struct pe_image *image, const void **routine)
{
    unsigned left = 0;

    for (unsigned i = 0; i < SIM_MAX_PROCESSORS; i++)
        for (uintptr_t node = nt->dpcs[i].first; node != 0; node = *next_of(node)) {
            const void *found;

            if (!is_dpc(node))
                continue;
            found = (const void *)(uintptr_t)dpc_of(node)->DeferredRoutine;
            if (pe_image_base(image) != NULL && pe_image_of(nt->pe, found) != image)
                continue;
            *routine = found;
            left++;
        }
    return left;
}

void nt_dpc_check_freed(struct nt *nt, uintptr_t start, uintptr_t end)
{
    for (unsigned i = 0; i < SIM_MAX_PROCESSORS; i++)
        for (uintptr_t node = nt->dpcs[i].first, next; node != 0; node = next) {
            next = *next_of(node);
            if (!is_dpc(node) || (uintptr_t)dpc_of(node) < start || (uintptr_t)dpc_of(node) >= end)
                continue;
            sim_breach_text(nt->sim, "R68", "ExFreePool",
                            "memory is freed that holds a queued DPC");
            remove_dpc(nt, dpc_of(node));
        }
}

/* ---- exports ---- */

VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    NT_EXPORT_SHORT();
    (void)nt;
    Dpc->Type = 19;
    Dpc->Importance = MediumImportance;
    Dpc->Number = 0;
    Dpc->DpcListEntry.Next = NULL;
    Dpc->ProcessorHistory = 0;
    Dpc->DeferredRoutine = DeferredRoutine;
    Dpc->DeferredContext = DeferredContext;
    Dpc->DpcData = NULL;
}

/* A threaded DPC may run at DISPATCH_LEVEL on Windows too, when threaded DPCs are switched off. */
VOID NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine,
                                   PVOID DeferredContext)
{
    KeInitializeDpc(Dpc, DeferredRoutine, DeferredContext);
    Dpc->Type = 26;
}

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    NT_EXPORT("KeInsertQueueDpc", HIGH_LEVEL);
    const bool queued = nt_dpc_queue(nt, Dpc, SystemArgument1, SystemArgument2);

    let_run(nt);
    return queued;
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc)
{
    NT_EXPORT("KeRemoveQueueDpc", HIGH_LEVEL);
    return remove_dpc(nt, Dpc);
}

VOID NTAPI KeFlushQueuedDpcs(VOID)
{
    NT_EXPORT("KeFlushQueuedDpcs", PASSIVE_LEVEL);
    while (anything_queued(nt))
        sim_task_yield(nt->sim);
}

VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    NT_EXPORT_SHORT();
    (void)nt;
    Dpc->Importance = (UCHAR)Importance;
}

VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    NT_EXPORT_SHORT();
    (void)nt;
    Dpc->Number = (USHORT)(TARGET_BASE + Number);
}

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    NT_EXPORT_SHORT();
    if (ProcNumber->Group != 0 || ProcNumber->Number >= KeQueryActiveProcessorCount(NULL))
        return STATUS_INVALID_PARAMETER;
    (void)nt;
    Dpc->Number = (USHORT)(TARGET_BASE + ProcNumber->Number);
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI KeRemoveQueueDpcEx(PRKDPC Dpc, BOOLEAN WaitIfActive)
{
    NT_EXPORT("KeRemoveQueueDpcEx", WaitIfActive ? APC_LEVEL : HIGH_LEVEL);
    const bool removed = remove_dpc(nt, Dpc);

    for (unsigned i = 0; WaitIfActive && i < SIM_MAX_PROCESSORS; i++)
        while (nt->dpcs[i].running == Dpc)
            sim_task_yield(nt->sim);
    return removed;
}
