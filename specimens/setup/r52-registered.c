/* SPDX-License-Identifier: MIT */
/* R52: one of the callouts is still registered when the driver goes. */
#ifdef SPECIMEN_BAD
#define SPECIMEN_DRAIN
#endif
#include "specimen.h"

#ifdef SPECIMEN_BAD
/* The callout for IPv6 was added later, and forgotten here. */
static VOID Drain(VOID)
{
    Specimen.Registered[1] = FALSE;
}
#endif

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
