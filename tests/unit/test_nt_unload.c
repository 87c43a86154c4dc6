/* SPDX-License-Identifier: MIT */
/* nt: DriverUnload and the driver's threads: which may be left, and what is told when it waits for
 * ever. */
#include "test_nt_world.h"

#include "nt/hang.h"

enum thread_wait { BY_NOTHING, BY_EVENT, BY_OBJECT, BY_HANDLE };

static struct {
    enum thread_wait wait;
    bool stopped;
    bool returns; /* the thread does not call PsTerminateSystemThread */
    KEVENT stop, ended, never;
    EX_RUNDOWN_REF rundown;
    void *thread;
    HANDLE handle;
    void (*hang)(void);
    char told[8][96];
    unsigned told_count;
} sample;

static VOID NTAPI work(PVOID context)
{
    KeWaitForSingleObject(&sample.stop, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&sample.ended, IO_NO_INCREMENT, FALSE);
    if (!sample.returns)
        PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    if (sample.hang != NULL)
        sample.hang();
    KeSetEvent(&sample.stop, IO_NO_INCREMENT, FALSE);
    if (sample.wait == BY_EVENT)
        KeWaitForSingleObject(&sample.ended, Executive, KernelMode, FALSE, NULL);
    if (sample.wait == BY_OBJECT)
        KeWaitForSingleObject(sample.thread, Executive, KernelMode, FALSE, NULL);
    if (sample.wait == BY_HANDLE)
        assert_int_equal(ZwWaitForSingleObject(sample.handle, FALSE, NULL), STATUS_SUCCESS);
    ObDereferenceObject(sample.thread);
    ZwClose(sample.handle);
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    KeInitializeEvent(&sample.stop, NotificationEvent, FALSE);
    KeInitializeEvent(&sample.ended, NotificationEvent, FALSE);
    KeInitializeEvent(&sample.never, SynchronizationEvent, FALSE);
    ExInitializeRundownProtection(&sample.rundown);
    assert_int_equal(
        PsCreateSystemThread(&sample.handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, work, NULL),
        STATUS_SUCCESS);
    return ObReferenceObjectByHandle(sample.handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                     &sample.thread, NULL);
}

static struct nt_driver *load(struct world *world, enum thread_wait wait)
{
    struct nt_driver *driver;
    NTSTATUS status;

    memset(&sample, 0, sizeof(sample));
    sample.wait = wait;
    world_driver_entry = entry;
    driver = world_load(world, &status);
    assert_int_equal(status, STATUS_SUCCESS);
    return driver;
}

static void test_thread_waited_for(void **state)
{
    struct world *world = *state;
    struct nt_driver *driver = load(world, BY_OBJECT);

    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
}

static void test_thread_waited_for_by_handle(void **state)
{
    struct world *world = *state;
    struct nt_driver *driver = load(world, BY_HANDLE);

    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
}

static void test_thread_returns(void **state)
{
    struct world *world = *state;
    struct nt_driver *driver = load(world, BY_OBJECT);

    sample.returns = true;
    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
}

/* It was told to end, and has not yet. */
static void test_thread_not_waited_for(void **state)
{
    struct world *world = *state;
    struct nt_driver *driver = load(world, BY_NOTHING);

    sim_run_idle(world->sim, SIM_SECOND); /* it waits for `stop` */
    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
    world_expect(world, "R68 DriverUnload: DriverUnload returned while a thread of the driver");
}

/* Between KeSetEvent and its end it can be stopped: said, though it did not happen. */
static void test_event_waited_for(void **state)
{
    struct world *world = *state;
    struct nt_driver *driver = load(world, BY_EVENT);

    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
    world_expect(world, "R68 PsTerminateSystemThread: a thread of the driver");
}

/* Nothing of it can be left when DriverUnload begins: nobody has to wait. */
static void test_thread_ended_before(void **state)
{
    struct world *world = *state;
    struct nt_driver *driver = load(world, BY_NOTHING);

    KeSetEvent(&sample.stop, IO_NO_INCREMENT, FALSE);
    sim_run_idle(world->sim, SIM_SECOND);
    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
}

/* What fails is unmapped as what is unloaded. */
static NTSTATUS entry_that_fails(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    assert_int_equal(entry(driver, path), STATUS_SUCCESS);
    unload(driver);
    return STATUS_UNSUCCESSFUL;
}

static void fails(struct world *world, enum thread_wait wait)
{
    struct nt_driver *driver;
    NTSTATUS status;

    memset(&sample, 0, sizeof(sample));
    sample.wait = wait;
    world_driver_entry = entry_that_fails;
    driver = world_load(world, &status);
    assert_int_equal(status, STATUS_UNSUCCESSFUL);
    assert_true(nt_driver_unload(world->nt, driver, SIM_SECOND));
}

