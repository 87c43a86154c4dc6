/* SPDX-License-Identifier: MIT */
/* The stream callout driver of the 2011 report, reduced to what leaks: it always blocks what it is
   shown and injects a clone of it, in Injects calls during the same classify. NBUF_LEAK_WORKAROUND
   chooses the image: 0 none, 1 guard (the chain's links are restored on exit), 2 batch (one
   inject). In everything else it is meant to be a clean driver.

   Parameters: Injects 0..3 (with 0 the bytes are blocked and dropped), Verdict block, permit (hold
   the first indication, inject it at the second, permit that) or partial (enforce the first 1,460
   bytes). A FIN is always injected, once. */
#include <ntddk.h>
#include <fwpsk.h>
#include <fwpmk.h>

#ifndef NBUF_LEAK_WORKAROUND
#define NBUF_LEAK_WORKAROUND 0
#endif
#define WORKAROUND_GUARD 1
#define WORKAROUND_BATCH 2

#define TAG_LEAK         0x6b4c624e /* "NbLk" */
#define MAX_INJECTS      3
#define PARTIAL_BYTES    1460
#define GUARD_LINKS      32
#define STREAM_ABORT     (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)
#define STREAM_FIN       (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)
#define RETRY_INTERVAL   (-10 * 1000 * 10) /* 10 ms, in 100 ns */

typedef enum _VERDICT { VerdictBlock, VerdictPermit, VerdictPartial, VerdictCount } VERDICT;

/* A clone of offered bytes, and a reference for each NBL over it that is being injected. */
typedef struct _BATCH {
    volatile LONG References;
    NET_BUFFER_LIST *Clone;
    SIZE_T Length;
    UINT32 StreamFlags;
} BATCH, *PBATCH;

/* Where and how to inject: the same for every inject of one classify. */
typedef struct _TARGET {
    UINT64 FlowId;
    UINT32 CalloutId;
    UINT16 LayerId;
} TARGET, *PTARGET;

/* Verdict=permit only: what was held of each direction, [0] receive, [1] send. */
typedef struct _FLOW {
    LIST_ENTRY Link;
    TARGET Target;
    PBATCH Held[2];
    BOOLEAN Seen[2];
} FLOW, *PFLOW;

/* One run of NBLs that leaves in one inject. */
typedef struct _PART {
    NET_BUFFER_LIST *First;
    NET_BUFFER_LIST *Last;
    SIZE_T Length;
} PART, *PPART;

/* The links of the offered chain as they were on entry. */
typedef struct _GUARD {
    ULONG Count;
    NET_BUFFER_LIST *Nbl[GUARD_LINKS];
} GUARD, *PGUARD;

typedef struct _LEAK_DRIVER {
    PDEVICE_OBJECT Device;
    PNDIS_GENERIC_OBJECT NdisObject;
    NDIS_HANDLE NblPool;
    HANDLE Injection;
    HANDLE Engine;
    UINT32 CalloutId[2];
    BOOLEAN Registered[2];
    KSPIN_LOCK FlowLock;
    LIST_ENTRY Flows;
    ULONG Injects;
    VERDICT Verdict;
} LEAK_DRIVER;

static LEAK_DRIVER Leak;
static WCHAR DisplayName[] = L"nbuf-leak";

static const GUID CalloutKeys[2] = {
    {0x5d1b0b52, 0x6c0e, 0x4f1c, {0x9a, 0x55, 0x0b, 0x7f, 0x3c, 0x9e, 0x11, 0x04}},
    {0x5d1b0b52, 0x6c0e, 0x4f1c, {0x9a, 0x55, 0x0b, 0x7f, 0x3c, 0x9e, 0x11, 0x06}}};
static const GUID ProviderKey = {
    0x5d1b0b52, 0x6c0e, 0x4f1c, {0x9a, 0x55, 0x0b, 0x7f, 0x3c, 0x9e, 0x11, 0x02}};
static const GUID SubLayerKey = {
    0x5d1b0b52, 0x6c0e, 0x4f1c, {0x9a, 0x55, 0x0b, 0x7f, 0x3c, 0x9e, 0x11, 0x01}};

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD LeakUnload;

/* --- clones and parts --- */

