/* SPDX-License-Identifier: MIT */
/* NDIS's wrappers of the kernel's events, spin locks, pool and time. */
#include "ndis/state.h"

VOID NTAPI NdisInitializeEvent(PNDIS_EVENT Event)
{
    PE_EXPORT(pe_current());
    KeInitializeEvent(&Event->Event, NotificationEvent, FALSE);
}

VOID NTAPI NdisSetEvent(PNDIS_EVENT Event)
{
    PE_EXPORT(pe_current());
    nt_irql_limit(nt_current(), "NdisSetEvent", DISPATCH_LEVEL);
    KeSetEvent(&Event->Event, IO_NO_INCREMENT, FALSE);
}

VOID NTAPI NdisResetEvent(PNDIS_EVENT Event)
{
    PE_EXPORT(pe_current());
    nt_irql_limit(nt_current(), "NdisResetEvent", DISPATCH_LEVEL);
    KeClearEvent(&Event->Event);
}

BOOLEAN NTAPI NdisWaitEvent(PNDIS_EVENT Event, UINT MsToWait)
{
    LARGE_INTEGER timeout = {.QuadPart = -(LONGLONG)(MsToWait * SIM_MILLISECOND)};

    PE_EXPORT(pe_current());
    nt_irql_limit(nt_current(), "NdisWaitEvent", PASSIVE_LEVEL);
    return KeWaitForSingleObject(&Event->Event, Executive, KernelMode, FALSE,
                                 MsToWait == 0 ? NULL : &timeout) == STATUS_SUCCESS;
}

VOID NTAPI NdisMSleep(ULONG MicrosecondsToSleep)
{
    LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)(MicrosecondsToSleep * SIM_MICROSECOND)};

    PE_EXPORT(pe_current());
    nt_irql_limit(nt_current(), "NdisMSleep", PASSIVE_LEVEL);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

VOID NTAPI NdisAllocateSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    PE_EXPORT(pe_current());
    KeInitializeSpinLock(&SpinLock->SpinLock);
}

VOID NTAPI NdisFreeSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    PE_EXPORT(pe_current());
}

VOID NTAPI NdisAcquireSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    PE_EXPORT(pe_current());
    nt_irql_limit(nt_current(), "NdisAcquireSpinLock", DISPATCH_LEVEL);
    SpinLock->OldIrql = KeAcquireSpinLockRaiseToDpc(&SpinLock->SpinLock);
}

VOID NTAPI NdisReleaseSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    PE_EXPORT(pe_current());
    KeReleaseSpinLock(&SpinLock->SpinLock, SpinLock->OldIrql);
}
