/* SPDX-License-Identifier: MIT */
/* Held bytes. */
#include "hold.h"

#include "pooltag.h"

#define HOLD_RESERVE_BLOCKS 32u
#define HOLD_RUN_FLAGS      (FWPS_STREAM_FLAG_RECEIVE_EXPEDITED | FWPS_STREAM_FLAG_SEND_EXPEDITED)

static SLIST_HEADER HoldReserveList;

static VOID
HoldInitialise(_Out_ HOLD_BLOCK *Block, _In_ BOOLEAN Reserve)
{
    Block->Reserve = Reserve;
    MmInitializeMdl(&Block->Mdl, Block->Data, HOLD_BLOCK_BYTES);
    MmBuildMdlForNonPagedPool(&Block->Mdl);
}

_Use_decl_annotations_
BOOLEAN
HoldIsSameRun(ULONG StreamFlags, ULONG Others)
{
    return ((StreamFlags ^ Others) & HOLD_RUN_FLAGS) == 0;
}

_Use_decl_annotations_
NTSTATUS
HoldDriverEntry(VOID)
{
    InitializeSListHead(&HoldReserveList);
    for (ULONG i = 0; i < HOLD_RESERVE_BLOCKS; i++) {
        HOLD_BLOCK *Block = MemAllocatePlain(HOLD_BLOCK_SIZE, POOLTAG_BLOCK);

        if (Block == NULL) {
            HoldUnload();
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        HoldInitialise(Block, TRUE);
        InterlockedPushEntrySList(&HoldReserveList, &Block->Entry);
    }
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
HoldUnload(VOID)
{
    PVOID Block;

    while ((Block = InterlockedPopEntrySList(&HoldReserveList)) != NULL)
        MemFreePlain(Block, POOLTAG_BLOCK);
}

static HOLD_BLOCK *
HoldTakeBlock(_In_ BOOLEAN UseReserve)
{
    HOLD_BLOCK *Block = MemAllocate(MemBlock);

    if (Block != NULL)
        HoldInitialise(Block, FALSE);
    else if (UseReserve)
        Block = (HOLD_BLOCK *)InterlockedPopEntrySList(&HoldReserveList);
    return Block;
}

static VOID
HoldGiveBlock(_In_ HOLD_BLOCK *Block)
{
    if (Block->Reserve)
        InterlockedPushEntrySList(&HoldReserveList, &Block->Entry);
    else
        MemFree(MemBlock, Block);
}

static ULONG
HoldRoom(_In_ const HOLD_QUEUE *Queue, _In_ ULONG StreamFlags, _In_ UINT64 Stream)
{
    const HOLD_BLOCK *Last = Queue->Last;

    if (Last == NULL || Last->Edited || Last->Stream + Last->End != Stream ||
        !HoldIsSameRun(Last->StreamFlags, StreamFlags))
        return 0;
    return HOLD_BLOCK_BYTES - Last->End;
}

_Use_decl_annotations_
BOOLEAN
HoldReserve(SIZE_T Length, BOOLEAN UseReserve, HOLD_SPARE *Spare)
{
    SIZE_T Room = 0;

    while (Room < Length) {
        HOLD_BLOCK *Block = HoldTakeBlock(UseReserve);

        if (Block == NULL) {
            HoldFreeSpare(Spare);
            return FALSE;
        }
        Block->Next = Spare->First;
        Spare->First = Block;
        Room += HOLD_BLOCK_BYTES;
    }
    return TRUE;
}

_Use_decl_annotations_
HOLD_BLOCK *
HoldTakeSpare(HOLD_SPARE *Spare, ULONG StreamFlags, UINT64 Stream)
{
    HOLD_BLOCK *Block = Spare->First;

    Spare->First = Block->Next;
    Block->Next = NULL;
    Block->References = 1;
    Block->Edited = FALSE;
    Block->StreamFlags = StreamFlags;
    Block->Start = Block->End = 0;
    Block->Covers = 0;
    Block->Stream = Stream;
    Block->Mdl.Next = NULL;
    return Block;
}

static HOLD_BLOCK *
HoldAddBlock(_Inout_ HOLD_QUEUE *Queue, _Inout_ HOLD_SPARE *Spare, _In_ ULONG StreamFlags,
             _In_ UINT64 Stream)
{
    HOLD_BLOCK *Block = HoldTakeSpare(Spare, StreamFlags, Stream);

    if (Queue->Last != NULL)
        Queue->Last->Next = Block;
    else
        Queue->First = Block;
    Queue->Last = Block;
    return Block;
}

_Use_decl_annotations_
VOID
HoldAppend(HOLD_QUEUE *Queue, HOLD_SPARE *Spare, ULONG StreamFlags, const FWPS_STREAM_DATA0 *Data,
           UINT64 Stream)
{
    const UCHAR *Bytes;
    SIZE_T Length;
    WALK Walk;

    WalkBegin(&Walk, Data);
    while (WalkNext(&Walk, &Bytes, &Length)) {
        while (Length != 0) {
            SIZE_T Step = HoldRoom(Queue, StreamFlags, Stream);
            HOLD_BLOCK *Block = Queue->Last;

            if (Step == 0) {
                Block = HoldAddBlock(Queue, Spare, StreamFlags, Stream);
                Step = HOLD_BLOCK_BYTES;
            }
            if (Step > Length)
                Step = Length;
            RtlCopyMemory(Block->Data + Block->End, Bytes, Step);
            Block->End += (ULONG)Step;
            Block->StreamFlags |= StreamFlags;
            Queue->Bytes += (ULONG)Step;
            Stream += Step;
            Bytes += Step;
            Length -= Step;
        }
    }
}

_Use_decl_annotations_
VOID
HoldFind(const HOLD_QUEUE *Queue, ULONG Skip, const UCHAR **Bytes, SIZE_T *Length)
{
    const HOLD_BLOCK *Block = Queue->First;

    while (Block != NULL && Skip >= Block->End - Block->Start) {
        Skip -= Block->End - Block->Start;
        Block = Block->Next;
    }
    *Bytes = Block != NULL ? Block->Data + Block->Start + Skip : NULL;
    *Length = Block != NULL ? Block->End - Block->Start - Skip : 0;
}

_Use_decl_annotations_
ULONG
HoldBehind(const HOLD_QUEUE *Queue, UINT64 Stream)
{
    ULONG Behind = 0;

    for (const HOLD_BLOCK *Block = Queue->First; Block != NULL; Block = Block->Next) {
        UINT64 Begin = Block->Stream + (Block->Edited ? 0 : Block->Start);
        UINT64 End = Block->Stream + (Block->Edited ? Block->Covers : Block->End);

        if (End <= Stream)
            continue;
        Behind += Block->End - Block->Start;
        if (!Block->Edited && Begin < Stream)
            Behind -= (ULONG)(Stream - Begin);
    }
    return Behind;
}

_Use_decl_annotations_
VOID
HoldConsume(HOLD_QUEUE *Queue, ULONG Length)
{
    HOLD_BLOCK *Block = Queue->First;

    Block->Start += Length;
    Queue->Bytes -= Length;
    if (Block->Start != Block->End)
        return;
    Queue->First = Block->Next;
    if (Queue->First == NULL) {
        Queue->Last = NULL;
        Queue->Edited = FALSE;
    }
    HoldDereference(Block);
}

_Use_decl_annotations_
VOID
HoldTruncate(HOLD_QUEUE *Queue, ULONG Keep)
{
    HOLD_BLOCK *Block = Queue->First;
    HOLD_QUEUE Rest = *Queue;

    if (Keep >= Queue->Bytes)
        return;
    Queue->Bytes = Keep;
    Queue->Unscanned = 0;
    if (Keep == 0) {
        RtlZeroMemory(Queue, sizeof(*Queue));
        HoldDiscard(&Rest);
        return;
    }
    while (Keep > Block->End - Block->Start) {
        Keep -= Block->End - Block->Start;
        Block = Block->Next;
    }
    Rest.First = Block->Next;
    Block->End = Block->Start + Keep;
    Block->Next = NULL;
    Queue->Last = Block;
    HoldDiscard(&Rest);
}

_Use_decl_annotations_
VOID
HoldDiscard(HOLD_QUEUE *Queue)
{
    while (Queue->First != NULL)
        HoldConsume(Queue, Queue->First->End - Queue->First->Start);
    Queue->Unscanned = 0;
}

_Use_decl_annotations_
VOID
HoldFreeSpare(HOLD_SPARE *Spare)
{
    while (Spare->First != NULL) {
        HOLD_BLOCK *Block = Spare->First;

        Spare->First = Block->Next;
        HoldGiveBlock(Block);
    }
}

_Use_decl_annotations_
VOID
HoldDereference(HOLD_BLOCK *Block)
{
    if (InterlockedDecrement(&Block->References) == 0)
        HoldGiveBlock(Block);
}
