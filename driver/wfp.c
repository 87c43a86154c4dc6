/* SPDX-License-Identifier: MIT */
/* Callouts and filters. */
#include "wfp.h"

#include <fwpmk.h>
#include <initguid.h>

#include "classify.h"
#include "flow.h"
#include "settings.h"

/* {7B1C2A54-3D0E-4C86-9A41-5E1F2B6C7D01} and the four behind it. */
DEFINE_GUID(SLUICE_PROVIDER, 0x7b1c2a54, 0x3d0e, 0x4c86, 0x9a, 0x41, 0x5e, 0x1f, 0x2b, 0x6c, 0x7d,
            0x01);
DEFINE_GUID(SLUICE_SUBLAYER, 0x7b1c2a54, 0x3d0e, 0x4c86, 0x9a, 0x41, 0x5e, 0x1f, 0x2b, 0x6c, 0x7d,
            0x02);
DEFINE_GUID(SLUICE_CALLOUT_ESTABLISHED_V4, 0x7b1c2a54, 0x3d0e, 0x4c86, 0x9a, 0x41, 0x5e, 0x1f, 0x2b,
            0x6c, 0x7d, 0x11);
DEFINE_GUID(SLUICE_CALLOUT_ESTABLISHED_V6, 0x7b1c2a54, 0x3d0e, 0x4c86, 0x9a, 0x41, 0x5e, 0x1f, 0x2b,
            0x6c, 0x7d, 0x12);
DEFINE_GUID(SLUICE_CALLOUT_STREAM_V4, 0x7b1c2a54, 0x3d0e, 0x4c86, 0x9a, 0x41, 0x5e, 0x1f, 0x2b,
            0x6c, 0x7d, 0x13);
DEFINE_GUID(SLUICE_CALLOUT_STREAM_V6, 0x7b1c2a54, 0x3d0e, 0x4c86, 0x9a, 0x41, 0x5e, 0x1f, 0x2b,
            0x6c, 0x7d, 0x14);

/* Our sublayer sees the stream early, below what parental controls and the like put at the top. */
#define WFP_SUBLAYER_WEIGHT 0xC000
/* Our filters are the only ones in it; any weight does. */
#define WFP_FILTER_WEIGHT   15

typedef struct _WFP_CALLOUT {
    const GUID *Key;
    const GUID *Layer;
    const WCHAR *Name;
    FWP_ACTION_TYPE Action;
    BOOLEAN Stream;
} WFP_CALLOUT;

enum { WfpEstablishedV4, WfpEstablishedV6, WfpStreamV4, WfpStreamV6, WfpCalloutCount };

static const WFP_CALLOUT WfpCallouts[WfpCalloutCount] = {
    {&SLUICE_CALLOUT_ESTABLISHED_V4, &FWPM_LAYER_ALE_FLOW_ESTABLISHED_V4,
     (const WCHAR *)L"Sluice flow established IPv4", FWP_ACTION_CALLOUT_TERMINATING, FALSE},
    {&SLUICE_CALLOUT_ESTABLISHED_V6, &FWPM_LAYER_ALE_FLOW_ESTABLISHED_V6,
     (const WCHAR *)L"Sluice flow established IPv6", FWP_ACTION_CALLOUT_TERMINATING, FALSE},
    {&SLUICE_CALLOUT_STREAM_V4, &FWPM_LAYER_STREAM_V4, (const WCHAR *)L"Sluice stream IPv4",
     FWP_ACTION_CALLOUT_UNKNOWN, TRUE},
    {&SLUICE_CALLOUT_STREAM_V6, &FWPM_LAYER_STREAM_V6, (const WCHAR *)L"Sluice stream IPv6",
     FWP_ACTION_CALLOUT_UNKNOWN, TRUE},
};

static struct {
    UINT32 Ids[WfpCalloutCount];
    ULONG Registered;
    HANDLE Engine;
    HANDLE BfeSubscription;
    KEVENT Lock; /* a mutex that leaves the IRQL alone, as Fwpm calls want it */
    BOOLEAN Closed;
} Wfp;

static VOID
WfpLock(VOID)
{
    (VOID) KeWaitForSingleObject(&Wfp.Lock, Executive, KernelMode, FALSE, NULL);
}

static VOID
WfpUnlock(VOID)
{
    (VOID) KeSetEvent(&Wfp.Lock, IO_NO_INCREMENT, FALSE);
}

/* What a persistent installation left from last time is as good as added. */
static NTSTATUS
WfpAdded(_In_ NTSTATUS Status)
{
    return Settings.Persistent && Status == STATUS_FWP_ALREADY_EXISTS ? STATUS_SUCCESS : Status;
}

static NTSTATUS
WfpAddProvider(VOID)
{
    FWPM_PROVIDER0 Provider;

    RtlZeroMemory(&Provider, sizeof(Provider));
    Provider.providerKey = SLUICE_PROVIDER;
    Provider.displayData.name = (PWSTR)L"Sluice";
    Provider.displayData.description = (PWSTR)L"TCP stream inspection";
    Provider.serviceName = (PWSTR)L"sluice";
    if (Settings.Persistent)
        Provider.flags = FWPM_PROVIDER_FLAG_PERSISTENT;
    return WfpAdded(FwpmProviderAdd0(Wfp.Engine, &Provider, NULL));
}

