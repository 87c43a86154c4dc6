/* SPDX-License-Identifier: MIT */
/* R56: the filters go while their callout accumulates: what it asked more data for hangs in the
 * air. */
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

#define MESSAGE 65536 /* more than any flow sends: it is gathered until its end */

static PIO_WORKITEM WorkItem;
static KEVENT Done;
static volatile LONG Queued;

#ifdef SPECIMEN_BAD
/* A change of rules: the filters are taken away. */
static VOID NTAPI Remove(PDEVICE_OBJECT Device, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    (VOID) FwpmEngineClose(Specimen.Engine);
    Specimen.Engine = NULL;
    (VOID) KeSetEvent(&Done, IO_NO_INCREMENT, FALSE);
}
#endif

static NTSTATUS Start(VOID)
{
    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    WorkItem = IoAllocateWorkItem(Specimen.Device);
    return WorkItem != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID Drain(VOID)
{
    if (Queued != 0)
        (VOID) KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    if (WorkItem != NULL)
        IoFreeWorkItem(WorkItem);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const SIZE_T Length = Packet->streamData->dataLength;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    if (Length == 0 || Length >= MESSAGE ||
        (Out->flags &
         (FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA | FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED)) != 0)
        return;
    Packet->streamAction = FWPS_STREAM_ACTION_NEED_MORE_DATA;
    Packet->countBytesRequired = (UINT32)(MESSAGE - Length);
    Out->actionType = FWP_ACTION_NONE;
#ifdef SPECIMEN_BAD
    if (InterlockedExchange(&Queued, 1) == 0)
        IoQueueWorkItem(WorkItem, Remove, DelayedWorkQueue, NULL);
#endif
}
