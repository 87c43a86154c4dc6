/* SPDX-License-Identifier: MIT */
/* R58: notifyFn refuses types of notification that it does not know. */
#define SPECIMEN_NOTIFY
#include "specimen.h"

static volatile LONG Filters;

static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE NotifyType, const GUID *FilterKey,
                             FWPS_FILTER *Filter)
{
    UNREFERENCED_PARAMETER(FilterKey);
    UNREFERENCED_PARAMETER(Filter);
    switch (NotifyType) {
    case FWPS_CALLOUT_NOTIFY_ADD_FILTER:
        InterlockedIncrement(&Filters);
        return STATUS_SUCCESS;
    case FWPS_CALLOUT_NOTIFY_DELETE_FILTER:
        InterlockedDecrement(&Filters);
        return STATUS_SUCCESS;
    default:
#ifdef SPECIMEN_BAD
        return STATUS_NOT_SUPPORTED;
#else
        return STATUS_SUCCESS;
#endif
    }
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
