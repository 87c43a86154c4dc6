/* SPDX-License-Identifier: MIT */
/* R57: a sublayer that names no provider: nobody can see whose it is. */
#define SPECIMEN_START
#include "specimen.h"

static const GUID OwnSubLayer = {
    0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x57, 0x01}};

/* The session is dynamic: the sublayer goes with it. */
static NTSTATUS Start(VOID)
{
    FWPM_SUBLAYER SubLayer;

    RtlZeroMemory(&SubLayer, sizeof(SubLayer));
    SubLayer.subLayerKey = OwnSubLayer;
    SubLayer.displayData.name = SpecimenName;
#ifndef SPECIMEN_BAD
    SubLayer.providerKey = (GUID *)&SpecimenProvider;
#endif
    SubLayer.weight = 0x4000;
    return FwpmSubLayerAdd(Specimen.Engine, &SubLayer, NULL);
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
