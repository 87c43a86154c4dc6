/* SPDX-License-Identifier: MIT */
/* R15: what is offered is passed on as a copy of what lies in the first MDL; the rest of the chain
   is blocked with it and never seen again. FwpsCopyStreamDataToBuffer walks all of it. */
#define SPECIMEN_INJECT
#include "specimen.h"

#define STREAM_ABORT (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)

static VOID NTAPI CopyComplete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(DispatchLevel);
    IoFreeMdl(NET_BUFFER_FIRST_MDL(NET_BUFFER_LIST_FIRST_NB(Nbl)));
    FwpsFreeNetBufferList(Nbl);
    ExFreePoolWithTag(Context, TAG_SPECIMEN);
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
#ifdef SPECIMEN_BAD
    Copied = MmGetMdlByteCount(Data->dataOffset.mdl) - Data->dataOffset.mdlOffset;
    if (Copied > Data->dataLength)
        Copied = Data->dataLength;
    RtlCopyMemory(Bytes,
                  (PUCHAR)MmGetSystemAddressForMdlSafe(Data->dataOffset.mdl, NormalPagePriority) +
                      Data->dataOffset.mdlOffset,
                  Copied);
#else
    FwpsCopyStreamDataToBuffer(Data, Bytes, Data->dataLength, &Copied);
#endif
    if (!NT_SUCCESS(
            FwpsAllocateNetBufferAndNetBufferList(Specimen.NblPool, 0, 0, Mdl, 0, Copied, &Nbl)))
        goto FreeMdl;
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Meta->flowHandle,
                                         Filter->action.calloutId, Values->layerId, Data->flags,
                                         Nbl, Copied, CopyComplete, Bytes))) {
        Out->actionType = FWP_ACTION_BLOCK;
        return;
    }
    FwpsFreeNetBufferList(Nbl);
FreeMdl:
    IoFreeMdl(Mdl);
FreeBytes:
    ExFreePoolWithTag(Bytes, TAG_SPECIMEN);
}
