/* SPDX-License-Identifier: MIT */
/* nt: drivers, devices, requests, cancellation, the registry, what is left at unload. */
#include "test_nt_world.h"

#define IOCTL_ECHO   CTL_CODE(FILE_DEVICE_NETWORK, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_WAIT   CTL_CODE(FILE_DEVICE_NETWORK, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_WAKE   CTL_CODE(FILE_DEVICE_NETWORK, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_DIRECT CTL_CODE(FILE_DEVICE_NETWORK, 0x803, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
#define IOCTL_TWICE  CTL_CODE(FILE_DEVICE_NETWORK, 0x804, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_WORK   CTL_CODE(FILE_DEVICE_NETWORK, 0x805, METHOD_BUFFERED, FILE_ANY_ACCESS)

static struct {
    PDEVICE_OBJECT device;
    UNICODE_STRING link;
    IO_CSQ queue;
    LIST_ENTRY waiting;
    KSPIN_LOCK lock;
    PIO_WORKITEM work;
    unsigned opens, cleanups, closes, cancelled, worked;
    ULONG limit; /* from the registry */
    WCHAR text[16];
    bool leave_things;
    bool leave_work;
    void *left;
    KTIMER timer;
} sample;

static VOID NTAPI csq_insert(PIO_CSQ csq, PIRP irp)
{
    InsertTailList(&sample.waiting, &irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI csq_remove(PIO_CSQ csq, PIRP irp)
{
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI csq_peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    PLIST_ENTRY next = irp == NULL ? sample.waiting.Flink : irp->Tail.Overlay.ListEntry.Flink;

    return next == &sample.waiting ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID NTAPI csq_lock(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&sample.lock, irql);
}

static VOID NTAPI csq_unlock(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&sample.lock, irql);
}

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID NTAPI csq_cancelled(PIO_CSQ csq, PIRP irp)
{
    sample.cancelled++;
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI open_close(PDEVICE_OBJECT device, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MajorFunction) {
    case IRP_MJ_CREATE:
        sample.opens++;
        break;
    case IRP_MJ_CLEANUP:
        sample.cleanups++;
        break;
    default:
        sample.closes++;
    }
    return complete(irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI work(PDEVICE_OBJECT device, PVOID context)
{
    assert_ptr_equal(device, sample.device);
    sample.worked++;
    complete(context, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    const ULONG in = location->Parameters.DeviceIoControl.InputBufferLength;
    const ULONG out = location->Parameters.DeviceIoControl.OutputBufferLength;
    UCHAR *buffer = irp->AssociatedIrp.SystemBuffer;
    PIRP waiting;

    assert_ptr_equal(device, sample.device);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_ECHO:
        if (out < in)
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        for (ULONG i = 0; i < in; i++)
            buffer[i] ^= 0xFF;
        return complete(irp, STATUS_SUCCESS, in);
    case IOCTL_DIRECT:
        buffer = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
        assert_int_equal(MmGetMdlByteCount(irp->MdlAddress), out);
        memset(buffer, 0x5A, out);
        return complete(irp, STATUS_SUCCESS, out);
    case IOCTL_WAIT:
        IoCsqInsertIrp(&sample.queue, irp, NULL);
        return STATUS_PENDING;
    case IOCTL_WAKE:
        waiting = IoCsqRemoveNextIrp(&sample.queue, NULL);
        if (waiting != NULL) {
            memcpy(waiting->AssociatedIrp.SystemBuffer, "wake", 4);
            complete(waiting, STATUS_SUCCESS, 4);
        }
        return complete(irp, waiting != NULL ? STATUS_SUCCESS : STATUS_NO_MORE_ENTRIES, 0);
    case IOCTL_WORK:
        IoMarkIrpPending(irp);
        IoQueueWorkItem(sample.work, work, DelayedWorkQueue, irp);
        return STATUS_PENDING;
    case IOCTL_TWICE:
        complete(irp, STATUS_SUCCESS, 0);
        return complete(irp, STATUS_SUCCESS, 0);
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static void read_parameters(PUNICODE_STRING path)
{
    UCHAR buffer[128];
    KEY_VALUE_PARTIAL_INFORMATION *info = (void *)buffer;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    HANDLE service, key;
    ULONG length;

    InitializeObjectAttributes(&attributes, path, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    assert_int_equal(ZwOpenKey(&service, KEY_READ, &attributes), STATUS_SUCCESS);
    RtlInitUnicodeString(&name, u"Parameters");
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, service, NULL);
    if (!NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes))) {
        ZwClose(service);
        return;
    }
    RtlInitUnicodeString(&name, u"LIMIT");
    assert_int_equal(
        ZwQueryValueKey(key, &name, KeyValuePartialInformation, buffer, sizeof(buffer), &length),
        STATUS_SUCCESS);
    assert_int_equal(info->Type, REG_DWORD);
    memcpy(&sample.limit, info->Data, sizeof(ULONG));
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, buffer, 4, &length),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, buffer, 12, &length),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(length, 16);
    RtlInitUnicodeString(&name, u"Absent");
    assert_int_equal(
        ZwQueryValueKey(key, &name, KeyValuePartialInformation, buffer, sizeof(buffer), &length),
        STATUS_OBJECT_NAME_NOT_FOUND);

    UNICODE_STRING text = {0, sizeof(sample.text), sample.text};
    ULONG fallback = 7, direct = 0;
    RTL_QUERY_REGISTRY_TABLE table[4] = {
        {NULL, RTL_QUERY_REGISTRY_DIRECT, (PWSTR)u"Name", &text, REG_NONE, NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_DIRECT, (PWSTR)u"Absent", &direct, REG_DWORD, &fallback,
         sizeof(fallback)},
    };
    assert_int_equal(
        RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"sample\\Parameters", table, NULL, NULL),
        STATUS_SUCCESS);
    assert_int_equal(direct, 7);
    ZwClose(key);
    ZwClose(service);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    IoDeleteSymbolicLink(&sample.link);
    if (!sample.leave_work)
        IoFreeWorkItem(sample.work);
    IoDeleteDevice(sample.device);
    if (sample.leave_things) {
        LARGE_INTEGER due = {.QuadPart = -(LONGLONG)(100 * SIM_SECOND)};

        KeInitializeTimer(&sample.timer);
        KeSetTimer(&sample.timer, due, NULL);
        sample.left = ExAllocatePoolWithTag(NonPagedPool, 100, TAG);
    }
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name;
    NTSTATUS status;

    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    InitializeListHead(&sample.waiting);
    KeInitializeSpinLock(&sample.lock);
    IoCsqInitialize(&sample.queue, csq_insert, csq_remove, csq_peek, csq_lock, csq_unlock,
                    csq_cancelled);
    read_parameters(path);
    RtlInitUnicodeString(&name, u"\\Device\\Sample");
    status = IoCreateDevice(driver, 64, &name, FILE_DEVICE_NETWORK, 0, FALSE, &sample.device);
    if (!NT_SUCCESS(status))
        return status;
    memset(sample.device->DeviceExtension, 1, 64);
    RtlInitUnicodeString(&sample.link, u"\\DosDevices\\Sample");
    assert_int_equal(IoCreateSymbolicLink(&sample.link, &name), STATUS_SUCCESS);
    sample.work = IoAllocateWorkItem(sample.device);
    driver->MajorFunction[IRP_MJ_CREATE] = open_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = open_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

static struct nt_driver *load(struct world *world)
{
    struct nt_driver *driver;
    NTSTATUS status;

    memset(&sample, 0, sizeof(sample));
    world_driver_entry = entry;
    driver = world_load(world, &status);
    assert_non_null(driver);
    assert_int_equal(status, STATUS_SUCCESS);
    return driver;
}

static void test_load_and_control(void **state)
{
    struct world *world = *state;
    UCHAR in[4] = {1, 2, 3, 4}, out[8];
    size_t size;

    nt_registry_set_text(world->nt, "sample", "Limit", "0x20");
    nt_registry_set_text(world->nt, "sample", "Name", "h\xC3\xA4llo");
    struct nt_driver *driver = load(world);
    assert_int_equal(sample.limit, 32);
    assert_int_equal(memcmp(sample.text, u"h\u00e4llo", 12), 0);

    assert_int_equal(
        nt_device_control(world->nt, "\\DosDevices\\Sample", IOCTL_ECHO, in, 4, out, 8, &size),
        STATUS_SUCCESS);
    assert_int_equal(size, 4);
    assert_int_equal(out[1], 0xFD);
    assert_int_equal(
        nt_device_control(world->nt, "\\Device\\Sample", IOCTL_ECHO, in, 4, out, 2, &size),
        STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(
        nt_device_control(world->nt, "\\??\\Sample", IOCTL_DIRECT, NULL, 0, out, 8, &size),
        STATUS_SUCCESS);
    assert_int_equal(size, 8);
    assert_int_equal(out[7], 0x5A);
    assert_int_equal(
        nt_device_control(world->nt, "\\??\\Sample", 0x12340000, NULL, 0, out, 8, &size),
        STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(
        nt_device_control(world->nt, "\\??\\Sample", IOCTL_WORK, NULL, 0, NULL, 0, &size),
        STATUS_SUCCESS);
    assert_int_equal(sample.worked, 1);
    assert_int_equal(
        nt_device_control(world->nt, "\\Device\\None", IOCTL_ECHO, in, 4, out, 8, &size),
        STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(sample.opens, 5);
    assert_int_equal(sample.cleanups, 5);
    assert_int_equal(sample.closes, 5);
    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
}

static void test_pended_and_cancelled(void **state)
{
    struct world *world = *state;
    struct nt_driver *driver = load(world);
    struct nt_request *first, *second;
    struct nt_file *file;
    const void *data;
    NTSTATUS status;
    size_t size;

    assert_int_equal(nt_file_open(world->nt, "\\DosDevices\\Sample", &file), STATUS_SUCCESS);
    first = nt_file_control(file, IOCTL_WAIT, NULL, 0, 16);
    second = nt_file_control(file, IOCTL_WAIT, NULL, 0, 16);
    assert_true(sim_run(world->sim));
    assert_false(nt_request_done(first, &status, &data, &size));
    assert_int_equal(
        nt_device_control(world->nt, "\\??\\Sample", IOCTL_WAKE, NULL, 0, NULL, 0, &size),
        STATUS_SUCCESS);
    assert_int_equal(nt_request_done(first, &status, &data, &size) +
                         nt_request_done(second, &status, &data, &size),
                     1);
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(size, 4);
    assert_memory_equal(data, "wake", 4);
    nt_request_cancel(first);
    nt_request_cancel(second);
    assert_true(nt_request_done(first, &status, &data, &size));
    assert_true(nt_request_done(second, &status, &data, &size));
    assert_int_equal(sample.cancelled, 1);
    nt_request_free(first);
    nt_request_free(second);
    /* A free without an answer cancels first. */
    nt_request_free(nt_file_control(file, IOCTL_WAIT, NULL, 0, 16));
    assert_int_equal(sample.cancelled, 2);
    nt_file_close(file);
    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
}

static void test_completed_twice(void **state)
{
    struct world *world = *state;
    size_t size;

    load(world);
    nt_device_control(world->nt, "\\??\\Sample", IOCTL_TWICE, NULL, 0, NULL, 0, &size);
    assert_true(world->sim->stopped);
    world_expect(world, "CRASH MULTIPLE_IRP_COMPLETE_REQUESTS");
}

static void test_left_behind(void **state)
{
    struct world *world = *state;
    struct nt_driver *driver = load(world);

    sample.leave_things = true;
    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
    world_expect(world, "R68 DriverUnload: 1 armed timer");
    world_expect(world, "R66 DriverUnload: 1 block, 100 bytes of tag 'Test' is left");
    ExFreePool(sample.left);
    assert_true(sim_run_idle(world->sim, UINT64_MAX));
}

/* The device that the item was made for is gone by then. */
static void test_work_item_left_behind(void **state)
{
    struct world *world = *state;
    struct nt_driver *driver = load(world);

    sample.leave_work = true;
    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
    world_expect(world, "R68 DriverUnload: 1 work item left");
    world_expect(world, "R66 DriverUnload: 1 block,");
    IoFreeWorkItem(sample.work);
}

static NTSTATUS refuse(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    return STATUS_INSUFFICIENT_RESOURCES;
}

static void test_entry_fails(void **state)
{
    struct world *world = *state;
    struct nt_driver *driver;
    NTSTATUS status;

    world_driver_entry = refuse;
    driver = world_load(world, &status);
    assert_non_null(driver);
    assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
}

static void test_exports_are_sorted(void **state)
{
    struct world *world = *state;
    const struct pe_module *modules[] = {&nt_module_ntoskrnl, &nt_module_hal};

    (void)world;
    for (unsigned m = 0; m < 2; m++)
        for (size_t i = 0; i < modules[m]->count; i++) {
            const struct pe_export *row = &modules[m]->exports[i];

            if (i > 0)
                assert_true(strcmp(row[-1].name, row->name) < 0);
            assert_int_equal(row->address == NULL, row->kind == PE_EXPORT_UNMODELLED);
        }
}

static void routine_body(struct world *world)
{
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, u"ExAllocatePoolWithTag");
    assert_non_null(MmGetSystemRoutineAddress(&name));
    RtlInitUnicodeString(&name, u"KeQueryPerformanceCounter");
    assert_ptr_equal(MmGetSystemRoutineAddress(&name),
                     (void *)(uintptr_t)KeQueryPerformanceCounter);
    RtlInitUnicodeString(&name, u"ExAllocatePool2"); /* came with Windows 10 2004 */
    assert_null(MmGetSystemRoutineAddress(&name));
    RtlInitUnicodeString(&name, u"FwpsFlowAbort0");
    assert_null(MmGetSystemRoutineAddress(&name));
    RtlInitUnicodeString(&name, u"ZwQuerySystemInformation");
    MmGetSystemRoutineAddress(&name);
}

static void test_system_routines(void **state)
{
    struct world *world = *state;

    world_run(world, routine_body);
    assert_false(world->done);
    assert_true(world->sim->stopped);
    assert_non_null(strstr(nt_unmodelled(world->nt), "ZwQuerySystemInformation"));
}

static void NTAPI callback_called(PVOID context, PVOID first, PVOID second)
{
    (void)first;
    (void)second;
    ++*(unsigned *)context;
}

static NTSTATUS open_callback(const WCHAR *text, BOOLEAN create, PCALLBACK_OBJECT *object)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, text);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return ExCreateCallback(object, &attributes, create, FALSE);
}

static void callback_body(struct world *world)
{
    PCALLBACK_OBJECT object, again;
    unsigned calls = 0;

    (void)world;
    assert_int_equal(open_callback(u"\\Callback\\Nobody", FALSE, &object),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(open_callback(u"\\Callback\\SetSystemTime", FALSE, &object), STATUS_SUCCESS);
    ObDereferenceObject(object);
    assert_int_equal(open_callback(u"\\callback\\powerstate", FALSE, &object), STATUS_SUCCESS);
    assert_int_equal(open_callback(u"\\Callback\\PowerState", FALSE, &again), STATUS_SUCCESS);
    assert_ptr_equal(object, again);
    PVOID one = ExRegisterCallback(object, callback_called, &calls);
    PVOID two = ExRegisterCallback(object, callback_called, &calls);
    assert_non_null(one);
    assert_non_null(two); /* of the system's callbacks many can be told */
    ExNotifyCallback(object, NULL, NULL);
    assert_int_equal(calls, 2);
    ExUnregisterCallback(one);
    ExUnregisterCallback(two);
    ObDereferenceObject(again);
    ObDereferenceObject(object);
}

static void test_system_callbacks(void **state)
{
    world_run(*state, callback_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NT_TEST(test_load_and_control),
        NT_TEST_PREEMPT(test_load_and_control),
        NT_TEST(test_pended_and_cancelled),
        NT_TEST_PREEMPT(test_pended_and_cancelled),
        NT_TEST_SPECIAL(test_pended_and_cancelled),
        NT_TEST(test_completed_twice),
        NT_TEST(test_left_behind),
        NT_TEST(test_work_item_left_behind),
        NT_TEST(test_entry_fails),
        NT_TEST(test_exports_are_sorted),
        NT_TEST(test_system_routines),
        NT_TEST(test_system_callbacks),
    };
    return cmocka_run_group_tests_name("nt_driver", tests, NULL, NULL);
}
