/* SPDX-License-Identifier: MIT */
/* R57: a terminating filter in the sublayer that everybody shares: it decides for the filters of
   other products there. */
#define SPECIMEN_START
#include "specimen.h"

/* The session is dynamic: the filter goes with it. */
static NTSTATUS Start(VOID)
{
    FWPM_FILTER Filter;

    RtlZeroMemory(&Filter, sizeof(Filter));
    Filter.displayData.name = SpecimenName;
    Filter.providerKey = (GUID *)&SpecimenProvider;
    Filter.layerKey = FWPM_LAYER_STREAM_V4;
#ifndef SPECIMEN_BAD
    Filter.subLayerKey = SpecimenSubLayer;
#endif
    Filter.weight.type = FWP_EMPTY;
    Filter.action.type = FWP_ACTION_CALLOUT_TERMINATING;
    Filter.action.calloutKey = SpecimenCallouts[0];
    return FwpmFilterAdd(Specimen.Engine, &Filter, NULL, NULL);
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
