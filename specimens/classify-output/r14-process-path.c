/* SPDX-License-Identifier: MIT */
/* R14: the path of the process is read at the stream layer, where the engine does not tell it. Its
   presence bit says so. */
#include "specimen.h"

static volatile LONG Services;

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
#ifndef SPECIMEN_BAD
    if (!FWPS_IS_METADATA_FIELD_PRESENT(Meta, FWPS_METADATA_FIELD_PROCESS_PATH))
        return;
#endif
    if (Meta->processPath->size > 100)
        InterlockedIncrement(&Services);
}
