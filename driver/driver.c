/* SPDX-License-Identifier: MIT */
/* sluice.sys: load and unload, the ladder of its modules. */
#include <ntddk.h>

#include "device.h"
#include "drain.h"
#include "event.h"
#include "flow.h"
#include "guard.h"
#include "memory.h"
#include "policy.h"
#include "release.h"
#include "settings.h"
#include "statistics.h"
#include "stop.h"
#include "timer_wheel.h"
#include "wfp.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD DriverUnload;

_Use_decl_annotations_
static VOID NTAPI
DriverUnload(PDRIVER_OBJECT DriverObject)
{
    BOOLEAN Rest;

    UNREFERENCED_PARAMETER(DriverObject);
    DeviceClose();
    Rest = StopFlows();
    WfpRemoveFilters();
    /* What was shown in between comes to rest too, before flows lose their contexts. */
    if (Rest)
        (VOID) StopFlows();
    WfpUnload();
    ReleaseUnload();
    DrainUnload();
    TimerWheelUnload();
    EventUnload();
    DeviceUnload();
    PolicyUnload();
    HoldUnload();
    MemUnload();
    StatisticsUnload();
}

_Use_decl_annotations_
WDK_CODE_INIT
NTSTATUS NTAPI
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT DeviceObject;
    NTSTATUS Status;

    Status = SettingsDriverEntry(RegistryPath);
    if (!NT_SUCCESS(Status))
        return Status;
    GuardDriverEntry();
    FlowDriverEntry();
    DrainDriverEntry();
    Status = StatisticsDriverEntry();
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MemDriverEntry();
    if (!NT_SUCCESS(Status))
        goto UnloadStatistics;
    Status = HoldDriverEntry();
    if (!NT_SUCCESS(Status))
        goto UnloadMemory;
    Status = PolicyDriverEntry();
    if (!NT_SUCCESS(Status))
        goto UnloadHold;
    Status = EventDriverEntry();
    if (!NT_SUCCESS(Status))
        goto UnloadPolicy;
    Status = TimerWheelDriverEntry(DrainTimerRetain, DrainTimerExpire);
    if (!NT_SUCCESS(Status))
        goto UnloadEvents;
    Status = ReleaseDriverEntry(DriverObject);
    if (!NT_SUCCESS(Status))
        goto UnloadTimers;
    Status = DeviceDriverEntry(DriverObject, &DeviceObject);
    if (!NT_SUCCESS(Status))
        goto UnloadRelease;
    Status = WfpDriverEntry(DeviceObject);
    if (!NT_SUCCESS(Status))
        goto UnloadDevice;
    DriverObject->DriverUnload = DriverUnload;
    return STATUS_SUCCESS;

UnloadDevice:
    DeviceClose();
    DeviceUnload();
UnloadRelease:
    ReleaseUnload();
UnloadTimers:
    TimerWheelUnload();
UnloadEvents:
    EventUnload();
UnloadPolicy:
    PolicyUnload();
UnloadHold:
    HoldUnload();
UnloadMemory:
    MemUnload();
UnloadStatistics:
    StatisticsUnload();
    return Status;
}
