/* SPDX-License-Identifier: MIT */
/* R55: a management call under a spin lock: these calls wait, and run at PASSIVE_LEVEL only. */
#define SPECIMEN_START
#include "specimen.h"

static const GUID OwnSubLayer = {
    0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x55, 0x01}};

static KSPIN_LOCK Lock;
static ULONG Added;

static NTSTATUS Start(VOID)
{
    FWPM_SUBLAYER SubLayer;
    NTSTATUS Status;
    KIRQL Irql;

    KeInitializeSpinLock(&Lock);
    RtlZeroMemory(&SubLayer, sizeof(SubLayer));
    SubLayer.subLayerKey = OwnSubLayer;
    SubLayer.displayData.name = SpecimenName;
    SubLayer.providerKey = (GUID *)&SpecimenProvider;
    SubLayer.weight = 0x4000;
#ifndef SPECIMEN_BAD
    Status = FwpmSubLayerAdd(Specimen.Engine, &SubLayer, NULL);
#endif
    KeAcquireSpinLock(&Lock, &Irql);
#ifdef SPECIMEN_BAD
    Status = FwpmSubLayerAdd(Specimen.Engine, &SubLayer, NULL);
#endif
    Added += NT_SUCCESS(Status);
    KeReleaseSpinLock(&Lock, Irql);
    return Status;
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
