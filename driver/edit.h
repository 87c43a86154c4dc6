/* SPDX-License-Identifier: MIT */
/*
 * Edits: held bytes are exchanged for others, of any number. Bytes are named by stream offsets as
 * they were fed to the inspection; edits do not move them.
 *
 * As many bytes for as many are exchanged in place. Else the blocks are cut at the edit's ends, and
 * the new bytes come between, in blocks that stand for the range. A range that such an edit has
 * been at before, even in part, is not edited again: the bytes that its rule saw are not there any
 * more.
 */
#pragma once

#include "hold.h"

typedef enum _EDIT_OUTCOME {
    EditDone,
    EditGone,    /* not all bytes are in the queue as they came: nothing changed */
    EditNoMemory /* nothing changed */
} EDIT_OUTCOME;

/* Exchanges the bytes [Begin, End) of the stream for Length others. The flow's lock is held. */
_IRQL_requires_max_(DISPATCH_LEVEL)
EDIT_OUTCOME
EditApply(_Inout_ HOLD_QUEUE *Queue, _In_ UINT64 Begin, _In_ UINT64 End,
          _In_reads_bytes_(Length) const UCHAR *Bytes, _In_ ULONG Length);
