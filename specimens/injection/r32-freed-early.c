/* SPDX-License-Identifier: MIT */
/* R32: bytes are blocked and injected as a copy, and the copy's buffer is freed as soon as the
   inject call has returned. The engine still reads it: it is to be freed on completion. */
#define SPECIMEN_INJECT
#include "specimen.h"

#define STREAM_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)

static VOID NTAPI CopyComplete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(DispatchLevel);
    IoFreeMdl(NET_BUFFER_FIRST_MDL(NET_BUFFER_LIST_FIRST_NB(Nbl)));
    FwpsFreeNetBufferList(Nbl);
#ifdef SPECIMEN_BAD
    UNREFERENCED_PARAMETER(Context);
#else
    ExFreePoolWithTag(Context, TAG_SPECIMEN);
#endif
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    FWPS_STREAM_DATA *Data = Packet->streamData;
    NET_BUFFER_LIST *Nbl;
    PVOID Bytes;
    SIZE_T Copied;
    PMDL Mdl;

    UNREFERENCED_PARAMETER(FlowContext);
    if ((Data->flags & STREAM_ABORT) != 0 || Data->dataLength == 0)
        return;
    Bytes = ExAllocatePoolWithTag(NonPagedPool, Data->dataLength, TAG_SPECIMEN);
    if (Bytes == NULL)
        return;
    Mdl = IoAllocateMdl(Bytes, (ULONG)Data->dataLength, FALSE, FALSE, NULL);
    if (Mdl == NULL)
        goto FreeBytes;
    MmBuildMdlForNonPagedPool(Mdl);
    FwpsCopyStreamDataToBuffer(Data, Bytes, Data->dataLength, &Copied);
    if (!NT_SUCCESS(
            FwpsAllocateNetBufferAndNetBufferList(Specimen.NblPool, 0, 0, Mdl, 0, Copied, &Nbl)))
        goto FreeMdl;
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                         Filter->action.calloutId, Values->layerId, Data->flags,
                                         Nbl, Copied, CopyComplete, Bytes))) {
        Out->actionType = FWP_ACTION_BLOCK;
#ifdef SPECIMEN_BAD
        ExFreePoolWithTag(Bytes, TAG_SPECIMEN);
#endif
        return;
    }
    FwpsFreeNetBufferList(Nbl);
FreeMdl:
    IoFreeMdl(Mdl);
FreeBytes:
    ExFreePoolWithTag(Bytes, TAG_SPECIMEN);
}
