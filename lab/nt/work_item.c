/* SPDX-License-Identifier: MIT */
/* Work items and the threads that run them. */
#include "nt/work_item.h"
#include "nt/object.h"
#include "nt/pool_state.h"
#include "nt/thread.h"

#define WORK_TAG       NT_TAG('I', 'o', 'W', 'I')
#define MAX_WORKERS    16

/* Work takes time: after so many items without a rest some passes, and after so many the driver is
 * not going to rest at all. */
#define BUSY_ITEMS     10000u
#define BUSY_TIME      (10 * SIM_MILLISECOND)
#define RESTLESS_ITEMS 1000000u

struct _IO_WORKITEM {
    WORK_QUEUE_ITEM item;
    LIST_ENTRY link; /* nt->work_items */
    struct nt *nt;
    PVOID object;       /* device or driver object */
    const void *driver; /* driver object: the device may be deleted before the item is freed */
    PIO_WORKITEM_ROUTINE routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex;
    PVOID context;
    bool queued;
};

static VOID NTAPI run_io_item(PVOID parameter)
{
    struct _IO_WORKITEM *item = parameter;
    struct nt *nt = item->nt;
    PVOID object = item->object;

    const PIO_WORKITEM_ROUTINE routine = item->routine;
    const PIO_WORKITEM_ROUTINE_EX routine_ex = item->routine_ex;
    const PVOID context = item->context;
    struct nt_call call;

    item->queued = false;
    /* The item may be freed by its routine; the object stays until the routine has returned. */
    nt_call_enter(nt, &call, "WorkerRoutine",
                  routine_ex != NULL ? (const void *)(uintptr_t)routine_ex
                                     : (const void *)(uintptr_t)routine);
    if (routine_ex != NULL)
        routine_ex(object, context, item);
    else
        routine(object, context);
    nt_call_leave(nt, &call);
    nt_object_dereference(nt, object);
}

static void run_item(struct nt *nt, WORK_QUEUE_ITEM *item)
{
    const PWORKER_THREAD_ROUTINE routine = item->WorkerRoutine;
    const PVOID parameter = item->Parameter;
    struct nt_call call;

    sim_trace_add(&nt->sim->trace, SIM_EVENT_WORK_ITEM, ++nt->work.count, 0, 0);
    if (routine == run_io_item) {
        run_io_item(parameter);
        return;
    }
    nt_call_enter(nt, &call, "WorkerRoutine", (const void *)(uintptr_t)routine);
    routine(parameter);
    nt_call_leave(nt, &call);
}

/* An item is about to run: its driver may queue it for ever. */
static void note_item(struct nt *nt, const WORK_QUEUE_ITEM *item)
{
    char place[64];

    if (++nt->work.restless % BUSY_ITEMS != 0)
        return;
    if (nt->work.restless == RESTLESS_ITEMS) {
        const void *routine = (const void *)(uintptr_t)item->WorkerRoutine;

        if (item->WorkerRoutine == run_io_item) {
            const struct _IO_WORKITEM *io = item->Parameter;

            routine = io->routine_ex != NULL ? (const void *)(uintptr_t)io->routine_ex
                                             : (const void *)(uintptr_t)io->routine;
        }
        sim_breach_text(nt->sim, "HANG", "WorkerRoutine",
                        "work items queue work items for ever; %u have run without a rest, the "
                        "last one %s",
                        RESTLESS_ITEMS, pe_describe(nt->pe, routine, place, sizeof(place)));
        sim_stop(nt->sim);
    }
    sim_task_block(nt->sim, nt->sim->now + BUSY_TIME);
}

static void work(void *context)
{
    struct nt *nt = context;
    struct nt_work_queue *queue = &nt->work;

    for (;;) {
        if (queue->items.Flink == &queue->items) {
            if (queue->running == 0)
                queue->restless = 0;
            queue->idle[queue->idle_count++] = nt->sim->task;
            sim_task_block(nt->sim, SIM_NO_DEADLINE);
            continue;
        }
        WORK_QUEUE_ITEM *item = CONTAINING_RECORD(queue->items.Flink, WORK_QUEUE_ITEM, List);
        nt_list_remove(&item->List);
        queue->running++;
        note_item(nt, item);
        run_item(nt, item);
        queue->running--;
    }
}

/* Queues an item of the lab's own or a driver's. */
static void queue_item(struct nt *nt, WORK_QUEUE_ITEM *item)
{
    struct nt_work_queue *queue = &nt->work;

    nt_list_append(&queue->items, &item->List);
    if (queue->idle_count != 0) {
        sim_task_wake(nt->sim, queue->idle[--queue->idle_count]);
    } else if (queue->workers < MAX_WORKERS) {
        if (nt_thread_spawn(nt, "worker", work, nt) != NULL)
            queue->workers++;
    }
}

/* ---- items of the I/O manager ---- */

