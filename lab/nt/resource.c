/* SPDX-License-Identifier: MIT */
/* Executive resources: many readers or one writer, recursive for both. */
#include "nt/pool_state.h"
#include "nt/wait.h"

#include <string.h>

#define EXCLUSIVE 0x80 /* ERESOURCE.Flag */

/* On the waiter's stack; linked from ERESOURCE.SharedWaiters, whoever waits. */
struct resource_wait {
    struct resource_wait *next;
    struct sim_task *task;
    bool exclusive;
};

static ERESOURCE_THREAD self_of(struct nt *nt)
{
    return (ERESOURCE_THREAD)nt_thread_current(nt);
}

static bool owns(struct nt *nt, const ERESOURCE *resource)
{
    return (resource->Flag & EXCLUSIVE) != 0 && resource->OwnerEntry.OwnerThread == self_of(nt);
}

static bool writer_waits(const ERESOURCE *resource)
{
    for (const struct resource_wait *w = resource->SharedWaiters; w != NULL; w = w->next)
        if (w->exclusive)
            return true;
    return false;
}

static void wait(struct nt *nt, const char *function, ERESOURCE *resource, bool exclusive)
{
    struct resource_wait self = {.task = sim_task_self(nt->sim), .exclusive = exclusive};
    const struct nt_wait noted = {
        .function = function, .object = resource, .kind = "an ERESOURCE", .since = nt->sim->now};
    const struct nt_wait *outer;
    void **link = &resource->SharedWaiters;

    if (nt->checks && nt_thread_current(nt)->spin_locks != 0)
        sim_breach_text(nt->sim, "R62", function, "%s is to wait while a spin lock is held",
                        function);
    while (*link != NULL)
        link = (void **)&((struct resource_wait *)*link)->next;
    *link = &self;
    resource->ContentionCount++;
    outer = nt_wait_begin(nt, &noted);
    if (!sim_task_block(nt->sim, SIM_NO_DEADLINE) && nt->sim->task == NULL) {
        sim_breach_text(nt->sim, "HANG", function, "%s waits and nothing is left that could end it",
                        function);
        sim_stop(nt->sim);
    }
    nt_wait_end(nt, outer);
    link = &resource->SharedWaiters;
    while (*link != &self)
        link = (void **)&((struct resource_wait *)*link)->next;
    *link = self.next;
}

static void wake_all(struct nt *nt, const ERESOURCE *resource)
{
    for (const struct resource_wait *w = resource->SharedWaiters; w != NULL; w = w->next)
        sim_task_wake(nt->sim, w->task);
}

static BOOLEAN acquire_exclusive(struct nt *nt, ERESOURCE *resource, BOOLEAN may_wait)
{
    if (owns(nt, resource)) {
        resource->ActiveEntries++;
        return TRUE;
    }
    while (resource->ActiveEntries != 0) {
        if (!may_wait)
            return FALSE;
        wait(nt, "ExAcquireResourceExclusiveLite", resource, true);
    }
    resource->Flag |= EXCLUSIVE;
    resource->ActiveEntries = 1;
    resource->ActiveCount = 1;
    resource->OwnerEntry.OwnerThread = self_of(nt);
    return TRUE;
}

static BOOLEAN acquire_shared(struct nt *nt, ERESOURCE *resource, BOOLEAN may_wait, bool starve)
{
    if (owns(nt, resource)) {
        resource->ActiveEntries++;
        return TRUE;
    }
    while ((resource->Flag & EXCLUSIVE) != 0 ||
           (!starve && resource->ActiveEntries != 0 && writer_waits(resource) &&
            resource->OwnerEntry.OwnerThread != self_of(nt))) {
        if (!may_wait)
            return FALSE;
        wait(nt, "ExAcquireResourceSharedLite", resource, false);
    }
    resource->ActiveEntries++;
    resource->ActiveCount = 1;
    /* The last reader to come is remembered: it may come again though a writer waits. */
    resource->OwnerEntry.OwnerThread = self_of(nt);
    return TRUE;
}

