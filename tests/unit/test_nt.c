/* SPDX-License-Identifier: MIT */
/* nt: pool, IRQL, locks, waits, timers, DPCs, work items, threads, determinism. */
#include "test_nt_world.h"
#include "test_pool_tag.h"

/* ---- pool ---- */

static void pool_body(struct world *world)
{
    void *blocks[40];
    struct nt_pool_tag figures;
    static const size_t sizes[] = {1,    15,   16,   17,   100,  1000, 1024, 1025,
                                   1500, 2200, 4000, 4095, 4096, 4097, 70000};

    for (unsigned i = 0; i < 15; i++) {
        blocks[i] = ExAllocatePoolWithTag(NonPagedPool, sizes[i], TAG);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        if (sizes[i] >= 4096)
            assert_int_equal((uintptr_t)blocks[i] % 4096, 0);
        memset(blocks[i], 0xFF, sizes[i]);
    }
    figures = pool_tag_of(world->nt, TAG);
    assert_int_equal(figures.allocs, 15);
    assert_int_equal(figures.bytes, 1 + 15 + 16 + 17 + 100 + 1000 + 1024 + 1025 + 1500 + 2200 +
                                        4000 + 4095 + 4096 + 4097 + 70000);
    for (unsigned i = 0; i < 15; i++)
        ExFreePoolWithTag(blocks[i], TAG);
    figures = pool_tag_of(world->nt, TAG);
    assert_int_equal(figures.frees, 15);
    assert_int_equal(figures.bytes, 0);
    assert_int_equal(nt_pool_driver_calls(world->nt), 30);
    /* What was freed is used again. */
    void *again = ExAllocatePoolWithTag(NonPagedPool, 100, TAG);
    assert_ptr_equal(again, blocks[4]);
    ExFreePool(again);

    uint8_t *zeroed = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(zeroed[i], 0);
    ExFreePool(zeroed);
    for (unsigned i = 0; i < 4; i++) {
        blocks[i] = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, 40 + i, TAG);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
    }
    for (unsigned i = 0; i < 4; i++)
        ExFreePool(blocks[i]);
}

static void test_pool(void **state)
{
    struct world *world = *state;

    world_run(world, pool_body);
    assert_true(world->done);
}

static void pool_rules_body(struct world *world)
{
    uint8_t *block = ExAllocatePoolWithTag(NonPagedPool, 24, TAG);

    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPool, 0, TAG), TAG);
    world_expect(world, "R64");
    ExFreePool(ExAllocatePoolWithTag(NonPagedPool, 8, 0));
    world_expect(world, "R64");
    block[24] = 1;
    ExFreePoolWithTag(block, NT_TAG('w', 'r', 'n', 'g'));
    world_expect(world, "R65");
    world_expect(world, "R64");
    block = ExAllocatePoolWithTag(NonPagedPool, 24, TAG);
    block[-1] ^= 1;
    ExFreePoolWithTag(block, TAG);
    world_expect(world, "R65");
    assert_null(ExAllocatePool2(0, 10, TAG));
    world_expect(world, "R64");
}

static void test_pool_rules(void **state)
{
    struct world *world = *state;

    world_run(world, pool_rules_body);
    assert_true(world->done);
}

static void double_free_body(struct world *world)
{
    void *block = ExAllocatePoolWithTag(NonPagedPool, 24, TAG);

    ExFreePoolWithTag(block, TAG);
    ExFreePoolWithTag(block, TAG);
}

static void test_double_free(void **state)
{
    struct world *world = *state;

    world_run(world, double_free_body);
    assert_false(world->done);
    assert_true(world->sim->stopped);
    world_expect(world, "R65");
    world_expect(world, "CRASH BAD_POOL_CALLER");
}

static void foreign_body(struct world *world)
{
    char local[64];

    ExFreePool((void *)(((uintptr_t)local + 15) & ~(uintptr_t)15));
}

