/* SPDX-License-Identifier: MIT */
/* Pool by NDIS's names, and what NBLs carry besides data. */
#include "ndis/state.h"

#include <string.h>

/* NdisFreeMemory is not told the tag: it stands in front of the memory. */
struct memory_header {
    uint64_t magic;
    uint32_t tag;
    uint32_t reserved;
};

#define MEMORY_MAGIC 0x594D454D5349444Eull

PVOID NTAPI NdisAllocateMemoryWithTagPriority(NDIS_HANDLE NdisHandle, UINT Length, ULONG Tag,
                                              EX_POOL_PRIORITY Priority)
{
    static const char name[] = "NdisAllocateMemoryWithTagPriority";
    struct ndis *const ndis = ndis_current();
    struct memory_header *header;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    header = nt_pool_allocate_for(ndis->nt, NT_POOL_NONPAGED, sizeof(*header) + Length, Tag, name,
                                  __builtin_return_address(0));
    if (header == NULL)
        return NULL;
    *header = (struct memory_header){.magic = MEMORY_MAGIC, .tag = Tag};
    return header + 1;
}

VOID NTAPI NdisFreeMemory(PVOID VirtualAddress, UINT Length, UINT MemoryFlags)
{
    static const char name[] = "NdisFreeMemory";
    struct ndis *const ndis = ndis_current();
    struct memory_header *const header = (struct memory_header *)VirtualAddress - 1;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    if (VirtualAddress == NULL || ((uintptr_t)VirtualAddress & 15) != 0 ||
        ndis_peek(&header->magic) != MEMORY_MAGIC) {
        sim_breach_text(ndis->sim, "R65", name,
                        "this memory was freed before, or never allocated by NDIS");
        return;
    }
    header->magic = 0;
    nt_pool_free_for(ndis->nt, header, header->tag, name);
}

/* Out-of-band data goes from one NBL to another; what belongs to WFP and to one direction only
 * stays. */
static void copy_info(NET_BUFFER_LIST *to, const NET_BUFFER_LIST *from)
{
    for (size_t i = 0; i < sizeof(to->NetBufferListInfo) / sizeof(to->NetBufferListInfo[0]); i++) {
        if (i != WfpNetBufferListInfo)
            to->NetBufferListInfo[i] = from->NetBufferListInfo[i];
    }
}

VOID NTAPI NdisCopyReceiveNetBufferListInfo(PNET_BUFFER_LIST DestNetBufferList,
                                            PNET_BUFFER_LIST SrcNetBufferList)
{
    PE_EXPORT(pe_current());
    nt_irql_limit(nt_current(), "NdisCopyReceiveNetBufferListInfo", DISPATCH_LEVEL);
    copy_info(DestNetBufferList, SrcNetBufferList);
}

VOID NTAPI NdisCopySendNetBufferListInfo(PNET_BUFFER_LIST DestNetBufferList,
                                         PNET_BUFFER_LIST SrcNetBufferList)
{
    PE_EXPORT(pe_current());
    nt_irql_limit(nt_current(), "NdisCopySendNetBufferListInfo", DISPATCH_LEVEL);
    copy_info(DestNetBufferList, SrcNetBufferList);
}
