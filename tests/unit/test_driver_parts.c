/* SPDX-License-Identifier: MIT */
/* Modules of sluice.sys by themselves: timer wheel, held bytes and runs, chain guard, settings. */
#include "test_driver_fakes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sluice/ioctl.h>

#include "guard.h"
#include "hold.h"
#include "memory.h"
#include "settings.h"
#include "timer_wheel.h"

#define MS      10000ull

/* ---- timer wheel ---- */

#define ENTRIES 64

static struct {
    TIMER_ENTRY entry;
    uint64_t due, expired;
    unsigned retained;
    bool rearm;
} timed[ENTRIES];

static unsigned timed_index(TIMER_ENTRY *entry)
{
    return (unsigned)(((char *)entry - (char *)timed) / sizeof(timed[0]));
}

static VOID retain(TIMER_ENTRY *entry)
{
    timed[timed_index(entry)].retained++;
}

static VOID expire(TIMER_ENTRY *entry)
{
    unsigned i = timed_index(entry);

    assert_false(entry->Armed);
    assert_int_equal(timed[i].expired, 0);
    timed[i].expired = fakes.now;
    if (timed[i].rearm) {
        timed[i].rearm = false;
        timed[i].expired = 0;
        timed[i].due = fakes.now + 50 * MS;
        TimerWheelArm(entry, 50);
    }
}

static void timers_expire_once_never_early(void **state)
{
    static const unsigned waits[] = {0, 1, 15, 16, 17, 100, 4095, 4096, 4097, 9000, 20000};

    (void)state;
    memset(&fakes, 0, sizeof(fakes));
    /* the tick counter is about to wrap */
    fakes.now = 16 * MS * 0xffffff80ull + 3;
    assert_int_equal(TimerWheelDriverEntry(retain, expire), STATUS_SUCCESS);
    memset(timed, 0, sizeof(timed));
    for (unsigned i = 0; i < ENTRIES; i++) {
        unsigned wait = waits[i % (sizeof(waits) / sizeof(waits[0]))] + i / 3;

        timed[i].due = fakes.now + wait * MS;
        timed[i].rearm = i == 5;
        TimerWheelArm(&timed[i].entry, wait);
        TimerWheelArm(&timed[i].entry, 1); /* armed already: stays */
    }
    TimerWheelDisarm(&timed[7].entry);
    TimerWheelDisarm(&timed[7].entry);
    fakes_wait(fakes.now + 30000 * MS);
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (i == 7) {
            assert_int_equal(timed[i].expired, 0);
            assert_int_equal(timed[i].retained, 0);
            continue;
        }
        assert_int_equal(timed[i].retained, i == 5 ? 2 : 1);
        assert_true(timed[i].expired >= timed[i].due);
        assert_true(timed[i].expired <= timed[i].due + 33 * MS);
    }
    assert_false(fakes.timer_set); /* nothing waits: no KTIMER either */
    TimerWheelUnload();
    assert_int_equal(fakes.blocks, 0);
}

static void timer_after_a_long_rest(void **state)
{
    (void)state;
    memset(&fakes, 0, sizeof(fakes));
    assert_int_equal(TimerWheelDriverEntry(retain, expire), STATUS_SUCCESS);
    memset(timed, 0, sizeof(timed));
    fakes_wait(1000000 * MS);
    timed[0].due = fakes.now + 20 * MS;
    TimerWheelArm(&timed[0].entry, 20);
    fakes_wait(fakes.now + 100 * MS);
    assert_true(timed[0].expired >= timed[0].due);
    assert_true(timed[0].expired <= timed[0].due + 33 * MS);
    TimerWheelUnload();
    assert_int_equal(fakes.blocks, 0);
}

/* ---- held bytes ---- */

#define PIECES 3

/* An offer over two NBLs, the first with two NBs, the bytes beginning and ending inside MDLs. */
struct offer {
    NET_BUFFER_LIST nbls[2];
    NET_BUFFER nbs[PIECES];
    MDL mdls[PIECES];
    UCHAR bytes[PIECES][5000];
    FWPS_STREAM_DATA0 data;
};

