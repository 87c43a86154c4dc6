/* SPDX-License-Identifier: MIT */
/* Devices: IoCreateDevice, symbolic links, shutdown notifications. */
#include "nt/device.h"
#include "nt/failure.h"
#include "nt/dispatcher.h"
#include "nt/object.h"
#include "nt/wide.h"

#include <wdmsec.h>

#include <stdlib.h>
#include <string.h>

#define DEVICE_TAG NT_TAG('D', 'e', 'v', 'i')

struct link {
    LIST_ENTRY link; /* nt->links */
    uint16_t *name, *target;
    size_t name_bytes, target_bytes;
};

static uint16_t *copy_wide(const void *text, size_t bytes)
{
    uint16_t *copy = malloc(bytes + 2);

    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}

struct nt_device *nt_device_of(const DEVICE_OBJECT *object)
{
    return object->DeviceObjectExtension;
}

static struct link *find_link(const struct nt *nt, const uint16_t *name, size_t bytes)
{
    for (LIST_ENTRY *e = nt->links.Flink; e != &nt->links; e = e->Flink) {
        struct link *link = CONTAINING_RECORD(e, struct link, link);

        if (nt_wide_equal(link->name, link->name_bytes, name, bytes, true))
            return link;
    }
    return NULL;
}

/* \DosDevices\, \??\ and \GLOBAL??\ are the same place. */
static const uint16_t *plain_link_name(const uint16_t *name, size_t *bytes)
{
    static const uint16_t dos[] = u"\\DosDevices\\", question[] = u"\\??\\",
                          global[] = u"\\GLOBAL??\\", dos_global[] = u"\\DosDevices\\Global\\";
    static const struct {
        const uint16_t *text;
        size_t bytes;
    } roots[] = {{dos_global, sizeof(dos_global) - 2},
                 {dos, sizeof(dos) - 2},
                 {question, sizeof(question) - 2},
                 {global, sizeof(global) - 2}};

    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (*bytes > roots[i].bytes &&
            nt_wide_equal(name, roots[i].bytes, roots[i].text, roots[i].bytes, true)) {
            *bytes -= roots[i].bytes;
            return name + roots[i].bytes / 2;
        }
    }
    return NULL;
}

DEVICE_OBJECT *nt_device_find(const struct nt *nt, const uint16_t *name, size_t bytes)
{
    size_t rest = bytes;
    const uint16_t *plain = plain_link_name(name, &rest);

    if (plain != NULL) {
        const struct link *link = find_link(nt, plain, rest);

        if (link == NULL)
            return NULL;
        name = link->target;
        bytes = link->target_bytes;
    }
    for (LIST_ENTRY *e = nt->devices.Flink; e != &nt->devices; e = e->Flink) {
        struct nt_device *device = CONTAINING_RECORD(e, struct nt_device, link);

        if (device->name != NULL && !device->deleted &&
            nt_wide_equal(device->name, device->name_bytes, name, bytes, true))
            return device->object;
    }
    return NULL;
}

unsigned nt_devices_left(const struct nt *nt, const DRIVER_OBJECT *driver)
{
    unsigned left = 0;

    for (const LIST_ENTRY *e = nt->devices.Flink; e != &nt->devices; e = e->Flink)
        left += CONTAINING_RECORD(e, struct nt_device, link)->object->DriverObject == driver;
    return left;
}

unsigned nt_links_left(const struct nt *nt)
{
    unsigned left = 0;

    for (const LIST_ENTRY *e = nt->links.Flink; e != &nt->links; e = e->Flink) {
        const struct link *link = CONTAINING_RECORD(e, struct link, link);
        left += nt_device_find(nt, link->target, link->target_bytes) == NULL;
    }
    return left;
}

static void free_link(struct link *link)
{
    nt_list_remove(&link->link);
    free(link->name);
    free(link->target);
    free(link);
}

static void free_device(struct nt_device *device)
{
    nt_list_remove(&device->link);
    free(device->name);
    free(device);
}

void nt_devices_close(struct nt *nt)
{
    /* Each call takes its entry off the list: what is freed is not met again. */
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc) */
    while (nt->links.Flink != &nt->links)
        free_link(CONTAINING_RECORD(nt->links.Flink, struct link, link));
    while (nt->devices.Flink != &nt->devices)
        free_device(CONTAINING_RECORD(nt->devices.Flink, struct nt_device, link));
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
}

static void destroy_device(struct nt *nt, void *body)
{
    DEVICE_OBJECT *object = body;
    DEVICE_OBJECT **link = &object->DriverObject->DeviceObject;

    while (*link != NULL && *link != object)
        link = &(*link)->NextDevice;
    if (*link == object)
        *link = object->NextDevice;
    free_device(nt_device_of(object));
}

