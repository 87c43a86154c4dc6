/* SPDX-License-Identifier: MIT */
/* Two callouts on each IPv4 stream, in sublayers of their own. The upper one is out of band: it
   clones and blocks everything, and injects it from a work item. The lower one permits inline what
   the upper one injected, which is lawful: the two are different callouts. With -D BACK_INLINE=1
   the upper one permits each FIN, although it went out of band: that is the fault. */
#include "stream.h"

#ifndef BACK_INLINE
#define BACK_INLINE 0
#endif
#define TAG_PART 0x74726150 /* "Part" */

typedef struct _PART {
    LIST_ENTRY Link;
    UINT64 Flow;
    UINT32 Flags;
    SIZE_T Length;
    NET_BUFFER_LIST *Clone;
} PART;

static const GUID UpperCallout = {
    0x7f0a4e11, 0x5b1c, 0x4e0f, {0x8a, 0x11, 0x30, 0x52, 0x4a, 0x00, 0x01, 0x04}};
static const GUID UpperSubLayer = {
    0x7f0a4e11, 0x5b1c, 0x4e0f, {0x8a, 0x11, 0x30, 0x52, 0x4a, 0x00, 0x01, 0x01}};
static UINT32 UpperId;
static HANDLE Injection;
static PIO_WORKITEM Worker;
static KSPIN_LOCK Lock;
static LIST_ENTRY Parts;
static BOOLEAN Scheduled; /* under Lock, as Parts */
static KEVENT Idle;

static VOID Classify(FWPS_STREAM_CALLOUT_IO_PACKET *Packet, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Out);
}

static VOID NTAPI Completed(VOID *Context, NET_BUFFER_LIST *Clone, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(Context);
    FwpsDiscardClonedStreamData(Clone, 0, DispatchLevel);
}

/* Under Lock: an abort that is indicated meanwhile finds the part in the list, or injected. */
static VOID Release(PART *Part, BOOLEAN Inject)
{
    RemoveEntryList(&Part->Link);
    if (!Inject || !NT_SUCCESS(FwpsStreamInjectAsync(Injection, NULL, 0, Part->Flow, UpperId,
                                                     FWPS_LAYER_STREAM_V4, Part->Flags, Part->Clone,
                                                     Part->Length, Completed, NULL)))
        FwpsDiscardClonedStreamData(Part->Clone, 0, TRUE);
    ExFreePoolWithTag(Part, TAG_PART);
}

static VOID NTAPI Work(PDEVICE_OBJECT Device, PVOID Context)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    KeAcquireSpinLock(&Lock, &Irql);
    while (!IsListEmpty(&Parts))
        Release(CONTAINING_RECORD(Parts.Flink, PART, Link), TRUE);
    Scheduled = FALSE;
    KeSetEvent(&Idle, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&Lock, Irql);
}

static VOID DiscardFlow(UINT64 Flow)
{
    LIST_ENTRY *Next;
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    for (LIST_ENTRY *Entry = Parts.Flink; Entry != &Parts; Entry = Next) {
        Next = Entry->Flink;
        if (CONTAINING_RECORD(Entry, PART, Link)->Flow == Flow)
            Release(CONTAINING_RECORD(Entry, PART, Link), FALSE);
    }
    KeReleaseSpinLock(&Lock, Irql);
}

