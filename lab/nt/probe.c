/* SPDX-License-Identifier: MIT */
/* Probing of user-mode addresses: a range must lie below the system's part of the address space. */
#include "nt/state.h"
#include "pe/seh.h"

#define USER_PROBE_ADDRESS 0x7FFFFFFF0000ull

static void probe(struct nt *nt, uintptr_t address, size_t length, ULONG alignment)
{
    if (length == 0)
        return;
    if (alignment != 0 && (address & (alignment - 1)) != 0)
        pe_raise(nt->pe, (uint32_t)STATUS_DATATYPE_MISALIGNMENT);
    if (address + length < address || address + length > USER_PROBE_ADDRESS)
        pe_raise(nt->pe, (uint32_t)STATUS_ACCESS_VIOLATION);
}

VOID NTAPI ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    NT_EXPORT("ProbeForRead", APC_LEVEL);
    probe(nt, (uintptr_t)Address, Length, Alignment);
}
PE_RAISING(ProbeForRead);

VOID NTAPI ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    NT_EXPORT("ProbeForWrite", APC_LEVEL);
    probe(nt, (uintptr_t)Address, Length, Alignment);
}
PE_RAISING(ProbeForWrite);