static void test_foreign_pointer(void **state)
{
    struct world *world = *state;

    world_run(world, foreign_body);
    assert_false(world->done);
    world_expect(world, "R65");
    world_expect(world, "CRASH BAD_POOL_CALLER");
}

static void special_body(struct world *world)
{
    for (size_t size = 1; size < 9000; size += 611) {
        uint8_t *block = ExAllocatePoolWithTag(NonPagedPool, size, TAG);

        assert_int_equal((uintptr_t)block % 16, 0);
        /* The block, rounded up, ends at a page's end. */
        assert_int_equal(((uintptr_t)block + size + 15) / 16 * 16 % 4096, 0);
        memset(block, 1, size);
        ExFreePoolWithTag(block, TAG);
    }
    uint8_t *over = ExAllocatePoolWithTag(NonPagedPool, 30, TAG);
    char text[200];
    over[30] = 1;
    ExFreePoolWithTag(over, TAG);
    world_expect(world, "R65");
    assert_true(nt_pool_describe(world->nt, over + 4, text, sizeof(text)));
    assert_non_null(strstr(text, "freed block"));
    uint8_t *under = ExAllocatePoolWithTag(NonPagedPool, 30, TAG);
    under[-200] = 1;
    ExFreePoolWithTag(under, TAG);
    world_expect(world, "R65");
}

static void test_special_pool(void **state)
{
    struct world *world = *state;

    world_run(world, special_body);
    assert_true(world->done);
    world_run(world, double_free_body);
    world_expect(world, "R65");
    world_expect(world, "CRASH");
}

static void fault_body(struct world *world)
{
    sim_fault_plan(world->sim, "ExAllocatePoolWithTag", 2, false);
    void *first = ExAllocatePoolWithTag(NonPagedPool, 8, TAG);
    assert_null(ExAllocatePoolWithTag(NonPagedPool, 8, TAG));
    ExFreePool(first);
    sim_fault_plan(world->sim, NULL, 0, false);
}

static void test_pool_fault(void **state)
{
    struct world *world = *state;

    world_run(world, fault_body);
    assert_true(world->done);
}

/* ---- lookaside lists ---- */

static void lookaside_body(struct world *world)
{
    NPAGED_LOOKASIDE_LIST *list =
        ExAllocatePoolWithTag(NonPagedPoolCacheAligned, sizeof(*list), TAG);
    LOOKASIDE_LIST_EX *extended = ExAllocatePoolWithTag(NonPagedPool, sizeof(*extended), TAG);
    void *first, *second;

    ExInitializeNPagedLookasideList(list, NULL, NULL, 0, 64, TAG, 0);
    first = ExAllocateFromNPagedLookasideList(list);
    second = ExAllocateFromNPagedLookasideList(list);
    ExFreeToNPagedLookasideList(list, first);
    ExFreeToNPagedLookasideList(list, second);
    const uint64_t calls = nt_pool_driver_calls(world->nt);
    for (int i = 0; i < 100; i++) {
        void *hit = ExAllocateFromNPagedLookasideList(list);
        assert_ptr_equal(hit, second);
        ExFreeToNPagedLookasideList(list, hit);
    }
    assert_int_equal(nt_pool_driver_calls(world->nt), calls);
    ExDeleteNPagedLookasideList(list);
    assert_int_equal(ExInitializeLookasideListEx(extended, NULL, NULL, NonPagedPool, 0, 64, TAG, 0),
                     STATUS_SUCCESS);
    first = ExAllocateFromLookasideListEx(extended);
    ExFreeToLookasideListEx(extended, first);
    ExDeleteLookasideListEx(extended);
    ExInitializeNPagedLookasideList(list, NULL, NULL, 0, 64, TAG, 0);
    ExFreePool(list);
    world_expect(world, "R68");
    ExFreePool(extended);
}

