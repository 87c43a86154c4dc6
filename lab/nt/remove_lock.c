/* SPDX-License-Identifier: MIT */
/* Remove locks: references that a device's removal waits for. */
#include "nt/dispatcher.h"

VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes,
                                    ULONG HighWatermark, ULONG RemlockSize)
{
    NT_EXPORT("IoInitializeRemoveLock", PASSIVE_LEVEL);
    (void)nt;
    Lock->Common.Removed = FALSE;
    Lock->Common.IoCount = 1;
    nt_dispatcher_init(&Lock->Common.RemoveEvent.Header, NT_DISPATCHER_SYNCHRONIZATION_EVENT, 0);
}

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line,
                                     ULONG RemlockSize)
{
    NT_EXPORT("IoAcquireRemoveLock", DISPATCH_LEVEL);
    (void)nt;
    if (RemoveLock->Common.Removed)
        return STATUS_DELETE_PENDING;
    RemoveLock->Common.IoCount = RemoveLock->Common.IoCount + 1;
    return STATUS_SUCCESS;
}

static void release(struct nt *nt, IO_REMOVE_LOCK *lock, const char *function)
{
    if (lock->Common.IoCount <= 0 && nt->checks)
        sim_breach_text(nt->sim, "R65", function,
                        "a remove lock is released that was not acquired");
    lock->Common.IoCount = lock->Common.IoCount - 1;
    if (lock->Common.IoCount == 0)
        nt_event_set(nt, &lock->Common.RemoveEvent);
}

VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    NT_EXPORT("IoReleaseRemoveLock", DISPATCH_LEVEL);
    release(nt, RemoveLock, "IoReleaseRemoveLock");
}

VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    NT_EXPORT("IoReleaseRemoveLockAndWait", PASSIVE_LEVEL);
    DISPATCHER_HEADER *header = &RemoveLock->Common.RemoveEvent.Header;

    RemoveLock->Common.Removed = TRUE;
    release(nt, RemoveLock, "IoReleaseRemoveLockAndWait"); /* the caller's own */
    release(nt, RemoveLock, "IoReleaseRemoveLockAndWait"); /* that of the initialisation */
    if (RemoveLock->Common.IoCount > 0)
        nt_dispatcher_wait(nt, "IoReleaseRemoveLockAndWait", &header, 1, false, SIM_NO_DEADLINE);
}
