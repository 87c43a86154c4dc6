/* SPDX-License-Identifier: MIT */
/* R72: received bytes are replaced by a copy in one NBL with two NET_BUFFERs, a head and the rest.
   Mended: two NBLs of one NET_BUFFER each. */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_STOPPED
#include "specimen.h"

#define HEAD_BYTES 16

/* Bytes in one buffer, and what describes its two parts: freed when both NBLs are. */
typedef struct _COPY {
    volatile LONG Nbls;
    PMDL Mdl;
    NET_BUFFER *Second; /* of the NBL with two NET_BUFFERs */
    UCHAR Bytes[1];
} COPY;

static NDIS_HANDLE NbPool;

static VOID CopyRelease(COPY *Copy)
{
    if (InterlockedDecrement(&Copy->Nbls) != 0)
        return;
    IoFreeMdl(Copy->Mdl);
    ExFreePoolWithTag(Copy, TAG_SPECIMEN);
}

static VOID NblFree(NET_BUFFER_LIST *Nbl, COPY *Copy)
{
    if (Copy->Second != NULL) {
        NET_BUFFER_NEXT_NB(NET_BUFFER_LIST_FIRST_NB(Nbl)) = NULL;
        NdisFreeNetBuffer(Copy->Second);
    }
    FwpsFreeNetBufferList(Nbl);
    CopyRelease(Copy);
}

static VOID NTAPI Complete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(DispatchLevel);
    NblFree(Nbl, Context);
}

static NTSTATUS Start(VOID)
{
    NET_BUFFER_POOL_PARAMETERS Parameters;

    RtlZeroMemory(&Parameters, sizeof(Parameters));
    Parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Parameters.Header.Revision = NET_BUFFER_POOL_PARAMETERS_REVISION_1;
    Parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1;
    Parameters.PoolTag = TAG_SPECIMEN;
    NbPool = NdisAllocateNetBufferPool(Specimen.NdisObject, &Parameters);
    return NbPool != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* All injections have completed when the handle is gone: only then may the pool go. */
static VOID Stopped(VOID)
{
    if (Specimen.Injection != NULL)
        (VOID) FwpsInjectionHandleDestroy(Specimen.Injection);
    Specimen.Injection = NULL;
    if (NbPool != NULL)
        NdisFreeNetBufferPool(NbPool);
}

static COPY *CopyMake(const FWPS_STREAM_DATA *Data)
{
    const ULONG Length = (ULONG)Data->dataLength;
    COPY *Copy;
    SIZE_T Copied;

    Copy = ExAllocatePoolWithTag(NonPagedPool, FIELD_OFFSET(COPY, Bytes) + Length, TAG_SPECIMEN);
    if (Copy == NULL)
        return NULL;
    Copy->Nbls = 1;
    Copy->Second = NULL;
    Copy->Mdl = IoAllocateMdl(Copy->Bytes, Length, FALSE, FALSE, NULL);
    if (Copy->Mdl == NULL) {
        ExFreePoolWithTag(Copy, TAG_SPECIMEN);
        return NULL;
    }
    MmBuildMdlForNonPagedPool(Copy->Mdl);
    FwpsCopyStreamDataToBuffer(Data, Copy->Bytes, Length, &Copied);
    return Copy;
}

/* A chain over the copy, which it owns; NULL: nothing is left. */
static NET_BUFFER_LIST *Describe(COPY *Copy, SIZE_T Length)
{
    NET_BUFFER_LIST *First;

    if (!NT_SUCCESS(FwpsAllocateNetBufferAndNetBufferList(Specimen.NblPool, 0, 0, Copy->Mdl, 0,
                                                          HEAD_BYTES, &First))) {
        CopyRelease(Copy);
        return NULL;
    }
#ifdef SPECIMEN_BAD
    Copy->Second = NdisAllocateNetBuffer(NbPool, Copy->Mdl, HEAD_BYTES, Length - HEAD_BYTES);
    if (Copy->Second != NULL) {
        NET_BUFFER_NEXT_NB(NET_BUFFER_LIST_FIRST_NB(First)) = Copy->Second;
        return First;
    }
#else
    NET_BUFFER_LIST *Second;

    if (NT_SUCCESS(FwpsAllocateNetBufferAndNetBufferList(
            Specimen.NblPool, 0, 0, Copy->Mdl, HEAD_BYTES, Length - HEAD_BYTES, &Second))) {
        Copy->Nbls = 2;
        NET_BUFFER_LIST_NEXT_NBL(First) = Second;
        return First;
    }
#endif
    NblFree(First, Copy);
    return NULL;
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;
    NET_BUFFER_LIST *Chain = NULL;
    COPY *Copy;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & FWPS_STREAM_FLAG_RECEIVE) == 0 || Data->dataLength <= HEAD_BYTES)
        return;
    Copy = CopyMake(Data);
    if (Copy != NULL)
        Chain = Describe(Copy, Data->dataLength);
    if (Chain == NULL)
        return;
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                         Filter->action.calloutId, Values->layerId, Data->flags,
                                         Chain, Data->dataLength, Complete, Copy))) {
        Out->actionType = FWP_ACTION_BLOCK;
        return;
    }
    while (Chain != NULL) {
        NET_BUFFER_LIST *Next = NET_BUFFER_LIST_NEXT_NBL(Chain);

        NET_BUFFER_LIST_NEXT_NBL(Chain) = NULL;
        NblFree(Chain, Copy);
        Chain = Next;
    }
}
