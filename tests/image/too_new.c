/* SPDX-License-Identifier: MIT */
/* A driver that uses what only Windows 8 has, and reads CR8 inline: proves that the image tests see
 * it. */
#include <ntddk.h>
#include <fwpsk.h>

DRIVER_INITIALIZE DriverEntry;

WDK_CODE_INIT NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return KeGetCurrentIrql() == PASSIVE_LEVEL ? FwpsFlowAbort(1) : STATUS_UNSUCCESSFUL;
}
