/* SPDX-License-Identifier: MIT */
/* Where driver code enters the lab with all its registers kept: traps, and exports that need the
 * caller's context. Offsets are those of struct pe_context, asserted in context.h. */

#define HOME 0x00
#define FLAGS 0x30
#define MXCSR 0x34
#define EFLAGS 0x44
#define RAX 0x78
#define RCX 0x80
#define RDX 0x88
#define RBX 0x90
#define RSP 0x98
#define RBP 0xA0
#define RSI 0xA8
#define RDI 0xB0
#define R8 0xB8
#define R9 0xC0
#define R10 0xC8
#define R11 0xD0
#define R12 0xD8
#define R13 0xE0
#define R14 0xE8
#define R15 0xF0
#define RIP 0xF8
#define FP 0x100
#define XMM 0x1A0
#define SIZE 0x4D0
#define EFLAGS_PLAIN 0x202 /* interrupts on, direction up: as at any call */
#define CONTEXT_ALL 0x10000F

    .text

/* Makes a context of the caller at rsp; r10 and flags are lost, everything else stays. */
.macro KEEP_CALLER
    movq %rsp, %r10
    subq $SIZE, %rsp
    andq $-16, %rsp
    movq %rax, RAX(%rsp)
    movq %rcx, RCX(%rsp)
    movq %rdx, RDX(%rsp)
    movq %rbx, RBX(%rsp)
    movq %rbp, RBP(%rsp)
    movq %rsi, RSI(%rsp)
    movq %rdi, RDI(%rsp)
    movq %r8, R8(%rsp)
    movq %r9, R9(%rsp)
    movq %r10, R10(%rsp)
    movq %r11, R11(%rsp)
    movq %r12, R12(%rsp)
    movq %r13, R13(%rsp)
    movq %r14, R14(%rsp)
    movq %r15, R15(%rsp)
    pushfq
    popq %rbx
    movl %ebx, EFLAGS(%rsp)
    leaq 8(%r10), %rbx
    movq %rbx, RSP(%rsp)
    movq (%r10), %rbx
    movq %rbx, RIP(%rsp)
    movl $CONTEXT_ALL, FLAGS(%rsp)
    stmxcsr MXCSR(%rsp)
    fxsave64 FP(%rsp)
    movq RBX(%rsp), %rbx
    cld
.endm

/* An export whose C side gets the caller's context and may change it; it goes on there. */
.macro CAPTURED name, target
    .globl \name
    .type \name, @function
\name:
    KEEP_CALLER
    movq %rsp, %rbx
    movq %rsp, %rdi
    call \target
    movq %rbx, %rdi
    jmp pe_context_restore
    .size \name, . - \name
.endm

    CAPTURED pe_seh_capture_context, pe_seh_on_capture_context
    CAPTURED pe_seh_restore_context, pe_seh_on_restore_context
    CAPTURED pe_seh_unwind_ex, pe_seh_on_unwind_ex
    CAPTURED pe_seh_local_unwind, pe_seh_on_local_unwind
    CAPTURED pe_seh_raise_exception, pe_seh_on_raise_exception
    CAPTURED pe_seh_raise_status, pe_seh_on_raise_status
    CAPTURED pe_seh_raise_access_violation, pe_seh_on_raise_access_violation
    CAPTURED pe_seh_raise_misalignment, pe_seh_on_raise_misalignment

/* rax: an export of at most four arguments that may raise. Only what a callee must keep is saved:
 * this is on the way of every pool allocation. */
    .globl pe_raising_entry
    .type pe_raising_entry, @function
