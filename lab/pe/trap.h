/* SPDX-License-Identifier: MIT */
/* A trap: what the processor reported about driver code, handed from signal level to the task's
 * stack. */
#pragma once

#include "pe/context.h"
#include "pe/state.h"

#include <stdbool.h>
#include <stdint.h>

struct pe_trap {
    struct pe_context context; /* first: entry.S restores it */
    struct pe *pe;
    int signal;
    bool protection;  /* general protection: no address is known */
    bool overflow;    /* the stack is used up; this runs on another */
    uint8_t access;   /* of a page fault: 0 read, 1 write, 8 execute, as in bug checks and
                         EXCEPTION_RECORD */
    uint64_t address; /* SIGSYS: number of the system call */
    bool own;         /* a fault of the lab where no driver code is to blame at once */
    bool foreign;     /* SIGSYS: a call of 32-bit programs */
};

/* Runs on the task's stack; returns when execution goes on with trap->context. Called by entry.S.
 */
void pe_trap(struct pe_trap *trap);
void pe_trap_entry(void);
void pe_context_restore(void);

/* Ends the world through the trap hooks. `what` may be made with pe_trap_text. */
_Noreturn void pe_trap_bugcheck(struct pe *pe, uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3,
                                uint64_t p4, const void *pc, const char *format, ...)
    __attribute__((format(printf, 8, 9)));

/* Ends the world: driver code neither returns nor waits. */
_Noreturn void pe_trap_endless(struct pe *pe, const void *pc);

/* Ends the world: driver code wrote over the frames of who called it. pc may be NULL. */
_Noreturn void pe_trap_stack_broken(struct pe *pe, const void *pc);

/* "read of address 0x8 (NULL + 0x8)" */
const char *pe_trap_access_text(uint8_t access, uint64_t address, char *text, size_t size);
