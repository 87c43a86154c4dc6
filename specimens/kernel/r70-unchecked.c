/* SPDX-License-Identifier: MIT */
/* R70: the result of an allocation is used unseen. */
#include "specimen.h"

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    volatile SIZE_T *Scratch = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG_SPECIMEN);

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
#ifndef SPECIMEN_BAD
    if (Scratch == NULL)
        return;
#endif
    *Scratch = Packet->streamData->dataLength;
    ExFreePoolWithTag((VOID *)Scratch, TAG_SPECIMEN);
}
