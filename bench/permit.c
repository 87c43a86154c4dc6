/* SPDX-License-Identifier: MIT */
/* The floor of the benchmark: any driver. A stream callout that permits everything it is shown and
 * keeps nothing; what a replay costs with it is the lab's own cost. */
#include <ntddk.h>
#include <fwpsk.h>
#include <fwpmk.h>

#define LAYERS 2

static struct {
    PDEVICE_OBJECT Device;
    HANDLE Engine;
    UINT32 CalloutId[LAYERS];
    BOOLEAN Registered[LAYERS];
} Permit;

static WCHAR DisplayName[] = L"bench-permit";

static const GUID CalloutKeys[LAYERS] = {
    {0x7a0c4d16, 0x3f0e, 0x4f5b, {0x8d, 0x21, 0x5e, 0x90, 0x3b, 0x1c, 0x77, 0x04}},
    {0x7a0c4d16, 0x3f0e, 0x4f5b, {0x8d, 0x21, 0x5e, 0x90, 0x3b, 0x1c, 0x77, 0x06}}};
static const GUID SubLayerKey = {
    0x7a0c4d16, 0x3f0e, 0x4f5b, {0x8d, 0x21, 0x5e, 0x90, 0x3b, 0x1c, 0x77, 0x01}};

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD PermitUnload;

static VOID NTAPI PermitClassify(const FWPS_INCOMING_VALUES *Values,
                                 const FWPS_INCOMING_METADATA_VALUES *Metadata, VOID *LayerData,
                                 const VOID *ClassifyContext, const FWPS_FILTER *Filter,
                                 UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_CALLOUT_IO_PACKET *Packet = LayerData;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Metadata);
    UNREFERENCED_PARAMETER(ClassifyContext);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    Packet->streamAction = FWPS_STREAM_ACTION_NONE;
    Packet->countBytesRequired = 0;
    Packet->countBytesEnforced = Packet->streamData->dataLength;
    Out->actionType = FWP_ACTION_PERMIT;
}

static NTSTATUS NTAPI PermitNotify(FWPS_CALLOUT_NOTIFY_TYPE NotifyType, const GUID *FilterKey,
                                   FWPS_FILTER *Filter)
{
    UNREFERENCED_PARAMETER(NotifyType);
    UNREFERENCED_PARAMETER(FilterKey);
    UNREFERENCED_PARAMETER(Filter);
    return STATUS_SUCCESS;
}

static VOID Stop(VOID)
{
    if (Permit.Engine != NULL)
        (VOID) FwpmEngineClose(Permit.Engine);
    for (ULONG i = 0; i < LAYERS; i++) {
        if (Permit.Registered[i])
            (VOID) FwpsCalloutUnregisterById(Permit.CalloutId[i]);
    }
    if (Permit.Device != NULL)
        IoDeleteDevice(Permit.Device);
}

static VOID NTAPI PermitUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    Stop();
}

WDK_CODE_INIT static NTSTATUS RegisterCallouts(VOID)
{
    NTSTATUS Status = STATUS_SUCCESS;

    for (ULONG i = 0; i < LAYERS && NT_SUCCESS(Status); i++) {
        FWPS_CALLOUT Callout;
        RtlZeroMemory(&Callout, sizeof(Callout));
        Callout.calloutKey = CalloutKeys[i];
        Callout.classifyFn = PermitClassify;
        Callout.notifyFn = PermitNotify;
        Status = FwpsCalloutRegister(Permit.Device, &Callout, &Permit.CalloutId[i]);
        Permit.Registered[i] = NT_SUCCESS(Status);
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
    Callout.applicableLayer = *Layer;
    Status = FwpmCalloutAdd(Permit.Engine, &Callout, NULL, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&Filter, sizeof(Filter));
    Filter.displayData.name = DisplayName;
    Filter.layerKey = *Layer;
    Filter.subLayerKey = SubLayerKey;
    Filter.weight.type = FWP_EMPTY;
    Filter.action.type = FWP_ACTION_CALLOUT_TERMINATING;
    Filter.action.calloutKey = *CalloutKey;
    return FwpmFilterAdd(Permit.Engine, &Filter, NULL, NULL);
}

WDK_CODE_INIT static NTSTATUS AddFilters(VOID)
{
    FWPM_SESSION Session;
    FWPM_SUBLAYER SubLayer;
    NTSTATUS Status;

    RtlZeroMemory(&Session, sizeof(Session));
    Session.flags = FWPM_SESSION_FLAG_DYNAMIC;
    Status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &Session, &Permit.Engine);
    if (!NT_SUCCESS(Status)) {
        Permit.Engine = NULL;
        return Status;
    }
    RtlZeroMemory(&SubLayer, sizeof(SubLayer));
    SubLayer.subLayerKey = SubLayerKey;
    SubLayer.displayData.name = DisplayName;
    SubLayer.weight = 0x8000;
    Status = FwpmSubLayerAdd(Permit.Engine, &SubLayer, NULL);
    if (NT_SUCCESS(Status))
        Status = AddLayer(&FWPM_LAYER_STREAM_V4, &CalloutKeys[0]);
    if (NT_SUCCESS(Status))
        Status = AddLayer(&FWPM_LAYER_STREAM_V6, &CalloutKeys[1]);
    return Status;
}

WDK_CODE_INIT NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    Status = IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_NETWORK, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &Permit.Device);
    if (NT_SUCCESS(Status))
        Status = RegisterCallouts();
    if (NT_SUCCESS(Status))
        Status = AddFilters();
    if (NT_SUCCESS(Status))
        DriverObject->DriverUnload = PermitUnload;
    else
        Stop();
    return Status;
}