static const void *driver_of(const struct nt *nt, const void *body)
{
    const struct nt_object *object = nt_object_of(nt, body);

    return object != NULL && object->type == NT_OBJECT_DEVICE
               ? (const void *)((const DEVICE_OBJECT *)body)->DriverObject
               : body;
}

static void queue_io_item(struct nt *nt, struct _IO_WORKITEM *item, PVOID context)
{
    const uint64_t parameters[4] = {0, (uint64_t)(uintptr_t)item, 0, 0};

    if (item->queued)
        nt_bugcheck(nt, 0xE4, parameters, nt_call_site(nt),
                    "a work item is queued that is queued already");
    item->queued = true;
    item->context = context;
    item->item.WorkerRoutine = run_io_item;
    item->item.Parameter = item;
    nt_object_reference(item->object);
    queue_item(nt, &item->item);
}

unsigned nt_work_items_left(const struct nt *nt, const DRIVER_OBJECT *driver, const void **routine)
{
    unsigned left = 0;

    for (const LIST_ENTRY *e = nt->work_items.Flink; e != &nt->work_items; e = e->Flink) {
        const struct _IO_WORKITEM *item = CONTAINING_RECORD(e, struct _IO_WORKITEM, link);

        if (item->driver != driver)
            continue;
        *routine = item->routine_ex != NULL ? (const void *)(uintptr_t)item->routine_ex
                                            : (const void *)(uintptr_t)item->routine;
        left++;
    }
    return left;
}

void nt_work_check_freed(struct nt *nt, uintptr_t start, uintptr_t end)
{
    const LIST_ENTRY *next;

    for (const LIST_ENTRY *e = nt->work.items.Flink; e != &nt->work.items; e = next) {
        next = e->Flink;
        if ((uintptr_t)e < start || (uintptr_t)e >= end)
            continue;
        sim_breach_text(nt->sim, "R68", "ExFreePool",
                        "memory is freed that holds a queued work item");
        nt_list_remove((LIST_ENTRY *)e);
    }
}

/* ---- exports ---- */

VOID NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    NT_EXPORT("ExQueueWorkItem", DISPATCH_LEVEL);
    const uint64_t parameters[4] = {1, (uint64_t)(uintptr_t)WorkItem, 0, 0};

    if (WorkItem->List.Flink != NULL)
        nt_bugcheck(nt, 0xE4, parameters, NT_CALLER(),
                    "a work item is queued that is queued already");
    queue_item(nt, WorkItem);
}

PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    NT_EXPORT("IoAllocateWorkItem", DISPATCH_LEVEL);
    struct _IO_WORKITEM *item = nt_pool_allocate_for(nt, NT_POOL_NONPAGED, sizeof(*item), WORK_TAG,
                                                     "IoAllocateWorkItem", NT_CALLER());

    if (item == NULL)
        return NULL;
    *item = (struct _IO_WORKITEM){
        .nt = nt, .object = DeviceObject, .driver = driver_of(nt, DeviceObject)};
    nt_list_append(&nt->work_items, &item->link);
    return item;
}

VOID NTAPI IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    NT_EXPORT("IoFreeWorkItem", DISPATCH_LEVEL);
    if (IoWorkItem->queued) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R68", "IoFreeWorkItem",
                            "a work item is freed while it is queued");
        nt_list_remove(&IoWorkItem->item.List);
        nt_object_dereference(nt, IoWorkItem->object);
    }
    nt_list_remove(&IoWorkItem->link);
    nt_pool_free_for(nt, IoWorkItem, WORK_TAG, "IoFreeWorkItem");
}

VOID NTAPI IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine,
                           WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    NT_EXPORT("IoQueueWorkItem", DISPATCH_LEVEL);
    IoWorkItem->routine = WorkerRoutine;
    IoWorkItem->routine_ex = NULL;
    queue_io_item(nt, IoWorkItem, Context);
}

VOID NTAPI IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                             WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    NT_EXPORT("IoQueueWorkItemEx", DISPATCH_LEVEL);
    IoWorkItem->routine = NULL;
    IoWorkItem->routine_ex = WorkerRoutine;
    queue_io_item(nt, IoWorkItem, Context);
}

ULONG NTAPI IoSizeofWorkItem(VOID)
{
    NT_EXPORT_SHORT();
    (void)nt;
    return sizeof(struct _IO_WORKITEM);
}

VOID NTAPI IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    NT_EXPORT("IoInitializeWorkItem", DISPATCH_LEVEL);
    *IoWorkItem =
        (struct _IO_WORKITEM){.nt = nt, .object = IoObject, .driver = driver_of(nt, IoObject)};
    nt_list_append(&nt->work_items, &IoWorkItem->link);
}

VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    NT_EXPORT("IoUninitializeWorkItem", DISPATCH_LEVEL);
    if (IoWorkItem->queued && nt->checks)
        sim_breach_text(nt->sim, "R68", "IoUninitializeWorkItem",
                        "a work item is given up while it is queued");
    nt_list_remove(&IoWorkItem->link);
}
