/* SPDX-License-Identifier: MIT */
/* The order of spin locks, and locks that must not be met. */
#include "nt/lock_order.h"
#include "test_nt_world.h"

static KSPIN_LOCK lock[4];

static void take(unsigned count, const unsigned *order)
{
    KIRQL irql;

    KeAcquireSpinLock(&lock[order[0]], &irql);
    for (unsigned i = 1; i < count; i++)
        KeAcquireSpinLockAtDpcLevel(&lock[order[i]]);
    for (unsigned i = count; i-- > 1;)
        KeReleaseSpinLockFromDpcLevel(&lock[order[i]]);
    KeReleaseSpinLock(&lock[order[0]], irql);
}

#define TAKE(...)                                                                                  \
    take(sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned),                               \
         (const unsigned[]){__VA_ARGS__})

static void one_order(struct world *world)
{
    TAKE(0, 1, 2);
    TAKE(0, 2);
    TAKE(1, 2);
    TAKE(0, 1);
}

static void test_one_order(void **state)
{
    world_run(*state, one_order);
}

static void two_orders(struct world *world)
{
    TAKE(0, 1);
    TAKE(1, 0);
    TAKE(1, 0); /* told once */
    TAKE(0, 1);
}

static void test_two_orders(void **state)
{
    world_run(*state, two_orders);
    world_expect(*state, "R62 KeAcquireSpinLockAtDpcLevel: spin locks are taken in two orders");
}

static void three_in_a_circle(struct world *world)
{
    TAKE(0, 1);
    TAKE(1, 2);
    TAKE(2, 3);
    assert_int_equal(world->breach_count, 0);
    TAKE(3, 0);
}

static void test_three_in_a_circle(void **state)
{
    world_run(*state, three_in_a_circle);
    world_expect(*state, "R62");
}

/* Both orders below lock 3: who has it goes alone. Without it once, and two can meet. */
static void guarded(struct world *world)
{
    TAKE(3, 0, 1);
    TAKE(3, 1, 0);
    assert_int_equal(world->breach_count, 0);
    TAKE(1, 0);
}

static void test_guarded(void **state)
{
    world_run(*state, guarded);
    world_expect(*state, "R62");
}

/* The lock of a block that was freed is none any more, whatever lies there next. */
static void freed(struct world *world)
{
    KSPIN_LOCK *inner;
    KIRQL irql;

    for (unsigned round = 0; round < 2; round++) {
        inner = ExAllocatePoolWithTag(NonPagedPool, 64, TAG);
        *inner = 0;
        if (round == 0) {
            KeAcquireSpinLock(&lock[0], &irql);
            KeAcquireSpinLockAtDpcLevel(inner);
            KeReleaseSpinLockFromDpcLevel(inner);
            KeReleaseSpinLock(&lock[0], irql);
        } else {
            KeAcquireSpinLock(inner, &irql);
            KeAcquireSpinLockAtDpcLevel(&lock[0]);
            KeReleaseSpinLockFromDpcLevel(&lock[0]);
            KeReleaseSpinLock(inner, irql);
        }
        ExFreePoolWithTag(inner, TAG);
    }
}

static void test_freed(void **state)
{
    world_run(*state, freed);
}

/* Readers do not exclude each other, and who only tries does not wait. */
static void harmless(struct world *world)
{
    static EX_SPIN_LOCK a, b;
    KIRQL irql;

    irql = ExAcquireSpinLockShared(&a);
    ExAcquireSpinLockSharedAtDpcLevel(&b);
    ExReleaseSpinLockSharedFromDpcLevel(&b);
    ExReleaseSpinLockShared(&a, irql);
    irql = ExAcquireSpinLockShared(&b);
    ExAcquireSpinLockSharedAtDpcLevel(&a);
    ExReleaseSpinLockSharedFromDpcLevel(&a);
    ExReleaseSpinLockShared(&b, irql);
    TAKE(0, 1);
    KeAcquireSpinLock(&lock[1], &irql);
    assert_true(KeTryToAcquireSpinLockAtDpcLevel(&lock[0]));
    KeReleaseSpinLockFromDpcLevel(&lock[0]);
    KeReleaseSpinLock(&lock[1], irql);
}

static void test_harmless(void **state)
{
    world_run(*state, harmless);
}

static void watched(struct world *world)
{
    struct nt_lock_watch watch = {.rule = "R50", .function = "test", .detail = "met"};
    KIRQL irql;

    KeAcquireSpinLock(&lock[0], &irql);
    watch.count = nt_locks_held(world->nt, watch.locks);
    assert_int_equal(watch.count, 1);
    KeReleaseSpinLock(&lock[0], irql);
    nt_lock_watch_begin(world->nt, &watch);
    TAKE(1);
    assert_int_equal(world->breach_count, 0);
    TAKE(0);
    nt_lock_watch_end(world->nt, &watch);
    TAKE(0);
}

static void test_watched(void **state)
{
    world_run(*state, watched);
    world_expect(*state, "R50 test: met");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NT_TEST(test_one_order), NT_TEST(test_two_orders), NT_TEST(test_three_in_a_circle),
        NT_TEST(test_guarded),   NT_TEST(test_freed),      NT_TEST(test_harmless),
        NT_TEST(test_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
