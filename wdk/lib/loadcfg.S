/* SPDX-License-Identifier: MIT */
/* The load configuration directory: where the loader finds the cookie, the control-flow guard's
   pointers and its table. Written in assembly because sizes and flags are absolute symbols that the
   linker makes. Source: "The load configuration structure" in the PE format page. */

    .section .rdata, "dr"
    .balign 8
    .globl _load_config_used
_load_config_used:
    .long 0x118                     /* 0x00 Size */
    .fill 0x54, 1, 0                /* 0x04 .. EditList */
    .quad __security_cookie         /* 0x58 SecurityCookie */
    .quad 0, 0                      /* 0x60 SEHandlerTable, SEHandlerCount: x86 only */
    .quad __guard_check_icall_fptr  /* 0x70 GuardCFCheckFunctionPointer */
    .quad __guard_dispatch_icall_fptr /* 0x78 GuardCFDispatchFunctionPointer */
    .quad __guard_fids_table        /* 0x80 GuardCFFunctionTable */
    .quad __guard_fids_count        /* 0x88 GuardCFFunctionCount */
    .long __guard_flags             /* 0x90 GuardFlags */
    .fill 12, 1, 0                  /* 0x94 CodeIntegrity */
    .quad __guard_iat_table         /* 0xa0 GuardAddressTakenIatEntryTable */
    .quad __guard_iat_count         /* 0xa8 GuardAddressTakenIatEntryCount */
    .quad __guard_longjmp_table     /* 0xb0 GuardLongJumpTargetTable */
    .quad __guard_longjmp_count     /* 0xb8 GuardLongJumpTargetCount */
    .fill 0x48, 1, 0                /* 0xc0 .. GuardEHContinuationTable */
    .quad __guard_eh_cont_table     /* 0x108 GuardEHContinuationTable */
    .quad __guard_eh_cont_count     /* 0x110 GuardEHContinuationCount */

    /* The kernel puts its own checks here when the guard is on; without it calls go straight on. */
    .globl __guard_check_icall_fptr
__guard_check_icall_fptr:
    .quad guard_check_none
    .globl __guard_dispatch_icall_fptr
__guard_dispatch_icall_fptr:
    .quad guard_dispatch_none

    .text
    .def guard_check_none; .scl 2; .type 32; .endef
    .globl guard_check_none
    .balign 16
guard_check_none:
    ret

    .def guard_dispatch_none; .scl 2; .type 32; .endef
    .globl guard_dispatch_none
    .balign 16
guard_dispatch_none:
    jmp *%rax

    .globl _fltused
    .set _fltused, 0x9875
