/* SPDX-License-Identifier: MIT */
/* sim: tasks, processors, spinning, timers, arena, faults, breaches, stopping. */
#include "sim/breach.h"
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct sim *sim;
    struct sim *previous;
    char log[256];
    size_t length;
    int held; /* a lock of the tests' own */
    struct sim_task *waiter;
    bool result;
    unsigned processor[2];
};

static void note(struct world *world, char mark)
{
    assert_true(world->length + 1 < sizeof(world->log));
    world->log[world->length++] = mark;
    world->log[world->length] = '\0';
}

static int setup_with(void **state, unsigned processors, uint64_t seed)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->sim = sim_create(&(struct sim_config){.seed = seed, .processors = processors});
    assert_non_null(world->sim);
    world->previous = sim_enter(world->sim);
    *state = world;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, 2, 1);
}

static int setup_one(void **state)
{
    return setup_with(state, 1, 1);
}

static int teardown(void **state)
{
    struct world *world = *state;

    assert_int_equal(sim_timer_next(world->sim), UINT64_MAX);
    assert_int_equal(sim_task_irql(world->sim), SIM_PASSIVE_LEVEL);
    assert_null(*sim_frame_list());
    sim_leave(world->previous);
    sim_destroy(world->sim);
    assert_null(sim_current);
    free(world);
    return 0;
}

static struct sim_task *start(struct world *world, sim_task_function function, uint8_t irql,
                              int processor)
{
    struct sim_task *task = sim_task_create(
        world->sim, &(struct sim_task_config){"test", irql, processor, 0, function, world});

    assert_non_null(task);
    return task;
}

/* ---- waiting and waking ---- */

static void wait_for_ever(void *context)
{
    struct world *world = context;

    note(world, 'a');
    world->result = sim_task_block(world->sim, SIM_NO_DEADLINE);
    note(world, 'c');
}

static void wake_waiter(void *context)
{
    struct world *world = context;

    note(world, 'b');
    sim_task_wake(world->sim, world->waiter);
}

static void test_block_and_wake(void **state)
{
    struct world *world = *state;

    world->waiter = start(world, wait_for_ever, 0, -1);
    assert_true(sim_run(world->sim));
    assert_string_equal(world->log, "a");
    assert_int_equal(world->waiter->state, SIM_TASK_BLOCKED);
    start(world, wake_waiter, 0, -1);
    assert_true(sim_run(world->sim));
    assert_string_equal(world->log, "abc");
    assert_true(world->result);
}

static void wait_a_second(void *context)
{
    struct world *world = context;

    world->result = sim_task_block(world->sim, world->sim->now + SIM_SECOND);
    note(world, 'd');
}

static void test_deadline(void **state)
{
    struct world *world = *state;

    world->result = true;
    start(world, wait_a_second, 0, -1);
    assert_true(sim_run(world->sim));
    assert_string_equal(world->log, "");
    assert_true(sim_run_until(world->sim, SIM_SECOND - 1));
    assert_string_equal(world->log, "");
    assert_true(sim_run_idle(world->sim, UINT64_MAX));
    assert_string_equal(world->log, "d");
    assert_false(world->result);
    assert_int_equal(world->sim->now, SIM_SECOND);
}

static void test_wake_before_deadline(void **state)
{
    struct world *world = *state;

    world->waiter = start(world, wait_a_second, 0, -1);
    assert_true(sim_run(world->sim));
    sim_task_wake(world->sim, world->waiter);
    assert_true(sim_run(world->sim));
    assert_true(world->result);
    assert_int_equal(sim_timer_next(world->sim), UINT64_MAX);
}

static void wake_host(void *context)
{
    struct world *world = context;

    sim_task_block(world->sim, world->sim->now + 5);
    sim_task_wake(world->sim, world->waiter);
}

static void test_host_blocks(void **state)
{
    struct world *world = *state;

    world->waiter = sim_task_self(world->sim);
    start(world, wake_host, 0, -1);
    assert_true(sim_task_block(world->sim, SIM_NO_DEADLINE));
    assert_int_equal(world->sim->now, 5);
    assert_false(sim_task_block(world->sim, 100));
    assert_int_equal(world->sim->now, 100);
    assert_false(sim_task_block(world->sim, SIM_NO_DEADLINE));
}

/* ---- processors and IRQL ---- */

static void raise_and_spin(void *context)
{
    struct world *world = context;

    sim_task_set_irql(world->sim, SIM_DISPATCH_LEVEL);
    world->processor[0] = sim_task_processor(world->sim);
    note(world, '(');
    world->result = sim_task_spin(world->sim);
    note(world, ')');
    sim_task_set_irql(world->sim, SIM_PASSIVE_LEVEL);
}

