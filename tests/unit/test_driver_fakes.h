/* SPDX-License-Identifier: MIT */
/* The few kernel functions that single modules of sluice.sys call, for tests without a lab. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <ntddk.h>

extern struct fakes {
    uint64_t now, timer_due;
    bool timer_set;
    PKDPC timer_dpc;
    long blocks; /* of pool, in use */
    bool no_memory;
    ULONG minor; /* of Windows 6.x */
} fakes;

/* Turns the clock, running the timer's DPC when it is due. */
void fakes_wait(uint64_t until);
