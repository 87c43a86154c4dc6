/* SPDX-License-Identifier: MIT */
/* R34: a callout that lets the stream pass adds a line of its own from a DPC: nothing says between
   which bytes it belongs. From inside classifyFn its place is known. */
#define SPECIMEN_INJECT
#define SPECIMEN_START
#define SPECIMEN_DRAIN
#include "specimen.h"

#define LINE      "X-Inspected: yes\r\n"
#define LINE_SIZE (sizeof(LINE) - 1)

/* One connection gets the line; when it was closed meanwhile, the next one. */
typedef struct _LINE_STATE {
    volatile LONG Taken;
    KDPC Dpc;
    UINT64 FlowId;
    UINT32 CalloutId;
    UINT16 LayerId;
} LINE_STATE;

static LINE_STATE Line;

static VOID NTAPI LineComplete(VOID *Context, NET_BUFFER_LIST *Nbl, BOOLEAN DispatchLevel)
{
    UNREFERENCED_PARAMETER(DispatchLevel);
    IoFreeMdl(NET_BUFFER_FIRST_MDL(NET_BUFFER_LIST_FIRST_NB(Nbl)));
    FwpsFreeNetBufferList(Nbl);
    ExFreePoolWithTag(Context, TAG_SPECIMEN);
}

static VOID LineInject(VOID)
{
    NET_BUFFER_LIST *Nbl;
    PMDL Mdl = NULL;
    PVOID Bytes = ExAllocatePoolWithTag(NonPagedPool, LINE_SIZE, TAG_SPECIMEN);

    if (Bytes != NULL)
        Mdl = IoAllocateMdl(Bytes, LINE_SIZE, FALSE, FALSE, NULL);
    if (Mdl == NULL)
        goto Done;
    RtlCopyMemory(Bytes, LINE, LINE_SIZE);
    MmBuildMdlForNonPagedPool(Mdl);
    if (!NT_SUCCESS(
            FwpsAllocateNetBufferAndNetBufferList(Specimen.NblPool, 0, 0, Mdl, 0, LINE_SIZE, &Nbl)))
        goto Done;
    if (NT_SUCCESS(FwpsStreamInjectAsync(Specimen.Injection, NULL, 0, Line.FlowId, Line.CalloutId,
                                         Line.LayerId, FWPS_STREAM_FLAG_RECEIVE, Nbl, LINE_SIZE,
                                         LineComplete, Bytes)))
        return;
    FwpsFreeNetBufferList(Nbl);
Done:
    if (Mdl != NULL)
        IoFreeMdl(Mdl);
    if (Bytes != NULL)
        ExFreePoolWithTag(Bytes, TAG_SPECIMEN);
    (VOID) InterlockedExchange(&Line.Taken, 0);
}

static VOID NTAPI LineDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    LineInject();
}

static NTSTATUS Start(VOID)
{
    KeInitializeDpc(&Line.Dpc, LineDpc, NULL);
    return STATUS_SUCCESS;
}

static VOID Drain(VOID)
{
    KeFlushQueuedDpcs();
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    const FWPS_STREAM_DATA *Data = Packet->streamData;

    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
    if ((Data->flags & FWPS_STREAM_FLAG_RECEIVE) == 0 || Data->dataLength == 0 ||
        InterlockedExchange(&Line.Taken, 1) != 0)
        return;
    Line.FlowId = Meta->flowHandle;
    Line.CalloutId = Filter->action.calloutId;
    Line.LayerId = Values->layerId;
#ifdef SPECIMEN_BAD
    (VOID) KeInsertQueueDpc(&Line.Dpc, NULL, NULL);
#else
    LineInject();
#endif
}
