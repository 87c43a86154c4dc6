/* SPDX-License-Identifier: MIT */
/*
 * The control device: \Device\Sluice, for SYSTEM and Administrators. Requests: sluice/ioctl.h.
 *
 * IoCreateDeviceSecure is a function of wdmsec.lib that is linked into the driver, not an export of
 * the kernel; wdk/lib brings it for images that are built here.
 */
#pragma once

#include <ntddk.h>

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
DeviceDriverEntry(_In_ PDRIVER_OBJECT DriverObject, _Out_ PDEVICE_OBJECT *DeviceObject);

/* No handle can be opened any more. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID DeviceClose(VOID);

_IRQL_requires_(PASSIVE_LEVEL)
VOID DeviceUnload(VOID);
