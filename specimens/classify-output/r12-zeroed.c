/* SPDX-License-Identifier: MIT */
/* R12: FWPS_CLASSIFY_OUT is zeroed before the verdict is written; outContext and filterId belong to
   the engine. */
#include "specimen.h"

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
#ifdef SPECIMEN_BAD
    RtlZeroMemory(Out, sizeof(*Out));
#endif
    Out->actionType = FWP_ACTION_PERMIT;
}
