/* SPDX-License-Identifier: MIT */
/* What every small specimen shares: a driver with one callout on both stream layers, own provider
   and sublayer, set up and taken down by the book. A specimen defines what it needs of the macros
   below, includes this file and writes Classify() and what the macros ask for; everything it does
   not change is lawful. SPECIMEN_BAD is defined for the image that breaks the rule.

     SPECIMEN_ACTION        action of the filters (FWP_ACTION_CALLOUT_TERMINATING)
     SPECIMEN_CALLOUT_FLAGS flags of the stream callouts (0)
     SPECIMEN_VERDICT       the specimen assigns Out->actionType itself, on every path
     SPECIMEN_INJECT        Specimen.Injection and Specimen.NblPool are made, and destroyed last
     SPECIMEN_FLOW          a callout at FLOW_ESTABLISHED and a flowDeleteFn: the specimen writes
                            NTSTATUS Established(FlowId, LayerId, CalloutId) and FlowDelete()
     SPECIMEN_ESTABLISHED_BLOCKS  a failure of Established() blocks the connection
     SPECIMEN_NOTIFY        the specimen writes NTSTATUS Notify(NotifyType, FilterKey, Filter)
     SPECIMEN_START         the specimen writes NTSTATUS Start(VOID), called when all else stands
     SPECIMEN_DRAIN         the specimen writes VOID Drain(VOID), called first when unloading;
                            with SPECIMEN_START: after Start() only
     SPECIMEN_STOPPED       the specimen writes VOID Stopped(VOID), called when callouts are gone
     SPECIMEN_UNLOAD        the specimen writes DriverUnload itself, beginning with SpecimenStop()
 */
#pragma once

#include <ntddk.h>
#include <fwpsk.h>
#include <fwpmk.h>

#ifndef SPECIMEN_ACTION
#define SPECIMEN_ACTION FWP_ACTION_CALLOUT_TERMINATING
#endif
#ifndef SPECIMEN_CALLOUT_FLAGS
#define SPECIMEN_CALLOUT_FLAGS 0
#endif
#ifdef SPECIMEN_FLOW
#define SPECIMEN_LAYERS 4
#define SPECIMEN_FLOWS  256
#else
#define SPECIMEN_LAYERS 2
#endif

#define TAG_SPECIMEN 0x63657053 /* "Spec" */
#define RETRY_10_MS  (-10 * 1000 * 10)

typedef struct _SPECIMEN {
    PDEVICE_OBJECT Device;
    HANDLE Engine;
    HANDLE Injection;
    PNDIS_GENERIC_OBJECT NdisObject;
    NDIS_HANDLE NblPool;
    UINT32 CalloutId[SPECIMEN_LAYERS]; /* stream v4, stream v6, established v4, established v6 */
    BOOLEAN Registered[SPECIMEN_LAYERS];
    BOOLEAN Started; /* there may be something to drain */
#ifdef SPECIMEN_FLOW
    volatile LONG FlowCount;
    struct {
        UINT64 FlowId;
        UINT16 LayerId;
        UINT32 CalloutId;
    } Flows[SPECIMEN_FLOWS]; /* that have a context, the latest */
#endif
} SPECIMEN;

static SPECIMEN Specimen;
static WCHAR SpecimenName[] = L"specimen";

static const GUID SpecimenCallouts[4] = {
    {0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x00, 0x04}},
    {0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x00, 0x06}},
    {0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x01, 0x04}},
    {0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x01, 0x06}}};
static const GUID SpecimenSubLayer = {
    0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x00, 0x01}};
static const GUID SpecimenProvider = {
    0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x00, 0x02}};

DRIVER_INITIALIZE DriverEntry;

/* The specimen's own. On entry Out permits and Packet asks for nothing. */
static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out);
#ifdef SPECIMEN_FLOW
static NTSTATUS Established(UINT64 FlowId, UINT16 StreamLayerId, UINT32 StreamCalloutId);
static VOID NTAPI FlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext);
#endif
#ifdef SPECIMEN_NOTIFY
static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE NotifyType, const GUID *FilterKey,
                             FWPS_FILTER *Filter);
#endif
#ifdef SPECIMEN_START
static NTSTATUS Start(VOID);
#endif
#ifdef SPECIMEN_DRAIN
static VOID Drain(VOID);
#endif
#ifdef SPECIMEN_STOPPED
static VOID Stopped(VOID);
#endif

static VOID NTAPI SpecimenClassify(const FWPS_INCOMING_VALUES *Values,
                                   const FWPS_INCOMING_METADATA_VALUES *Meta, VOID *LayerData,
                                   const VOID *ClassifyContext, const FWPS_FILTER *Filter,
                                   UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_CALLOUT_IO_PACKET *Packet = LayerData;

    UNREFERENCED_PARAMETER(ClassifyContext);
#ifndef SPECIMEN_VERDICT
    Out->actionType = FWP_ACTION_PERMIT;
#endif
    Packet->streamAction = FWPS_STREAM_ACTION_NONE;
    Packet->countBytesRequired = 0;
    Packet->countBytesEnforced = 0;
    Classify(Values, Meta, Packet, Filter, FlowContext, Out);
}