static void test_entry_fails_with_thread(void **state)
{
    fails(*state, BY_NOTHING);
    world_expect(*state, "R68 DriverEntry: DriverEntry returned while a thread of the driver");
}

static void test_entry_fails_without_thread(void **state)
{
    fails(*state, BY_OBJECT);
}

/* ---- waiting for ever ---- */

static void never_set(void)
{
    KeWaitForSingleObject(&sample.never, Executive, KernelMode, FALSE, NULL);
}

static void thread_that_does_not_end(void)
{
    KeWaitForSingleObject(sample.thread, Executive, KernelMode, FALSE, NULL);
}

static void rundown_held(void)
{
    ExAcquireRundownProtection(&sample.rundown);
    ExWaitForRundownProtectionRelease(&sample.rundown);
}

static void sleeps(void)
{
    LARGE_INTEGER interval = {.QuadPart = -10 * (LONGLONG)SIM_MILLISECOND};

    while (!sample.stopped)
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static void note_thread(void *context, const struct nt_waiting *waiting)
{
    (void)context;
    snprintf(sample.told[sample.told_count++], sizeof(sample.told[0]), "%s %s",
             waiting->function != NULL ? waiting->function : "-", waiting->what);
}

static void hang(struct world *world, void (*wait)(void), const char *expected)
{
    struct nt_driver *driver = load(world, BY_OBJECT);

    sim_run_idle(world->sim, SIM_SECOND);
    sample.hang = wait;
    assert_false(nt_driver_unload(world->nt, driver, SIM_SECOND));
    world_expect(world, expected);
    assert_null(world->sim->task); /* nobody is looked at as if he ran */
    nt_threads_each(world->nt, note_thread, NULL);
    assert_int_equal(sample.told_count, 1);
    assert_int_equal(strncmp(sample.told[0], "KeWaitForSingleObject an event", 30), 0);
    world->sim->stopped = true; /* what is left is this test's doing */
}

static void test_hang_event(void **state)
{
    hang(*state, never_set,
         "HANG DriverUnload: DriverUnload did not return: it waits in KeWaitForSingleObject for an "
         "event");
}

static void test_hang_thread(void **state)
{
    hang(*state, thread_that_does_not_end,
         "HANG DriverUnload: DriverUnload did not return: it waits in KeWaitForSingleObject for "
         "the thread of ");
}

static void test_hang_rundown(void **state)
{
    hang(*state, rundown_held,
         "HANG DriverUnload: DriverUnload did not return: it waits in "
         "ExWaitForRundownProtectionRelease for rundown protection");
}

static void test_hang_sleeps(void **state)
{
    hang(*state, sleeps,
         "HANG DriverUnload: DriverUnload did not return: it slept 101 times in a row at one place "
         "(KeDelayExecutionThread), for 1 s");
}

/* ---- what happens to events ---- */

static void note_event(void *context, const void *event, const char *what)
{
    (void)context;
    if (event == &sample.never)
        snprintf(sample.told[sample.told_count++], sizeof(sample.told[0]), "%s", what);
}

static void events_body(struct world *world)
{
    KeInitializeEvent(&sample.never, SynchronizationEvent, FALSE);
    KeSetEvent(&sample.never, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&sample.never, Executive, KernelMode, FALSE, NULL);
    KeClearEvent(&sample.never);
    KeResetEvent(&sample.never);
    nt_event_set_watch(world->nt, NULL);
    KeSetEvent(&sample.never, IO_NO_INCREMENT, FALSE);
}

static void test_event_watch(void **state)
{
    static const char *const expected[] = {"initialised", "set", "taken by a wait", "cleared",
                                           "cleared"};
    struct world *world = *state;

    memset(&sample, 0, sizeof(sample));
    nt_event_set_watch(world->nt, &(struct nt_event_watch){.changed = note_event});
    world_run(world, events_body);
    assert_int_equal(sample.told_count, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_string_equal(sample.told[i], expected[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NT_TEST(test_thread_waited_for),
        NT_TEST(test_thread_waited_for_by_handle),
        NT_TEST(test_thread_returns),
        NT_TEST(test_thread_not_waited_for),
        NT_TEST(test_event_waited_for),
        NT_TEST(test_thread_ended_before),
        NT_TEST(test_hang_event),
        NT_TEST(test_hang_thread),
        NT_TEST(test_hang_rundown),
        NT_TEST(test_hang_sleeps),
        NT_TEST(test_event_watch),
        NT_TEST(test_entry_fails_with_thread),
        NT_TEST(test_entry_fails_without_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
