/* SPDX-License-Identifier: MIT */
/* Memory descriptor lists. Addresses are one-to-one: a mapping is the memory itself. */
#include "nt/object.h"
#include "nt/pool_state.h"

#include <string.h>

#define MDL_TAG       NT_TAG('M', 'd', 'l', ' ')
#define PAGES_TAG     NT_TAG('M', 'm', 'P', 'g')

#define PHYSICAL_MASK ((1ull << 40) - 1)

static void fill_pages(MDL *mdl)
{
    const ULONG pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(mdl), mdl->ByteCount);
    PFN_NUMBER *frames = MmGetMdlPfnArray(mdl);

    for (ULONG i = 0; i < pages; i++)
        frames[i] = (((uintptr_t)mdl->StartVa & PHYSICAL_MASK) >> PAGE_SHIFT) + i;
}

SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(Base, Length);
}

PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer,
                         BOOLEAN ChargeQuota, PIRP Irp)
{
    NT_EXPORT("IoAllocateMdl", DISPATCH_LEVEL);
    const size_t size = MmSizeOfMdl(VirtualAddress, Length);
    MDL *mdl;

    if (size > INT16_MAX)
        return NULL;
    mdl = nt_pool_allocate_for(nt, NT_POOL_NONPAGED, size, MDL_TAG, "IoAllocateMdl", NT_CALLER());
    if (mdl == NULL)
        return NULL;
    MmInitializeMdl(mdl, VirtualAddress, Length);
    mdl->Process = NULL;
    mdl->MappedSystemVa = NULL;
    if (Irp != NULL && !SecondaryBuffer) {
        Irp->MdlAddress = mdl;
    } else if (Irp != NULL) {
        MDL **last = &Irp->MdlAddress;

        while (*last != NULL)
            last = &(*last)->Next;
        *last = mdl;
    }
    return mdl;
}

VOID NTAPI IoFreeMdl(PMDL Mdl)
{
    NT_EXPORT("IoFreeMdl", DISPATCH_LEVEL);
    if (nt->checks && (Mdl->MdlFlags & MDL_PAGES_LOCKED) != 0 && (Mdl->MdlFlags & MDL_PARTIAL) == 0)
        sim_breach_text(nt->sim, "R67", "IoFreeMdl",
                        "an MDL is freed whose pages are still locked");
    nt_pool_free_for(nt, Mdl, MDL_TAG, "IoFreeMdl");
}

VOID NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    NT_EXPORT("IoBuildPartialMdl", DISPATCH_LEVEL);
    const uintptr_t source = (uintptr_t)MmGetMdlVirtualAddress(SourceMdl);
    const uintptr_t start = (uintptr_t)VirtualAddress;

    if (Length == 0)
        Length = (ULONG)(source + SourceMdl->ByteCount - start);
    if (nt->checks && (start < source || start + Length > source + SourceMdl->ByteCount))
        sim_breach_text(nt->sim, "R67", "IoBuildPartialMdl",
                        "the part lies outside of what the source describes");
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->ByteCount = Length;
    TargetMdl->Process = SourceMdl->Process;
    TargetMdl->MdlFlags =
        (CSHORT)((TargetMdl->MdlFlags & MDL_ALLOCATED_FIXED_SIZE) | MDL_PARTIAL |
                 (SourceMdl->MdlFlags &
                  (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA)));
    TargetMdl->MappedSystemVa =
        SourceMdl->MappedSystemVa != NULL
            ? (void *)((uintptr_t)SourceMdl->MappedSystemVa + (start - source))
            : NULL;
    fill_pages(TargetMdl);
}

VOID NTAPI MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    NT_EXPORT("MmBuildMdlForNonPagedPool", DISPATCH_LEVEL);
    MDL *mdl = MemoryDescriptorList;
    const uintptr_t start = (uintptr_t)MmGetMdlVirtualAddress(mdl);

    if (nt->checks) {
        const struct sim_task *task = nt->sim->task;

        if (task != NULL && start >= task->stack_limit && start < task->stack_base)
            sim_breach_text(nt->sim, "R67", "MmBuildMdlForNonPagedPool",
                            "the buffer is on the stack, not in non-paged pool");
        else if (nt_pool_is_paged(nt, (const void *)start))
            sim_breach(nt->sim, &(struct sim_breach){.rule = "R67",
                                                     .function = "MmBuildMdlForNonPagedPool",
                                                     .detail = "the buffer is in paged pool",
                                                     .site = pool_caller_of((void *)start)});
    }
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = (void *)start;
    mdl->Process = NULL;
    fill_pages(mdl);
}

VOID NTAPI MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                               LOCK_OPERATION Operation)
{
    NT_EXPORT("MmProbeAndLockPages", DISPATCH_LEVEL);
    MDL *mdl = MemoryDescriptorList;

    if (nt->checks && (mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL)) != 0)
        sim_breach_text(nt->sim, "R67", "MmProbeAndLockPages",
                        "the MDL describes locked pages already");
    mdl->MdlFlags |= MDL_PAGES_LOCKED | (Operation != IoReadAccess ? MDL_WRITE_OPERATION : 0);
    mdl->Process = nt_system_process();
    fill_pages(mdl);
}

