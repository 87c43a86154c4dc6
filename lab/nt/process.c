/* SPDX-License-Identifier: MIT */
/* Processes: there is one, the system's, with the number 4. */
#include "nt/clock.h"
#include "nt/failure.h"
#include "nt/object.h"
#include "nt/thread.h"

#define SYSTEM_ID ((HANDLE)(ULONG_PTR)4)

KPROCESSOR_MODE NTAPI ExGetPreviousMode(VOID)
{
    return KernelMode;
}

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process)
{
    NT_EXPORT("PsLookupProcessByProcessId", APC_LEVEL);
    const NTSTATUS failure = nt_failure(nt->sim, "PsLookupProcessByProcessId");
    (void)nt;
    if (failure != STATUS_SUCCESS)
        return failure;
    if (ProcessId != SYSTEM_ID)
        return STATUS_INVALID_PARAMETER;
    *Process = nt_system_process();
    nt_object_reference(*Process);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD *Thread)
{
    NT_EXPORT("PsLookupThreadByThreadId", APC_LEVEL);
    for (struct nt_thread *t = nt->threads; t != NULL; t = t->older)
        if (t->id == (uintptr_t)ThreadId && t->task != NULL) {
            nt_object_reference(t);
            *Thread = (PETHREAD)(void *)t;
            return STATUS_SUCCESS;
        }
    return STATUS_INVALID_PARAMETER;
}

LONGLONG NTAPI PsGetProcessCreateTimeQuadPart(PEPROCESS Process)
{
    return NT_BOOT_TIME - NT_UPTIME;
}

/* The one address space is there already. */
VOID NTAPI KeStackAttachProcess(PRKPROCESS Process, PRKAPC_STATE ApcState)
{
    NT_EXPORT("KeStackAttachProcess", APC_LEVEL);
    nt_thread_current(nt)->attached++;
    ApcState->Process = nt_system_process();
}

VOID NTAPI KeUnstackDetachProcess(PRKAPC_STATE ApcState)
{
    NT_EXPORT("KeUnstackDetachProcess", APC_LEVEL);
    nt_thread_current(nt)->attached--;
}

/* ---- notifications of processes that come and go: none does, but a routine must not outlive its
 * driver ---- */

static NTSTATUS set_notification(struct nt *nt, const char *function, const void *routine,
                                 BOOLEAN remove)
{
    const NTSTATUS failure = remove ? STATUS_SUCCESS : nt_failure(nt->sim, function);

    if (failure != STATUS_SUCCESS)
        return failure;
    for (unsigned i = 0; i < NT_PROCESS_NOTIFICATIONS; i++) {
        if (nt->process_notifications[i] != (remove ? routine : NULL))
            continue;
        nt->process_notifications[i] = remove ? NULL : routine;
        return STATUS_SUCCESS;
    }
    return remove ? STATUS_PROCEDURE_NOT_FOUND : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE Routine,
                                               BOOLEAN Remove)
{
    NT_EXPORT("PsSetCreateProcessNotifyRoutine", PASSIVE_LEVEL);
    return set_notification(nt, "PsSetCreateProcessNotifyRoutine", (const void *)(uintptr_t)Routine,
                            Remove);
}

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX NotifyRoutine,
                                                 BOOLEAN Remove)
{
    NT_EXPORT("PsSetCreateProcessNotifyRoutineEx", PASSIVE_LEVEL);
    return set_notification(nt, "PsSetCreateProcessNotifyRoutineEx",
                            (const void *)(uintptr_t)NotifyRoutine, Remove);
}