static void run_once(void *context)
{
    struct world *world = context;

    world->processor[1] = sim_task_processor(world->sim);
    note(world, 'x');
}

static void test_dispatch_keeps_processor(void **state)
{
    struct world *world = *state;

    start(world, raise_and_spin, 0, 0);
    start(world, run_once, SIM_DISPATCH_LEVEL, 0);
    assert_true(sim_run(world->sim));
    /* Whoever was first: the other one did not run between the brackets. */
    assert_null(strstr(world->log, "(x)"));
    assert_int_equal(world->length, 3);
}

static void test_other_processor_runs(void **state)
{
    struct world *world = *state;

    start(world, raise_and_spin, 0, 0);
    start(world, run_once, SIM_DISPATCH_LEVEL, 1);
    assert_true(sim_run(world->sim));
    assert_int_equal(world->processor[0], 0);
    assert_int_equal(world->processor[1], 1);
    assert_int_equal(world->length, 3);
}

static void test_spin_alone_is_deadlock(void **state)
{
    struct world *world = *state;

    world->result = true;
    start(world, raise_and_spin, 0, 0);
    assert_true(sim_run(world->sim));
    assert_string_equal(world->log, "()");
    assert_false(world->result);
}

static void lock_spin(void *context)
{
    struct world *world = context;

    sim_task_set_irql(world->sim, SIM_DISPATCH_LEVEL);
    while (world->held != 0)
        if (!sim_task_spin(world->sim)) {
            note(world, 'D');
            break;
        }
    sim_task_set_irql(world->sim, SIM_PASSIVE_LEVEL);
}

static void test_two_spinners_are_deadlock(void **state)
{
    struct world *world = *state;

    world->held = 1;
    start(world, lock_spin, 0, 0);
    start(world, lock_spin, 0, 1);
    assert_true(sim_run(world->sim));
    assert_string_equal(world->log, "DD");
}

static void hold_for_a_while(void *context)
{
    struct world *world = context;

    sim_task_set_irql(world->sim, SIM_DISPATCH_LEVEL);
    world->held = 1;
    for (int i = 0; i < 1000; i++)
        sim_task_yield(world->sim);
    world->held = 0;
    note(world, 'h');
    sim_task_set_irql(world->sim, SIM_PASSIVE_LEVEL);
}

static void test_spinner_gets_lock(void **state)
{
    struct world *world = *state;

    start(world, hold_for_a_while, 0, 0);
    start(world, lock_spin, 0, 1);
    assert_true(sim_run(world->sim));
    assert_string_equal(world->log, "h");
}

static void test_host_spins(void **state)
{
    struct world *world = *state;

    start(world, hold_for_a_while, 0, 1);
    sim_task_set_irql(world->sim, SIM_DISPATCH_LEVEL);
    assert_true(sim_task_spin(world->sim));
    assert_int_equal(world->held, 1);
    while (world->held != 0)
        assert_true(sim_task_spin(world->sim));
    sim_task_set_irql(world->sim, SIM_PASSIVE_LEVEL);
    assert_true(sim_run(world->sim));
}

static void queue_urgent(void *context)
{
    struct world *world = context;

    sim_task_set_irql(world->sim, SIM_DISPATCH_LEVEL);
    start(world, run_once, SIM_DISPATCH_LEVEL, (int)sim_task_processor(world->sim));
    note(world, '1');
    sim_task_set_irql(world->sim, SIM_PASSIVE_LEVEL);
    note(world, '2');
}

static void test_lowering_lets_dpc_run(void **state)
{
    struct world *world = *state;

    start(world, queue_urgent, 0, 0);
    assert_true(sim_run(world->sim));
    assert_string_equal(world->log, "1x2");
}

/* ---- timers ---- */

struct mark {
    struct sim_timer timer;
    struct world *world;
    char mark;
};

static void fire_mark(void *context)
{
    struct mark *mark = context;

    assert_null(mark->world->sim->task);
    note(mark->world, mark->mark);
}

static void test_timers_in_order(void **state)
{
    struct world *world = *state;
    static const uint64_t due[] = {50, 20, 50, 10, 20, 70, 60};
    struct mark marks[7] = {0};

    for (unsigned i = 0; i < 7; i++) {
        marks[i] = (struct mark){{.fire = fire_mark, .context = &marks[i]}, world, (char)('a' + i)};
        sim_timer_set(world->sim, &marks[i].timer, due[i]);
    }
    assert_true(sim_timer_cancel(world->sim, &marks[5].timer));
    assert_false(sim_timer_cancel(world->sim, &marks[5].timer));
    sim_timer_set(world->sim, &marks[0].timer, 55); /* moved behind c */
    assert_true(sim_run_until(world->sim, 54));
    assert_string_equal(world->log, "dbec");
    assert_int_equal(world->sim->now, 54);
    assert_true(sim_run_idle(world->sim, UINT64_MAX));
    assert_string_equal(world->log, "dbecag");
    assert_int_equal(world->sim->now, 60);
}