static void test_lookaside(void **state)
{
    struct world *world = *state;

    world_run(world, lookaside_body);
    assert_true(world->done);
}

/* ---- IRQL and locks ---- */

static void irql_body(struct world *world)
{
    KIRQL old;
    LARGE_INTEGER interval = {.QuadPart = -1};

    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ExFreePool(ExAllocatePoolWithTag(PagedPool, 10, TAG));
    world_expect(world, "R61");
    ZwClose(NULL);
    world_expect(world, "R61 ZwClose");
    KeRaiseIrql(APC_LEVEL, &old);
    world_expect(world, "R61");
    KeLowerIrql(PASSIVE_LEVEL);
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
}

static void test_irql(void **state)
{
    struct world *world = *state;

    world_run(world, irql_body);
    assert_true(world->done);
}

static void lock_rules_body(struct world *world)
{
    KSPIN_LOCK first, second;
    KLOCK_QUEUE_HANDLE handle;
    EX_SPIN_LOCK shared = 0;
    KIRQL irql, inner;

    KeInitializeSpinLock(&first);
    KeInitializeSpinLock(&second);
    KeAcquireSpinLock(&first, &irql);
    assert_false(KeTestSpinLock(&first));
    KeAcquireInStackQueuedSpinLock(&second, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLock(&first, irql);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    irql = ExAcquireSpinLockShared(&shared);
    ExAcquireSpinLockSharedAtDpcLevel(&shared);
    ExReleaseSpinLockSharedFromDpcLevel(&shared);
    assert_true(ExTryConvertSharedSpinLockExclusive(&shared));
    ExReleaseSpinLockExclusive(&shared, irql);

    KeAcquireSpinLock(&first, &irql);
    KeReleaseSpinLock(&first, irql);
    KeAcquireSpinLock(&first, &irql);
    KeAcquireSpinLock(&second, &inner);
    KeReleaseSpinLock(&second, PASSIVE_LEVEL); /* first is still held */
    world_expect(world, "R62");
    KeRaiseIrql(DISPATCH_LEVEL, &inner);
    KeReleaseSpinLock(&first, irql);
    KeRaiseIrql(DISPATCH_LEVEL, &inner);
    KeReleaseSpinLock(&second, PASSIVE_LEVEL);
    world_expect(world, "R62");
}

static void test_lock_rules(void **state)
{
    struct world *world = *state;

    world_run(world, lock_rules_body);
    assert_true(world->done);
}

static void recursion_body(struct world *world)
{
    KSPIN_LOCK lock = 0;
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    KeAcquireSpinLock(&lock, &irql);
}

static void test_recursion(void **state)
{
    struct world *world = *state;

    world_run(world, recursion_body);
    assert_false(world->done);
    world_expect(world, "R62");
    world_expect(world, "HANG");
}

static void wait_at_dispatch_body(struct world *world)
{
    LARGE_INTEGER timeout = {.QuadPart = -100}, none = {.QuadPart = 0};
    KEVENT event;
    KIRQL irql;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &none),
                     STATUS_TIMEOUT);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout);
}

static void test_wait_at_dispatch(void **state)
{
    struct world *world = *state;

    world_run(world, wait_at_dispatch_body);
    assert_false(world->done);
    world_expect(world, "R69");
    world_expect(world, "CRASH ATTEMPTED_SWITCH_FROM_DPC");
}

/* ---- threads, events ---- */

struct shared {
    KSPIN_LOCK first, second;
    KEVENT event, other;
    KSEMAPHORE semaphore;
    KMUTEX mutex;
    FAST_MUTEX fast;
    ERESOURCE *resource;
    EX_RUNDOWN_REF rundown;
    unsigned counter, inside;
    char log[64];
    unsigned length;
};
static struct shared shared;

static void mark(char c)
{
    assert_true(shared.length + 1 < sizeof(shared.log));
    shared.log[shared.length++] = c;
    shared.log[shared.length] = '\0';
}

