/* SPDX-License-Identifier: MIT */
/* R15: offers are copied and injected from a DPC, but only what lies in the first MDL is copied:
   the rest of each offer is never seen again. */
#ifdef SPECIMEN_BAD
#define COPY_LENGTH(Data) CopyFirst(Data)
#endif
#include <ntddk.h>
#include <fwpsk.h>

#ifdef SPECIMEN_BAD
static SIZE_T CopyFirst(const FWPS_STREAM_DATA *Data)
{
    const SIZE_T First = Data->dataOffset.mdl == NULL
                             ? 0
                             : MmGetMdlByteCount(Data->dataOffset.mdl) - Data->dataOffset.mdlOffset;

    return First < Data->dataLength ? First : Data->dataLength;
}
#endif
#include "copied_later.h"
