/* SPDX-License-Identifier: MIT */
/* The kernel debugger's side: none is attached. */
#include "nt/state.h"

#include <stdio.h>

BOOLEAN KdDebuggerEnabled = FALSE;
BOOLEAN KdDebuggerNotPresent = TRUE;

/* Without a debugger a breakpoint is an exception that nobody handles. */
VOID NTAPI DbgBreakPoint(VOID)
{
    NT_EXPORT_SHORT();
    const uint64_t parameters[4] = {(ULONG)STATUS_BREAKPOINT, (uint64_t)(uintptr_t)NT_CALLER(), 0,
                                    0};

    nt_bugcheck(nt, 0x1E, parameters, NT_CALLER(), "a breakpoint, and no debugger is attached");
}

VOID NTAPI RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PCHAR Message)
{
    NT_EXPORT_SHORT();
    const uint64_t parameters[4] = {(ULONG)STATUS_ASSERTION_FAILURE, 0, 0, 0};
    char text[256];

    snprintf(text, sizeof(text), "assertion failed: %s (%s:%u)", (const char *)FailedAssertion,
             (const char *)FileName, (unsigned)LineNumber);
    nt_bugcheck(nt, 0x1E, parameters, NT_CALLER(), text);
}