static VOID BatchRelease(PBATCH Batch, BOOLEAN DispatchLevel)
{
    if (InterlockedDecrement(&Batch->References) != 0)
        return;
    FwpsDiscardClonedStreamData(Batch->Clone, 0, DispatchLevel);
    ExFreePoolWithTag(Batch, TAG_LEAK);
}

static PBATCH BatchCreate(FWPS_STREAM_DATA *StreamData)
{
    PBATCH Batch = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Batch), TAG_LEAK);

    if (Batch == NULL)
        return NULL;
    Batch->References = 1;
    Batch->Length = StreamData->dataLength;
    Batch->StreamFlags = StreamData->flags;
    if (!NT_SUCCESS(FwpsCloneStreamData(StreamData, NULL, NULL, 0, &Batch->Clone))) {
        ExFreePoolWithTag(Batch, TAG_LEAK);
        return NULL;
    }
    return Batch;
}

static VOID PartAppend(PPART Part, NET_BUFFER_LIST *First, NET_BUFFER_LIST *Last, SIZE_T Length)
{
    if (Part->First == NULL)
        Part->First = First;
    else
        NET_BUFFER_LIST_NEXT_NBL(Part->Last) = First;
    Part->Last = Last;
    Part->Length += Length;
}

static VOID PartFree(PPART Part, PBATCH Batch)
{
    while (Part->First != NULL) {
        NET_BUFFER_LIST *Nbl = Part->First;
        Part->First = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
        FwpsFreeNetBufferList(Nbl);
        BatchRelease(Batch, FALSE);
    }
    Part->Length = 0;
}

/* Makes the NBLs over bytes From..To of the clone, one for each NET_BUFFER they touch. No data is
   copied: each refers to the clone's MDLs and holds a reference to the batch. */
static NTSTATUS PartBuild(PBATCH Batch, SIZE_T From, SIZE_T To, PPART Part)
{
    NTSTATUS Status = STATUS_SUCCESS;
    SIZE_T At = 0;

    for (NET_BUFFER_LIST *Nbl = Batch->Clone; Nbl != NULL; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Nbl);
        for (; Nb != NULL; Nb = NET_BUFFER_NEXT_NB(Nb)) {
            SIZE_T End = At + NET_BUFFER_DATA_LENGTH(Nb);
            SIZE_T First = From > At ? From : At;
            SIZE_T Last = To < End ? To : End;
            if (First < Last) {
                NET_BUFFER_LIST *Piece = NULL;
                Status = FwpsAllocateNetBufferAndNetBufferList(
                    Leak.NblPool, 0, 0, NET_BUFFER_FIRST_MDL(Nb),
                    NET_BUFFER_DATA_OFFSET(Nb) + (ULONG)(First - At), Last - First, &Piece);
                if (!NT_SUCCESS(Status)) {
                    PartFree(Part, Batch);
                    return Status;
                }
                InterlockedIncrement(&Batch->References);
                NET_BUFFER_LIST_NEXT_NBL(Piece) = NULL;
                PartAppend(Part, Piece, Piece, Last - First);
            }
            At = End;
        }
    }
    return Status;
}

/* --- injection --- */

static VOID NTAPI LeakInjectComplete(VOID *Context, NET_BUFFER_LIST *NetBufferList,
                                     BOOLEAN DispatchLevel)
{
    FwpsFreeNetBufferList(NetBufferList);
    BatchRelease(Context, DispatchLevel);
}

static NTSTATUS Inject(const TARGET *Target, UINT32 StreamFlags, PPART Part, PBATCH Batch)
{
    NTSTATUS Status = FwpsStreamInjectAsync(Leak.Injection, NULL, 0, Target->FlowId,
                                            Target->CalloutId, Target->LayerId, StreamFlags,
                                            Part->First, Part->Length, LeakInjectComplete, Batch);
    if (NT_SUCCESS(Status))
        Part->First = Part->Last = NULL; /* the completions free them */
    return Status;
}

/* Injects the first Length bytes of the clone in Leak.Injects calls (batch: in one). All parts
   exist before the first call, because the chain must not be walked afterwards. *Injected tells how
   many bytes went, also on failure. */
