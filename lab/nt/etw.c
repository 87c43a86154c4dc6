/* SPDX-License-Identifier: MIT */
/* Event tracing as on a machine where no session enabled the driver's provider. */
#include "nt/failure.h"
#include "nt/state.h"

NTSTATUS NTAPI EtwRegister(LPCGUID ProviderId, PETWENABLECALLBACK EnableCallback,
                           PVOID CallbackContext, PREGHANDLE RegHandle)
{
    NT_EXPORT("EtwRegister", PASSIVE_LEVEL);
    const NTSTATUS status = nt_failure(nt->sim, "EtwRegister");

    if (status != STATUS_SUCCESS)
        return status;
    *RegHandle = ++nt->etw.registered;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI EtwUnregister(REGHANDLE RegHandle)
{
    NT_EXPORT("EtwUnregister", PASSIVE_LEVEL);
    return RegHandle != 0 && RegHandle <= nt->etw.registered ? STATUS_SUCCESS
                                                             : STATUS_INVALID_HANDLE;
}

BOOLEAN NTAPI EtwEventEnabled(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor)
{
    return FALSE;
}

BOOLEAN NTAPI EtwProviderEnabled(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword)
{
    return FALSE;
}

NTSTATUS NTAPI EtwWrite(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, LPCGUID ActivityId,
                        ULONG UserDataCount, PEVENT_DATA_DESCRIPTOR UserData)
{
    NT_EXPORT("EtwWrite", HIGH_LEVEL);
    return RegHandle != 0 && RegHandle <= nt->etw.registered ? STATUS_SUCCESS
                                                             : STATUS_INVALID_HANDLE;
}

NTSTATUS NTAPI EtwWriteString(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword,
                              LPCGUID ActivityId, PCWSTR String)
{
    NT_EXPORT("EtwWriteString", HIGH_LEVEL);
    return RegHandle != 0 && RegHandle <= nt->etw.registered ? STATUS_SUCCESS
                                                             : STATUS_INVALID_HANDLE;
}
