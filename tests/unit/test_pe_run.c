/* SPDX-License-Identifier: MIT */
/* Driver code in the lab: privileged instructions, faults, exceptions, stack, the watchdog. */
#include "test_pe_world.h"

#include "pe/watchdog.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATUS_ACCESS_VIOLATION 0xC0000005u

static int setup(void **state)
{
    world_setup(state);
    world_load(*state);
    return 0;
}

/* ---- what works as on Windows ---- */

static void test_answers(void **state)
{
    uint64_t result;
    assert_true(world_run(*state, DRILL_ANSWER, NULL, &result));
    assert_int_equal(result, 42);
    assert_true(world_run(*state, DRILL_VARIABLE, NULL, &result));
    assert_int_equal(result, 1);
}

static void test_cookie_is_seeded(void **state)
{
    uint64_t first, second;
    assert_true(world_run(*state, DRILL_COOKIE, NULL, &first));
    assert_int_not_equal(first, 0x2B992DDFA232);
    assert_int_not_equal(first, 0);
    assert_int_equal(first >> 48, 0);
    void *other;
    world_setup(&other);
    world_load(other);
    assert_true(world_run(other, DRILL_COOKIE, NULL, &second));
    world_teardown(&other);
    assert_int_equal(first, second);
}

static void test_kernel_instructions(void **state)
{
    struct world *world = *state;
    struct drill_argument argument = {.value = 2};
    uint64_t result;
    assert_true(world_run(world, DRILL_CR8, &argument, &result));
    assert_int_equal(result, 2); /* was 0, is 2 */
    assert_int_equal(world->irql_written, 2);
    assert_int_equal(world->breaches, 0);
    assert_true(world_run(world, DRILL_INTERRUPTS, NULL, NULL));
    assert_int_equal(world->interrupts, 12);
}

static void test_kuser_page(void **state)
{
    struct world *world = *state;
    uint8_t *page = pe_kuser_page(world->pe);
    const uint64_t time = 0x1122334455667788ull;
    struct drill_argument argument = {.value = 0xFFFFF78000000000ull};
    uint64_t result;
    memcpy(page + 0x18, &time, sizeof time);
    page[0x14] = 9;
    assert_true(world_run(world, DRILL_KUSER, NULL, &result));
    assert_int_equal(result, time);
    assert_true(world_run(world, DRILL_KUSER_BY_POINTER, &argument, &result));
    assert_int_equal(result, time + 9);
}

struct flag {
    struct sim *sim;
    struct drill_argument argument;
};

static void set_flag(void *context)
{
    struct flag *flag = context;
    /* The spinning code surely has its turn before. */
    for (unsigned i = 0; i < 3; i++)
        sim_task_yield(flag->sim);
    flag->argument.flag = 1;
}

static void test_pause_lets_others_run(void **state)
{
    struct world *world = *state;
    struct flag flag = {.sim = world->sim};
    const struct sim_task_config config = {
        .name = "flag", .processor = -1, .function = set_flag, .context = &flag};
    uint64_t turns;
    sim_task_create(world->sim, &config);
    assert_true(world_run(world, DRILL_PAUSE, &flag.argument, &turns));
    assert_true(turns > 0);
}

/* ---- exceptions ---- */

static void catches(void **state, enum drill drill, uint64_t value, uint64_t code, const char *log)
{
    struct world *world = *state;
    struct drill_argument argument = {.value = value};
    uint64_t result;
    if (!world_run(world, drill, &argument, &result))
        fail_msg("bug check 0x%x: %s; log %s", world->bugcheck, world->what, argument.log);
    assert_int_equal((uint32_t)result, code);
    assert_string_equal(argument.log, log);
}

static void test_catches(void **state)
{
    catches(state, DRILL_CATCH_READ, 8, STATUS_ACCESS_VIOLATION, "az");
    catches(state, DRILL_CATCH_CALL_NULL, 0, STATUS_ACCESS_VIOLATION, "");
    catches(state, DRILL_CATCH_NON_CANONICAL, 0x1234567890ABCDEFull, STATUS_ACCESS_VIOLATION, "az");
    catches(state, DRILL_CATCH_DIVIDE, 0, 0xC0000094, "");
    catches(state, DRILL_CATCH_RAISE, 3, 0xC0000123, "");
    catches(state, DRILL_CATCH_DEEP, 8, STATUS_ACCESS_VIOLATION, "");
    catches(state, DRILL_CATCH_FRAME_POINTER, 8, STATUS_ACCESS_VIOLATION, "");
}

