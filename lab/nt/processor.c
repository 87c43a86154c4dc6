/* SPDX-License-Identifier: MIT */
/* Virtual processors as drivers count them: one group. */
#include "nt/state.h"
#include "sim/scheduler.h"

static ULONG count_of(const struct nt *nt)
{
    return nt->sim->scheduler->processors;
}

ULONG NTAPI KeQueryActiveProcessorCount(KAFFINITY *ActiveProcessors)
{
    NT_EXPORT_SHORT();
    if (ActiveProcessors != NULL)
        *ActiveProcessors = ((KAFFINITY)1 << count_of(nt)) - 1;
    return count_of(nt);
}

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    NT_EXPORT_SHORT();
    return GroupNumber == 0 || GroupNumber == ALL_PROCESSOR_GROUPS ? count_of(nt) : 0;
}

ULONG NTAPI KeQueryMaximumProcessorCount(VOID)
{
    NT_EXPORT_SHORT();
    return count_of(nt);
}

ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    NT_EXPORT_SHORT();
    return GroupNumber == 0 || GroupNumber == ALL_PROCESSOR_GROUPS ? count_of(nt) : 0;
}

KAFFINITY NTAPI KeQueryActiveProcessors(VOID)
{
    NT_EXPORT_SHORT();
    return ((KAFFINITY)1 << count_of(nt)) - 1;
}

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    NT_EXPORT_SHORT();
    const unsigned processor = sim_task_processor(nt->sim);

    if (ProcNumber != NULL)
        *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)processor};
    return processor;
}

ULONG NTAPI KeGetCurrentProcessorNumber(VOID)
{
    NT_EXPORT_SHORT();
    return sim_task_processor(nt->sim);
}

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    NT_EXPORT_SHORT();
    if (ProcIndex >= count_of(nt))
        return STATUS_INVALID_PARAMETER;
    *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)ProcIndex};
    return STATUS_SUCCESS;
}

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    NT_EXPORT_SHORT();
    return ProcNumber->Group == 0 && ProcNumber->Number < count_of(nt) ? ProcNumber->Number
                                                                       : 0xFFFFFFFF;
}