static void offer_make(struct offer *offer, ULONG flags, size_t length, UCHAR first)
{
    size_t left = length;

    memset(offer, 0, sizeof(*offer));
    for (unsigned i = 0; i < PIECES; i++) {
        ULONG skip = i == 0 ? 11 : 3;
        ULONG size = (ULONG)(i == PIECES - 1 || left < 1000 ? left : left / 2);

        MmInitializeMdl(&offer->mdls[i], offer->bytes[i], sizeof(offer->bytes[i]));
        MmBuildMdlForNonPagedPool(&offer->mdls[i]);
        offer->nbs[i].CurrentMdl = offer->nbs[i].MdlChain = &offer->mdls[i];
        offer->nbs[i].CurrentMdlOffset = offer->nbs[i].DataOffset = i == 0 ? 4 : skip;
        offer->nbs[i].DataLength = size + (i == 0 ? 7 : 0);
        for (ULONG b = 0; b < size; b++)
            offer->bytes[i][skip + b] = first++;
        left -= size;
    }
    offer->nbls[0].FirstNetBuffer = &offer->nbs[0];
    offer->nbs[0].Next = &offer->nbs[1];
    offer->nbls[0].Next = &offer->nbls[1];
    offer->nbls[1].FirstNetBuffer = &offer->nbs[2];
    offer->data.flags = flags;
    offer->data.netBufferListChain = &offer->nbls[0];
    offer->data.dataOffset.netBufferList = &offer->nbls[0];
    offer->data.dataOffset.netBuffer = &offer->nbs[0];
    offer->data.dataOffset.mdl = &offer->mdls[0];
    offer->data.dataOffset.mdlOffset = 11; /* seven bytes into the NB */
    offer->data.dataOffset.netBufferOffset = 0xA5A5A5A5;
    offer->data.dataOffset.streamDataOffset = 0xA5A5A5A5;
    offer->data.dataLength = length;
}

static struct offer offer;

static void hold(HOLD_QUEUE *queue, ULONG flags, size_t length, UCHAR first)
{
    const HOLD_BLOCK *last = queue->Last;
    UINT64 stream = last != NULL ? last->Stream + last->End : 1000;
    HOLD_SPARE spare = {NULL};

    offer_make(&offer, flags, length, first);
    assert_true(WalkIsReadable(&offer.data));
    assert_true(HoldReserve(length, FALSE, &spare));
    HoldAppend(queue, &spare, flags, &offer.data, stream);
    HoldFreeSpare(&spare);
}

static void parts_open(void)
{
    memset(&fakes, 0, sizeof(fakes));
    assert_int_equal(MemDriverEntry(), STATUS_SUCCESS);
    assert_int_equal(HoldDriverEntry(), STATUS_SUCCESS);
}

static void parts_close(void)
{
    HoldUnload();
    MemUnload();
    assert_int_equal(fakes.blocks, 0);
}

static void held_bytes_keep_order_and_runs(void **state)
{
    const ULONG plain = FWPS_STREAM_FLAG_RECEIVE;
    const ULONG push = plain | FWPS_STREAM_FLAG_RECEIVE_PUSH;
    const ULONG urgent = plain | FWPS_STREAM_FLAG_RECEIVE_EXPEDITED;
    HOLD_QUEUE queue = {0};
    UCHAR next = 0;
    unsigned runs = 1;

    (void)state;
    assert_true(HoldIsSameRun(plain, push));
    assert_false(HoldIsSameRun(plain, urgent));
    parts_open();
    hold(&queue, plain, 3000, 0);
    hold(&queue, push, 3000, (UCHAR)3000);
    hold(&queue, urgent, 1, (UCHAR)6000);
    hold(&queue, plain, 10, (UCHAR)6001);
    assert_int_equal(queue.Bytes, 6011);
    assert_true(queue.First->Next->StreamFlags & FWPS_STREAM_FLAG_RECEIVE_PUSH);
    for (ULONG flags = queue.First->StreamFlags; queue.First != NULL;) {
        HOLD_BLOCK *block = queue.First;
        ULONG step = block->End - block->Start;

        if (!HoldIsSameRun(flags, block->StreamFlags)) {
            runs++;
            flags = block->StreamFlags;
        }
        if (step > 700)
            step = 700; /* in parts, too */
        for (ULONG i = 0; i < step; i++)
            assert_int_equal(block->Data[block->Start + i], next++);
        assert_int_equal(MmGetMdlByteCount(&block->Mdl), HOLD_BLOCK_BYTES);
        HoldConsume(&queue, step);
    }
    assert_int_equal(runs, 3);
    assert_int_equal(queue.Bytes, 0);
    assert_null(queue.Last);
    parts_close();
}

