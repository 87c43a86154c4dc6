/* SPDX-License-Identifier: MIT */
/* R53: what a session added that is not dynamic stays in force when the driver has gone.
 */
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

static const GUID OwnProvider = {
    0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x53, 0x02}};
static const GUID OwnSubLayer = {
    0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x53, 0x01}};

static HANDLE Lasting;

static NTSTATUS Start(VOID)
{
    FWPM_PROVIDER Provider;
    FWPM_SUBLAYER SubLayer;
    NTSTATUS Status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &Lasting);

    if (!NT_SUCCESS(Status)) {
        Lasting = NULL;
        return Status;
    }
    RtlZeroMemory(&Provider, sizeof(Provider));
    Provider.providerKey = OwnProvider;
    Provider.displayData.name = SpecimenName;
    Status = FwpmProviderAdd(Lasting, &Provider, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&SubLayer, sizeof(SubLayer));
    SubLayer.subLayerKey = OwnSubLayer;
    SubLayer.displayData.name = SpecimenName;
    SubLayer.providerKey = (GUID *)&OwnProvider;
    SubLayer.weight = 0x4000;
    return FwpmSubLayerAdd(Lasting, &SubLayer, NULL);
}

static VOID Drain(VOID)
{
    if (Lasting == NULL)
        return;
#ifndef SPECIMEN_BAD
    (VOID) FwpmSubLayerDeleteByKey(Lasting, &OwnSubLayer);
    (VOID) FwpmProviderDeleteByKey(Lasting, &OwnProvider);
#endif
    (VOID) FwpmEngineClose(Lasting);
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