static void *start_thread(PKSTART_ROUTINE routine)
{
    HANDLE handle;
    void *thread;

    assert_int_equal(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, &shared),
        STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                               &thread, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    return thread;
}

static void join(void *thread)
{
    assert_int_equal(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS);
    ObDereferenceObject(thread);
}

static VOID NTAPI count_up(PVOID context)
{
    for (int i = 0; i < 200; i++) {
        KIRQL irql;
        unsigned before;

        KeAcquireSpinLock(&shared.first, &irql);
        before = shared.counter;
        assert_int_equal(shared.inside++, 0);
        KeGetCurrentProcessorNumber();
        ExFreePool(
            ExAllocatePoolWithTag(NonPagedPool, 32, TAG)); /* a kernel call: others may run */
        shared.inside--;
        shared.counter = before + 1;
        KeReleaseSpinLock(&shared.first, irql);
        KeSetEvent(&shared.event, 0, FALSE);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void spin_lock_excludes_body(struct world *world)
{
    void *threads[3];

    memset(&shared, 0, sizeof(shared));
    KeInitializeEvent(&shared.event, NotificationEvent, FALSE);
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(count_up);
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    assert_int_equal(shared.counter, 600);
}

static void test_spin_lock_excludes(void **state)
{
    struct world *world = *state;

    world_run(world, spin_lock_excludes_body);
    assert_true(world->done);
}

static VOID NTAPI race(PVOID context)
{
    for (int i = 0; i < 200; i++) {
        const unsigned before = shared.counter;

        ExFreePool(ExAllocatePoolWithTag(NonPagedPool, 32, TAG));
        shared.counter = before + 1;
    }
}

static void race_body(struct world *world)
{
    void *threads[3];

    memset(&shared, 0, sizeof(shared));
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(race);
    for (int i = 0; i < 3; i++)
        join(threads[i]);
}

/* The same without the lock: preemption at kernel calls must make the race visible. */
static void test_race_shows(void **state)
{
    struct world *world = *state;

    world_run(world, race_body);
    assert_true(world->done);
    assert_true(shared.counter < 600);
}

static VOID NTAPI take_first_second(PVOID context)
{
    for (int i = 0; i < 100; i++) {
        KIRQL irql;

        KeAcquireSpinLock(&shared.first, &irql);
        KeAcquireSpinLockAtDpcLevel(&shared.second);
        KeReleaseSpinLockFromDpcLevel(&shared.second);
        KeReleaseSpinLock(&shared.first, irql);
    }
}

static VOID NTAPI take_second_first(PVOID context)
{
    for (int i = 0; i < 100; i++) {
        KIRQL irql;

        KeAcquireSpinLock(&shared.second, &irql);
        KeAcquireSpinLockAtDpcLevel(&shared.first);
        KeReleaseSpinLockFromDpcLevel(&shared.first);
        KeReleaseSpinLock(&shared.second, irql);
    }
}

static void deadlock_body(struct world *world)
{
    void *first = start_thread(take_first_second), *second = start_thread(take_second_first);

    join(first);
    join(second);
}

static void test_deadlock(void **state)
{
    struct world *world = *state;

    memset(&shared, 0, sizeof(shared));
    world_run(world, deadlock_body);
    assert_false(world->done);
    world_expect(world, "R62"); /* the order, seen before it came to that */
    world_expect(world, "HANG");
}

static VOID NTAPI wait_and_mark(PVOID context)
{
    KeWaitForSingleObject(&shared.event, Executive, KernelMode, FALSE, NULL);
    mark('w');
}

static void events_body(struct world *world)
{
    void *threads[2];
    LARGE_INTEGER timeout = {.QuadPart = -(LONGLONG)(10 * SIM_MILLISECOND)};
    void *objects[2] = {&shared.event, &shared.other};

    memset(&shared, 0, sizeof(shared));
    KeInitializeEvent(&shared.event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&shared.other, NotificationEvent, FALSE);
    for (int i = 0; i < 2; i++)
        threads[i] = start_thread(wait_and_mark);
    KeDelayExecutionThread(KernelMode, FALSE, &timeout);
    assert_string_equal(shared.log, "");
    assert_int_equal(KeSetEvent(&shared.event, 0, FALSE), 0);
    KeDelayExecutionThread(KernelMode, FALSE, &timeout);
    assert_string_equal(shared.log, "w"); /* one only */
    KeSetEvent(&shared.event, 0, FALSE);
    for (int i = 0; i < 2; i++)
        join(threads[i]);
    assert_string_equal(shared.log, "ww");
    assert_int_equal(KeReadStateEvent(&shared.event), 0);

    /* Set and cleared at once: those who waited go on all the same. */
    KeInitializeEvent(&shared.event, NotificationEvent, FALSE);
    for (int i = 0; i < 2; i++)
        threads[i] = start_thread(wait_and_mark);
    KeDelayExecutionThread(KernelMode, FALSE, &timeout);
    KeSetEvent(&shared.event, 0, FALSE);
    KeClearEvent(&shared.event);
    for (int i = 0; i < 2; i++)
        join(threads[i]);
    assert_string_equal(shared.log, "wwww");

    const uint64_t before = world->sim->now;
    assert_int_equal(KeWaitForSingleObject(&shared.event, Executive, KernelMode, FALSE, &timeout),
                     STATUS_TIMEOUT);
    assert_int_equal(world->sim->now - before, 10 * SIM_MILLISECOND);
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, &timeout, NULL),
        STATUS_TIMEOUT);
    KeSetEvent(&shared.other, 0, FALSE);
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, &timeout, NULL),
        STATUS_WAIT_1);
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, &timeout, NULL),
        STATUS_TIMEOUT);
    KeSetEvent(&shared.event, 0, FALSE);
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, &timeout, NULL),
        STATUS_SUCCESS);
}

