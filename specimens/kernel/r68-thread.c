/* SPDX-License-Identifier: MIT */
/* R68: a system thread is told to end, and DriverUnload does not wait until it has. */
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

static KEVENT Stop;
static PKTHREAD Thread;

static VOID NTAPI ThreadMain(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    (VOID) KeWaitForSingleObject(&Stop, Executive, KernelMode, FALSE, NULL);
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS Start(VOID)
{
    HANDLE Handle;
    NTSTATUS Status;

    KeInitializeEvent(&Stop, NotificationEvent, FALSE);
    Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ThreadMain, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, NULL, KernelMode,
                                       (PVOID *)&Thread, NULL);
    (VOID) ZwClose(Handle);
    return Status;
}

static VOID Drain(VOID)
{
    if (Thread == NULL)
        return;
    (VOID) KeSetEvent(&Stop, IO_NO_INCREMENT, FALSE);
#ifndef SPECIMEN_BAD
    (VOID) KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
#endif
    ObDereferenceObject(Thread);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
}
