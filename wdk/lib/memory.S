/* SPDX-License-Identifier: MIT */
/* memcpy, memmove, memset, memcmp and the stack probe of a Windows image. In assembly, so that no
   compiler turns them into calls to themselves. x64 Windows convention: rcx, rdx, r8; rsi and rdi are
   preserved. They keep their unwind data, because a fault inside a copy may be handled above it. */

    .text
    .def memcpy; .scl 2; .type 32; .endef
    .globl memcpy
    .def memmove; .scl 2; .type 32; .endef
    .globl memmove
    .balign 16
memcpy:
memmove:
    .seh_proc memmove
    pushq %rsi
    .seh_pushreg %rsi
    pushq %rdi
    .seh_pushreg %rdi
    .seh_endprologue
    movq %rcx, %rax                 /* the result */
    movq %rcx, %rdi
    movq %rdx, %rsi
    movq %r8, %rcx
    movq %rdi, %r9
    subq %rsi, %r9
    cmpq %r8, %r9                   /* to - from < size, unsigned: overlap from behind */
    jb 1f
    rep movsb
    jmp 2f
1:  leaq -1(%rdi,%rcx), %rdi
    leaq -1(%rsi,%rcx), %rsi
    std
    rep movsb
    cld
2:  popq %rdi
    popq %rsi
    retq
    .seh_endproc

    .def memset; .scl 2; .type 32; .endef
    .globl memset
    .balign 16
memset:
    .seh_proc memset
    pushq %rdi
    .seh_pushreg %rdi
    .seh_endprologue
    movq %rcx, %r9
    movq %rcx, %rdi
    movl %edx, %eax
    movq %r8, %rcx
    rep stosb
    movq %r9, %rax
    popq %rdi
    retq
    .seh_endproc

    .def memcmp; .scl 2; .type 32; .endef
    .globl memcmp
    .balign 16
memcmp:
    xorl %r10d, %r10d
1:  cmpq %r8, %r10
    je 2f
    movzbl (%rcx,%r10), %eax
    movzbl (%rdx,%r10), %r9d
    incq %r10
    subl %r9d, %eax
    je 1b
    retq
2:  xorl %eax, %eax
    retq

    /* Touches every page of a large frame, downwards. rax = bytes; only r10 and r11 may change. */
    .def __chkstk; .scl 2; .type 32; .endef
    .globl __chkstk
    .balign 16
__chkstk:
    leaq 8(%rsp), %r10
    movq %rax, %r11
1:  cmpq $0x1000, %r11
    jb 2f
    subq $0x1000, %r10
    testb $0, (%r10)
    subq $0x1000, %r11
    jmp 1b
2:  subq %r11, %r10
    testb $0, (%r10)
    retq