static void test_events(void **state)
{
    struct world *world = *state;

    world_run(world, events_body);
    assert_true(world->done);
}

static VOID NTAPI guarded_count(PVOID context)
{
    for (int i = 0; i < 50; i++) {
        KeWaitForSingleObject(&shared.mutex, Executive, KernelMode, FALSE, NULL);
        ExAcquireFastMutex(&shared.fast);
        ExAcquireResourceExclusiveLite(shared.resource, TRUE);
        assert_int_equal(shared.inside++, 0);
        ExFreePool(ExAllocatePoolWithTag(NonPagedPool, 32, TAG));
        shared.inside--;
        shared.counter++;
        ExReleaseResourceLite(shared.resource);
        ExReleaseFastMutex(&shared.fast);
        KeReleaseMutex(&shared.mutex, FALSE);
    }
    KeReleaseSemaphore(&shared.semaphore, 0, 1, FALSE);
}

static void mutexes_body(struct world *world)
{
    void *threads[3];

    memset(&shared, 0, sizeof(shared));
    KeInitializeMutex(&shared.mutex, 0);
    KeInitializeSemaphore(&shared.semaphore, 0, 3);
    ExInitializeFastMutex(&shared.fast);
    shared.resource = ExAllocatePoolWithTag(NonPagedPool, sizeof(ERESOURCE), TAG);
    ExInitializeResourceLite(shared.resource);
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(guarded_count);
    for (int i = 0; i < 3; i++)
        KeWaitForSingleObject(&shared.semaphore, Executive, KernelMode, FALSE, NULL);
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    assert_int_equal(shared.counter, 150);
    ExAcquireResourceSharedLite(shared.resource, TRUE);
    assert_true(ExAcquireResourceSharedLite(shared.resource, FALSE));
    assert_false(ExIsResourceAcquiredExclusiveLite(shared.resource));
    ExReleaseResourceLite(shared.resource);
    ExReleaseResourceLite(shared.resource);
    ExDeleteResourceLite(shared.resource);
    ExFreePool(shared.resource);
}

