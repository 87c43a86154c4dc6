/* SPDX-License-Identifier: MIT */
/* R20: the address of the indicated stream data is kept until the next classify "to compare". What
   it points to is gone when classifyFn returns; a copy of what is wanted is not. */
#include "specimen.h"

typedef struct _LAST {
    const FWPS_STREAM_DATA *Data;
    SIZE_T Length;
} LAST;

static LAST Last;
static volatile LONG Grown;

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;
    SIZE_T Before = Last.Length;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    if (Data->dataLength == 0)
        return;
#ifdef SPECIMEN_BAD
    if (Last.Data != NULL)
        Before = NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(Last.Data->netBufferListChain));
#endif
    if (Data->dataLength > Before)
        InterlockedIncrement(&Grown);
    Last.Data = Data;
    Last.Length = Data->dataLength;
}
