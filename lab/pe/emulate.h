/* SPDX-License-Identifier: MIT */
/* Instructions that only a kernel may execute, and loads from KUSER_SHARED_DATA that were not
 * patched. */
#pragma once

#include "pe/privileged.h"
#include "pe/trap.h"

enum pe_emulated {
    PE_EMULATED_DONE,       /* context is behind the instruction */
    PE_EMULATED_EXCEPTION,  /* *code: the exception that it raises */
    PE_EMULATED_FAST_FAIL,  /* int 29h */
    PE_EMULATED_UNMODELLED, /* *what: an instruction of kernels that the lab does not model */
    PE_EMULATED_CORRUPTS,   /* *what: an instruction that changes what Windows defends */
    PE_EMULATED_NOT, /* nothing of the kind; *what: one that faults in a kernel too, or NULL */
};

/* After a general protection fault in driver code. */
enum pe_emulated pe_emulate_privileged(struct pe_trap *trap, uint32_t *code,
                                       const struct pe_privileged **what);

/* After an invalid opcode in driver code: an instruction that is one below ring 0 only, or NULL. */
const struct pe_privileged *pe_emulate_undefined(struct pe_trap *trap);

/* After a page fault at an address in KUSER_SHARED_DATA: plain loads. False: another instruction.
 */
bool pe_emulate_kuser_load(struct pe_trap *trap);

#define PE_KUSER_ADDRESS 0xFFFFF78000000000ull