#ifdef SPECIMEN_FLOW
static VOID NTAPI SpecimenEstablished(const FWPS_INCOMING_VALUES *Values,
                                      const FWPS_INCOMING_METADATA_VALUES *Meta, VOID *LayerData,
                                      const VOID *ClassifyContext, const FWPS_FILTER *Filter,
                                      UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const BOOLEAN V6 = Values->layerId == FWPS_LAYER_ALE_FLOW_ESTABLISHED_V6;
    NTSTATUS Status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(LayerData);
    UNREFERENCED_PARAMETER(ClassifyContext);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    Out->actionType = FWP_ACTION_PERMIT;
    if (FWPS_IS_METADATA_FIELD_PRESENT(Meta, FWPS_METADATA_FIELD_FLOW_HANDLE))
        Status = Established(Meta->flowHandle, V6 ? FWPS_LAYER_STREAM_V6 : FWPS_LAYER_STREAM_V4,
                             Specimen.CalloutId[V6]);
    if (Status == STATUS_SUCCESS) {
        const ULONG Slot = (ULONG)InterlockedIncrement(&Specimen.FlowCount) % SPECIMEN_FLOWS;

        Specimen.Flows[Slot].FlowId = Meta->flowHandle;
        Specimen.Flows[Slot].LayerId = V6 ? FWPS_LAYER_STREAM_V6 : FWPS_LAYER_STREAM_V4;
        Specimen.Flows[Slot].CalloutId = Specimen.CalloutId[V6];
    }
#ifdef SPECIMEN_ESTABLISHED_BLOCKS
    if (!NT_SUCCESS(Status))
        Out->actionType = FWP_ACTION_BLOCK;
#else
    UNREFERENCED_PARAMETER(Status);
#endif
}
#endif

#ifndef SPECIMEN_NOTIFY
static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE NotifyType, const GUID *FilterKey,
                             FWPS_FILTER *Filter)
{
    UNREFERENCED_PARAMETER(NotifyType);
    UNREFERENCED_PARAMETER(FilterKey);
    UNREFERENCED_PARAMETER(Filter);
    return STATUS_SUCCESS;
}
#endif

static NTSTATUS SpecimenRegister(ULONG Layer)
{
    FWPS_CALLOUT Callout;
    NTSTATUS Status;

    RtlZeroMemory(&Callout, sizeof(Callout));
    Callout.calloutKey = SpecimenCallouts[Layer];
    Callout.classifyFn = SpecimenClassify;
    Callout.notifyFn = Notify;
#ifdef SPECIMEN_FLOW
    if (Layer < 2)
        Callout.flowDeleteFn = FlowDelete;
    else
        Callout.classifyFn = SpecimenEstablished;
#endif
    Callout.flags = Layer < 2 ? SPECIMEN_CALLOUT_FLAGS : 0;
    Status = FwpsCalloutRegister(Specimen.Device, &Callout, &Specimen.CalloutId[Layer]);
    Specimen.Registered[Layer] = NT_SUCCESS(Status);
    return Status;
}

static NTSTATUS SpecimenAddLayer(const GUID *LayerKey, ULONG Layer)
{
    FWPM_CALLOUT Callout;
    FWPM_FILTER Filter;
    NTSTATUS Status;

    RtlZeroMemory(&Callout, sizeof(Callout));
    Callout.calloutKey = SpecimenCallouts[Layer];
    Callout.displayData.name = SpecimenName;
    Callout.providerKey = (GUID *)&SpecimenProvider;
    Callout.applicableLayer = *LayerKey;
    Status = FwpmCalloutAdd(Specimen.Engine, &Callout, NULL, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&Filter, sizeof(Filter));
    Filter.displayData.name = SpecimenName;
    Filter.providerKey = (GUID *)&SpecimenProvider;
    Filter.layerKey = *LayerKey;
    Filter.subLayerKey = SpecimenSubLayer;
    Filter.weight.type = FWP_EMPTY;
    Filter.action.type = Layer < 2 ? SPECIMEN_ACTION : FWP_ACTION_CALLOUT_INSPECTION;
    Filter.action.calloutKey = SpecimenCallouts[Layer];
    return FwpmFilterAdd(Specimen.Engine, &Filter, NULL, NULL);
}

