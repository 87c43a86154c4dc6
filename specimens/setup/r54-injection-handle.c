/* SPDX-License-Identifier: MIT */
/* R54: the injection handle is not destroyed: injections could complete into code that has gone. */
#define SPECIMEN_INJECT
#ifdef SPECIMEN_BAD
#define SPECIMEN_STOPPED
#endif
#include "specimen.h"

#ifdef SPECIMEN_BAD
static VOID Stopped(VOID)
{
    Specimen.Injection = NULL;
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
