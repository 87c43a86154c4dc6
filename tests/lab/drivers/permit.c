/* SPDX-License-Identifier: MIT */
/* A clean driver: everything passes. */
#include "stream.h"

static VOID Classify(FWPS_STREAM_CALLOUT_IO_PACKET *Packet, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Out);
}

static VOID NTAPI PermitUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    StreamStop();
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = PermitUnload;
    return StreamStart(DriverObject);
}