static NTSTATUS InjectInParts(const TARGET *Target, PBATCH Batch, SIZE_T Length, SIZE_T *Injected)
{
    PART Parts[MAX_INJECTS];
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Last = 0;

    RtlZeroMemory(Parts, sizeof(Parts));
    *Injected = 0;
    for (ULONG i = 0; i < Leak.Injects && NT_SUCCESS(Status); i++) {
        Status =
            PartBuild(Batch, Length * i / Leak.Injects, Length * (i + 1) / Leak.Injects, &Parts[i]);
        if (Parts[i].First != NULL)
            Last = i;
    }
#if NBUF_LEAK_WORKAROUND == WORKAROUND_BATCH
    for (ULONG i = 1; i < Leak.Injects && NT_SUCCESS(Status); i++) {
        if (Parts[i].First != NULL)
            PartAppend(&Parts[0], Parts[i].First, Parts[i].Last, Parts[i].Length);
        RtlZeroMemory(&Parts[i], sizeof(Parts[i]));
    }
    Last = 0;
#endif
    for (ULONG i = 0; i < Leak.Injects && NT_SUCCESS(Status); i++) {
        if (Parts[i].First == NULL)
            continue;
        /* A FIN that came with the data goes with its last bytes. */
        Status = Inject(Target, i == Last ? Batch->StreamFlags : Batch->StreamFlags & ~STREAM_FIN,
                        &Parts[i], Batch);
        if (NT_SUCCESS(Status))
            *Injected += Parts[i].Length;
    }
    for (ULONG i = 0; i < Leak.Injects; i++)
        PartFree(&Parts[i], Batch);
    return Status;
}

/* --- the chain guard: the report's workaround --- */

#if NBUF_LEAK_WORKAROUND == WORKAROUND_GUARD
static BOOLEAN GuardSave(PGUARD Guard, NET_BUFFER_LIST *Chain)
{
    Guard->Count = 0;
    for (; Chain != NULL; Chain = NET_BUFFER_LIST_NEXT_NBL(Chain)) {
        if (Guard->Count == GUARD_LINKS)
            return FALSE;
        Guard->Nbl[Guard->Count++] = Chain;
    }
    return TRUE;
}

static VOID GuardRestore(PGUARD Guard)
{
    for (ULONG i = 0; i + 1 < Guard->Count; i++)
        if (NET_BUFFER_LIST_NEXT_NBL(Guard->Nbl[i]) != Guard->Nbl[i + 1])
            NET_BUFFER_LIST_NEXT_NBL(Guard->Nbl[i]) = Guard->Nbl[i + 1];
}
#endif

/* --- classify --- */

static VOID Decide(FWPS_CLASSIFY_OUT *Out, FWPS_STREAM_CALLOUT_IO_PACKET *Packet,
                   FWP_ACTION_TYPE Action, SIZE_T Bytes)
{
    Out->actionType = Action;
    Packet->streamAction = FWPS_STREAM_ACTION_NONE;
    Packet->countBytesEnforced = Bytes;
}

/* Block, and inject what was blocked. Where nothing could be injected the bytes pass as they are;
   where some were, only those are blocked and the rest is offered again: no byte is lost. */
static VOID ClassifyBlock(const TARGET *Target, FWPS_STREAM_CALLOUT_IO_PACKET *Packet,
                          FWPS_CLASSIFY_OUT *Out)
{
    SIZE_T Offered = Packet->streamData->dataLength;
    SIZE_T Length =
        Leak.Verdict == VerdictPartial && Offered > PARTIAL_BYTES ? PARTIAL_BYTES : Offered;
    SIZE_T Injected;
    NTSTATUS Status;
    PBATCH Batch = BatchCreate(Packet->streamData);

    if (Batch == NULL) {
        Decide(Out, Packet, FWP_ACTION_PERMIT, 0);
        return;
    }
    if (Length != Offered)
        Batch->StreamFlags &= ~STREAM_FIN; /* it comes again with the rest */
    Status = InjectInParts(Target, Batch, Length, &Injected);
    BatchRelease(Batch, FALSE);
    if (NT_SUCCESS(Status))
        Decide(Out, Packet, FWP_ACTION_BLOCK, Length == Offered ? 0 : Length);
    else if (Injected == 0)
        Decide(Out, Packet, FWP_ACTION_PERMIT, 0);
    else
        Decide(Out, Packet, FWP_ACTION_BLOCK, Injected);
}

