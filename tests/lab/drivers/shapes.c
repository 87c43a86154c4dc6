/* SPDX-License-Identifier: MIT */
/* Permits everything and notes what it was shown: for each kind of offer one pool block under a tag
   of its own, so that the pool's figures at the end of a run are the list of what came. */
#define SPECIMEN_START
#include "specimen.h"

#define FLAGS_FIN   (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)
#define COALESCED   65536
#define NBLS_MOST   64
#define LOOPBACK_V4 0x7F

typedef enum _SHAPE {
    ShapeOneNbl,
    ShapeTwoNbls,
    ShapeManyNbls, /* 64 or more in one chain */
    ShapeNetBuffers,
    ShapeMdls,
    ShapeOddOffset,
    ShapeEmptyHead,
    ShapeCoalesced,
    ShapeFinAlone,
    ShapeFinWithData,
    ShapeReceiveAbort,
    ShapeSendAbort,
    ShapeUrgentIn,
    ShapeUrgentOut,
    ShapeNoDelay,
    ShapeV4,
    ShapeV6,
    ShapeLoopbackOut,
    ShapeLoopbackIn,
    ShapeClone, /* another callout's */
    Shapes
} SHAPE;

/* In the order of SHAPE; docs/provoking.md has them. */
static const char Names[Shapes][4] = {
    {'1', 'N', 'B', 'L'}, {'2', 'N', 'B', 'L'}, {'6', '4', 'N', 'B'}, {'N', 'B', 's', ' '},
    {'M', 'D', 'L', 's'}, {'O', 'd', 'd', ' '}, {'E', 'm', 'p', 't'}, {'6', '4', 'K', 'B'},
    {'F', 'i', 'n', ' '}, {'F', 'i', 'n', 'D'}, {'R', 'A', 'b', 't'}, {'S', 'A', 'b', 't'},
    {'U', 'r', 'g', 'I'}, {'U', 'r', 'g', 'O'}, {'N', 'o', 'D', 'l'}, {'I', 'P', 'v', '4'},
    {'I', 'P', 'v', '6'}, {'L', 'o', 'p', 'O'}, {'L', 'o', 'p', 'I'}, {'C', 'l', 'o', 'n'}};

static LONG Seen[Shapes];

static NTSTATUS Start(VOID)
{
    RtlZeroMemory(Seen, sizeof(Seen));
    return STATUS_SUCCESS;
}

static VOID Note(SHAPE Shape, BOOLEAN Is)
{
    PVOID Block;

    if (!Is || InterlockedExchange(&Seen[Shape], 1) != 0)
        return;
    Block = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(ULONG), *(const ULONG *)Names[Shape]);
    if (Block != NULL)
        ExFreePoolWithTag(Block, *(const ULONG *)Names[Shape]);
}

static BOOLEAN IsLoopback(const FWPS_INCOMING_VALUES *Values)
{
    const FWP_VALUE *Local = &Values->incomingValue[FWPS_FIELD_STREAM_V4_IP_LOCAL_ADDRESS].value;
    static const UCHAR Loopback[16] = {[15] = 1};

    if (Local->type == FWP_UINT32)
        return Local->uint32 >> 24 == LOOPBACK_V4;
    return memcmp(Local->byteArray16->byteArray16, Loopback, sizeof(Loopback)) == 0;
}

static VOID NoteBuffers(const NET_BUFFER_LIST *Chain)
{
    ULONG Nbls = 0;

    for (const NET_BUFFER_LIST *Nbl = Chain; Nbl != NULL; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        ULONG NetBuffers = 0;

        Nbls++;
        Note(ShapeClone, Nbl->ParentNetBufferList != NULL);
        for (NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb != NULL;
             Nb = NET_BUFFER_NEXT_NB(Nb)) {
            ULONG Mdls = 0;

            NetBuffers++;
            Note(ShapeOddOffset, (NET_BUFFER_CURRENT_MDL_OFFSET(Nb) & 1) != 0);
            Note(ShapeCoalesced, NET_BUFFER_DATA_LENGTH(Nb) >= COALESCED);
            Note(ShapeEmptyHead, NET_BUFFER_FIRST_MDL(Nb) != NULL &&
                                     MmGetMdlByteCount(NET_BUFFER_FIRST_MDL(Nb)) == 0);
            for (MDL *Mdl = NET_BUFFER_FIRST_MDL(Nb); Mdl != NULL; Mdl = Mdl->Next)
                Mdls++;
            Note(ShapeMdls, Mdls > 1);
        }
        Note(ShapeNetBuffers, NetBuffers > 1);
    }
    Note(ShapeOneNbl, Nbls == 1);
    Note(ShapeTwoNbls, Nbls == 2);
    Note(ShapeManyNbls, Nbls >= NBLS_MOST);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;
    const BOOLEAN Inbound = (Data->flags & FWPS_STREAM_FLAG_RECEIVE) != 0;

    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    Note(ShapeV4, Values->layerId == FWPS_LAYER_STREAM_V4);
    Note(ShapeV6, Values->layerId == FWPS_LAYER_STREAM_V6);
    Note(ShapeLoopbackOut, IsLoopback(Values) && !Inbound);
    Note(ShapeLoopbackIn, IsLoopback(Values) && Inbound);
    Note(ShapeReceiveAbort, (Data->flags & FWPS_STREAM_FLAG_RECEIVE_ABORT) != 0);
    Note(ShapeSendAbort, (Data->flags & FWPS_STREAM_FLAG_SEND_ABORT) != 0);
    Note(ShapeUrgentIn, (Data->flags & FWPS_STREAM_FLAG_RECEIVE_EXPEDITED) != 0);
    Note(ShapeUrgentOut, (Data->flags & FWPS_STREAM_FLAG_SEND_EXPEDITED) != 0);
    Note(ShapeNoDelay, (Data->flags & FWPS_STREAM_FLAG_SEND_NODELAY) != 0);
    Note(ShapeFinAlone, (Data->flags & FLAGS_FIN) != 0 && Data->dataLength == 0);
    Note(ShapeFinWithData, (Data->flags & FLAGS_FIN) != 0 && Data->dataLength != 0);
    if (Data->dataLength != 0)
        NoteBuffers(Data->netBufferListChain);
}