static VOID NTAPI UpperClassify(const FWPS_INCOMING_VALUES *Values,
                                const FWPS_INCOMING_METADATA_VALUES *Meta, VOID *LayerData,
                                const VOID *ClassifyContext, const FWPS_FILTER *Filter,
                                UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_CALLOUT_IO_PACKET *Packet = LayerData;
    FWPS_STREAM_DATA *Data = Packet->streamData;
    PART *Part = NULL;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(ClassifyContext);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    Packet->streamAction = FWPS_STREAM_ACTION_NONE;
    Packet->countBytesEnforced = 0;
    Out->actionType = FWP_ACTION_BLOCK;
    if (Data->flags & (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)) {
        DiscardFlow(Meta->flowHandle);
        return;
    }
    if (BACK_INLINE && Data->dataLength == 0) {
        Out->actionType = FWP_ACTION_PERMIT;
        return;
    }
    Part = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Part), TAG_PART);
    if (Part == NULL || !NT_SUCCESS(FwpsCloneStreamData(Data, NULL, NULL, 0, &Part->Clone))) {
        if (Part != NULL)
            ExFreePoolWithTag(Part, TAG_PART);
        Packet->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
        return;
    }
    Part->Flow = Meta->flowHandle;
    Part->Flags = Data->flags;
    Part->Length = Data->dataLength;
    KeAcquireSpinLock(&Lock, &Irql);
    InsertTailList(&Parts, &Part->Link);
    if (!Scheduled) {
        Scheduled = TRUE;
        KeClearEvent(&Idle);
        IoQueueWorkItem(Worker, Work, DelayedWorkQueue, NULL);
    }
    KeReleaseSpinLock(&Lock, Irql);
}

static NTSTATUS AddUpper(VOID)
{
    FWPM_SUBLAYER SubLayer;
    FWPM_CALLOUT Callout;
    FWPM_FILTER Filter;
    NTSTATUS Status;

    RtlZeroMemory(&SubLayer, sizeof(SubLayer));
    SubLayer.subLayerKey = UpperSubLayer;
    SubLayer.displayData.name = StreamName;
    SubLayer.providerKey = (GUID *)&StreamProvider;
    SubLayer.weight = 0xC000;
    Status = FwpmSubLayerAdd(Stream.Engine, &SubLayer, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&Callout, sizeof(Callout));
    Callout.calloutKey = UpperCallout;
    Callout.displayData.name = StreamName;
    Callout.providerKey = (GUID *)&StreamProvider;
    Callout.applicableLayer = FWPM_LAYER_STREAM_V4;
    Status = FwpmCalloutAdd(Stream.Engine, &Callout, NULL, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&Filter, sizeof(Filter));
    Filter.displayData.name = StreamName;
    Filter.providerKey = (GUID *)&StreamProvider;
    Filter.layerKey = FWPM_LAYER_STREAM_V4;
    Filter.subLayerKey = UpperSubLayer;
    Filter.weight.type = FWP_EMPTY;
    Filter.action.type = FWP_ACTION_CALLOUT_TERMINATING;
    Filter.action.calloutKey = UpperCallout;
    return FwpmFilterAdd(Stream.Engine, &Filter, NULL, NULL);
}

static VOID NTAPI TwoModesUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    if (Stream.Engine != NULL)
        (VOID) FwpmEngineClose(Stream.Engine);
    Stream.Engine = NULL;
    if (UpperId != 0)
        (VOID) FwpsCalloutUnregisterById(UpperId);
    (VOID) KeWaitForSingleObject(&Idle, Executive, KernelMode, FALSE, NULL);
    if (Injection != NULL)
        (VOID) FwpsInjectionHandleDestroy(Injection);
    if (Worker != NULL)
        IoFreeWorkItem(Worker);
    StreamStop();
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    FWPS_CALLOUT Callout;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    KeInitializeSpinLock(&Lock);
    InitializeListHead(&Parts);
    KeInitializeEvent(&Idle, NotificationEvent, TRUE);
    DriverObject->DriverUnload = TwoModesUnload;
    Status = StreamStart(DriverObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Worker = IoAllocateWorkItem(Stream.Device);
    Status = Worker != NULL
                 ? FwpsInjectionHandleCreate(AF_UNSPEC, FWPS_INJECTION_TYPE_STREAM, &Injection)
                 : STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(&Callout, sizeof(Callout));
    Callout.calloutKey = UpperCallout;
    Callout.classifyFn = UpperClassify;
    Callout.notifyFn = StreamNotify;
    if (NT_SUCCESS(Status))
        Status = FwpsCalloutRegister(Stream.Device, &Callout, &UpperId);
    if (NT_SUCCESS(Status))
        Status = AddUpper();
    if (!NT_SUCCESS(Status))
        TwoModesUnload(DriverObject);
    return Status;
}
