/* SPDX-License-Identifier: MIT */
/* R64: a block is freed with another tag than it was allocated with. */
#include "specimen.h"

#define TAG_SCRATCH 0x72635353 /* "SScr" */

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    VOID *Scratch = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG_SCRATCH);

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    if (Scratch == NULL)
        return;
#ifdef SPECIMEN_BAD
    ExFreePoolWithTag(Scratch, TAG_SPECIMEN);
#else
    ExFreePoolWithTag(Scratch, TAG_SCRATCH);
#endif
}