static void a_block_lives_as_long_as_somebody_needs_it(void **state)
{
    HOLD_QUEUE queue = {0};
    HOLD_BLOCK *block;

    (void)state;
    parts_open();
    hold(&queue, FWPS_STREAM_FLAG_SEND, 100, 9);
    block = queue.First;
    (void)InterlockedIncrement(&block->References);
    HoldDiscard(&queue);
    assert_int_equal(block->References, 1);
    assert_int_equal(block->Data[99], 9 + 99);
    HoldDereference(block);
    parts_close();
}

static void the_reserve_is_for_outbound_only(void **state)
{
    HOLD_SPARE spare[2] = {{NULL}, {NULL}};
    HOLD_SPARE all = {NULL};

    (void)state;
    parts_open();
    /* the stock, and then nothing but the reserve */
    assert_true(HoldReserve(64 * (SIZE_T)HOLD_BLOCK_BYTES, FALSE, &all));
    fakes.no_memory = true;
    assert_false(HoldReserve(1, FALSE, &spare[0]));
    assert_true(HoldReserve(32 * (SIZE_T)HOLD_BLOCK_BYTES, TRUE, &spare[0]));
    assert_false(HoldReserve(1, TRUE, &spare[1]));
    HoldFreeSpare(&spare[0]);
    assert_true(HoldReserve(1, TRUE, &spare[1]));
    HoldFreeSpare(&spare[1]);
    HoldFreeSpare(&all);
    fakes.no_memory = false;
    parts_close();
}

static void what_cannot_be_mapped_is_not_readable(void **state)
{
    WALK walk;
    const UCHAR *bytes;
    SIZE_T length;

    (void)state;
    offer_make(&offer, FWPS_STREAM_FLAG_SEND, 3000, 0);
    assert_false(WalkIsOneNbEach(&offer.data));
    offer.mdls[1].MdlFlags = 0;
    assert_false(WalkIsReadable(&offer.data));
    WalkBegin(&walk, &offer.data);
    assert_true(WalkNext(&walk, &bytes, &length));
    assert_ptr_equal(bytes, offer.bytes[0] + 11);
    assert_false(WalkNext(&walk, &bytes, &length));
    assert_int_equal(walk.Left, 1500);
    /* a chain that is shorter than it says */
    offer_make(&offer, FWPS_STREAM_FLAG_SEND, 3000, 0);
    offer.nbls[0].Next = NULL;
    assert_false(WalkIsReadable(&offer.data));
}

/* ---- chain guard ---- */

static void guard_tells_and_restores(void **state)
{
    NET_BUFFER_LIST nbls[4];
    GUARD guard;

    (void)state;
    memset(&fakes, 0, sizeof(fakes));
    fakes.minor = 1;
    SettingsDefault(&Settings);
    GuardDriverEntry();
    memset(nbls, 0, sizeof(nbls));
    for (unsigned i = 0; i < 3; i++)
        nbls[i].Next = &nbls[i + 1];
    GuardEnter(&guard, &nbls[0]);
    assert_int_equal(GuardLeave(&guard, TRUE), 0);
    nbls[0].Next = NULL;
    nbls[2].Next = NULL;
    assert_int_equal(GuardLeave(&guard, FALSE), 2);
    assert_null(nbls[0].Next);
    assert_int_equal(GuardLeave(&guard, TRUE), 2);
    assert_ptr_equal(nbls[0].Next, &nbls[1]);
    assert_ptr_equal(nbls[2].Next, &nbls[3]);
    /* later Windows needs none */
    fakes.minor = 2;
    GuardDriverEntry();
    GuardEnter(&guard, &nbls[0]);
    nbls[0].Next = NULL;
    assert_int_equal(GuardLeave(&guard, TRUE), 0);
    assert_null(nbls[0].Next);
}

