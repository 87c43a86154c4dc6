/* SPDX-License-Identifier: MIT */
/* MDLs over nonpaged memory: how NDIS and NETIO describe a buffer. */
#pragma once

#include "nt/nt.h"

/* Bytes of an MDL for any buffer of `length` bytes, its page array included; a multiple of 16. */
static inline size_t ndis_mdl_size(size_t length)
{
    return (sizeof(MDL) + (length / PAGE_SIZE + 2) * sizeof(uint64_t) + 15) & ~(size_t)15;
}

/* Fills the MDL in for `length` bytes of nonpaged memory, as MmBuildMdlForNonPagedPool leaves it.
 * Next is NULL. */
static inline void ndis_mdl_describe(MDL *mdl, const void *bytes, size_t length)
{
    const uintptr_t address = (uintptr_t)bytes;
    const size_t pages = ((address & (PAGE_SIZE - 1)) + length + PAGE_SIZE - 1) / PAGE_SIZE;

    mdl->Next = NULL;
    mdl->Size = (CSHORT)(sizeof(MDL) + pages * sizeof(uint64_t));
    mdl->MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->Process = NULL;
    mdl->MappedSystemVa = (void *)address;
    mdl->StartVa = (void *)(address & ~(uintptr_t)(PAGE_SIZE - 1));
    mdl->ByteCount = (ULONG)length;
    mdl->ByteOffset = (ULONG)(address & (PAGE_SIZE - 1));
}
