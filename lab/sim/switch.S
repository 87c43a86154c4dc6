/* SPDX-License-Identifier: MIT */
/* void sim_switch(void **save, void *load): leaves one stack and goes on with another. x86-64 System V: what a
   callee must keep is on the stack that *save then points to, with the control words of SSE and x87. */
    .text
    .globl sim_switch
    .type sim_switch, @function
sim_switch:
    .cfi_startproc
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .cfi_endproc
    .size sim_switch, . - sim_switch
    .section .note.GNU-stack, "", @progbits
