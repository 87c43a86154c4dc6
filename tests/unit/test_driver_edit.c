/* SPDX-License-Identifier: MIT */
/* Edits of held bytes, against a plain list of bytes: any length at any place, over block
 * boundaries, between appending and consuming. */
#include "test_driver_fakes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edit.h"

#define CELLS   200000u
#define LONGEST 9000u

/* What the queue must hold. An edit's bytes stand for [begin, end) of the stream. */
static struct cell {
    UCHAR byte;
    bool edited;
    UINT64 begin, end;
} cells[CELLS], before[CELLS];
static size_t count;
static UINT64 stream;
static uint64_t state;

static unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 11) % below;
}

static void append(HOLD_QUEUE *queue)
{
    static UCHAR bytes[LONGEST];
    const ULONG flags =
        FWPS_STREAM_FLAG_RECEIVE | (draw(8) == 0 ? FWPS_STREAM_FLAG_RECEIVE_EXPEDITED : 0);
    size_t length = 1 + draw(draw(4) == 0 ? LONGEST : 40);
    FWPS_STREAM_DATA0 data = {0};
    HOLD_SPARE spare = {NULL};
    NET_BUFFER_LIST nbl = {0};
    NET_BUFFER nb = {0};
    MDL mdl;

    if (draw(10) == 0)
        stream += 1 + draw(50); /* a gap */
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (UCHAR)draw(256);
        cells[count++] = (struct cell){bytes[i], false, stream + i, stream + i + 1};
    }
    MmInitializeMdl(&mdl, bytes, sizeof(bytes));
    MmBuildMdlForNonPagedPool(&mdl);
    nb.CurrentMdl = nb.MdlChain = &mdl;
    nb.DataLength = (ULONG)length;
    nbl.FirstNetBuffer = &nb;
    data.flags = flags;
    data.netBufferListChain = data.dataOffset.netBufferList = &nbl;
    data.dataOffset.netBuffer = &nb;
    data.dataOffset.mdl = &mdl;
    data.dataLength = length;
    assert_true(HoldReserve(length, FALSE, &spare));
    HoldAppend(queue, &spare, flags, &data, stream);
    HoldFreeSpare(&spare);
    stream += length;
}

static void consume(HOLD_QUEUE *queue)
{
    ULONG step;

    if (queue->First == NULL)
        return;
    step = queue->First->End - queue->First->Start;
    step = draw(3) == 0 ? step : 1 + draw(step);
    HoldConsume(queue, step);
    count -= step;
    memmove(cells, cells + step, count * sizeof(cells[0]));
}

/* The same edit on the list; false: it cannot be done. */
static bool edit_cells(UINT64 begin, UINT64 end, const UCHAR *bytes, ULONG length)
{
    size_t first = 0, span = (size_t)(end - begin);
    bool same = length == span;

    while (first < count && (cells[first].edited || cells[first].begin != begin))
        first++;
    if (count - first < span)
        return false;
    for (size_t i = 0; i < span; i++) {
        if (cells[first + i].edited || cells[first + i].begin != begin + i)
            return false;
    }
    if (same) {
        for (size_t i = 0; i < span; i++)
            cells[first + i].byte = bytes[i];
        return true;
    }
    memcpy(before, cells, count * sizeof(cells[0]));
    for (size_t i = 0; i < length; i++)
        cells[first + i] = (struct cell){bytes[i], true, begin, end};
    memcpy(cells + first + length, before + first + span,
           (count - first - span) * sizeof(cells[0]));
    count = count - span + length;
    return true;
}

static unsigned done[2];

static void edit(HOLD_QUEUE *queue)
{
    static UCHAR bytes[LONGEST];
    UINT64 first = queue->First != NULL ? cells[0].begin : stream;
    UINT64 begin = first + draw((unsigned)(stream - first) + 5);
    UINT64 end = begin + 1 + draw(draw(5) == 0 ? 6000 : 30);
    ULONG length = draw(4) == 0 ? (ULONG)(end - begin) : draw(draw(5) == 0 ? LONGEST : 40);
    bool expected, no_memory = draw(10) == 0;
    EDIT_OUTCOME outcome;

    for (ULONG i = 0; i < length; i++)
        bytes[i] = (UCHAR)draw(256);
    fakes.no_memory = no_memory;
    outcome = EditApply(queue, begin, end, bytes, length);
    fakes.no_memory = false;
    if (outcome == EditNoMemory) {
        assert_true(no_memory);
        return;
    }
    expected = edit_cells(begin, end, bytes, length);
    assert_int_equal(outcome, expected ? EditDone : EditGone);
    done[expected]++;
}

static void compare(const HOLD_QUEUE *queue)
{
    UINT64 from = count != 0 ? cells[draw((unsigned)count)].begin + draw(3) : stream;
    ULONG behind = 0;
    size_t at = 0;

    for (const HOLD_BLOCK *block = queue->First; block != NULL; block = block->Next) {
        assert_true(block->Start < block->End);
        assert_true(block->End <= HOLD_BLOCK_BYTES);
        for (ULONG i = block->Start; i < block->End; i++, at++) {
            assert_true(at < count);
            assert_int_equal(block->Data[i], cells[at].byte);
        }
        if (block->Next == NULL)
            assert_ptr_equal(queue->Last, block);
    }
    assert_int_equal(at, count);
    assert_int_equal(queue->Bytes, count);
    for (size_t i = 0; i < count; i++)
        behind += cells[i].end > from;
    assert_int_equal(HoldBehind(queue, from), behind);
    if (count != 0) {
        ULONG skip = draw((unsigned)count);
        const UCHAR *bytes;
        SIZE_T length;

        HoldFind(queue, skip, &bytes, &length);
        assert_true(length != 0 && skip + length <= count);
        assert_int_equal(bytes[0], cells[skip].byte);
        assert_int_equal(bytes[length - 1], cells[skip + length - 1].byte);
    }
}

static void edits_give_exactly_the_edited_bytes(void **context)
{
    (void)context;
    memset(&fakes, 0, sizeof(fakes));
    assert_int_equal(MemDriverEntry(), STATUS_SUCCESS);
    assert_int_equal(HoldDriverEntry(), STATUS_SUCCESS);
    for (unsigned seed = 1; seed <= 400; seed++) {
        HOLD_QUEUE queue = {0};

        state = seed * 0x9E3779B97F4A7C15ull;
        count = 0;
        stream = draw(3) == 0 ? (1ull << 33) : draw(100);
        for (unsigned step = 0; step < 60; step++) {
            switch (draw(4)) {
            case 0:
                if (count < CELLS / 4)
                    append(&queue);
                break;
            case 1:
                consume(&queue);
                break;
            default:
                edit(&queue);
                break;
            }
            compare(&queue);
        }
        HoldDiscard(&queue);
        assert_int_equal(MemInUse(MemBlock), 0);
    }
    HoldUnload();
    MemUnload();
    assert_int_equal(fakes.blocks, 0);
    assert_true(done[true] > 1000);
    assert_true(done[false] > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_give_exactly_the_edited_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