static NTSTATUS
WfpAddSubLayer(VOID)
{
    GUID Owner = SLUICE_PROVIDER;
    FWPM_SUBLAYER0 SubLayer;

    RtlZeroMemory(&SubLayer, sizeof(SubLayer));
    SubLayer.subLayerKey = SLUICE_SUBLAYER;
    SubLayer.displayData.name = (PWSTR)L"Sluice";
    SubLayer.providerKey = &Owner;
    SubLayer.weight = WFP_SUBLAYER_WEIGHT;
    if (Settings.Persistent)
        SubLayer.flags = FWPM_SUBLAYER_FLAG_PERSISTENT;
    return WfpAdded(FwpmSubLayerAdd0(Wfp.Engine, &SubLayer, NULL));
}

static NTSTATUS
WfpAddCallout(_In_ const WFP_CALLOUT *Entry)
{
    GUID Owner = SLUICE_PROVIDER;
    FWPM_CALLOUT0 Callout;

    RtlZeroMemory(&Callout, sizeof(Callout));
    Callout.calloutKey = *Entry->Key;
    Callout.displayData.name = (PWSTR)Entry->Name;
    Callout.providerKey = &Owner;
    Callout.applicableLayer = *Entry->Layer;
    if (Settings.Persistent)
        Callout.flags = FWPM_CALLOUT_FLAG_PERSISTENT;
    return WfpAdded(FwpmCalloutAdd0(Wfp.Engine, &Callout, NULL, NULL));
}

/* The filter's key is that of its callout: unique among filters, and known to an uninstaller. */
static NTSTATUS
WfpAddFilter(_In_ const WFP_CALLOUT *Entry)
{
    FWPM_FILTER_CONDITION0 Tcp;
    GUID Owner = SLUICE_PROVIDER;
    FWPM_FILTER0 Filter;

    RtlZeroMemory(&Filter, sizeof(Filter));
    Filter.filterKey = *Entry->Key;
    Filter.displayData.name = (PWSTR)Entry->Name;
    Filter.providerKey = &Owner;
    Filter.layerKey = *Entry->Layer;
    Filter.subLayerKey = SLUICE_SUBLAYER;
    Filter.weight.type = FWP_UINT8;
    Filter.weight.uint8 = WFP_FILTER_WEIGHT;
    Filter.action.type = Entry->Action;
    Filter.action.calloutKey = *Entry->Key;
    if (Settings.Persistent)
        Filter.flags = FWPM_FILTER_FLAG_PERSISTENT;
    if (!Entry->Stream) {
        RtlZeroMemory(&Tcp, sizeof(Tcp));
        Tcp.fieldKey = FWPM_CONDITION_IP_PROTOCOL;
        Tcp.matchType = FWP_MATCH_EQUAL;
        Tcp.conditionValue.type = FWP_UINT8;
        Tcp.conditionValue.uint8 = 6;
        Filter.numFilterConditions = 1;
        Filter.filterCondition = &Tcp;
    }
    return WfpAdded(FwpmFilterAdd0(Wfp.Engine, &Filter, NULL, NULL));
}

static NTSTATUS
WfpAddObjects(VOID)
{
    NTSTATUS Status;

    Status = FwpmTransactionBegin0(Wfp.Engine, 0);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = WfpAddProvider();
    if (NT_SUCCESS(Status))
        Status = WfpAddSubLayer();
    for (ULONG i = 0; NT_SUCCESS(Status) && i < WfpCalloutCount; i++)
        Status = WfpAddCallout(&WfpCallouts[i]);
    /* The stream filters first: no flow is to have a context that nothing looks at. */
    for (ULONG i = WfpCalloutCount; NT_SUCCESS(Status) && i > 0; i--)
        Status = WfpAddFilter(&WfpCallouts[i - 1]);
    if (NT_SUCCESS(Status))
        return FwpmTransactionCommit0(Wfp.Engine);
    (VOID) FwpmTransactionAbort0(Wfp.Engine);
    return Status;
}

/* Opens a session and adds what is ours; the lock is held. */
static NTSTATUS
WfpOpen(VOID)
{
    FWPM_SESSION0 Session;
    NTSTATUS Status;

    if (Wfp.Engine != NULL || Wfp.Closed)
        return STATUS_SUCCESS;
    RtlZeroMemory(&Session, sizeof(Session));
    Session.displayData.name = (PWSTR)L"Sluice";
    if (!Settings.Persistent)
        Session.flags = FWPM_SESSION_FLAG_DYNAMIC;
    Status = FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, &Session, &Wfp.Engine);
    if (!NT_SUCCESS(Status)) {
        Wfp.Engine = NULL;
        return Status;
    }
    Status = WfpAddObjects();
    if (!NT_SUCCESS(Status)) {
        (VOID) FwpmEngineClose0(Wfp.Engine);
        Wfp.Engine = NULL;
    }
    return Status;
}

