/* SPDX-License-Identifier: MIT */
/* Only the first NET_BUFFER is handled: what is offered is blocked whole, and the copy that is
   injected in its place holds the bytes of the first one. The rest vanishes from the stream. */
#define SPECIMEN_INJECT
#include "specimen.h"

/* The bytes of one injection, with what describes them. */
typedef struct _COPY {
    PMDL Mdl;
    UCHAR Bytes[1];
} COPY;

static VOID CopyFree(COPY *Copy)
{
    IoFreeMdl(Copy->Mdl);
    ExFreePoolWithTag(Copy, TAG_SPECIMEN);
}

static COPY *CopyMake(const FWPS_STREAM_DATA *Data, SIZE_T Length)
{
    COPY *Copy;
    SIZE_T Copied;

    Copy = ExAllocatePoolWithTag(NonPagedPool, FIELD_OFFSET(COPY, Bytes) + Length, TAG_SPECIMEN);
    if (Copy == NULL)
        return NULL;
    Copy->Mdl = IoAllocateMdl(Copy->Bytes, (ULONG)Length, FALSE, FALSE, NULL);
    if (Copy->Mdl == NULL) {
        ExFreePoolWithTag(Copy, TAG_SPECIMEN);
        return NULL;
    }
    MmBuildMdlForNonPagedPool(Copy->Mdl);
    FwpsCopyStreamDataToBuffer(Data, Copy->Bytes, Length, &Copied);
    return Copy;
}

static VOID NTAPI Complete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(DispatchLevel);
    FwpsFreeNetBufferList(Nbl);
    CopyFree(Context);
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;
    SIZE_T Length = Data->dataLength;
    NET_BUFFER_LIST *Nbl;
    COPY *Copy;

    UNREFERENCED_PARAMETER(FlowContext);
    if (Length == 0)
        return;
#ifdef SPECIMEN_BAD
    SIZE_T First = NET_BUFFER_DATA_LENGTH(Data->dataOffset.netBuffer);
    if (First < Length)
        Length = First;
#endif
    Copy = CopyMake(Data, Length);
    if (Copy == NULL)
        return;
    if (!NT_SUCCESS(FwpsAllocateNetBufferAndNetBufferList(Specimen.NblPool, 0, 0, Copy->Mdl, 0,
                                                          Length, &Nbl))) {
        CopyFree(Copy);
        return;
    }
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                         Filter->action.calloutId, Values->layerId, Data->flags,
                                         Nbl, Data->dataLength, Complete, Copy))) {
        Out->actionType = FWP_ACTION_BLOCK;
    } else {
        FwpsFreeNetBufferList(Nbl);
        CopyFree(Copy);
    }
}