static void the_last_nbl_is_answered_by_itself(void **state)
{
    FWPS_STREAM_DATA0 part;

    (void)state;
    memset(&fakes, 0, sizeof(fakes));
    fakes.minor = 1;
    SettingsDefault(&Settings);
    GuardDriverEntry();
    offer_make(&offer, FWPS_STREAM_FLAG_RECEIVE, 3000, 0);
    assert_int_equal(WalkBeforeLast(&offer.data), 2250);
    assert_true(GuardPart(&offer.data, 0, &part));
    assert_int_equal(part.dataLength, 2250);
    assert_int_equal(offer.data.dataLength, 3000);
    assert_false(GuardPart(&offer.data, FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED, &part));
    assert_int_equal(WalkBeforeLast(&part), 0);
    offer.nbls[0].Next = NULL;
    assert_int_equal(WalkBeforeLast(&offer.data), 0);
    /* later Windows needs none */
    offer_make(&offer, FWPS_STREAM_FLAG_RECEIVE, 3000, 0);
    fakes.minor = 2;
    GuardDriverEntry();
    assert_false(GuardPart(&offer.data, 0, &part));
}

/* ---- settings ---- */

static bool parse_text(SETTINGS *settings, const char *name, const char *text, bool nul)
{
    WCHAR wide[40];
    ULONG length = 0;

    for (; text[length] != '\0'; length++)
        wide[length] = (WCHAR)text[length];
    if (nul)
        wide[length++] = 0;
    return SettingsParse(settings, name, REG_SZ, wide, length * (ULONG)sizeof(WCHAR));
}

static bool parse_number(SETTINGS *settings, const char *name, ULONG value)
{
    return SettingsParse(settings, name, REG_DWORD, &value, sizeof(value));
}

static void settings_make_sense(void **state)
{
    SETTINGS s;

    (void)state;
    SettingsDefault(&s);
    assert_int_equal(s.Mode, SLUICE_MODE_GATE);
    assert_int_equal(s.ChainGuard, ChainGuardCount);
    assert_int_equal(s.ByteLimit, 4096);
    assert_true(parse_text(&s, "Mode", "permit", true));
    assert_int_equal(s.Mode, SLUICE_MODE_PERMIT);
    assert_true(parse_text(&s, "Mode", "monitor", false));
    assert_int_equal(s.Mode, SLUICE_MODE_MONITOR);
    assert_true(parse_number(&s, "Mode", 1));
    assert_int_equal(s.Mode, SLUICE_MODE_GATE);
    assert_true(parse_text(&s, "FailPolicy", "closed", true));
    assert_int_equal(s.FailClosed, 1);
    assert_true(parse_text(&s, "ChainGuard", "off", true));
    assert_int_equal(s.ChainGuard, ChainGuardOff);
    assert_true(parse_number(&s, "HoldCap", 4711));
    assert_int_equal(s.HoldCap, 4711);
    /* what makes none changes nothing */
    assert_false(parse_number(&s, "Mode", 0));
    assert_false(parse_number(&s, "Mode", 4));
    assert_false(parse_text(&s, "Mode", "gates", true));
    assert_false(parse_text(&s, "Mode", "", true));
    assert_false(parse_text(&s, "Mode", "averyveryverylongword", true));
    assert_false(parse_text(&s, "HoldCap", "gate", true));
    assert_false(parse_number(&s, "ByteLimit", 0));
    assert_false(parse_number(&s, "RetryLimit", 256));
    assert_false(parse_number(&s, "Nonsense", 1));
    assert_false(SettingsParse(&s, "Mode", REG_DWORD, "\1", 1));
    assert_int_equal(s.Mode, SLUICE_MODE_GATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_expire_once_never_early),
        cmocka_unit_test(timer_after_a_long_rest),
        cmocka_unit_test(held_bytes_keep_order_and_runs),
        cmocka_unit_test(a_block_lives_as_long_as_somebody_needs_it),
        cmocka_unit_test(the_reserve_is_for_outbound_only),
        cmocka_unit_test(what_cannot_be_mapped_is_not_readable),
        cmocka_unit_test(guard_tells_and_restores),
        cmocka_unit_test(the_last_nbl_is_answered_by_itself),
        cmocka_unit_test(settings_make_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
