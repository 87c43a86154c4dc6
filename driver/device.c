/* SPDX-License-Identifier: MIT */
/* The control device. */
#include "device.h"

#include <wdmsec.h>

#include <sluice/ioctl.h>
#include <sluice/version.h>

#include "analysis.h"
#include "event.h"
#include "policy.h"
#include "settings.h"
#include "statistics.h"

#if NTDDI_VERSION >= NTDDI_WIN8
#define DEVICE_TARGET 8
#else
#define DEVICE_TARGET 7
#endif

static PDEVICE_OBJECT DeviceControl;

DECLARE_CONST_UNICODE_STRING(DeviceName, L"\\Device\\Sluice");
DECLARE_CONST_UNICODE_STRING(DeviceLink, L"\\DosDevices\\Sluice");

static DRIVER_DISPATCH DeviceCreate;
static DRIVER_DISPATCH DeviceCleanup;
static DRIVER_DISPATCH DeviceIoControl;

static NTSTATUS
DeviceComplete(_Inout_ PIRP Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

_Use_decl_annotations_
static NTSTATUS NTAPI
DeviceCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return DeviceComplete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_
static NTSTATUS NTAPI
DeviceCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    EventCancel(IoGetCurrentIrpStackLocation(Irp)->FileObject);
    return DeviceComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS
DeviceVersion(_Out_ struct sluice_version *Version)
{
    RtlZeroMemory(Version, sizeof(*Version));
    Version->interface = SLUICE_INTERFACE_VERSION;
    Version->major = SLUICE_VERSION_MAJOR;
    Version->minor = SLUICE_VERSION_MINOR;
    Version->patch = SLUICE_VERSION_PATCH;
    Version->target = DEVICE_TARGET;
    return STATUS_SUCCESS;
}

static NTSTATUS
DeviceMode(_In_ const struct sluice_mode *Mode)
{
    if (Mode->interface != SLUICE_INTERFACE_VERSION || Mode->mode < SLUICE_MODE_GATE ||
        Mode->mode > SLUICE_MODE_MONITOR)
        return STATUS_INVALID_PARAMETER;
    Settings.Mode = Mode->mode;
    return STATUS_SUCCESS;
}

/* The sizes that each request must have, exactly; of the output at least. */
typedef struct _DEVICE_REQUEST {
    ULONG Code;
    ULONG Input, Output;
    BOOLEAN AnyInput;
} DEVICE_REQUEST;

static const DEVICE_REQUEST DeviceRequests[] = {
    {SLUICE_IOCTL_VERSION, 0, sizeof(struct sluice_version), FALSE},
    {SLUICE_IOCTL_STATISTICS, 0, sizeof(struct sluice_statistics), FALSE},
    {SLUICE_IOCTL_BLOCKLIST, 0, 0, TRUE},
    {SLUICE_IOCTL_MODE, sizeof(struct sluice_mode), 0, FALSE},
    {SLUICE_IOCTL_RULES, 0, 0, TRUE},
    {SLUICE_IOCTL_READ_EVENTS, 0, SLUICE_EVENT_SIZE_MAX, FALSE},
};

static NTSTATUS
DeviceCheck(_In_ ULONG Code, _In_ ULONG Input, _In_ ULONG Output, _Out_ ULONG_PTR *Information)
{
    *Information = 0;
    for (ULONG i = 0; i < ARRAYSIZE(DeviceRequests); i++) {
        const DEVICE_REQUEST *Request = &DeviceRequests[i];

        if (Request->Code != Code)
            continue;
        if (!Request->AnyInput && Input != Request->Input)
            return STATUS_INVALID_PARAMETER;
        if (Output < Request->Output)
            return STATUS_BUFFER_TOO_SMALL;
        *Information = Request->Output;
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_DEVICE_REQUEST;
}

_Use_decl_annotations_
static NTSTATUS NTAPI
DeviceIoControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Input = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG Output = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG_PTR Information;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(DeviceObject);
    Status = DeviceCheck(Code, Input, Output, &Information);
    if (!NT_SUCCESS(Status))
        return DeviceComplete(Irp, Status, 0);
    switch (Code) {
    case SLUICE_IOCTL_VERSION:
        Status = DeviceVersion(Buffer);
        break;
    case SLUICE_IOCTL_STATISTICS:
        StatisticsSum(Buffer);
        break;
    case SLUICE_IOCTL_BLOCKLIST:
        Status = PolicySetBlocklist(Buffer, Input);
        break;
    case SLUICE_IOCTL_RULES:
        Status = PolicySetRules(Buffer, Input);
        if (NT_SUCCESS(Status))
            AnalysisRefreshAll();
        break;
    case SLUICE_IOCTL_MODE:
        Status = DeviceMode(Buffer);
        break;
    default:
        Status = EventRead(Irp, Output);
        if (Status == STATUS_PENDING)
            return Status;
        break;
    }
    return DeviceComplete(Irp, Status, NT_SUCCESS(Status) ? Information : 0);
}

_Use_decl_annotations_
WDK_CODE_INIT
NTSTATUS
DeviceDriverEntry(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT *DeviceObject)
{
    UNICODE_STRING Name = DeviceName, Link = DeviceLink;
    NTSTATUS Status;

    Status =
        IoCreateDeviceSecure(DriverObject, 0, &Name, SLUICE_DEVICE_TYPE, FILE_DEVICE_SECURE_OPEN,
                             FALSE, &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, &DeviceControl);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(DeviceControl);
        return Status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DeviceCreate;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DeviceCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DeviceCleanup;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceIoControl;
    *DeviceObject = DeviceControl;
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
DeviceClose(VOID)
{
    UNICODE_STRING Link = DeviceLink;

    (VOID) IoDeleteSymbolicLink(&Link);
}

_Use_decl_annotations_
VOID
DeviceUnload(VOID)
{
    IoDeleteDevice(DeviceControl);
    DeviceControl = NULL;
}
