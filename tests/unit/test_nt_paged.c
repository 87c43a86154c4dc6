/* SPDX-License-Identifier: MIT */
/* Paged pool at DISPATCH_LEVEL, copies that overlap, and callout functions that stall. */
#include "nt/call.h"
#include "nt/crt.h"
#include "test_nt_world.h"

static void paged(struct world *world)
{
    volatile uint32_t *block = ExAllocatePoolWithTag(PagedPool, 100, TAG);
    volatile uint32_t *other = ExAllocatePoolWithTag(NonPagedPool, 100, TAG);
    KIRQL irql;

    pe_claim_signals();
    block[0] = 1;
    other[0] = 1;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    other[0]++;
    assert_int_equal(world->breach_count, 0);
    block[0]++; /* what was written is there all the same */
    block[1] = 5;
    KeLowerIrql(irql);
    assert_int_equal(block[0], 2);
    assert_int_equal(block[1], 5);
    ExFreePoolWithTag((void *)block, TAG);
    ExFreePoolWithTag((void *)other, TAG);
}

static void test_paged(void **state)
{
    world_run(*state, paged);
    world_expect(*state, "R63 paged pool: paged pool is");
}

/* Blocks that nobody touches at DISPATCH_LEVEL, many of them, freed in any order. */
static void untouched(struct world *world)
{
    uint8_t *blocks[100];
    KIRQL irql;

    for (unsigned i = 0; i < 100; i++) {
        blocks[i] = ExAllocatePoolWithTag(PagedPool, 1 + i * 97, TAG);
        memset(blocks[i], (int)i, 1 + i * 97);
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeLowerIrql(irql);
    for (unsigned i = 0; i < 100; i++) {
        const unsigned which = i * 37 % 100;
        for (unsigned at = 0; at < 1 + which * 97; at++)
            assert_int_equal(blocks[which][at], (uint8_t)which);
        ExFreePoolWithTag(blocks[which], TAG);
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        KeLowerIrql(irql);
    }
}

static void test_untouched(void **state)
{
    world_run(*state, untouched);
}

static void stalls(struct world *world)
{
    static const struct {
        const char *role;
        uint32_t microseconds;
        bool at_dispatch, told;
    } cases[] = {
        {"classifyFn", 90, true, false},     {"classifyFn", 150, true, true},
        {"classifyFn", 150, false, false},   {"flowDeleteFn", 150, true, true},
        {"WorkerRoutine", 150, true, false},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const unsigned before = world->breach_count;
        struct nt_call call;
        KIRQL irql = PASSIVE_LEVEL;

        if (cases[i].at_dispatch)
            KeRaiseIrql(DISPATCH_LEVEL, &irql);
        nt_call_enter(world->nt, &call, cases[i].role, NULL);
        for (uint32_t spent = 0; spent < cases[i].microseconds; spent += 30)
            KeStallExecutionProcessor(30);
        nt_call_leave(world->nt, &call);
        if (cases[i].at_dispatch)
            KeLowerIrql(irql);
        assert_int_equal(world->breach_count - before, cases[i].told);
    }
}

static void test_stalls(void **state)
{
    world_run(*state, stalls);
    world_expect(*state, "R73 classifyFn");
    world_expect(*state, "R49 flowDeleteFn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NT_TEST(test_paged),
        NT_TEST(test_untouched),
        NT_TEST(test_stalls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
