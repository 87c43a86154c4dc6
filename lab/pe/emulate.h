/* SPDX-License-Identifier: MIT */
/* Instructions that only a kernel may execute, and loads from KUSER_SHARED_DATA that were not
 * patched. */
#pragma once

#include "pe/trap.h"

enum pe_emulated {
    PE_EMULATED_DONE,       /* context is behind the instruction */
    PE_EMULATED_EXCEPTION,  /* *code: the exception that it raises */
    PE_EMULATED_FAST_FAIL,  /* int 29h */
    PE_EMULATED_UNMODELLED, /* *name: an instruction of kernels that the lab does not model */
    PE_EMULATED_CORRUPTS,   /* *name: an instruction that changes what Windows defends */
    PE_EMULATED_NOT,        /* nothing of the kind */
};

/* After a general protection fault in driver code. */
enum pe_emulated pe_emulate_privileged(struct pe_trap *trap, uint32_t *code, const char **name);

/* After a page fault at an address in KUSER_SHARED_DATA: plain loads. False: another instruction.
 */
bool pe_emulate_kuser_load(struct pe_trap *trap);

#define PE_KUSER_ADDRESS 0xFFFFF78000000000ull