static void test_many_timers(void **state)
{
    struct world *world = *state;
    enum { COUNT = 1000 };
    static struct mark marks[COUNT];
    struct sim_random random;
    uint64_t before = 0;

    sim_random_seed(&random, 7);
    for (unsigned i = 0; i < COUNT; i++) {
        marks[i] =
            (struct mark){.timer = {.fire = fire_mark, .context = &marks[i]}, .world = world};
        sim_timer_set(world->sim, &marks[i].timer, sim_random_below(&random, 500));
    }
    for (unsigned i = 0; i < COUNT; i += 3)
        assert_true(sim_timer_cancel(world->sim, &marks[i].timer));
    for (unsigned left = COUNT - (COUNT + 2) / 3; left > 0; left--) {
        const uint64_t next = sim_timer_next(world->sim);

        assert_in_range(next, before, 499);
        before = next;
        for (unsigned i = 0; i < COUNT; i++)
            if (marks[i].timer.heap_index == 1) {
                assert_true(sim_timer_cancel(world->sim, &marks[i].timer));
                break;
            }
    }
}

/* ---- memory, faults, breaches, frames ---- */

static void test_arena(void **state)
{
    struct world *world = *state;
    uint8_t *first = sim_arena_take(world->sim, 1);
    uint8_t *second = sim_arena_take(world->sim, 200u << 20);
    struct sim *other = sim_create(&(struct sim_config){.arena_bytes = 1 << 20});

    assert_non_null(other);
    assert_ptr_equal((void *)first, (void *)0x200000000000);
    assert_ptr_equal(second, first + 4096);
    second[(200u << 20) - 1] = 1;
    assert_int_equal(first[0], 0);
    assert_ptr_equal(sim_arena_take(other, 4096), (void *)0x210000000000);
    assert_null(sim_arena_take(other, SIZE_MAX));
    assert_null(sim_arena_take(other, (size_t)65 << 20));
    sim_destroy(other);
}

static void test_faults(void **state)
{
    struct world *world = *state;

    assert_false(sim_fault(world->sim, "pool"));
    sim_fault_plan(world->sim, "pool", 2, false);
    assert_false(sim_fault(world->sim, "pool"));
    assert_false(sim_fault(world->sim, "nbl"));
    assert_true(sim_fault(world->sim, "pool"));
    assert_false(sim_fault(world->sim, "pool"));
    assert_int_equal(sim_fault_seen(world->sim), 3);
    sim_fault_plan(world->sim, NULL, 1, true);
    assert_true(sim_fault(world->sim, "nbl"));
    assert_true(sim_fault(world->sim, "pool"));
    sim_fault_plan(world->sim, NULL, 0, false);
    assert_false(sim_fault(world->sim, "pool"));
}

static void keep_breach(void *context, const struct sim_breach *breach)
{
    struct world *world = context;

    snprintf(world->log, sizeof(world->log), "%s %s %s", breach->rule, breach->function,
             breach->detail);
}

static void test_breach(void **state)
{
    struct world *world = *state;

    sim_breach_text(world->sim, "R61", "KeFoo", "%d", 1);
    world->sim->observer = (struct sim_observer){world, keep_breach};
    sim_breach_text(world->sim, "R61", "KeFoo", "IRQL %d", 2);
    assert_string_equal(world->log, "R61 KeFoo IRQL 2");
}

static void inner_frame(void)
{
    SIM_FRAME("b", "inner");
    assert_string_equal((*sim_frame_list())->function, "inner");
    assert_string_equal((*sim_frame_list())->up->function, "outer");
}

static void frames_of_task(void *context)
{
    struct world *world = context;
    SIM_FRAME("a", "outer");

    sim_task_yield(world->sim);
    inner_frame();
    assert_null((*sim_frame_list())->up);
}

static void test_frames(void **state)
{
    struct world *world = *state;

    start(world, frames_of_task, 0, -1);
    start(world, frames_of_task, 0, -1);
    assert_true(sim_run(world->sim));
    {
        SIM_FRAME("a", "outer");
        inner_frame();
    }
}

/* ---- stopping ---- */

static void stop_in_task(void *context)
{
    struct world *world = context;
    SIM_FRAME("nt", "KeBugCheckEx");

    note(world, 's');
    sim_stop(world->sim);
}