static void test_mutexes(void **state)
{
    struct world *world = *state;

    world_run(world, mutexes_body);
    assert_true(world->done);
}

static VOID NTAPI hold_rundown(PVOID context)
{
    LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)SIM_SECOND};

    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    mark('r');
    ExReleaseRundownProtection(&shared.rundown);
}

static void rundown_body(struct world *world)
{
    void *thread;

    memset(&shared, 0, sizeof(shared));
    ExInitializeRundownProtection(&shared.rundown);
    assert_true(ExAcquireRundownProtection(&shared.rundown));
    thread = start_thread(hold_rundown);
    ExWaitForRundownProtectionRelease(&shared.rundown);
    assert_string_equal(shared.log, "r");
    assert_false(ExAcquireRundownProtection(&shared.rundown));
    join(thread);
}

static void test_rundown(void **state)
{
    struct world *world = *state;

    world_run(world, rundown_body);
    assert_true(world->done);
}

/* ---- DPCs, timers, work items ---- */

static KDPC dpcs[3];
static KTIMER timers[3];

static VOID NTAPI mark_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    mark((char)(uintptr_t)context);
}

static void dpc_body(struct world *world)
{
    KIRQL irql;

    memset(&shared, 0, sizeof(shared));
    for (uintptr_t i = 0; i < 3; i++)
        KeInitializeDpc(&dpcs[i], mark_dpc, (void *)(uintptr_t)('a' + i));
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_true(KeInsertQueueDpc(&dpcs[0], NULL, NULL));
    assert_false(KeInsertQueueDpc(&dpcs[0], NULL, NULL));
    assert_true(KeInsertQueueDpc(&dpcs[1], NULL, NULL));
    assert_true(KeInsertQueueDpc(&dpcs[2], NULL, NULL));
    assert_true(KeRemoveQueueDpc(&dpcs[1]));
    assert_false(KeRemoveQueueDpc(&dpcs[1]));
    assert_string_equal(shared.log, "");
    KeLowerIrql(irql);
    assert_string_equal(shared.log, "ac"); /* they ran before this went on */
    KeInsertQueueDpc(&dpcs[1], NULL, NULL);
    KeFlushQueuedDpcs();
    assert_string_equal(shared.log, "acb");
}

static void test_dpc(void **state)
{
    struct world *world = *state;

    world_run(world, dpc_body);
    assert_true(world->done);
}