static PFLOW FlowGet(const TARGET *Target, UINT64 FlowContext)
{
    KLOCK_QUEUE_HANDLE Lock;
    PFLOW Flow = (PFLOW)(ULONG_PTR)FlowContext;

    if (Flow != NULL)
        return Flow;
    Flow = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Flow), TAG_LEAK);
    if (Flow == NULL)
        return NULL;
    RtlZeroMemory(Flow, sizeof(*Flow));
    Flow->Target = *Target;
    KeAcquireInStackQueuedSpinLock(&Leak.FlowLock, &Lock);
    InsertTailList(&Leak.Flows, &Flow->Link);
    KeReleaseInStackQueuedSpinLock(&Lock);
    if (FwpsFlowAssociateContext(Target->FlowId, Target->LayerId, Target->CalloutId,
                                 (UINT64)(ULONG_PTR)Flow) == STATUS_SUCCESS)
        return Flow;
    KeAcquireInStackQueuedSpinLock(&Leak.FlowLock, &Lock);
    RemoveEntryList(&Flow->Link);
    KeReleaseInStackQueuedSpinLock(&Lock);
    ExFreePoolWithTag(Flow, TAG_LEAK);
    return NULL;
}

/* Prediction P1: the first indication is held; at the second its bytes are injected in parts, and
   the second is permitted. */
static VOID ClassifyPermit(const TARGET *Target, UINT64 FlowContext,
                           FWPS_STREAM_CALLOUT_IO_PACKET *Packet, FWPS_CLASSIFY_OUT *Out)
{
    ULONG Side = (Packet->streamData->flags & FWPS_STREAM_FLAG_SEND) != 0;
    PFLOW Flow = FlowGet(Target, FlowContext);
    SIZE_T Injected;
    NTSTATUS Status;
    PBATCH Batch;

    Decide(Out, Packet, FWP_ACTION_PERMIT, 0);
    if (Flow == NULL)
        return;
    if (!Flow->Seen[Side] && Packet->streamData->dataLength != 0 &&
        (Packet->streamData->flags & STREAM_FIN) == 0) {
        Flow->Held[Side] = BatchCreate(Packet->streamData);
        Flow->Seen[Side] = TRUE;
        if (Flow->Held[Side] != NULL)
            Decide(Out, Packet, FWP_ACTION_BLOCK, 0);
        return;
    }
    Flow->Seen[Side] = TRUE;
    Batch = Flow->Held[Side];
    if (Batch == NULL)
        return;
    Flow->Held[Side] = NULL;
    Status = InjectInParts(Target, Batch, Batch->Length, &Injected);
    BatchRelease(Batch, FALSE);
    if (!NT_SUCCESS(Status)) {
        /* The held bytes are gone: what follows them must not arrive. */
        Out->actionType = FWP_ACTION_NONE;
        Packet->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
    }
}

/* A bare FIN: blocked, and injected once; it never had data to leak. */
static VOID ClassifyFin(const TARGET *Target, FWPS_STREAM_CALLOUT_IO_PACKET *Packet,
                        FWPS_CLASSIFY_OUT *Out)
{
    NTSTATUS Status = FwpsStreamInjectAsync(
        Leak.Injection, NULL, 0, Target->FlowId, Target->CalloutId, Target->LayerId,
        Packet->streamData->flags, NULL, 0, LeakInjectComplete, NULL);

    Decide(Out, Packet, NT_SUCCESS(Status) ? FWP_ACTION_BLOCK : FWP_ACTION_PERMIT, 0);
}

