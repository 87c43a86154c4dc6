/* SPDX-License-Identifier: MIT */
/* Says things with DbgPrint, more than anybody wants to read, and refuses to start. */
#include <ntddk.h>
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    ULONG Index;
    UNREFERENCED_PARAMETER(DriverObject);
    DbgPrint("path %wZ\n", RegistryPath);
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, "two\r\nlines\n");
    DbgPrint("\x1b[31mred \xff %s", "no newline");
    for (Index = 0; Index < 1200; Index++)
        DbgPrint("%lu: %0600d\n", Index, 7);
    return STATUS_UNSUCCESSFUL;
}