static NTSTATUS create_device(struct nt *nt, PDRIVER_OBJECT driver, ULONG extension,
                              const UNICODE_STRING *name, DEVICE_TYPE type, ULONG characteristics,
                              BOOLEAN exclusive, PDEVICE_OBJECT *out, const void *caller)
{
    const size_t size = (sizeof(DEVICE_OBJECT) + 15) & ~(size_t)15;
    struct nt_device *device;
    DEVICE_OBJECT *object;
    NTSTATUS status;

    *out = NULL;
    if (name != NULL && nt_device_find(nt, name->Buffer, name->Length) != NULL)
        return STATUS_OBJECT_NAME_COLLISION;
    status = nt_failure(nt->sim, "IoCreateDevice");
    if (status != STATUS_SUCCESS)
        return status;
    device = calloc(1, sizeof(*device));
    if (device == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (name != NULL) {
        device->name = copy_wide(name->Buffer, name->Length);
        device->name_bytes = name->Length;
    }
    object =
        nt_object_create(nt, NT_OBJECT_DEVICE, size + extension, DEVICE_TAG, destroy_device, NULL);
    if (object == NULL || (name != NULL && device->name == NULL)) {
        free(device->name);
        free(device);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    object->Type = 3;
    object->Size = (USHORT)(size + extension);
    object->DriverObject = driver;
    object->NextDevice = driver->DeviceObject;
    object->Flags = DO_DEVICE_INITIALIZING | (exclusive ? DO_EXCLUSIVE : 0);
    object->Characteristics = characteristics;
    object->DeviceType = type;
    object->StackSize = 1;
    object->DeviceExtension = extension != 0 ? (uint8_t *)object + size : NULL;
    object->DeviceObjectExtension = device;
    nt_dispatcher_init(&object->DeviceLock.Header, NT_DISPATCHER_SYNCHRONIZATION_EVENT, 1);
    nt_list_init(&object->DeviceQueue.DeviceListHead);
    driver->DeviceObject = object;
    device->object = object;
    nt_list_append(&nt->devices, &device->link);
    *out = object;
    return STATUS_SUCCESS;
}

/* ---- exports ---- */

NTSTATUS NTAPI IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                              PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                              ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                              PDEVICE_OBJECT *DeviceObject)
{
    NT_EXPORT("IoCreateDevice", APC_LEVEL);
    return create_device(nt, DriverObject, DeviceExtensionSize, DeviceName, DeviceType,
                         DeviceCharacteristics, Exclusive, DeviceObject, NT_CALLER());
}

/* The descriptor is read for form only: the lab's host is SYSTEM, and nobody else opens devices
 * here. */
NTSTATUS NTAPI WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                                          PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                                          ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                          PCUNICODE_STRING DefaultSDDLString,
                                          LPCGUID DeviceClassGuid, PDEVICE_OBJECT *DeviceObject)
{
    NT_EXPORT("IoCreateDeviceSecure", PASSIVE_LEVEL);
    if (DefaultSDDLString == NULL || DefaultSDDLString->Length < 4 ||
        DefaultSDDLString->Buffer[0] != u'D' || DefaultSDDLString->Buffer[1] != u':')
        return STATUS_INVALID_PARAMETER;
    return create_device(nt, DriverObject, DeviceExtensionSize, DeviceName, DeviceType,
                         DeviceCharacteristics, Exclusive, DeviceObject, NT_CALLER());
}

VOID NTAPI IoDeleteDevice(PDEVICE_OBJECT DeviceObject)
{
    NT_EXPORT("IoDeleteDevice", APC_LEVEL);
    const uint64_t parameters[4] = {0, (uint64_t)(uintptr_t)DeviceObject, 0, 0};
    const struct nt_object *object = nt_object_of(nt, DeviceObject);

    if (object == NULL || object->type != NT_OBJECT_DEVICE || nt_device_of(DeviceObject)->deleted)
        nt_bugcheck(nt, 0x18, parameters, NT_CALLER(),
                    "IoDeleteDevice was given no device, or twice the same");
    nt_device_of(DeviceObject)->deleted = true;
    nt_object_dereference(nt, DeviceObject);
}

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    NT_EXPORT("IoCreateSymbolicLink", PASSIVE_LEVEL);
    size_t bytes = SymbolicLinkName->Length;
    const uint16_t *plain = plain_link_name(SymbolicLinkName->Buffer, &bytes);
    struct link *link;
    NTSTATUS status;

    if (plain == NULL)
        return STATUS_OBJECT_NAME_INVALID;
    if (find_link(nt, plain, bytes) != NULL)
        return STATUS_OBJECT_NAME_COLLISION;
    status = nt_failure(nt->sim, "IoCreateSymbolicLink");
    if (status != STATUS_SUCCESS)
        return status;
    link = calloc(1, sizeof(*link));
    if (link == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    nt_list_append(&nt->links, &link->link);
    link->name = copy_wide(plain, bytes);
    link->name_bytes = bytes;
    link->target = copy_wide(DeviceName->Buffer, DeviceName->Length);
    link->target_bytes = DeviceName->Length;
    if (link->name == NULL || link->target == NULL) {
        free_link(link);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING SymbolicLinkName,
                                               PUNICODE_STRING DeviceName)
{
    return IoCreateSymbolicLink(SymbolicLinkName, DeviceName);
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    NT_EXPORT("IoDeleteSymbolicLink", PASSIVE_LEVEL);
    size_t bytes = SymbolicLinkName->Length;
    const uint16_t *plain = plain_link_name(SymbolicLinkName->Buffer, &bytes);
    struct link *link = plain != NULL ? find_link(nt, plain, bytes) : NULL;

    if (link == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    free_link(link);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    NT_EXPORT("IoRegisterShutdownNotification", PASSIVE_LEVEL);
    const NTSTATUS status = nt_failure(nt->sim, "IoRegisterShutdownNotification");

    if (status != STATUS_SUCCESS)
        return status;
    DeviceObject->Flags |= DO_SHUTDOWN_REGISTERED;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    return IoRegisterShutdownNotification(DeviceObject);
}

VOID NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    NT_EXPORT("IoUnregisterShutdownNotification", PASSIVE_LEVEL);
    DeviceObject->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
}
