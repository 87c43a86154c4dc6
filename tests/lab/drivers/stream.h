/* SPDX-License-Identifier: MIT */
/* What every small stream driver here shares: one callout on both stream layers, taken down
   cleanly. A driver defines Classify() and includes this file; StreamStart() and StreamStop() do
   the rest. */
#pragma once

#include <ntddk.h>
#include <fwpsk.h>
#include <fwpmk.h>

typedef struct _STREAM_DRIVER {
    PDEVICE_OBJECT Device;
    HANDLE Engine;
    UINT32 CalloutId[2];
    BOOLEAN Registered[2];
} STREAM_DRIVER;

static STREAM_DRIVER Stream;
static WCHAR StreamName[] = L"test";

static const GUID StreamCallouts[2] = {
    {0x7f0a4e11, 0x5b1c, 0x4e0f, {0x8a, 0x11, 0x30, 0x52, 0x4a, 0x00, 0x00, 0x04}},
    {0x7f0a4e11, 0x5b1c, 0x4e0f, {0x8a, 0x11, 0x30, 0x52, 0x4a, 0x00, 0x00, 0x06}}};
static const GUID StreamProvider = {
    0x7f0a4e11, 0x5b1c, 0x4e0f, {0x8a, 0x11, 0x30, 0x52, 0x4a, 0x00, 0x00, 0x02}};
static const GUID StreamSubLayer = {
    0x7f0a4e11, 0x5b1c, 0x4e0f, {0x8a, 0x11, 0x30, 0x52, 0x4a, 0x00, 0x00, 0x01}};

/* The driver's own: Out says permit when it is called. */
static VOID Classify(FWPS_STREAM_CALLOUT_IO_PACKET *Packet, FWPS_CLASSIFY_OUT *Out);

static VOID NTAPI StreamClassify(const FWPS_INCOMING_VALUES *Values,
                                 const FWPS_INCOMING_METADATA_VALUES *Meta, VOID *LayerData,
                                 const VOID *ClassifyContext, const FWPS_FILTER *Filter,
                                 UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_CALLOUT_IO_PACKET *Packet = LayerData;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(ClassifyContext);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    Out->actionType = FWP_ACTION_PERMIT;
    Packet->streamAction = FWPS_STREAM_ACTION_NONE;
    Packet->countBytesEnforced = 0;
    Classify(Packet, Out);
}

static NTSTATUS NTAPI StreamNotify(FWPS_CALLOUT_NOTIFY_TYPE NotifyType, const GUID *FilterKey,
                                   FWPS_FILTER *Filter)
{
    UNREFERENCED_PARAMETER(NotifyType);
    UNREFERENCED_PARAMETER(FilterKey);
    UNREFERENCED_PARAMETER(Filter);
    return STATUS_SUCCESS;
}

static NTSTATUS StreamAddLayer(const GUID *Layer, const GUID *CalloutKey)
{
    FWPM_CALLOUT Callout;
    FWPM_FILTER Filter;
    NTSTATUS Status;

    RtlZeroMemory(&Callout, sizeof(Callout));
    Callout.calloutKey = *CalloutKey;
    Callout.displayData.name = StreamName;
    Callout.providerKey = (GUID *)&StreamProvider;
    Callout.applicableLayer = *Layer;
    Status = FwpmCalloutAdd(Stream.Engine, &Callout, NULL, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&Filter, sizeof(Filter));
    Filter.displayData.name = StreamName;
    Filter.providerKey = (GUID *)&StreamProvider;
    Filter.layerKey = *Layer;
    Filter.subLayerKey = StreamSubLayer;
    Filter.weight.type = FWP_EMPTY;
    Filter.action.type = FWP_ACTION_CALLOUT_TERMINATING;
    Filter.action.calloutKey = *CalloutKey;
    return FwpmFilterAdd(Stream.Engine, &Filter, NULL, NULL);
}

static VOID StreamStop(VOID)
{
    if (Stream.Engine != NULL)
        (VOID) FwpmEngineClose(Stream.Engine);
    for (ULONG i = 0; i < RTL_NUMBER_OF(Stream.Registered); i++)
        if (Stream.Registered[i])
            (VOID) FwpsCalloutUnregisterById(Stream.CalloutId[i]);
    if (Stream.Device != NULL)
        IoDeleteDevice(Stream.Device);
}

static NTSTATUS StreamStart(PDRIVER_OBJECT DriverObject)
{
    FWPM_SESSION Session;
    FWPM_PROVIDER Provider;
    FWPM_SUBLAYER SubLayer;
    NTSTATUS Status;

    Status = IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_NETWORK, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &Stream.Device);
    for (ULONG i = 0; i < RTL_NUMBER_OF(StreamCallouts) && NT_SUCCESS(Status); i++) {
        FWPS_CALLOUT Callout;
        RtlZeroMemory(&Callout, sizeof(Callout));
        Callout.calloutKey = StreamCallouts[i];
        Callout.classifyFn = StreamClassify;
        Callout.notifyFn = StreamNotify;
        Status = FwpsCalloutRegister(Stream.Device, &Callout, &Stream.CalloutId[i]);
        Stream.Registered[i] = NT_SUCCESS(Status);
    }
    if (!NT_SUCCESS(Status))
        goto Done;
    RtlZeroMemory(&Session, sizeof(Session));
    Session.flags = FWPM_SESSION_FLAG_DYNAMIC;
    Status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &Session, &Stream.Engine);
    if (!NT_SUCCESS(Status)) {
        Stream.Engine = NULL;
        goto Done;
    }
    RtlZeroMemory(&Provider, sizeof(Provider));
    Provider.providerKey = StreamProvider;
    Provider.displayData.name = StreamName;
    Status = FwpmProviderAdd(Stream.Engine, &Provider, NULL);
    RtlZeroMemory(&SubLayer, sizeof(SubLayer));
    SubLayer.subLayerKey = StreamSubLayer;
    SubLayer.displayData.name = StreamName;
    SubLayer.providerKey = (GUID *)&StreamProvider;
    SubLayer.weight = 0x8000;
    if (NT_SUCCESS(Status))
        Status = FwpmSubLayerAdd(Stream.Engine, &SubLayer, NULL);
    if (NT_SUCCESS(Status))
        Status = StreamAddLayer(&FWPM_LAYER_STREAM_V4, &StreamCallouts[0]);
    if (NT_SUCCESS(Status))
        Status = StreamAddLayer(&FWPM_LAYER_STREAM_V6, &StreamCallouts[1]);
Done:
    if (!NT_SUCCESS(Status))
        StreamStop();
    return Status;
}