static VOID NTAPI LeakClassify(const FWPS_INCOMING_VALUES *Values,
                               const FWPS_INCOMING_METADATA_VALUES *Meta, VOID *LayerData,
                               const VOID *ClassifyContext, const FWPS_FILTER *Filter,
                               UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_CALLOUT_IO_PACKET *Packet = LayerData;
    UINT32 Flags = Packet->streamData->flags;
    TARGET Target;

    UNREFERENCED_PARAMETER(ClassifyContext);
    Decide(Out, Packet, FWP_ACTION_PERMIT, 0);
    if (!FWPS_IS_METADATA_FIELD_PRESENT(Meta, FWPS_METADATA_FIELD_FLOW_HANDLE) ||
        (Flags & STREAM_ABORT) != 0)
        return;
    Target.FlowId = Meta->flowHandle;
    Target.CalloutId = Filter->action.calloutId;
    Target.LayerId = Values->layerId;
#if NBUF_LEAK_WORKAROUND == WORKAROUND_GUARD
    GUARD Guard;
    if (!GuardSave(&Guard, Packet->streamData->netBufferListChain))
        return; /* a chain that cannot be guarded passes */
#endif
    if (Leak.Verdict == VerdictPermit)
        ClassifyPermit(&Target, FlowContext, Packet, Out);
    else if (Packet->streamData->dataLength == 0 && (Flags & STREAM_FIN) != 0)
        ClassifyFin(&Target, Packet, Out);
    else if (Packet->streamData->dataLength != 0)
        ClassifyBlock(&Target, Packet, Out);
#if NBUF_LEAK_WORKAROUND == WORKAROUND_GUARD
    GuardRestore(&Guard);
#endif
}

static NTSTATUS NTAPI LeakNotify(FWPS_CALLOUT_NOTIFY_TYPE NotifyType, const GUID *FilterKey,
                                 FWPS_FILTER *Filter)
{
    UNREFERENCED_PARAMETER(NotifyType);
    UNREFERENCED_PARAMETER(FilterKey);
    UNREFERENCED_PARAMETER(Filter);
    return STATUS_SUCCESS;
}

static VOID NTAPI LeakFlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    PFLOW Flow = (PFLOW)(ULONG_PTR)FlowContext;
    KLOCK_QUEUE_HANDLE Lock;

    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    KeAcquireInStackQueuedSpinLock(&Leak.FlowLock, &Lock);
    RemoveEntryList(&Flow->Link);
    KeReleaseInStackQueuedSpinLock(&Lock);
    for (ULONG Side = 0; Side < RTL_NUMBER_OF(Flow->Held); Side++)
        if (Flow->Held[Side] != NULL)
            BatchRelease(Flow->Held[Side], FALSE);
    ExFreePoolWithTag(Flow, TAG_LEAK);
}

/* --- start and stop --- */

WDK_CODE_INIT static ULONG WordIndex(PCWSTR Text, ULONG Chars, const PCSTR *Words, ULONG Count)
{
    for (ULONG i = 0; i < Count; i++) {
        ULONG n = 0;
        while (n < Chars && Words[i][n] != 0 && Text[n] == (WCHAR)Words[i][n])
            n++;
        if (Words[i][n] == 0 && (n == Chars || Text[n] == 0))
            return i;
    }
    return Count;
}

/* A value of the Parameters key, as a number or as one of Words; Default if it is missing or bad.
 */
WDK_CODE_INIT static ULONG ReadSetting(HANDLE Key, PCWSTR Name, const PCSTR *Words, ULONG Count,
                                       ULONG Default)
{
    ULONGLONG Room[16];
    PKEY_VALUE_PARTIAL_INFORMATION Info = (PKEY_VALUE_PARTIAL_INFORMATION)Room;
    UNICODE_STRING ValueName;
    ULONG Length, Value = Count;

    RtlInitUnicodeString(&ValueName, Name);
    if (!NT_SUCCESS(ZwQueryValueKey(Key, &ValueName, KeyValuePartialInformation, Info, sizeof(Room),
                                    &Length)))
        return Default;
    if (Info->Type == REG_DWORD && Info->DataLength == sizeof(ULONG))
        RtlCopyMemory(&Value, Info->Data, sizeof(Value));
    else if (Info->Type == REG_SZ)
        Value =
            WordIndex((PCWSTR)(PVOID)Info->Data, Info->DataLength / sizeof(WCHAR), Words, Count);
    return Value < Count ? Value : Default;
}

