/* SPDX-License-Identifier: MIT */
/* Structured exception handling for driver code: raising, dispatching, and the kernel's exports for
 * it. */
#pragma once

#include "pe/context.h"
#include "pe/pe.h"

/* __C_specific_handler, _local_unwind, RtlUnwindEx, RtlUnwind, RtlLookupFunctionEntry,
 * RtlVirtualUnwind, RtlPcToFileHeader, RtlCaptureContext, RtlRestoreContext, RtlRaiseException,
 * RtlRaiseStatus, ExRaiseStatus, ExRaiseAccessViolation, ExRaiseDatatypeMisalignment: nt adds these
 * rows to its ntoskrnl.exe table. Sorted by name. */
extern const struct pe_export pe_seh_exports[];
extern const size_t pe_seh_export_count;

/* Raises an exception in the driver code that called the running export: its handlers run, the
 * lab's frames are dropped. The export must have been bound through PE_RAISING(), and may hold no
 * lock of the lab. Where driver code has no handler (or is native), ends in bug check 0x1E
 * (KMODE_EXCEPTION_NOT_HANDLED), as on Windows. code: an NTSTATUS. */
_Noreturn void pe_raise(struct pe *pe, uint32_t code);

/* The same with parameters: an access violation has (0 read, 1 write, 8 execute), address. */
_Noreturn void pe_raise_with(struct pe *pe, uint32_t code, const uint64_t *information,
                             uint32_t count);

/* At file scope, beside an export (NTAPI, at most four arguments, none of them floating point) that
 * calls pe_raise(): PE_RAISING(ProbeForRead); makes an entry that keeps the driver's registers. In
 * the export table: PE_RAISING_FUNCTION(ProbeForRead). */
#define PE_RAISING(function)                                                                       \
    __asm__(".pushsection .text\n"                                                                 \
            ".globl pe_raising_" #function "\n"                                                    \
            ".type pe_raising_" #function ", @function\n"                                          \
            "pe_raising_" #function ":\n"                                                          \
            "lea " #function "(%rip), %rax\n"                                                      \
            "jmp pe_raising_entry\n"                                                               \
            ".size pe_raising_" #function ", . - pe_raising_" #function "\n"                       \
            ".popsection");                                                                        \
    extern void pe_raising_##function(void)

#define PE_RAISING_FUNCTION(function)                                                              \
    {#function, (void *)(uintptr_t)(pe_raising_##function), 0, 0, PE_EXPORT_FUNCTION}
