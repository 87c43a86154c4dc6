/* SPDX-License-Identifier: MIT */
/* Entries of the system's event log: made, written, gone. Nobody reads them here. */
#include "nt/object.h"

#include <string.h>

#define ENTRY_TAG NT_TAG('I', 'o', 'E', 'r')

PVOID NTAPI IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    NT_EXPORT("IoAllocateErrorLogEntry", DISPATCH_LEVEL);
    void *entry;

    if (EntrySize < sizeof(IO_ERROR_LOG_PACKET) || EntrySize > ERROR_LOG_MAXIMUM_SIZE)
        return NULL;
    entry = nt_pool_allocate_for(nt, NT_POOL_NONPAGED, EntrySize, ENTRY_TAG,
                                 "IoAllocateErrorLogEntry", NT_CALLER());
    if (entry != NULL)
        memset(entry, 0, EntrySize);
    return entry;
}

VOID NTAPI IoWriteErrorLogEntry(PVOID ElEntry)
{
    NT_EXPORT("IoWriteErrorLogEntry", DISPATCH_LEVEL);
    nt_pool_free_for(nt, ElEntry, ENTRY_TAG, "IoWriteErrorLogEntry");
}

VOID NTAPI IoFreeErrorLogEntry(PVOID ElEntry)
{
    NT_EXPORT("IoFreeErrorLogEntry", DISPATCH_LEVEL);
    nt_pool_free_for(nt, ElEntry, ENTRY_TAG, "IoFreeErrorLogEntry");
}
