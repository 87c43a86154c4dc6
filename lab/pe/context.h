/* SPDX-License-Identifier: MIT */
/* Registers and exceptions as x64 Windows lays them out (CONTEXT, EXCEPTION_RECORD,
 * DISPATCHER_CONTEXT of winnt.h; "x64 exception handling"). The C side; context.inc has the offsets
 * for assembly. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct pe_m128 {
    uint64_t low, high;
} __attribute__((aligned(16)));

/* CONTEXT. The floating-point part is what fxsave64 writes. */
struct pe_context {
    uint64_t home[6];
    uint32_t flags, mxcsr;
    uint16_t cs, ds, es, fs, gs, ss;
    uint32_t eflags;
    uint64_t debug[6];
    union {
        struct {
            uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
        };
        uint64_t gpr[16]; /* in the order of unwind codes */
    };
    uint64_t rip;
    struct {
        uint8_t control[0xA0];
        struct pe_m128 xmm[16];
        uint8_t reserved[96];
    } fp;
    struct pe_m128 vector[26];
    uint64_t vector_control, debug_control[5];
} __attribute__((aligned(16)));

_Static_assert(offsetof(struct pe_context, eflags) == 0x44, "CONTEXT.EFlags");
_Static_assert(offsetof(struct pe_context, rax) == 0x78, "CONTEXT.Rax");
_Static_assert(offsetof(struct pe_context, rip) == 0xF8, "CONTEXT.Rip");
_Static_assert(offsetof(struct pe_context, fp) == 0x100, "CONTEXT.FltSave");
_Static_assert(offsetof(struct pe_context, fp.xmm) == 0x1A0, "CONTEXT.Xmm0");
_Static_assert(sizeof(struct pe_context) == 0x4D0, "CONTEXT");

#define PE_CONTEXT_ALL                                                                             \
    0x10000Fu /* CONTEXT_AMD64 | CONTROL | INTEGER | SEGMENTS | FLOATING_POINT                     \
               */

#define PE_EXCEPTION_NONCONTINUABLE 0x01u
#define PE_EXCEPTION_UNWINDING      0x02u
#define PE_EXCEPTION_EXIT_UNWIND    0x04u
#define PE_EXCEPTION_NESTED_CALL    0x10u
#define PE_EXCEPTION_TARGET_UNWIND  0x20u
#define PE_EXCEPTION_UNWIND         (PE_EXCEPTION_UNWINDING | PE_EXCEPTION_EXIT_UNWIND)

/* EXCEPTION_RECORD. */
struct pe_exception {
    uint32_t code, flags;
    struct pe_exception *inner;
    void *address;
    uint32_t parameters;
    uint64_t information[15];
};
_Static_assert(sizeof(struct pe_exception) == 0x98, "EXCEPTION_RECORD");

/* EXCEPTION_POINTERS. */
struct pe_exception_pointers {
    struct pe_exception *exception;
    struct pe_context *context;
};

/* RUNTIME_FUNCTION: an entry of .pdata. */
struct pe_function {
    uint32_t begin, end, unwind;
};

/* DISPATCHER_CONTEXT: what a language's handler gets. */
struct pe_dispatcher {
    uint64_t control_pc, image_base;
    const struct pe_function *function;
    uint64_t establisher, target;
    struct pe_context *context;
    void *handler;
    const void *handler_data;
    void *history;
    uint32_t scope_index, fill;
};
_Static_assert(offsetof(struct pe_dispatcher, scope_index) == 0x48,
               "DISPATCHER_CONTEXT.ScopeIndex");
