/* SPDX-License-Identifier: MIT */
/* R58: notifyFn looks into filterKey, which is NULL when a filter is deleted. */
#define SPECIMEN_NOTIFY
#include "specimen.h"

static volatile ULONG Last;

static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE NotifyType, const GUID *FilterKey,
                             FWPS_FILTER *Filter)
{
    UNREFERENCED_PARAMETER(NotifyType);
    UNREFERENCED_PARAMETER(Filter);
#ifndef SPECIMEN_BAD
    if (FilterKey == NULL)
        return STATUS_SUCCESS;
#endif
    Last = FilterKey->Data1;
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
