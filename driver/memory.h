/* SPDX-License-Identifier: MIT */
/*
 * Memory of sluice.sys: fixed-size objects of four kinds, from a stock that was allocated at load
 * and behind it a lookaside list, and plain blocks that live as long as the driver.
 *
 * The stock is what keeps the classify path away from the pool: a lookaside list starts empty, so
 * that its first allocations are pool calls.
 */
#pragma once

#include <ntddk.h>

typedef enum _MEM_KIND {
    MemFlow,    /* a FLOW, 512 bytes */
    MemScratch, /* struct inspect_scratch, at most a page */
    MemBlock,   /* a HOLD_BLOCK, one page */
    MemRelease, /* a RELEASE */
    MemKindMaximum
} MEM_KIND;

/* Makes the stocks and the lookaside lists. STATUS_INSUFFICIENT_RESOURCES: nothing is left. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS MemDriverEntry(VOID);

/* Gives everything back. Every object must have been freed. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID MemUnload(VOID);

/* An object of a kind, its contents undefined; NULL when memory is short. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
PVOID
MemAllocate(_In_ MEM_KIND Kind);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
MemFree(_In_ MEM_KIND Kind, _In_ _Frees_ptr_ PVOID Object);

/* Objects of a kind that were allocated and not freed, and the bytes of one. */
ULONG
MemInUse(_In_ MEM_KIND Kind);
ULONG
MemSize(_In_ MEM_KIND Kind);

/* Non-paged, not executable where Windows knows that, zeroed. NULL when memory is short. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
PVOID
MemAllocatePlain(_In_ SIZE_T Size, _In_ ULONG Tag);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
MemFreePlain(_In_ _Frees_ptr_ PVOID Memory, _In_ ULONG Tag);