void nt_resource_check_freed(struct nt *nt, uintptr_t start, uintptr_t end)
{
    LIST_ENTRY *next;

    for (LIST_ENTRY *e = nt->resources.Flink; e != &nt->resources; e = next) {
        next = e->Flink;
        if ((uintptr_t)e < start || (uintptr_t)e >= end)
            continue;
        sim_breach_text(nt->sim, "R68", "ExFreePool",
                        "memory is freed that holds an ERESOURCE which was not deleted");
        nt_list_remove(e);
    }
}

/* ---- exports ---- */

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource)
{
    NT_EXPORT("ExInitializeResourceLite", DISPATCH_LEVEL);
    memset(Resource, 0, sizeof(*Resource));
    nt_list_append(&nt->resources, &Resource->SystemResourcesList);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE Resource)
{
    NT_EXPORT("ExReinitializeResourceLite", DISPATCH_LEVEL);
    const LIST_ENTRY link = Resource->SystemResourcesList;

    (void)nt;
    memset(Resource, 0, sizeof(*Resource));
    Resource->SystemResourcesList = link;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource)
{
    NT_EXPORT("ExDeleteResourceLite", DISPATCH_LEVEL);
    if (nt->checks && Resource->ActiveEntries != 0)
        sim_breach_text(nt->sim, "R68", "ExDeleteResourceLite",
                        "an ERESOURCE is deleted while it is held");
    if (Resource->SystemResourcesList.Flink != NULL)
        nt_list_remove(&Resource->SystemResourcesList);
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    NT_EXPORT("ExAcquireResourceExclusiveLite", APC_LEVEL);
    return acquire_exclusive(nt, Resource, Wait);
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    NT_EXPORT("ExAcquireResourceSharedLite", APC_LEVEL);
    return acquire_shared(nt, Resource, Wait, false);
}

BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    NT_EXPORT("ExAcquireSharedStarveExclusive", APC_LEVEL);
    return acquire_shared(nt, Resource, Wait, true);
}

VOID NTAPI ExReleaseResourceLite(PERESOURCE Resource)
{
    NT_EXPORT("ExReleaseResourceLite", DISPATCH_LEVEL);
    const uint64_t parameters[4] = {(uint64_t)(uintptr_t)Resource, 0, 0, 0};

    if (Resource->ActiveEntries == 0 || ((Resource->Flag & EXCLUSIVE) != 0 && !owns(nt, Resource)))
        nt_bugcheck(nt, 0xE3, parameters, NT_CALLER(),
                    "a resource is released that the thread does not own");
    if (--Resource->ActiveEntries != 0)
        return;
    Resource->Flag &= (USHORT)~EXCLUSIVE;
    Resource->ActiveCount = 0;
    Resource->OwnerEntry.OwnerThread = 0;
    wake_all(nt, Resource);
}

VOID NTAPI ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    NT_EXPORT("ExConvertExclusiveToSharedLite", DISPATCH_LEVEL);
    Resource->Flag &= (USHORT)~EXCLUSIVE;
    wake_all(nt, Resource);
}

BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    NT_EXPORT("ExIsResourceAcquiredExclusiveLite", DISPATCH_LEVEL);
    return owns(nt, Resource);
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    NT_EXPORT("ExEnterCriticalRegionAndAcquireResourceExclusive", APC_LEVEL);
    nt_thread_current(nt)->critical_regions++;
    acquire_exclusive(nt, Resource, TRUE);
    return nt_thread_current(nt);
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    NT_EXPORT("ExEnterCriticalRegionAndAcquireResourceShared", APC_LEVEL);
    nt_thread_current(nt)->critical_regions++;
    acquire_shared(nt, Resource, TRUE, false);
    return nt_thread_current(nt);
}

VOID NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    ExReleaseResourceLite(Resource);
    nt_thread_current(nt_current())->critical_regions--;
}