WDK_CODE_INIT static VOID ReadSettings(PUNICODE_STRING RegistryPath)
{
    static const PCSTR Numbers[] = {"0", "1", "2", "3"};
    static const PCSTR Verdicts[] = {"block", "permit", "partial"};
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Parameters;
    HANDLE Service, Key;

    Leak.Injects = 2;
    Leak.Verdict = VerdictBlock;
    InitializeObjectAttributes(&Attributes, RegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               NULL, NULL);
    if (!NT_SUCCESS(ZwOpenKey(&Service, KEY_READ, &Attributes)))
        return;
    RtlInitUnicodeString(&Parameters, L"Parameters");
    InitializeObjectAttributes(&Attributes, &Parameters, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               Service, NULL);
    if (NT_SUCCESS(ZwOpenKey(&Key, KEY_READ, &Attributes))) {
        Leak.Injects = ReadSetting(Key, L"Injects", Numbers, RTL_NUMBER_OF(Numbers), 2);
        Leak.Verdict =
            (VERDICT)ReadSetting(Key, L"Verdict", Verdicts, RTL_NUMBER_OF(Verdicts), VerdictBlock);
        ZwClose(Key);
    }
    ZwClose(Service);
}

WDK_CODE_INIT static NTSTATUS RegisterCallouts(VOID)
{
    NTSTATUS Status = STATUS_SUCCESS;

    for (ULONG i = 0; i < RTL_NUMBER_OF(CalloutKeys) && NT_SUCCESS(Status); i++) {
        FWPS_CALLOUT Callout;
        RtlZeroMemory(&Callout, sizeof(Callout));
        Callout.calloutKey = CalloutKeys[i];
        Callout.classifyFn = LeakClassify;
        Callout.notifyFn = LeakNotify;
        Callout.flowDeleteFn = LeakFlowDelete;
        Status = FwpsCalloutRegister(Leak.Device, &Callout, &Leak.CalloutId[i]);
        Leak.Registered[i] = NT_SUCCESS(Status);
    }
    return Status;
}

WDK_CODE_INIT static NTSTATUS AddLayer(const GUID *Layer, const GUID *CalloutKey)
{
    FWPM_CALLOUT Callout;
    FWPM_FILTER Filter;
    NTSTATUS Status;

    RtlZeroMemory(&Callout, sizeof(Callout));
    Callout.calloutKey = *CalloutKey;
    Callout.displayData.name = DisplayName;
    Callout.providerKey = (GUID *)&ProviderKey;
    Callout.applicableLayer = *Layer;
    Status = FwpmCalloutAdd(Leak.Engine, &Callout, NULL, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&Filter, sizeof(Filter));
    Filter.displayData.name = DisplayName;
    Filter.providerKey = (GUID *)&ProviderKey;
    Filter.layerKey = *Layer;
    Filter.subLayerKey = SubLayerKey;
    Filter.weight.type = FWP_EMPTY;
    Filter.action.type = FWP_ACTION_CALLOUT_TERMINATING;
    Filter.action.calloutKey = *CalloutKey;
    return FwpmFilterAdd(Leak.Engine, &Filter, NULL, NULL);
}

/* All objects in one transaction of a dynamic session: closing the session removes them. */
WDK_CODE_INIT static NTSTATUS AddFilters(VOID)
{
    FWPM_SESSION Session;
    FWPM_PROVIDER Provider;
    FWPM_SUBLAYER SubLayer;
    NTSTATUS Status;

    RtlZeroMemory(&Session, sizeof(Session));
    Session.flags = FWPM_SESSION_FLAG_DYNAMIC;
    Status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &Session, &Leak.Engine);
    if (!NT_SUCCESS(Status)) {
        Leak.Engine = NULL;
        return Status;
    }
    Status = FwpmTransactionBegin(Leak.Engine, 0);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&Provider, sizeof(Provider));
    Provider.providerKey = ProviderKey;
    Provider.displayData.name = DisplayName;
    Status = FwpmProviderAdd(Leak.Engine, &Provider, NULL);
    RtlZeroMemory(&SubLayer, sizeof(SubLayer));
    SubLayer.subLayerKey = SubLayerKey;
    SubLayer.displayData.name = DisplayName;
    SubLayer.providerKey = (GUID *)&ProviderKey;
    SubLayer.weight = 0x8000;
    if (NT_SUCCESS(Status))
        Status = FwpmSubLayerAdd(Leak.Engine, &SubLayer, NULL);
    if (NT_SUCCESS(Status))
        Status = AddLayer(&FWPM_LAYER_STREAM_V4, &CalloutKeys[0]);
    if (NT_SUCCESS(Status))
        Status = AddLayer(&FWPM_LAYER_STREAM_V6, &CalloutKeys[1]);
    if (NT_SUCCESS(Status))
        Status = FwpmTransactionCommit(Leak.Engine);
    else
        (VOID) FwpmTransactionAbort(Leak.Engine);
    return Status;
}

