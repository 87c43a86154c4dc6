/* SPDX-License-Identifier: MIT */
/* Driver objects: loading, unloading, and what a driver left behind. */
#include "nt/device.h"
#include "nt/dispatcher.h"
#include "nt/dpc.h"
#include "nt/object.h"
#include "nt/pool_state.h"
#include "nt/registry.h"
#include "nt/thread.h"
#include "nt/timer.h"
#include "nt/wide.h"
#include "nt/work_item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIVER_TAG  NT_TAG('D', 'r', 'i', 'v')
#define ENTRY_LIMIT (600 * SIM_SECOND)
#define LEFT_GROUPS 32

struct driver_body {
    DRIVER_OBJECT object;
    DRIVER_EXTENSION extension;
    uint16_t name[80]; /* "\Driver\<service>" */
    uint16_t service[64];
    uint16_t registry[256]; /* the path that DriverEntry is given */
};

struct extension_block {
    struct extension_block *next;
    PVOID id;
    uint64_t body[];
};

struct nt_driver {
    LIST_ENTRY link;
    struct nt *nt;
    struct pe_image *image;
    struct driver_body *body;
    UNICODE_STRING registry;
    struct extension_block *extensions;
    bool done;
    NTSTATUS status;
};

static NTSTATUS NTAPI invalid_request(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static USHORT set_text(uint16_t *out, size_t units, const uint16_t *prefix, const char *name)
{
    const size_t before = nt_wide_length(prefix);
    size_t more;

    memcpy(out, prefix, before * 2);
    more = nt_wide_from_utf8(out + before, units - before - 1, name, strlen(name));
    if (more > units - before - 1)
        more = units - before - 1;
    out[before + more] = 0;
    return (USHORT)((before + more) * 2);
}

static struct driver_body *create_object(struct nt *nt, struct nt_driver *driver)
{
    const char *name = pe_image_name(driver->image);
    struct driver_body *body =
        nt_object_create(nt, NT_OBJECT_DRIVER, sizeof(*body), DRIVER_TAG, NULL, NULL);
    USHORT bytes;

    if (body == NULL)
        return NULL;
    body->object.Type = 4;
    body->object.Size = sizeof(DRIVER_OBJECT);
    body->object.DriverStart = pe_image_base(driver->image);
    body->object.DriverSize = (ULONG)pe_image_size(driver->image);
    body->object.DriverExtension = &body->extension;
    body->extension.DriverObject = &body->object;
    bytes = set_text(body->name, 80, u"\\Driver\\", name);
    body->object.DriverName = (UNICODE_STRING){bytes, (USHORT)(bytes + 2), body->name};
    bytes = set_text(body->service, 64, u"", name);
    body->extension.ServiceKeyName = (UNICODE_STRING){bytes, (USHORT)(bytes + 2), body->service};
    bytes = set_text(body->registry, 256, NT_SERVICES_PATH u"\\", name);
    driver->registry = (UNICODE_STRING){bytes, (USHORT)(bytes + 2), body->registry};
    body->object.DriverInit = (PDRIVER_INITIALIZE)(uintptr_t)pe_image_entry(driver->image);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        body->object.MajorFunction[i] = invalid_request;
    return body;
}

static void run_entry(void *context)
{
    struct nt_driver *driver = context;
    struct nt *nt = driver->nt;
    DRIVER_OBJECT *object = &driver->body->object;
    struct nt_call call;

    nt_call_enter(nt, &call, "DriverEntry", (const void *)(uintptr_t)object->DriverInit);
    nt->unloading = true;
    driver->status = object->DriverInit(object, &driver->registry);
    nt_call_leave(nt, &call);
    if (!NT_SUCCESS(driver->status)) /* the image is unmapped then, too */
        nt_threads_judge(nt, driver->image, "DriverEntry");
    /* The I/O manager does so for devices that DriverEntry made; those made later are the driver's
     * own affair. */
    for (DEVICE_OBJECT *device = object->DeviceObject; device != NULL; device = device->NextDevice)
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    driver->done = true;
    nt_thread_end(nt, STATUS_SUCCESS);
}

struct nt_driver *nt_driver_load(struct nt *nt, struct pe_image *image, NTSTATUS *status)
{
    struct sim *previous = sim_enter(nt->sim);
    struct nt_driver *driver = calloc(1, sizeof(*driver));
    struct sim_task *task = NULL;

    *status = STATUS_INSUFFICIENT_RESOURCES;
    if (driver == NULL)
        goto out;
    driver->nt = nt;
    driver->image = image;
    driver->status = STATUS_IO_TIMEOUT;
    nt_paged_code_watch(nt, image);
    driver->body = create_object(nt, driver);
    if (driver->body == NULL ||
        nt_registry_make(nt, driver->registry.Buffer, driver->registry.Length) == NULL ||
        (task = nt_thread_spawn(nt, "DriverEntry", run_entry, driver)) == NULL) {
        if (driver->body != NULL)
            nt_object_dereference(nt, driver->body);
        free(driver);
        driver = NULL;
        goto out;
    }
    nt_list_append(&nt->drivers, &driver->link);
    nt_run_until(nt, &driver->done, nt->sim->now + ENTRY_LIMIT);
    if (!driver->done && !nt->sim->stopped)
        nt_hang_tell(nt, "DriverEntry", task);
    nt_threads_let_go(nt);
    *status = driver->status;
out:
    sim_leave(previous);
    return driver;
}

/* ---- what is left ---- */

struct group {
    struct nt_pool_block first;
    uint32_t blocks;
    uint64_t bytes;
};

struct left {
    struct nt *nt;
    struct pe_image *image;
    struct group groups[LEFT_GROUPS];
    unsigned count;
    uint32_t ungrouped;
};

static void count_block(void *context, const struct nt_pool_block *block)
{
    struct left *left = context;
    struct group *group = left->groups;

    if (!block->driver)
        return;
    if (pe_image_base(left->image) != NULL && block->caller != NULL &&
        pe_image_of(left->nt->pe, block->caller) != left->image)
        return;
    for (; group < left->groups + left->count; group++)
        if (group->first.tag == block->tag && group->first.caller == block->caller)
            break;
    if (group == left->groups + left->count) {
        if (left->count == LEFT_GROUPS) {
            left->ungrouped++;
            return;
        }
        left->count++;
        *group = (struct group){.first = *block};
    }
    group->blocks++;
    group->bytes += block->size;
}

static void report_pool(struct nt_driver *driver)
{
    struct nt *nt = driver->nt;
    struct left left = {.nt = nt, .image = driver->image};

    nt_pool_each_block(nt, count_block, &left);
    for (unsigned i = 0; i < left.count; i++) {
        const struct group *group = &left.groups[i];
        const struct nt_pool_block *first = &group->first;
        char detail[256], tag[5] = "", who[64];
        const uint64_t age = (nt->sim->now - first->time) / SIM_MILLISECOND;

        memcpy(tag, &first->tag, 4);
        snprintf(
            detail, sizeof(detail),
            "%u block%s, %llu byte%s of tag '%s' %s left, allocated at %s%s%s, %s%llu.%03llu s "
            "before",
            group->blocks, group->blocks == 1 ? "" : "s", (unsigned long long)group->bytes,
            group->bytes == 1 ? "" : "s", tag, group->blocks == 1 ? "is" : "are",
            pe_describe(nt->pe, first->caller, who, sizeof(who)), first->site != NULL ? " by " : "",
            first->site != NULL ? first->site : "", group->blocks == 1 ? "" : "the first of them ",
            (unsigned long long)age / 1000, (unsigned long long)age % 1000);
        sim_breach(nt->sim, &(struct sim_breach){.rule = "R66",
                                                 .function = "DriverUnload",
                                                 .detail = detail,
                                                 .tag = first->tag,
                                                 .flow = first->flow,
                                                 .classify = first->classify,
                                                 .bytes = group->bytes,
                                                 .object = (uintptr_t)first->address,
                                                 .address = first->caller});
    }
    if (left.ungrouped != 0)
        sim_breach_text(nt->sim, "R66", "DriverUnload",
                        "blocks of other call sites are left, %u of them", left.ungrouped);
}

static void report_active(struct nt_driver *driver, const char *what, unsigned count,
                          const void *routine)
{
    char detail[160], who[64];

    if (count == 0)
        return;
    snprintf(detail, sizeof(detail), "%u %s%s left after unload (routine %s)", count, what,
             count == 1 ? "" : "s", pe_describe(driver->nt->pe, routine, who, sizeof(who)));
    sim_breach(driver->nt->sim, &(struct sim_breach){.rule = "R68",
                                                     .function = "DriverUnload",
                                                     .detail = detail,
                                                     .address = routine});
}

void nt_driver_active(struct nt_driver *driver,
                      void (*visit)(void *context, const char *what, unsigned count,
                                    const void *routine),
                      void *context)
{
    struct nt *nt = driver->nt;
    const void *routine = NULL;
    unsigned count = nt_timers_left(nt, driver->image, &routine);

    visit(context, "armed timer", count, routine);
    count = nt_dpcs_left(nt, driver->image, &routine);
    visit(context, "queued DPC", count, routine);
    count = nt_work_items_left(nt, &driver->body->object, &routine);
    visit(context, "work item", count, routine);
    count = nt_threads_left(nt, driver->image, &routine);
    visit(context, "running thread", count, routine);
}

static void report_active_kind(void *context, const char *what, unsigned count, const void *routine)
{
    report_active(context, what, count, routine);
}

static void report_left(struct nt_driver *driver)
{
    struct nt *nt = driver->nt;
    const void *routine = NULL;
    unsigned count;

    nt_driver_active(driver, report_active_kind, driver);
    count = nt_devices_left(nt, &driver->body->object);
    if (count != 0)
        sim_breach_text(nt->sim, "R68", "DriverUnload", "%u device object%s left after unload",
                        count, count == 1 ? " is" : "s are");
    count = nt_links_left(nt);
    if (count != 0)
        sim_breach_text(nt->sim, "R68", "DriverUnload", "%u symbolic link%s left after unload",
                        count, count == 1 ? " is" : "s are");
    for (unsigned i = 0; i < NT_PROCESS_NOTIFICATIONS; i++) {
        routine = nt->process_notifications[i];
        if (routine != NULL &&
            (pe_image_base(driver->image) == NULL || pe_image_of(nt->pe, routine) == driver->image))
            report_active(driver, "process notification", 1, routine);
    }
    report_pool(driver);
}

static void run_unload(void *context)
{
    struct nt_driver *driver = context;
    struct nt *nt = driver->nt;
    DRIVER_OBJECT *object = &driver->body->object;
    struct nt_call call;

    nt_call_enter(nt, &call, "DriverUnload", (const void *)(uintptr_t)object->DriverUnload);
    nt->unloading = true;
    object->DriverUnload(object);
    nt_call_leave(nt, &call);
    nt_threads_judge(nt, driver->image, "DriverUnload");
    driver->done = true;
    nt_thread_end(nt, STATUS_SUCCESS);
}

static void free_driver(struct nt_driver *driver)
{
    struct nt *nt = driver->nt;

    while (driver->extensions != NULL) {
        struct extension_block *next = driver->extensions->next;

        nt_pool_free(nt, driver->extensions, DRIVER_TAG);
        driver->extensions = next;
    }
    nt_list_remove(&driver->link);
    nt_object_dereference(nt, driver->body);
    free(driver);
}

void nt_drivers_close(struct nt *nt)
{
    while (nt->drivers.Flink != &nt->drivers)
        free_driver(CONTAINING_RECORD(nt->drivers.Flink, struct nt_driver, link));
}

bool nt_driver_unload(struct nt *nt, struct nt_driver *driver, uint64_t limit)
{
    struct sim *previous = sim_enter(nt->sim);
    const bool loaded = NT_SUCCESS(driver->status);
    struct sim_task *task = NULL;
    bool returned = true;

    if (nt->sim->stopped) {
        /* After a bug check there is nothing to unload, and nothing to say about what is left. */
        returned = false;
    } else {
        if (loaded && driver->body->object.DriverUnload != NULL) {
            driver->done = false;
            task = nt_thread_spawn(nt, "DriverUnload", run_unload, driver);
            returned = task != NULL && nt_run_until(nt, &driver->done, nt->sim->now + limit);
            if (!returned && !nt->sim->stopped)
                nt_hang_tell(nt, "DriverUnload", task);
        } else if (loaded) {
            returned = false;
        }
        /* What was queued before the return may still run now; nothing may stay. */
        if (!nt->sim->stopped)
            sim_run(nt->sim);
        nt_threads_let_go(nt);
        if (returned && !nt->sim->stopped && nt->checks)
            report_left(driver);
    }
    if (returned && !nt->sim->stopped && nt_devices_left(nt, &driver->body->object) == 0)
        free_driver(driver);
    sim_leave(previous);
    return returned;
}

/* ---- exports ---- */

static struct nt_driver *driver_of(const struct nt *nt, const DRIVER_OBJECT *object)
{
    for (LIST_ENTRY *e = nt->drivers.Flink; e != &nt->drivers; e = e->Flink) {
        struct nt_driver *driver = CONTAINING_RECORD(e, struct nt_driver, link);

        if (&driver->body->object == object)
            return driver;
    }
    return NULL;
}

NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                               PVOID ClientIdentificationAddress,
                                               ULONG DriverObjectExtensionSize,
                                               PVOID *DriverObjectExtension)
{
    NT_EXPORT("IoAllocateDriverObjectExtension", APC_LEVEL);
    struct nt_driver *driver = driver_of(nt, DriverObject);
    struct extension_block *block;

    *DriverObjectExtension = NULL;
    if (driver == NULL)
        return STATUS_INVALID_PARAMETER;
    for (block = driver->extensions; block != NULL; block = block->next)
        if (block->id == ClientIdentificationAddress)
            return STATUS_OBJECT_NAME_COLLISION;
    block = nt_pool_allocate(nt, NT_POOL_NONPAGED, sizeof(*block) + DriverObjectExtensionSize,
                             DRIVER_TAG, "IoAllocateDriverObjectExtension");
    if (block == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(block, 0, sizeof(*block) + DriverObjectExtensionSize);
    block->id = ClientIdentificationAddress;
    block->next = driver->extensions;
    driver->extensions = block;
    *DriverObjectExtension = block->body;
    return STATUS_SUCCESS;
}

PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                       PVOID ClientIdentificationAddress)
{
    NT_EXPORT("IoGetDriverObjectExtension", DISPATCH_LEVEL);
    struct nt_driver *driver = driver_of(nt, DriverObject);

    if (driver == NULL)
        return NULL;
    for (struct extension_block *block = driver->extensions; block != NULL; block = block->next)
        if (block->id == ClientIdentificationAddress)
            return block->body;
    return NULL;
}