static void test_exports_raise(void **state)
{
    struct world *world = *state;
    catches(state, DRILL_CATCH_PROBE, 0x1001, 0x80000002, "");
    assert_ptr_equal(pe_image_of(world->pe, world->caller), world->image);
    catches(state, DRILL_CATCH_PROBE_TOUCH, 0x1001, STATUS_ACCESS_VIOLATION, "");
    catches(state, DRILL_CATCH_PROBE, (uintptr_t)pe_kuser_page(world->pe), 0, "p");
}

static void test_unwinding(void **state)
{
    catches(state, DRILL_FINALLY_ORDER, 8, STATUS_ACCESS_VIOLATION, "12345");
    catches(state, DRILL_COLLIDED, 0, 1, "1234");
    catches(state, DRILL_NESTED, 0, 0xC0000003, "fgh");
    catches(state, DRILL_CONTINUE, 5, 82, "c");
    catches(state, DRILL_LOCAL_UNWIND, 0, 1, "");
}

static void test_walks_its_own_stack(void **state)
{
    uint64_t frames;
    assert_true(world_run(*state, DRILL_WALK, NULL, &frames));
    assert_int_equal(frames, 2); /* walk, DriverEntry; then the lab */
}

/* ---- what ends the world ---- */

static void ends(void **state, enum drill drill, uint64_t value, uint32_t code, const char *words)
{
    struct world *world = *state;
    struct drill_argument argument = {.value = value};
    assert_false(world_run(world, drill, &argument, NULL));
    assert_int_equal(world->bugcheck, code);
    if (strstr(world->what, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", world->what, words);
}

#define ENDS(name, drill, value, code, words)                                                      \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        ends(state, drill, value, code, words);                                                    \
    }

ENDS(read_null, DRILL_READ_NULL, 0, 0x1E, "read of address 0x8 (NULL + 8) by drill+0x")
ENDS(write_null, DRILL_WRITE_NULL, 0, 0x1E, "write to address 0x10 (NULL + 16) by drill+0x")
ENDS(call_null, DRILL_CALL_NULL, 0, 0x1E, "by a call through NULL at drill+0x")
ENDS(call_garbage, DRILL_CALL_GARBAGE, 0x123456000, 0x1E,
     "execution at address 0x123456000 by a call at drill+0x")
ENDS(raise_unhandled, DRILL_RAISE, 0, 0x1E, "exception 0xc0000044 at drill+0x")
ENDS(recursion, DRILL_RECURSE, 0, 0x7F, "kernel stack overflow in DriverEntry at drill+0x")
ENDS(fast_fail, DRILL_FAST_FAIL, 0, 0x139, "LIST_ENTRY is corrupt (fast fail 3) at drill+0x")
ENDS(overrun, DRILL_OVERRUN, 64, 0x139, "stack buffer ran over (fast fail 2) at drill+0x")
ENDS(bad_pointer, DRILL_BAD_POINTER, 0x10, 0x1E, "by DrillTouch, called at drill+0x")
ENDS(write_const, DRILL_WRITE_CONST, 0, 0xBE, "a read-only section of the image")
ENDS(breakpoint, DRILL_BREAKPOINT, 0, 0x1E, "breakpoint (0x80000003) at drill+0x")
ENDS(assertion, DRILL_ASSERT, 0, 0x1E, "(0xc0000420) at drill+0x")
ENDS(kernel_address, DRILL_CATCH_READ, 0xFFFF800000001000ull, 0x50,
     "read of address 0xffff800000001000 by drill+0x")

/* A handler does not help at DISPATCH_LEVEL: page faults are fatal there. */
ENDS(read_at_dispatch_level, DRILL_READ_RAISED, 8, 0xD1,
     "read of address 0x8 (NULL + 8) by drill+0x")

static void test_guarded_memory_is_explained(void **state)
{
    struct world *world = *state;
    world->note = "16 bytes behind a block";
    uint8_t *pages = sim_arena_take(world->sim, 8192);
    assert_int_equal(mprotect(pages, 8192, PROT_NONE), 0);
    ends(state, DRILL_CATCH_READ, (uintptr_t)pages, 0xCD, "(16 bytes behind a block) by drill+0x");
}

static void test_discarded_code(void **state)
{
    struct world *world = *state;
    uint64_t result;
    assert_true(world_run(world, DRILL_INIT, NULL, &result));
    assert_int_equal(result, 7);
    pe_image_discard_init(world->image);
    ends(state, DRILL_INIT, 0, 0xFC, "discarded after DriverEntry");
}

static void test_unloaded_code(void **state)
{
    struct world *world = *state;
    pe_image_unload(world->image);
    ends(state, DRILL_ANSWER, 0, 0xFC, "memory of a driver that was unloaded");
}

static void not_modelled(void **state, enum drill drill, const char *name)
{
    struct world *world = *state;
    assert_false(world_run(world, drill, NULL, NULL));
    assert_string_equal(world->unmodelled, name);
    assert_int_equal(world->bugcheck, 0);
    assert_int_equal(strncmp(world->where, "drill+0x", 8), 0);
}

static void test_unmodelled_call(void **state)
{
    not_modelled(state, DRILL_UNMODELLED, "ntoskrnl.exe!DrillUnmodelled");
}

static void test_unmodelled_data(void **state)
{
    not_modelled(state, DRILL_UNMODELLED_DATA, "ntoskrnl.exe!DrillUnmodelledData");
}

static void test_unmodelled_module(void **state)
{
    not_modelled(state, DRILL_ELSEWHERE, "elsewhere.sys!DrillElsewhere");
}

static void test_unmodelled_instruction(void **state)
{
    not_modelled(state, DRILL_RDMSR, "processor!rdmsr");
}

static void test_watchdog(void **state)
{
    struct world *world = *state;
    pe_watchdog_start(world->pe, 80);
    ends(state, DRILL_SPIN, 0, 0x133, "spins at drill+0x");
}

/* ---- the lab's own defects ---- */

static void faulty(void *context)
{
    struct pe_call call;
    bool *exported = context;
    pe_enter(pe_current(), &call, "faulty", NULL);
    call.exported = *exported; /* as if driver code had called: but none is on the stack */
    volatile uintptr_t nowhere = 16;
    *(volatile int *)nowhere = 1;
    pe_leave(pe_current(), &call);
}

static void test_lab_defects_kill(void **state)
{
    for (int exported = 0; exported <= 1; exported++) {
        const pid_t pid = fork();
        if (pid == 0) {
            void *child;
            bool flag = exported;
            const struct sim_task_config config = {
                .name = "f", .processor = -1, .function = faulty, .context = &flag};
            signal(SIGSEGV, SIG_DFL);
            world_setup(&child);
            struct world *world = child;
            sim_task_create(world->sim, &config);
            sim_run(world->sim);
            _exit(world->bugcheck != 0 ? 1 : 0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSEGV);
    }
}

/* ---- backtraces ---- */

static void frames_are(const struct world *world, size_t count)
{
    assert_int_equal(world->frame_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(world->frames[i].image, world->image);
        assert_in_range(world->frames[i].offset, 0x1000, pe_image_size(world->image));
    }
}

static void test_backtraces(void **state)
{
    struct world *world = *state;
    assert_true(world_run(world, DRILL_BIG_FRAME_CALLING, NULL, NULL));
    frames_are(world, 2); /* big_frame_calling, DriverEntry */
    /* After an exception was caught, the registers of then are not those of now. */
    catches(state, DRILL_CATCH_DEEP, 8, STATUS_ACCESS_VIOLATION, "");
    assert_true(world_run(world, DRILL_BIG_FRAME_CALLING, NULL, NULL));
    frames_are(world, 2);
    ends(state, DRILL_CATCH_DEEP, 0xFFFF800000001000ull, 0x50, "read of address");
    frames_are(world, 8); /* read_at, deep six times, catch_deep, to which DriverEntry jumped */
}

static void test_backtrace_of_an_export(void **state)
{
    ends(state, DRILL_BAD_POINTER, 0x10, 0x1E, "DrillTouch");
    frames_are(*state, 1);
}

/* Whether it is seen between two traps or at one depends on how long a trap takes. */
static void test_watchdog_in_a_loop_of_traps(void **state)
{
    struct world *world = *state;
    pe_watchdog_start(world->pe, 80);
    ends(state, DRILL_SPIN_CR8, 0, 0x133, " at drill+0x");
}

/* Busy driver code that calls nothing, but always comes back, is no offence. */
static void test_watchdog_forgives(void **state)
{
    struct world *world = *state;
    struct drill_argument argument = {.value = 1000000};
    pe_watchdog_start(world->pe, 40);
    const clock_t start = clock();
    while (clock() - start < CLOCKS_PER_SEC / 4)
        assert_true(world_run(world, DRILL_COUNT, &argument, NULL));
}

/* A spin loop with pause in it is not the watchdog's: it is a loop of traps. */
ENDS(pause_for_ever, DRILL_PAUSE, 0, 0x133, "spins at drill+0x")

/* ---- stack ---- */

static void test_stack_by_painting(void **state)
{
    struct world *world = *state;
    const char *role;
    assert_true(world_run(world, DRILL_ANSWER, NULL, NULL));
    assert_int_equal(world->breaches, 0);
    assert_true(pe_stack_peak(world->pe, &role) < 2048);
    assert_true(world_run(world, DRILL_BIG_FRAME, NULL, NULL));
    assert_int_equal(world->breaches, 1);
    assert_string_equal(world->breach_rule, "STACK");
    assert_in_range(world->breach_bytes, 14 * 1024, 15 * 1024);
    assert_true(world_run(world, DRILL_BIG_FRAME, NULL, NULL));
    assert_int_equal(world->breaches, 1); /* told once */
    assert_true(world_run(world, DRILL_HUGE_FRAME, NULL, NULL));
    assert_int_equal(world->breaches, 2);
    assert_in_range(world->breach_bytes, 26 * 1024, 27 * 1024);
    assert_in_range(pe_stack_peak(world->pe, &role), 26 * 1024, 27 * 1024);
    assert_string_equal(role, "DriverEntry");
}

static void test_stack_at_exports(void **state)
{
    struct world *world = *state;
    assert_true(world_run(world, DRILL_BIG_FRAME_CALLING, NULL, NULL));
    assert_int_equal(world->breaches, 1);
    assert_in_range(world->breach_bytes, 14 * 1024, 15 * 1024);
}

#define RUN(name) cmocka_unit_test_setup_teardown(test_##name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(answers),
        RUN(cookie_is_seeded),
        RUN(kernel_instructions),
        RUN(kuser_page),
        RUN(pause_lets_others_run),
        RUN(catches),
        RUN(exports_raise),
        RUN(unwinding),
        RUN(walks_its_own_stack),
        RUN(read_null),
        RUN(write_null),
        RUN(call_null),
        RUN(call_garbage),
        RUN(raise_unhandled),
        RUN(recursion),
        RUN(fast_fail),
        RUN(overrun),
        RUN(bad_pointer),
        RUN(write_const),
        RUN(breakpoint),
        RUN(assertion),
        RUN(kernel_address),
        RUN(read_at_dispatch_level),
        RUN(guarded_memory_is_explained),
        RUN(discarded_code),
        RUN(unloaded_code),
        RUN(unmodelled_call),
        RUN(unmodelled_data),
        RUN(unmodelled_module),
        RUN(unmodelled_instruction),
        RUN(watchdog),
        RUN(watchdog_in_a_loop_of_traps),
        RUN(watchdog_forgives),
        RUN(pause_for_ever),
        cmocka_unit_test(test_lab_defects_kill),
        RUN(backtraces),
        RUN(backtrace_of_an_export),
        RUN(stack_by_painting),
        RUN(stack_at_exports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