static NTSTATUS SpecimenAddObjects(VOID)
{
    FWPM_PROVIDER Provider;
    FWPM_SUBLAYER SubLayer;
    NTSTATUS Status;

    RtlZeroMemory(&Provider, sizeof(Provider));
    Provider.providerKey = SpecimenProvider;
    Provider.displayData.name = SpecimenName;
    Status = FwpmProviderAdd(Specimen.Engine, &Provider, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&SubLayer, sizeof(SubLayer));
    SubLayer.subLayerKey = SpecimenSubLayer;
    SubLayer.displayData.name = SpecimenName;
    SubLayer.providerKey = (GUID *)&SpecimenProvider;
    SubLayer.weight = 0x8000;
    Status = FwpmSubLayerAdd(Specimen.Engine, &SubLayer, NULL);
#ifdef SPECIMEN_FLOW
    if (NT_SUCCESS(Status))
        Status = SpecimenAddLayer(&FWPM_LAYER_ALE_FLOW_ESTABLISHED_V4, 2);
    if (NT_SUCCESS(Status))
        Status = SpecimenAddLayer(&FWPM_LAYER_ALE_FLOW_ESTABLISHED_V6, 3);
#endif
    if (NT_SUCCESS(Status))
        Status = SpecimenAddLayer(&FWPM_LAYER_STREAM_V4, 0);
    if (NT_SUCCESS(Status))
        Status = SpecimenAddLayer(&FWPM_LAYER_STREAM_V6, 1);
    return Status;
}

#ifdef SPECIMEN_FLOW
/* A callout stays registered while flows have its context; of flows that have ended there is none
   to remove. */
static VOID SpecimenRemoveContexts(VOID)
{
    for (ULONG i = 0; i < SPECIMEN_FLOWS; i++) {
        if (Specimen.Flows[i].FlowId != 0)
            (VOID) FwpsFlowRemoveContext(Specimen.Flows[i].FlowId, Specimen.Flows[i].LayerId,
                                         Specimen.Flows[i].CalloutId);
        Specimen.Flows[i].FlowId = 0;
    }
}
#endif

/* In the documented order: no new work, filters, callouts, the injection handle, the rest. */
static VOID SpecimenStop(VOID)
{
    LARGE_INTEGER Interval;

    Interval.QuadPart = RETRY_10_MS;
#ifdef SPECIMEN_DRAIN
    if (Specimen.Started)
        Drain();
#endif
    if (Specimen.Engine != NULL)
        (VOID) FwpmEngineClose(Specimen.Engine);
    for (ULONG i = SPECIMEN_LAYERS; i-- > 0;) {
        if (!Specimen.Registered[i])
            continue;
        while (FwpsCalloutUnregisterById(Specimen.CalloutId[i]) == STATUS_DEVICE_BUSY) {
#ifdef SPECIMEN_FLOW
            SpecimenRemoveContexts();
#endif
            (VOID) KeDelayExecutionThread(KernelMode, FALSE, &Interval);
        }
    }
#ifdef SPECIMEN_STOPPED
    Stopped();
#endif
    if (Specimen.Injection != NULL)
        (VOID) FwpsInjectionHandleDestroy(Specimen.Injection);
    if (Specimen.NblPool != NULL)
        NdisFreeNetBufferListPool(Specimen.NblPool);
    if (Specimen.NdisObject != NULL)
        NdisFreeGenericObject(Specimen.NdisObject);
    if (Specimen.Device != NULL)
        IoDeleteDevice(Specimen.Device);
}

#ifndef SPECIMEN_UNLOAD
static VOID NTAPI DriverUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    SpecimenStop();
}
#else
static DRIVER_UNLOAD DriverUnload;
#endif

#ifdef SPECIMEN_INJECT
static NTSTATUS SpecimenOpenInjection(PDRIVER_OBJECT DriverObject)
{
    NET_BUFFER_LIST_POOL_PARAMETERS Parameters;

    Specimen.NdisObject = NdisAllocateGenericObject(DriverObject, TAG_SPECIMEN, 0);
    if (Specimen.NdisObject == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(&Parameters, sizeof(Parameters));
    Parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    Parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    Parameters.fAllocateNetBuffer = TRUE;
    Parameters.PoolTag = TAG_SPECIMEN;
    Specimen.NblPool = NdisAllocateNetBufferListPool(Specimen.NdisObject, &Parameters);
    if (Specimen.NblPool == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return FwpsInjectionHandleCreate(AF_UNSPEC, FWPS_INJECTION_TYPE_STREAM, &Specimen.Injection);
}
#endif

_Use_decl_annotations_ NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject,
                                                  PUNICODE_STRING RegistryPath)
{
    FWPM_SESSION Session;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = DriverUnload;
    Status = IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_NETWORK, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &Specimen.Device);
#ifdef SPECIMEN_INJECT
    if (NT_SUCCESS(Status))
        Status = SpecimenOpenInjection(DriverObject);
#endif
    for (ULONG i = 0; i < SPECIMEN_LAYERS && NT_SUCCESS(Status); i++)
        Status = SpecimenRegister(i);
    if (!NT_SUCCESS(Status))
        goto Done;
    RtlZeroMemory(&Session, sizeof(Session));
    Session.flags = FWPM_SESSION_FLAG_DYNAMIC;
    Status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &Session, &Specimen.Engine);
    if (!NT_SUCCESS(Status)) {
        Specimen.Engine = NULL;
        goto Done;
    }
    Status = SpecimenAddObjects();
    Specimen.Started = NT_SUCCESS(Status);
#ifdef SPECIMEN_START
    if (NT_SUCCESS(Status))
        Status = Start();
#endif
Done:
    if (!NT_SUCCESS(Status))
        SpecimenStop();
    return Status;
}
