/* SPDX-License-Identifier: MIT */
/* Reading and copying the data of NET_BUFFERs; MDL calls of NDIS. */
#include "ndis/mdl.h"
#include "ndis/state.h"

#include <string.h>

/* Copies up to n bytes of an NB's data from `offset` on; returns how many. */
static size_t gather(NET_BUFFER *nb, size_t offset, uint8_t *to, size_t n)
{
    MDL *mdl = NET_BUFFER_CURRENT_MDL(nb);
    uint64_t skip = NET_BUFFER_CURRENT_MDL_OFFSET(nb) + (uint64_t)offset;
    size_t done = 0;

    if (offset >= NET_BUFFER_DATA_LENGTH(nb))
        return 0;
    if (n > NET_BUFFER_DATA_LENGTH(nb) - offset)
        n = NET_BUFFER_DATA_LENGTH(nb) - offset;
    for (; mdl != NULL && done < n; mdl = mdl->Next) {
        if (skip >= mdl->ByteCount) {
            skip -= mdl->ByteCount;
            continue;
        }
        const size_t run = mdl->ByteCount - skip < n - done ? mdl->ByteCount - skip : n - done;

        memcpy(to + done, (const uint8_t *)mdl->MappedSystemVa + skip, run);
        done += run;
        skip = 0;
    }
    return done;
}

PVOID NTAPI NdisGetDataBuffer(PNET_BUFFER NetBuffer, ULONG BytesNeeded, PVOID Storage,
                              ULONG AlignMultiple, ULONG AlignOffset)
{
    static const char name[] = "NdisGetDataBuffer";
    struct ndis *const ndis = ndis_current();
    const MDL *mdl;
    uint32_t offset;

    PE_EXPORT(pe_current());
    sim_point(ndis->sim);
    nt_irql_limit(ndis->nt, name, DISPATCH_LEVEL);
    if (sim_fault(ndis->sim, name) || BytesNeeded > NET_BUFFER_DATA_LENGTH(NetBuffer) ||
        BytesNeeded == 0)
        return NULL;
    mdl = NET_BUFFER_CURRENT_MDL(NetBuffer);
    offset = NET_BUFFER_CURRENT_MDL_OFFSET(NetBuffer);
    while (mdl != NULL && offset >= mdl->ByteCount) {
        offset -= mdl->ByteCount;
        mdl = mdl->Next;
    }
    if (mdl == NULL)
        return NULL;
    if (mdl->ByteCount - offset >= BytesNeeded) {
        uint8_t *const bytes = (uint8_t *)mdl->MappedSystemVa + offset;

        if (AlignMultiple <= 1 || ((uintptr_t)bytes - AlignOffset) % AlignMultiple == 0)
            return bytes;
    }
    if (Storage == NULL || gather(NetBuffer, 0, Storage, BytesNeeded) != BytesNeeded)
        return NULL;
    return Storage;
}

NDIS_STATUS NTAPI NdisCopyFromNetBufferToNetBuffer(PNET_BUFFER Destination, ULONG DestinationOffset,
                                                   ULONG BytesToCopy, PNET_BUFFER Source,
                                                   ULONG SourceOffset, PULONG BytesCopied)
{
    static const char name[] = "NdisCopyFromNetBufferToNetBuffer";
    MDL *mdl = NET_BUFFER_CURRENT_MDL(Destination);
    uint64_t skip = NET_BUFFER_CURRENT_MDL_OFFSET(Destination) + (uint64_t)DestinationOffset;
    ULONG done = 0;

    PE_EXPORT(pe_current());
    sim_point(sim_current);
    nt_irql_limit(nt_current(), name, DISPATCH_LEVEL);
    if (DestinationOffset >= NET_BUFFER_DATA_LENGTH(Destination))
        BytesToCopy = 0;
    else if (BytesToCopy > NET_BUFFER_DATA_LENGTH(Destination) - DestinationOffset)
        BytesToCopy = NET_BUFFER_DATA_LENGTH(Destination) - DestinationOffset;
    for (; mdl != NULL && done < BytesToCopy; mdl = mdl->Next) {
        if (skip >= mdl->ByteCount) {
            skip -= mdl->ByteCount;
            continue;
        }
        const size_t run =
            mdl->ByteCount - skip < BytesToCopy - done ? mdl->ByteCount - skip : BytesToCopy - done;
        const size_t got =
            gather(Source, (size_t)SourceOffset + done, (uint8_t *)mdl->MappedSystemVa + skip, run);

        done += (ULONG)got;
        skip = 0;
        if (got < run)
            break;
    }
    *BytesCopied = done;
    return NDIS_STATUS_SUCCESS;
}

PMDL NTAPI NdisAllocateMdl(NDIS_HANDLE NdisHandle, PVOID VirtualAddress, ULONG Length)
{
    MDL *mdl;

    PE_EXPORT(pe_current());
    nt_irql_limit(nt_current(), "NdisAllocateMdl", DISPATCH_LEVEL);
    mdl = IoAllocateMdl(VirtualAddress, Length, FALSE, FALSE, NULL);
    if (mdl != NULL)
        MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}

VOID NTAPI NdisFreeMdl(PMDL Mdl)
{
    PE_EXPORT(pe_current());
    nt_irql_limit(nt_current(), "NdisFreeMdl", DISPATCH_LEVEL);
    IoFreeMdl(Mdl);
}
