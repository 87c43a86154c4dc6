/* SPDX-License-Identifier: MIT */
/* A call from the kernel into driver code that must give back the IRQL, and the spin locks, it was
 * called with. */
#pragma once

#include "pe/pe.h"

#include <stdbool.h>
#include <stdint.h>

struct nt;

struct nt_call {
    struct pe_call pe;
    const char *role;
    uint8_t irql;
    bool interrupts_off;
    uint32_t spin_locks;
    uint64_t stalled;
};

/* Use: struct nt_call call; nt_call_enter(nt, &call, "completionFn", fn); fn(...);
 * nt_call_leave(nt, &call); A difference afterwards is a breach (R61, R62); the IRQL and the
 * interrupt flag are put right. So is a callout function that kept the processor too long at
 * DISPATCH_LEVEL (R73; of flowDeleteFn R49). What is measured does not depend on the machine the
 * lab runs on: the time that the driver stalled for, and 100 ns for each look at a clock. How long
 * its other instructions take is not known. */
void nt_call_enter(struct nt *nt, struct nt_call *call, const char *role, const void *function);
void nt_call_leave(struct nt *nt, struct nt_call *call);
