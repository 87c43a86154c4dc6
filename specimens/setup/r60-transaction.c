/* SPDX-License-Identifier: MIT */
/* R60: a transaction is left open on an error path: it holds the engine's lock until the handle is
   closed. */
#define SPECIMEN_START
#include "specimen.h"

static const GUID NoSubLayer = {
    0x1f6b8c20, 0x77d1, 0x4c53, {0xb0, 0x1d, 0x4a, 0x6e, 0x20, 0x00, 0x60, 0x01}};

static NTSTATUS Start(VOID)
{
    NTSTATUS Status = FwpmTransactionBegin(Specimen.Engine, 0);

    if (!NT_SUCCESS(Status))
        return Status;
    /* What an older version of the driver may have left behind. */
    Status = FwpmSubLayerDeleteByKey(Specimen.Engine, &NoSubLayer);
    if (NT_SUCCESS(Status))
        return FwpmTransactionCommit(Specimen.Engine);
#ifndef SPECIMEN_BAD
    (VOID) FwpmTransactionAbort(Specimen.Engine);
#endif
    return STATUS_SUCCESS;
}

static VOID Classify(const FWPS_INCOMING_VALUES *Values, const FWPS_INCOMING_METADATA_VALUES *Meta,
                     FWPS_STREAM_CALLOUT_IO_PACKET *Packet, const FWPS_FILTER *Filter,
                     UINT64 FlowContext, FWPS_CLASSIFY_OUT *Out)
{
    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Meta);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    UNREFERENCED_PARAMETER(Out);
}
