/* SPDX-License-Identifier: MIT */
/* Lawful acts that the processor stops at, wherever driver code runs: CR8 is read (what
   KeGetCurrentIrql is made of), an exception is caught. */
#include "hostile.h"

enum {
    READ_CR8 = FIRST_ACT,
    DIVIDE_CAUGHT,
    NULL_READ_CAUGHT, /* below DISPATCH_LEVEL only: above it is a bug check whoever catches it */
    RAISE_CAUGHT,
};

static volatile ULONG Zero;
static volatile KIRQL Irql;

__declspec(noinline) static ULONG Provoke(VOID)
{
    ULONG *volatile Null = NULL;

    switch (ACT) {
    case DIVIDE_CAUGHT:
        __asm__ volatile("xorl %%ecx, %%ecx\n\tdivl %%ecx" : : : "eax", "ecx", "edx");
        return 0;
    case NULL_READ_CAUGHT:
        return *Null;
    case RAISE_CAUGHT:
        ExRaiseStatus(STATUS_ACCESS_VIOLATION);
    default:
        return 0;
    }
}

static VOID Act(FWPS_STREAM_DATA *StreamData)
{
    UNREFERENCED_PARAMETER(StreamData);
    Irql = KeGetCurrentIrql();
    if (ACT == NO_ACT || ACT == READ_CR8)
        return;
    __try {
        Zero = Provoke();
        KeBugCheckEx(0xBADC0DE, 0, 0, 0, 0); /* nothing was stopped */
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Zero = 0;
    }
    Irql = KeGetCurrentIrql();
}