static VOID Pause(VOID)
{
    LARGE_INTEGER Interval;
    Interval.QuadPart = RETRY_INTERVAL;
    (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Interval);
}

/* Takes the contexts back from flows that are still alive; flowDelete frees each. */
static VOID RemoveFlows(VOID)
{
    for (;;) {
        KLOCK_QUEUE_HANDLE Lock;
        TARGET Target;
        BOOLEAN Empty;

        KeAcquireInStackQueuedSpinLock(&Leak.FlowLock, &Lock);
        Empty = IsListEmpty(&Leak.Flows);
        if (!Empty)
            Target = CONTAINING_RECORD(Leak.Flows.Flink, FLOW, Link)->Target;
        KeReleaseInStackQueuedSpinLock(&Lock);
        if (Empty)
            return;
        if (FwpsFlowRemoveContext(Target.FlowId, Target.LayerId, Target.CalloutId) !=
            STATUS_SUCCESS)
            Pause();
    }
}

static VOID Stop(VOID)
{
    if (Leak.Engine != NULL)
        (VOID) FwpmEngineClose(Leak.Engine);
    RemoveFlows();
    for (ULONG i = 0; i < RTL_NUMBER_OF(Leak.Registered); i++) {
        while (Leak.Registered[i] &&
               FwpsCalloutUnregisterById(Leak.CalloutId[i]) == STATUS_DEVICE_BUSY) {
            Pause();
            RemoveFlows();
        }
    }
    if (Leak.Injection != NULL)
        (VOID) FwpsInjectionHandleDestroy(Leak.Injection); /* waits for the last completion */
    if (Leak.NblPool != NULL)
        NdisFreeNetBufferListPool(Leak.NblPool);
    if (Leak.NdisObject != NULL)
        NdisFreeGenericObject(Leak.NdisObject);
    if (Leak.Device != NULL)
        IoDeleteDevice(Leak.Device);
}

static VOID NTAPI LeakUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    Stop();
}

WDK_CODE_INIT static NTSTATUS CreatePool(PDRIVER_OBJECT DriverObject)
{
    NET_BUFFER_LIST_POOL_PARAMETERS Parameters;

    Leak.NdisObject = NdisAllocateGenericObject(DriverObject, TAG_LEAK, 0);
    if (Leak.NdisObject == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(&Parameters, sizeof(Parameters));
    Parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    Parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    Parameters.fAllocateNetBuffer = TRUE;
    Parameters.PoolTag = TAG_LEAK;
    Leak.NblPool = NdisAllocateNetBufferListPool(Leak.NdisObject, &Parameters);
    return Leak.NblPool != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

WDK_CODE_INIT NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS Status;

    RtlZeroMemory(&Leak, sizeof(Leak));
    KeInitializeSpinLock(&Leak.FlowLock);
    InitializeListHead(&Leak.Flows);
    ReadSettings(RegistryPath);
    Status = IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_NETWORK, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &Leak.Device);
    if (NT_SUCCESS(Status))
        Status = CreatePool(DriverObject);
    if (NT_SUCCESS(Status))
        Status = FwpsInjectionHandleCreate(AF_UNSPEC, FWPS_INJECTION_TYPE_STREAM, &Leak.Injection);
    if (NT_SUCCESS(Status))
        Status = RegisterCallouts();
    if (NT_SUCCESS(Status))
        Status = AddFilters();
    if (NT_SUCCESS(Status))
        DriverObject->DriverUnload = LeakUnload;
    else
        Stop();
    return Status;
}
