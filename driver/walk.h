/* SPDX-License-Identifier: MIT */
/* Reading indicated bytes where they are: from dataOffset over every MDL, NB and NBL of the offer.
 * The reserved fields of the offset are not read (R13); nothing is changed (R17). */
#pragma once

#include <fwpsk.h>

typedef struct _WALK {
    NET_BUFFER_LIST *Nbl;
    NET_BUFFER *Nb;
    MDL *Mdl;
    ULONG MdlOffset;
    ULONG NbLeft; /* bytes of the NB from here */
    SIZE_T Left;  /* bytes of the offer from here */
} WALK;

VOID
WalkBegin(_Out_ WALK *Walk, _In_ const FWPS_STREAM_DATA0 *Data);

/* The next contiguous piece. FALSE: no more; Left is then 0 unless an MDL could not be mapped or
 * the chain is shorter than dataLength says. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Success_(return)
BOOLEAN
WalkNext(_Inout_ WALK *Walk, _Out_ const UCHAR **Bytes, _Out_ SIZE_T *Length);

/* TRUE if every byte of the offer can be read: to be asked before anything is consumed. */
_IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN
WalkIsReadable(_In_ const FWPS_STREAM_DATA0 *Data);

/* TRUE if no NBL of the offer carries more than one NET_BUFFER. Such a clone must not be injected
 * inbound (R72; bug check 0x1D3 for packets). */
BOOLEAN
WalkIsOneNbEach(_In_ const FWPS_STREAM_DATA0 *Data);

/* Bytes of the offer that lie before the last NBL that has any of them; 0 when all lie in one. */
SIZE_T
WalkBeforeLast(_In_ const FWPS_STREAM_DATA0 *Data);