static void timer_body(struct world *world)
{
    LARGE_INTEGER due;

    memset(&shared, 0, sizeof(shared));
    for (uintptr_t i = 0; i < 3; i++) {
        KeInitializeDpc(&dpcs[i], mark_dpc, (void *)(uintptr_t)('a' + i));
        KeInitializeTimerEx(&timers[i], NotificationTimer);
    }
    due.QuadPart = -(LONGLONG)(30 * SIM_MILLISECOND);
    assert_false(KeSetTimer(&timers[0], due, &dpcs[0]));
    due.QuadPart = -(LONGLONG)(10 * SIM_MILLISECOND);
    assert_false(KeSetTimer(&timers[1], due, &dpcs[1]));
    KeQuerySystemTime(&due);
    due.QuadPart += (LONGLONG)(20 * SIM_MILLISECOND);
    assert_false(KeSetTimerEx(&timers[2], due, 15, &dpcs[2]));
    assert_int_equal(KeWaitForSingleObject(&timers[0], Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS);
    assert_string_equal(shared.log, "bca");
    due.QuadPart = -(LONGLONG)(20 * SIM_MILLISECOND);
    KeDelayExecutionThread(KernelMode, FALSE, &due);
    assert_string_equal(shared.log, "bcacc"); /* at 35 and 50 ms */
    assert_true(KeCancelTimer(&timers[2]));
    assert_false(KeCancelTimer(&timers[2]));
}

static void test_timers(void **state)
{
    struct world *world = *state;

    world_run(world, timer_body);
    assert_true(world->done);
}

static void armed_timer_body(struct world *world)
{
    KTIMER *timer = ExAllocatePoolWithTag(NonPagedPool, sizeof(*timer), TAG);
    LARGE_INTEGER due = {.QuadPart = -1000};

    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    ExFreePool(timer);
    world_expect(world, "R68");
}

static void test_timer_in_freed_memory(void **state)
{
    struct world *world = *state;

    world_run(world, armed_timer_body);
    assert_true(world->done);
}

static VOID NTAPI mark_work(PVOID context)
{
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    mark('k');
    KeSetEvent(&shared.event, 0, FALSE);
}

static void work_body(struct world *world)
{
    WORK_QUEUE_ITEM item;

    memset(&shared, 0, sizeof(shared));
    KeInitializeEvent(&shared.event, SynchronizationEvent, FALSE);
    for (int i = 0; i < 3; i++) {
        ExInitializeWorkItem(&item, mark_work, NULL);
        ExQueueWorkItem(&item, DelayedWorkQueue);
        KeWaitForSingleObject(&shared.event, Executive, KernelMode, FALSE, NULL);
    }
    assert_string_equal(shared.log, "kkk");
}

static void test_work_items(void **state)
{
    struct world *world = *state;

    world_run(world, work_body);
    assert_true(world->done);
}

static VOID NTAPI forgets_irql(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KeLowerIrql(PASSIVE_LEVEL);
}

static void forgets_irql_body(struct world *world)
{
    KeInitializeDpc(&dpcs[0], forgets_irql, NULL);
    KeInsertQueueDpc(&dpcs[0], NULL, NULL);
}

static void test_irql_after_call(void **state)
{
    struct world *world = *state;

    world_run(world, forgets_irql_body);
    assert_true(world->done);
    world_expect(world, "R61 DeferredRoutine");
}

/* ---- determinism ---- */

static uint64_t hash_of(uint64_t seed)
{
    struct world *world = world_create(seed, 200000, false);
    uint64_t hash;

    world_run(world, spin_lock_excludes_body);
    assert_true(world->done);
    world_run(world, events_body);
    assert_true(world->done);
    hash = world->sim->trace.hash;
    world_destroy(world);
    return hash;
}

static void test_determinism(void **state)
{
    const uint64_t first = hash_of(3);

    assert_int_equal(hash_of(3), first);
    assert_int_not_equal(hash_of(4), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NT_TEST(test_pool),
        NT_TEST(test_pool_rules),
        NT_TEST(test_double_free),
        NT_TEST(test_foreign_pointer),
        NT_TEST_SPECIAL(test_special_pool),
        NT_TEST(test_pool_fault),
        NT_TEST(test_lookaside),
        NT_TEST(test_irql),
        NT_TEST(test_lock_rules),
        NT_TEST(test_recursion),
        NT_TEST(test_wait_at_dispatch),
        NT_TEST(test_spin_lock_excludes),
        NT_TEST_PREEMPT(test_spin_lock_excludes),
        NT_TEST_PREEMPT(test_race_shows),
        NT_TEST_PREEMPT(test_deadlock),
        NT_TEST(test_events),
        NT_TEST_PREEMPT(test_events),
        NT_TEST(test_mutexes),
        NT_TEST_PREEMPT(test_mutexes),
        NT_TEST(test_rundown),
        NT_TEST(test_dpc),
        NT_TEST(test_timers),
        NT_TEST(test_timer_in_freed_memory),
        NT_TEST(test_work_items),
        NT_TEST(test_irql_after_call),
        cmocka_unit_test(test_determinism),
    };
    return cmocka_run_group_tests_name("nt", tests, NULL, NULL);
}
