/* SPDX-License-Identifier: MIT */
/*
 * Held bytes: a queue of one-page blocks for each direction of a flow. Blocks know the stream
 * offset of their bytes, so that what the inspection says about offsets can be found again after
 * edits (edit.h) have changed the number of bytes between them.
 *
 * A block carries bytes of one run only. A run is what one inject may carry: bytes with the same
 * EXPEDITED mark; their PUSH and NODELAY marks are or-ed. Each block has an MDL of its own, so that
 * an NBL can be laid over any part of it; it lives until the queue and every such NBL let it go.
 *
 * The queue is guarded by the flow's lock. Blocks are reserved before anything is consumed, so that
 * to keep bytes cannot fail half-way.
 */
#pragma once

#include <fwpsk.h>

#include "memory.h"
#include "walk.h"

#define HOLD_BLOCK_SIZE PAGE_SIZE

typedef struct _HOLD_BLOCK {
    SLIST_ENTRY Entry; /* while spare; a queue uses Next */
    struct _HOLD_BLOCK *Next;
    volatile LONG References; /* the queue's, and one for each NBL */
    BOOLEAN Reserve;          /* belongs to the outbound reserve */
    BOOLEAN Edited;           /* bytes of an edit, which stand for Covers bytes of the stream */
    ULONG StreamFlags;
    ULONG Start, End; /* of the bytes in Data */
    ULONG Covers;
    UINT64 Stream; /* offset, as fed, of Data[0]; Edited: of the first byte stood for */
    DECLSPEC_ALIGN(16) MDL Mdl;
    PFN_NUMBER Pages[2]; /* of the MDL */
    UCHAR Data[];
} HOLD_BLOCK;

/* The page frame numbers of an MDL lie right behind it. */
C_ASSERT(FIELD_OFFSET(HOLD_BLOCK, Pages) == FIELD_OFFSET(HOLD_BLOCK, Mdl) + sizeof(MDL));

#define HOLD_BLOCK_BYTES ((ULONG)(HOLD_BLOCK_SIZE - FIELD_OFFSET(HOLD_BLOCK, Data)))

typedef struct _HOLD_QUEUE {
    HOLD_BLOCK *First, *Last;
    ULONG Bytes;
    ULONG Unscanned : 31; /* bytes at the end that the inspection has not seen */
    ULONG Edited : 1;     /* an edit was made since the queue was last empty */
} HOLD_QUEUE;

typedef struct _HOLD_SPARE {
    HOLD_BLOCK *First;
} HOLD_SPARE;

/* TRUE if one inject may carry bytes with both sets of flags. */
BOOLEAN
HoldIsSameRun(_In_ ULONG StreamFlags, _In_ ULONG Others);

/* Prepares the outbound reserve: what a SEND offer is kept in when memory is short, for it cannot
 * be deferred. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS HoldDriverEntry(VOID);

_IRQL_requires_(PASSIVE_LEVEL)
VOID HoldUnload(VOID);

/* Blocks enough to append Length bytes, whatever the queue looks like by then; all or none. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Success_(return)
BOOLEAN
HoldReserve(_In_ SIZE_T Length, _In_ BOOLEAN UseReserve, _Inout_ HOLD_SPARE *Spare);

/* Copies the whole offer, which begins at offset Stream, to the queue's end. Reserve for it first;
 * the offer must be readable. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
HoldAppend(_Inout_ HOLD_QUEUE *Queue, _Inout_ HOLD_SPARE *Spare, _In_ ULONG StreamFlags,
           _In_ const FWPS_STREAM_DATA0 *Data, _In_ UINT64 Stream);

/* A spare block as the queue wants it: empty, with one reference, of no edit. */
HOLD_BLOCK *
HoldTakeSpare(_Inout_ HOLD_SPARE *Spare, _In_ ULONG StreamFlags, _In_ UINT64 Stream);

/* The contiguous bytes behind the first Skip ones of the queue. Length 0: there are none. */
VOID
HoldFind(_In_ const HOLD_QUEUE *Queue, _In_ ULONG Skip, _Outptr_ const UCHAR **Bytes,
         _Out_ SIZE_T *Length);

/* Bytes of the queue at and behind a stream offset; the bytes of an edit whole if the offset lies
 * inside what they stand for. */
ULONG
HoldBehind(_In_ const HOLD_QUEUE *Queue, _In_ UINT64 Stream);

/* Takes Length bytes, all of the first block, off the queue's front. The caller has references of
 * its own where it needs the bytes. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
HoldConsume(_Inout_ HOLD_QUEUE *Queue, _In_ ULONG Length);

/* Frees all but the first Keep bytes. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
HoldTruncate(_Inout_ HOLD_QUEUE *Queue, _In_ ULONG Keep);

/* Frees all that is queued. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
HoldDiscard(_Inout_ HOLD_QUEUE *Queue);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
HoldFreeSpare(_Inout_ HOLD_SPARE *Spare);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
HoldDereference(_Inout_ HOLD_BLOCK *Block);