VOID NTAPI MmUnlockPages(PMDL MemoryDescriptorList)
{
    NT_EXPORT("MmUnlockPages", DISPATCH_LEVEL);
    if (nt->checks && (MemoryDescriptorList->MdlFlags & MDL_PAGES_LOCKED) == 0)
        sim_breach_text(nt->sim, "R67", "MmUnlockPages", "the pages of the MDL are not locked");
    MemoryDescriptorList->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA);
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                         MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
                                         ULONG BugCheckOnFailure, ULONG Priority)
{
    NT_EXPORT("MmMapLockedPagesSpecifyCache", DISPATCH_LEVEL);
    MDL *mdl = MemoryDescriptorList;

    if (nt->checks && (mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL)) == 0)
        sim_breach_text(nt->sim, "R67", "MmMapLockedPagesSpecifyCache",
                        "the pages of the MDL are not locked");
    if (sim_fault(nt->sim, "MmMapLockedPagesSpecifyCache"))
        return NULL;
    mdl->MappedSystemVa = MmGetMdlVirtualAddress(mdl);
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA |
                     ((mdl->MdlFlags & MDL_PARTIAL) != 0 ? MDL_PARTIAL_HAS_BEEN_MAPPED : 0);
    return mdl->MappedSystemVa;
}

PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    return MmMapLockedPagesSpecifyCache(MemoryDescriptorList, AccessMode, MmCached, NULL, TRUE,
                                        HighPagePriority);
}

VOID NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    NT_EXPORT("MmUnmapLockedPages", DISPATCH_LEVEL);
    if (nt->checks && (MemoryDescriptorList->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) == 0)
        sim_breach_text(nt->sim, "R67", "MmUnmapLockedPages", "the MDL is not mapped");
    MemoryDescriptorList->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
    MemoryDescriptorList->MappedSystemVa = NULL;
}

PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                   PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                   MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    NT_EXPORT("MmAllocatePagesForMdlEx", DISPATCH_LEVEL);
    const size_t bytes = ROUND_TO_PAGES(TotalBytes);
    void *pages;
    MDL *mdl;

    if (bytes == 0 || MmSizeOfMdl(NULL, bytes) > INT16_MAX)
        return NULL;
    pages = nt_pool_allocate_for(nt, NT_POOL_NONPAGED, bytes, PAGES_TAG, "MmAllocatePagesForMdl",
                                 NT_CALLER());
    if (pages == NULL)
        return NULL;
    mdl = nt_pool_allocate_for(nt, NT_POOL_NONPAGED, MmSizeOfMdl(pages, bytes), MDL_TAG,
                               "MmAllocatePagesForMdl", NT_CALLER());
    if (mdl == NULL) {
        nt_pool_free_for(nt, pages, PAGES_TAG, "MmAllocatePagesForMdl");
        return NULL;
    }
    if ((Flags & MM_DONT_ZERO_ALLOCATION) == 0)
        memset(pages, 0, bytes);
    MmInitializeMdl(mdl, pages, TotalBytes);
    mdl->Process = NULL;
    mdl->MappedSystemVa = NULL;
    mdl->MdlFlags = MDL_PAGES_LOCKED;
    fill_pages(mdl);
    return mdl;
}

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                 PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes)
{
    return MmAllocatePagesForMdlEx(LowAddress, HighAddress, SkipBytes, TotalBytes, MmCached, 0);
}

/* The MDL itself is freed by the driver with ExFreePool. */
VOID NTAPI MmFreePagesFromMdl(PMDL MemoryDescriptorList)
{
    NT_EXPORT("MmFreePagesFromMdl", APC_LEVEL);
    nt_pool_free_for(nt, MmGetMdlVirtualAddress(MemoryDescriptorList), PAGES_TAG,
                     "MmFreePagesFromMdl");
    MemoryDescriptorList->MdlFlags &= ~MDL_PAGES_LOCKED;
}

PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress)
{
    NT_EXPORT_SHORT();
    PHYSICAL_ADDRESS address;

    (void)nt;
    address.QuadPart = (LONGLONG)((uintptr_t)BaseAddress & PHYSICAL_MASK);
    return address;
}

BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress)
{
    NT_EXPORT_SHORT();
    const uintptr_t address = (uintptr_t)VirtualAddress;
    const struct sim_task *task = nt->sim->task;

    return nt_pool_holds(nt, VirtualAddress) || pe_image_of(nt->pe, VirtualAddress) != NULL ||
           (task != NULL && address >= task->stack_limit && address < task->stack_base);
}

/* Nothing is paged out here: the handle is the section's address. */
PVOID NTAPI MmLockPagableDataSection(PVOID AddressWithinSection)
{
    NT_EXPORT("MmLockPagableDataSection", APC_LEVEL);
    nt_paged_code_locked(nt);
    return PAGE_ALIGN(AddressWithinSection);
}

VOID NTAPI MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    NT_EXPORT("MmUnlockPagableImageSection", APC_LEVEL);
    (void)nt;
}