pe_raising_entry:
    movq %rsp, %r10
    subq $SIZE, %rsp
    andq $-16, %rsp
    movq %rax, HOME(%rsp)
    movq %rcx, RCX(%rsp)
    movq %rdx, RDX(%rsp)
    movq %rbx, RBX(%rsp)
    movq %rbp, RBP(%rsp)
    movq %rsi, RSI(%rsp)
    movq %rdi, RDI(%rsp)
    movq %r8, R8(%rsp)
    movq %r9, R9(%rsp)
    movq %r12, R12(%rsp)
    movq %r13, R13(%rsp)
    movq %r14, R14(%rsp)
    movq %r15, R15(%rsp)
    leaq 8(%r10), %rbx
    movq %rbx, RSP(%rsp)
    movq (%r10), %rbx
    movq %rbx, RIP(%rsp)
    movl $CONTEXT_ALL, FLAGS(%rsp)
    movl $EFLAGS_PLAIN, EFLAGS(%rsp)
    stmxcsr MXCSR(%rsp)
    movq $0, FP(%rsp) /* no x87 register in use */
    fnstcw FP(%rsp)
    stmxcsr FP + 24(%rsp)
    movaps %xmm6, XMM + 0x60(%rsp)
    movaps %xmm7, XMM + 0x70(%rsp)
    movaps %xmm8, XMM + 0x80(%rsp)
    movaps %xmm9, XMM + 0x90(%rsp)
    movaps %xmm10, XMM + 0xA0(%rsp)
    movaps %xmm11, XMM + 0xB0(%rsp)
    movaps %xmm12, XMM + 0xC0(%rsp)
    movaps %xmm13, XMM + 0xD0(%rsp)
    movaps %xmm14, XMM + 0xE0(%rsp)
    movaps %xmm15, XMM + 0xF0(%rsp)
    movq %rsp, %rbx
    movq %rsp, %rdi
    call pe_raising_begin
    movq RCX(%rbx), %rcx
    movq RDX(%rbx), %rdx
    movq R8(%rbx), %r8
    movq R9(%rbx), %r9
    movq HOME(%rbx), %rax
    subq $32, %rsp
    call *%rax
    .globl pe_raising_return
pe_raising_return:
    addq $32, %rsp
    movq %rax, HOME(%rbx)
    movq %rbx, %rdi
    call pe_raising_end
    movq HOME(%rbx), %rax
    movq RSI(%rbx), %rsi
    movq RDI(%rbx), %rdi
    movaps XMM + 0x60(%rbx), %xmm6
    movaps XMM + 0x70(%rbx), %xmm7
    movaps XMM + 0x80(%rbx), %xmm8
    movaps XMM + 0x90(%rbx), %xmm9
    movaps XMM + 0xA0(%rbx), %xmm10
    movaps XMM + 0xB0(%rbx), %xmm11
    movaps XMM + 0xC0(%rbx), %xmm12
    movaps XMM + 0xD0(%rbx), %xmm13
    movaps XMM + 0xE0(%rbx), %xmm14
    movaps XMM + 0xF0(%rbx), %xmm15
    movq RSP(%rbx), %r10
    movq RBX(%rbx), %rbx
    leaq -8(%r10), %rsp
    ret
    .size pe_raising_entry, . - pe_raising_entry

/* rdi: struct pe_trap, which begins with the context, on the stack that is in use. */
    .globl pe_trap_entry
    .type pe_trap_entry, @function
pe_trap_entry:
    movq %rdi, %rbx
    call pe_trap
    movq %rbx, %rdi
    jmp pe_context_restore
    .size pe_trap_entry, . - pe_trap_entry

/* rdi: context. iretq alone sets rip, rsp and flags without a scratch register. */
    .globl pe_context_restore
    .type pe_context_restore, @function
pe_context_restore:
    fxrstor64 FP(%rdi)
    andq $-16, %rsp
    movl %ss, %eax
    pushq %rax
    pushq RSP(%rdi)
    movl EFLAGS(%rdi), %eax
    pushq %rax
    movl %cs, %eax
    pushq %rax
    pushq RIP(%rdi)
    movq RAX(%rdi), %rax
    movq RCX(%rdi), %rcx
    movq RDX(%rdi), %rdx
    movq RBX(%rdi), %rbx
    movq RBP(%rdi), %rbp
    movq RSI(%rdi), %rsi
    movq R8(%rdi), %r8
    movq R9(%rdi), %r9
    movq R10(%rdi), %r10
    movq R11(%rdi), %r11
    movq R12(%rdi), %r12
    movq R13(%rdi), %r13
    movq R14(%rdi), %r14
    movq R15(%rdi), %r15
    movq RDI(%rdi), %rdi
    iretq
    .size pe_context_restore, . - pe_context_restore

    .section .note.GNU-stack, "", @progbits