static void test_stop_in_task(void **state)
{
    struct world *world = *state;

    start(world, stop_in_task, SIM_DISPATCH_LEVEL, 0);
    assert_false(sim_run(world->sim));
    start(world, run_once, 0, -1);
    assert_false(sim_run_until(world->sim, SIM_SECOND));
    assert_string_equal(world->log, "s");
}

static void stop_in_host(void *context)
{
    struct world *world = context;
    SIM_FRAME("nt", "KeBugCheckEx");

    sim_task_set_irql(world->sim, SIM_DISPATCH_LEVEL);
    sim_stop(world->sim);
}

static void test_stop_in_host(void **state)
{
    struct world *world = *state;

    assert_true(sim_guard(world->sim, run_once, world));
    assert_false(sim_guard(world->sim, stop_in_host, world));
    assert_false(sim_guard(world->sim, run_once, world));
    assert_string_equal(world->log, "x");
}

static void spin_in_host(void *context)
{
    struct world *world = context;

    while (sim_task_spin(world->sim))
        ;
}

static void test_stop_while_host_spins(void **state)
{
    struct world *world = *state;

    start(world, stop_in_task, 0, -1);
    assert_false(sim_guard(world->sim, spin_in_host, world));
}

/* ---- stacks, worlds ---- */

static void count_down(void *context)
{
    volatile char stack[64 << 10];

    memset((char *)stack, 1, sizeof(stack));
    (*(int *)context)--;
}

static void test_stacks_are_used_again(void **state)
{
    struct world *world = *state;
    int left = 20000;
    uint8_t *before = sim_arena_take(world->sim, 1);

    for (int i = left; i > 0; i -= 4) {
        for (int j = 0; j < 4; j++)
            assert_non_null(sim_task_create(
                world->sim, &(struct sim_task_config){"t", 0, -1, 0, count_down, &left}));
        assert_true(sim_run(world->sim));
    }
    assert_int_equal(left, 0);
    uint8_t *after = sim_arena_take(world->sim, 1);
    assert_true((size_t)(after - before) < (2u << 20));
}

static void test_two_worlds(void **state)
{
    struct world *world = *state;
    struct world other = {.sim = sim_create(&(struct sim_config){.seed = 2})};

    assert_non_null(other.sim);
    other.waiter = start(&other, wait_for_ever, 0, -1);
    assert_true(sim_run(other.sim));
    assert_ptr_equal(sim_current, world->sim);
    start(world, run_once, 0, -1);
    assert_true(sim_run(world->sim));
    sim_task_wake(other.sim, other.waiter);
    assert_true(sim_run(other.sim));
    assert_string_equal(other.log, "ac");
    assert_string_equal(world->log, "x");
    sim_destroy(other.sim);
}

/* ---- the same seed gives the same hash, at -O0 and at -O2 ---- */

static void hash_of(char *out, size_t size, const char *program, unsigned seed)
{
    char command[512];
    FILE *pipe;

    snprintf(command, sizeof(command), "%s/%s %u", SIM_TRACE_DIRECTORY, program, seed);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(out, (int)size, pipe));
    assert_int_equal(pclose(pipe), 0);
}

static void test_determinism(void **state)
{
    char first[64], again[64], optimized[64], another[64];

    for (unsigned seed = 1; seed <= 5; seed++) {
        hash_of(first, sizeof(first), "sim_trace_O0", seed);
        hash_of(again, sizeof(again), "sim_trace_O0", seed);
        hash_of(optimized, sizeof(optimized), "sim_trace_O2", seed);
        hash_of(another, sizeof(another), "sim_trace_O2", seed + 5);
        assert_string_equal(first, again);
        assert_string_equal(first, optimized);
        assert_string_not_equal(first, another);
    }
}

#define TEST(name)     cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_ONE(name) cmocka_unit_test_setup_teardown(name, setup_one, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_block_and_wake),
        TEST(test_deadline),
        TEST(test_wake_before_deadline),
        TEST(test_host_blocks),
        TEST(test_dispatch_keeps_processor),
        TEST(test_other_processor_runs),
        TEST_ONE(test_spin_alone_is_deadlock),
        TEST(test_two_spinners_are_deadlock),
        TEST(test_spinner_gets_lock),
        TEST(test_host_spins),
        TEST(test_lowering_lets_dpc_run),
        TEST_ONE(test_lowering_lets_dpc_run),
        TEST(test_timers_in_order),
        TEST(test_many_timers),
        TEST(test_arena),
        TEST(test_faults),
        TEST(test_breach),
        TEST(test_frames),
        TEST(test_stop_in_task),
        TEST(test_stop_in_host),
        TEST(test_stop_while_host_spins),
        TEST(test_stacks_are_used_again),
        TEST(test_two_worlds),
        cmocka_unit_test(test_determinism),
    };
    return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
