/* SPDX-License-Identifier: MIT */
/* The privileged instructions of x86-64: what each means in a driver. */
#pragma once

#include "pe/decode.h"

#include <stdbool.h>
#include <stdint.h>

enum pe_privilege {
    PE_PRIVILEGE_HARDWARE, /* lawful in a kernel, but what it touches the lab does not have */
    PE_PRIVILEGE_CORRUPTS, /* changes what Windows keeps in a processor, and defends */
    PE_PRIVILEGE_REFUSED,  /* general protection in a kernel too */
};

struct pe_privileged {
    uint8_t map, opcode;
    uint8_t how;     /* see privileged.c */
    uint8_t value;   /* likewise */
    uint8_t meaning; /* enum pe_privilege */
    uint8_t region;  /* CORRUPTS: parameter 4 of bug check 0x109 */
    const char *name;
    const char *advice; /* what a driver calls instead, or why it does without */
};

/* NULL: no privileged instruction, or one that the lab carries out (cr8, cli, sti, rdtsc). msr:
 * what rcx says, for rdmsr and wrmsr. */
const struct pe_privileged *pe_privileged_find(const struct pe_instruction *in, uint32_t msr);
