/* SPDX-License-Identifier: MIT */
/* Memory that may be paged out, and code that may be: out of reach at DISPATCH_LEVEL, where no page
 * can be fetched (R63). Driver Verifier does the same to paged pool and pageable code ("Force IRQL
 * checking"). Costs nothing unless the driver has any. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NT_PAGED_BLOCKS 64 /* of a driver's paged pool that are watched; more are not */

struct nt;
struct pe_image;

struct nt_paged {
    struct nt_paged_block {
        uintptr_t start;
        size_t bytes; /* whole pages */
    } blocks[NT_PAGED_BLOCKS];
    unsigned count;
    bool closed;       /* the blocks are inaccessible now */
    uintptr_t touched; /* by a function of the kernel for the driver: to be told; 0: none was */
    const void *site;  /* where driver code called it */
    const void *maker; /* driver code that allocated it */
};

/* Whether one more block can be watched: it must lie on pages of its own. */
bool nt_paged_takes(const struct nt *nt);
void nt_paged_add(struct nt *nt, const void *start, size_t bytes);
void nt_paged_remove(struct nt *nt, const void *start);

/* For pe's traps: at signal level, true when the address lies in a closed block; then it is open
 * again, and what touched it is told later. In a task, for driver code: told at once. */
bool nt_paged_touched_by_kernel(void *context, uint64_t address);
bool nt_paged_touched(void *context, uint64_t address, uint8_t access, const void *pc);

/* The driver's image has pageable sections: calls from there are looked at from now on. */
void nt_paged_code_watch(struct nt *nt, const struct pe_image *image);
/* MmLockPagableCodeSection and its kin: nothing is known about pageable code any more. */
void nt_paged_code_locked(struct nt *nt);
/* Code at this address runs now. */
void nt_paged_code_note(struct nt *nt, const void *address);
