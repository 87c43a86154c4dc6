/* SPDX-License-Identifier: MIT */
/* R19: a byte of what is offered is changed where it lies. Others read the same memory: TCP, that
   may send it again, and every callout behind. */
#include "specimen.h"

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;
    PUCHAR Bytes;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    if (Data->dataLength == 0)
        return;
    Bytes = MmGetSystemAddressForMdlSafe(Data->dataOffset.mdl, NormalPagePriority);
    if (Bytes == NULL || Bytes[Data->dataOffset.mdlOffset] != 'G')
        return;
#ifdef SPECIMEN_BAD
    Bytes[Data->dataOffset.mdlOffset] = 'g';
#endif
}
