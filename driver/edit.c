/* SPDX-License-Identifier: MIT */
/* Edits of held bytes. */
#include "edit.h"

/* The block with the byte at a stream offset, and its place in Data; NULL: not here as it came. */
static HOLD_BLOCK *
EditFind(_In_ const HOLD_QUEUE *Queue, _In_ UINT64 Stream, _Out_ ULONG *Place)
{
    *Place = 0;
    for (HOLD_BLOCK *Block = Queue->First; Block != NULL; Block = Block->Next) {
        if (Block->Edited || Stream < Block->Stream + Block->Start ||
            Stream >= Block->Stream + Block->End)
            continue;
        *Place = (ULONG)(Stream - Block->Stream);
        return Block;
    }
    return NULL;
}

/* TRUE if all bytes up to End follow one another from this block on. */
static BOOLEAN
EditIsWhole(_In_ const HOLD_BLOCK *Block, _In_ UINT64 End)
{
    UINT64 At = Block->Stream + Block->End;

    while (At < End) {
        Block = Block->Next;
        if (Block == NULL || Block->Edited || Block->Stream + Block->Start != At)
            return FALSE;
        At = Block->Stream + Block->End;
    }
    return TRUE;
}

/* As many bytes as before: over the old ones. */
static VOID
EditOverwrite(_Inout_ HOLD_BLOCK *Block, _In_ ULONG Place, _In_ const UCHAR *Bytes,
              _In_ ULONG Length)
{
    while (Length != 0) {
        ULONG Step = Block->End - Place;

        if (Step > Length)
            Step = Length;
        RtlCopyMemory(Block->Data + Place, Bytes, Step);
        Bytes += Step;
        Length -= Step;
        Block = Block->Next;
        if (Length != 0)
            Place = Block->Start;
    }
}

static VOID
EditLinkBehind(_Inout_ HOLD_QUEUE *Queue, _Inout_ HOLD_BLOCK *Before, _Inout_ HOLD_BLOCK *Block)
{
    Block->Next = Before->Next;
    Before->Next = Block;
    if (Queue->Last == Before)
        Queue->Last = Block;
}

/* Cuts a block in two at Place, which lies inside its bytes: the second part is a copy. */
static VOID
EditSplit(_Inout_ HOLD_QUEUE *Queue, _Inout_ HOLD_BLOCK *Block, _In_ ULONG Place,
          _Inout_ HOLD_SPARE *Spare)
{
    HOLD_BLOCK *Rest = HoldTakeSpare(Spare, Block->StreamFlags, Block->Stream + Place);

    Rest->End = Block->End - Place;
    RtlCopyMemory(Rest->Data, Block->Data + Place, Rest->End);
    Block->End = Place;
    EditLinkBehind(Queue, Block, Rest);
}

/* Takes the bytes from a block's place on up to the stream offset End out of the queue; the blocks
 * are cut at End already. A first block that is left empty stays, for the caller. */
static VOID
EditRemove(_Inout_ HOLD_QUEUE *Queue, _Inout_ HOLD_BLOCK *Block, _In_ ULONG Place, _In_ UINT64 End)
{
    Queue->Bytes -= Block->End - Place;
    Block->End = Place;
    while (Block->Next != NULL && !Block->Next->Edited &&
           Block->Next->Stream + Block->Next->Start < End) {
        HOLD_BLOCK *Next = Block->Next;
        UINT64 NextEnd = Next->Stream + Next->End;

        if (NextEnd > End) {
            Queue->Bytes -= (ULONG)(End - Next->Stream) - Next->Start;
            Next->Start = (ULONG)(End - Next->Stream);
            break;
        }
        Queue->Bytes -= Next->End - Next->Start;
        Block->Next = Next->Next;
        if (Queue->Last == Next)
            Queue->Last = Block;
        HoldDereference(Next);
    }
}

/* The new bytes, behind Block. The first of their blocks stands for the whole range. */
static VOID
EditInsert(_Inout_ HOLD_QUEUE *Queue, _Inout_ HOLD_BLOCK *Block, _Inout_ HOLD_SPARE *Spare,
           _In_ UINT64 Begin, _In_ UINT64 End, _In_ const UCHAR *Bytes, _In_ ULONG Length)
{
    ULONG StreamFlags = Block->StreamFlags;
    ULONG Covers = (ULONG)(End - Begin);

    Queue->Bytes += Length;
    while (Length != 0) {
        HOLD_BLOCK *New = HoldTakeSpare(Spare, StreamFlags, Begin);
        ULONG Step = Length < HOLD_BLOCK_BYTES ? Length : HOLD_BLOCK_BYTES;

        New->Edited = TRUE;
        New->Covers = Covers;
        New->End = Step;
        RtlCopyMemory(New->Data, Bytes, Step);
        EditLinkBehind(Queue, Block, New);
        Block = New;
        Begin = End;
        Covers = 0;
        Bytes += Step;
        Length -= Step;
    }
}

/* An empty block leaves the queue. */
static VOID
EditUnlink(_Inout_ HOLD_QUEUE *Queue, _Inout_ HOLD_BLOCK *Block)
{
    HOLD_BLOCK *Before = Queue->First;

    if (Before == Block) {
        Queue->First = Block->Next;
        Before = NULL;
    } else {
        while (Before->Next != Block)
            Before = Before->Next;
        Before->Next = Block->Next;
    }
    if (Queue->Last == Block)
        Queue->Last = Before;
    HoldDereference(Block);
}

_Use_decl_annotations_
EDIT_OUTCOME
EditApply(HOLD_QUEUE *Queue, UINT64 Begin, UINT64 End, const UCHAR *Bytes, ULONG Length)
{
    HOLD_SPARE Spare = {NULL};
    HOLD_BLOCK *Block;
    SIZE_T Needed;
    ULONG Place;

    if (Begin >= End || End - Begin > Queue->Bytes)
        return EditGone;
    Block = EditFind(Queue, Begin, &Place);
    if (Block == NULL || !EditIsWhole(Block, End))
        return EditGone;
    if (Length == End - Begin) {
        EditOverwrite(Block, Place, Bytes, Length);
        return EditDone;
    }
    Needed = (Length + HOLD_BLOCK_BYTES - 1) / HOLD_BLOCK_BYTES;
    if (Block->Stream + Block->End > End)
        Needed++;
    if (!HoldReserve(Needed * HOLD_BLOCK_BYTES, FALSE, &Spare))
        return EditNoMemory;
    if (Block->Stream + Block->End > End)
        EditSplit(Queue, Block, (ULONG)(End - Block->Stream), &Spare);
    EditRemove(Queue, Block, Place, End);
    EditInsert(Queue, Block, &Spare, Begin, End, Bytes, Length);
    if (Block->Start == Block->End)
        EditUnlink(Queue, Block);
    /* What is counted from the queue's end does not hold any more. */
    Queue->Edited = Queue->First != NULL;
    return EditDone;
}
