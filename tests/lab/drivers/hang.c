/* SPDX-License-Identifier: MIT */
/* A driver whose DriverUnload does not return: HANG says what it waits for. */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

enum { EVENT, THREAD, COUNT, DESTROY };

#ifndef HANG
#define HANG EVENT
#endif

static KEVENT Work, Done;
static PKTHREAD Thread;
static volatile LONG Pending;

static VOID NTAPI ThreadMain(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    (VOID) KeWaitForSingleObject(&Work, Executive, KernelMode, FALSE, NULL);
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS Start(VOID)
{
    HANDLE Handle;
    NTSTATUS Status;

    KeInitializeEvent(&Work, NotificationEvent, FALSE);
    KeInitializeEvent(&Done, SynchronizationEvent, FALSE);
    (VOID) KeSetEvent(&Done, IO_NO_INCREMENT, FALSE);
    (VOID) KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ThreadMain, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, NULL, KernelMode,
                                       (PVOID *)&Thread, NULL);
    (VOID) ZwClose(Handle);
    return Status;
}

__declspec(noinline) static VOID WaitForCount(VOID)
{
    LARGE_INTEGER Interval;

    Interval.QuadPart = RETRY_10_MS;
    while (Pending > 0)
        (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Interval);
}

static VOID Drain(VOID)
{
    if (HANG == EVENT)
        (VOID) KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    if (HANG == COUNT)
        WaitForCount();
    if (HANG != THREAD)
        (VOID) KeSetEvent(&Work, IO_NO_INCREMENT, FALSE);
    if (Thread == NULL)
        return;
    (VOID) KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
}

static VOID NTAPI Completed(VOID *Context, NET_BUFFER_LIST *NetBufferList, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    FwpsFreeCloneNetBufferList(NetBufferList, DispatchLevel ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL : 0);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_DATA *Data = Packet->streamData;
    NET_BUFFER_LIST *Clone;

    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    if (HANG < COUNT || Data->dataLength == 0 ||
        !NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Clone)))
        return;
    if (InterlockedIncrement(&Pending) == 1 && HANG == DESTROY)
        FwpsReferenceNetBufferList(Clone, TRUE);
    if (!NT_SUCCESS(FwpsStreamInjectAsync(
            Specimen.Injection, NULL, 0, Meta->flowHandle,
            Specimen.CalloutId[Values->layerId == FWPS_LAYER_STREAM_V6], Values->layerId,
            Data->flags, Clone, Data->dataLength, Completed, NULL))) {
        FwpsDiscardClonedStreamData(Clone, 0, FALSE);
        return;
    }
    Out->actionType = FWP_ACTION_BLOCK;
}
