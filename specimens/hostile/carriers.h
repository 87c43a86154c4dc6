/* SPDX-License-Identifier: MIT */
/* Places of an act that are no callout function: a system thread, a work item, a DPC and a timer's
   DPC of the driver's own. Each is waited for before the driver goes. */
#pragma once

static VOID ActAt(ULONG Where, FWPS_STREAM_DATA *StreamData);

typedef struct _CARRIER {
    KEVENT Done;
    PKTHREAD Thread;
    PIO_WORKITEM WorkItem;
    KDPC Dpc;
    KTIMER Timer;
    BOOLEAN Waits; /* for the work item */
} CARRIER;

static CARRIER Carrier;

static VOID NTAPI CarryInThread(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    ActAt(IN_THREAD, NULL);
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI CarryInWorkItem(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    ActAt(IN_WORK_ITEM, NULL);
    (VOID) KeSetEvent(&Carrier.Done, IO_NO_INCREMENT, FALSE);
}

static VOID NTAPI CarryInDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    ActAt(PLACE, NULL);
}

static NTSTATUS CarrierStartThread(VOID)
{
    HANDLE Thread;
    NTSTATUS Status =
        PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, CarryInThread, NULL);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Thread, THREAD_ALL_ACCESS, NULL, KernelMode,
                                       (PVOID *)&Carrier.Thread, NULL);
    (VOID) ZwClose(Thread);
    return Status;
}

static NTSTATUS CarrierStart(VOID)
{
    LARGE_INTEGER Due;

    Due.QuadPart = RETRY_10_MS;
    KeInitializeEvent(&Carrier.Done, NotificationEvent, FALSE);
    KeInitializeDpc(&Carrier.Dpc, CarryInDpc, NULL);
    KeInitializeTimer(&Carrier.Timer);
    if (PLACE == IN_THREAD)
        return CarrierStartThread();
    if (PLACE == IN_WORK_ITEM) {
        Carrier.WorkItem = IoAllocateWorkItem(Specimen.Device);
        if (Carrier.WorkItem == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        Carrier.Waits = TRUE;
        IoQueueWorkItem(Carrier.WorkItem, CarryInWorkItem, DelayedWorkQueue, NULL);
    }
    if (PLACE == IN_DPC)
        (VOID) KeInsertQueueDpc(&Carrier.Dpc, NULL, NULL);
    if (PLACE == IN_TIMER)
        (VOID) KeSetTimer(&Carrier.Timer, Due, &Carrier.Dpc);
    return STATUS_SUCCESS;
}

static VOID CarrierDrain(VOID)
{
    if (Carrier.Thread != NULL) {
        (VOID) KeWaitForSingleObject(Carrier.Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Carrier.Thread);
    }
    if (Carrier.Waits)
        (VOID) KeWaitForSingleObject(&Carrier.Done, Executive, KernelMode, FALSE, NULL);
    if (Carrier.WorkItem != NULL)
        IoFreeWorkItem(Carrier.WorkItem);
    if (PLACE == IN_TIMER)
        (VOID) KeCancelTimer(&Carrier.Timer);
    KeFlushQueuedDpcs();
}