static VOID
WfpClose(VOID)
{
    if (Wfp.Engine != NULL)
        (VOID) FwpmEngineClose0(Wfp.Engine);
    Wfp.Engine = NULL;
}

static FWPM_SERVICE_STATE_CHANGE_CALLBACK0_FN WfpBfeChanged;
_Use_decl_annotations_
static VOID NTAPI
WfpBfeChanged(VOID *Context, FWPM_SERVICE_STATE State)
{
    NTSTATUS Status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(Context);
    WfpLock();
    if (State == FWPM_SERVICE_RUNNING)
        Status = WfpOpen();
    else if (State == FWPM_SERVICE_STOP_PENDING)
        WfpClose();
    WfpUnlock();
    if (!NT_SUCCESS(Status))
        DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL,
                   "sluice: filters could not be added: 0x%08x\n", (unsigned)Status);
}

static NTSTATUS
WfpRegister(_In_ PDEVICE_OBJECT DeviceObject)
{
    NTSTATUS Status = STATUS_SUCCESS;
    CALLOUT Callout;

    for (Wfp.Registered = 0; Wfp.Registered < WfpCalloutCount; Wfp.Registered++) {
        const WFP_CALLOUT *Entry = &WfpCallouts[Wfp.Registered];

        RtlZeroMemory(&Callout, sizeof(Callout));
        Callout.calloutKey = *Entry->Key;
        Callout.notifyFn = CalloutNotify;
        Callout.classifyFn = ClassifyFlowEstablished;
        if (Entry->Stream) {
            Callout.flags = CALLOUT_FLAGS_STREAM;
            Callout.classifyFn = ClassifyStream;
            Callout.flowDeleteFn = CalloutFlowDelete;
        }
        Status = CalloutRegister(DeviceObject, &Callout, &Wfp.Ids[Wfp.Registered]);
        if (!NT_SUCCESS(Status))
            break;
    }
    return Status;
}

_Use_decl_annotations_
NTSTATUS
WfpDriverEntry(PDEVICE_OBJECT DeviceObject)
{
    NTSTATUS Status;

    RtlZeroMemory(&Wfp, sizeof(Wfp));
    KeInitializeEvent(&Wfp.Lock, SynchronizationEvent, TRUE);
    Status = WfpRegister(DeviceObject);
    if (!NT_SUCCESS(Status))
        goto Unregister;
    /* First subscribe, then look: a change in between is not missed (R59). */
    Status = FwpmBfeStateSubscribeChanges0(DeviceObject, WfpBfeChanged, NULL, &Wfp.BfeSubscription);
    if (!NT_SUCCESS(Status)) {
        Wfp.BfeSubscription = NULL;
        goto Unregister;
    }
    if (FwpmBfeStateGet0() == FWPM_SERVICE_RUNNING) {
        WfpLock();
        Status = WfpOpen();
        WfpUnlock();
        if (!NT_SUCCESS(Status))
            goto RemoveFilters;
    }
    return STATUS_SUCCESS;

RemoveFilters:
    WfpRemoveFilters();
Unregister:
    WfpUnload();
    return Status;
}

_Use_decl_annotations_
VOID
WfpRemoveFilters(VOID)
{
    if (Wfp.BfeSubscription != NULL)
        (VOID) FwpmBfeStateUnsubscribeChanges0(Wfp.BfeSubscription);
    Wfp.BfeSubscription = NULL;
    WfpLock();
    Wfp.Closed = TRUE;
    WfpClose();
    WfpUnlock();
}

static FLOW_VISIT WfpRemoveContext;
_Use_decl_annotations_
static BOOLEAN
WfpRemoveContext(FLOW *Flow, PVOID Context)
{
    KLOCK_QUEUE_HANDLE Handle;
    BOOLEAN Told;

    UNREFERENCED_PARAMETER(Context);
    FlowLock(Flow, &Handle);
    Told = Flow->RemoveTold;
    FlowUnlock(&Handle);
    /* flowDelete comes inside the call, or later when a classify is running. A flow that is just
     * being associated has no context yet: the next round finds it. */
    if (Told ||
        !NT_SUCCESS(FwpsFlowRemoveContext0(Flow->Handle, FlowLayerId(Flow), FlowCalloutId(Flow))))
        return TRUE;
    FlowLock(Flow, &Handle);
    Flow->RemoveTold = TRUE;
    FlowUnlock(&Handle);
    return TRUE;
}

_Use_decl_annotations_
VOID
WfpUnload(VOID)
{
    LARGE_INTEGER Pause = {.QuadPart = -100000};

    while (Wfp.Registered > 0) {
        NTSTATUS Status;

        FlowVisitAll(WfpRemoveContext, NULL);
        Status = FwpsCalloutUnregisterById0(Wfp.Ids[Wfp.Registered - 1]);
        if (Status == STATUS_DEVICE_BUSY || Status == STATUS_FWP_IN_USE)
            (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Pause);
        else
            Wfp.Registered--;
    }
}

_Use_decl_annotations_
UINT32
WfpStreamCallout(BOOLEAN V6)
{
    return Wfp.Ids[V6 ? WfpStreamV6 : WfpStreamV4];
}
