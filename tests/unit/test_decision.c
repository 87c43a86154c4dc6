/* SPDX-License-Identifier: MIT */
/* sim: choices recorded and replayed, priorities (PCT). */
#include "sim/decision.h"
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TASKS 4
#define TURNS 6

struct world {
    struct sim *sim;
    struct sim *previous;
    char log[TASKS * TURNS + 1];
    size_t length;
};

struct task {
    struct world *world;
    char mark;
};

static void open_world(struct world *world, uint64_t seed, uint32_t preempt)
{
    memset(world, 0, sizeof(*world));
    world->sim = sim_create(&(struct sim_config){.seed = seed, .preempt_per_million = preempt});
    assert_non_null(world->sim);
    world->previous = sim_enter(world->sim);
}

static void close_world(struct world *world)
{
    sim_leave(world->previous);
    sim_destroy(world->sim);
}

static void work(void *context)
{
    struct task *task = context;
    struct world *world = task->world;

    for (int i = 0; i < TURNS; i++) {
        world->log[world->length++] = task->mark;
        sim_choose(world->sim, SIM_CHOICE_SHAPE, 10);
        sim_point(world->sim);
    }
}

static void run_tasks(struct world *world)
{
    struct task tasks[TASKS];

    for (int i = 0; i < TASKS; i++) {
        tasks[i] = (struct task){world, (char)('a' + i)};
        assert_non_null(sim_task_create(
            world->sim,
            &(struct sim_task_config){
                .name = "task", .processor = -1, .function = work, .context = &tasks[i]}));
    }
    assert_true(sim_run(world->sim));
    assert_int_equal(world->length, TASKS * TURNS);
}

static void assert_same(const struct sim_decisions *a, const struct sim_decisions *b, size_t count)
{
    assert_true(a->count >= count && b->count >= count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(a->list[i].kind, b->list[i].kind);
        assert_int_equal(a->list[i].n, b->list[i].n);
        assert_int_equal(a->list[i].chosen, b->list[i].chosen);
    }
}

/* A world of another seed does the same when it is given the choices of the first. */
static void test_replay(void **state)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim_decisions made = {0}, again = {0};
        struct world first, second;

        open_world(&first, seed, 300000);
        if (seed % 2 == 0)
            sim_schedule(first.sim, SIM_SCHEDULE_PCT, 3, 20);
        sim_record(first.sim, &made);
        run_tasks(&first);
        assert_true(made.count > TASKS * TURNS);

        open_world(&second, seed + 100, 300000);
        sim_replay(second.sim, made.list, made.count);
        sim_record(second.sim, &again);
        run_tasks(&second);
        assert_string_equal(first.log, second.log);
        assert_true(first.sim->trace.hash == second.sim->trace.hash);
        assert_int_equal(made.count, again.count);
        assert_same(&made, &again, made.count);
        close_world(&second);
        close_world(&first);
        sim_decisions_clear(&made);
        sim_decisions_clear(&again);
    }
}

/* One choice changed: everything before it is as it was. */
static void test_replay_changed(void **state)
{
    struct sim_decisions made = {0}, again = {0};
    struct world world;
    size_t at = 0;

    open_world(&world, 5, 300000);
    sim_record(world.sim, &made);
    run_tasks(&world);
    close_world(&world);
    while (made.list[at].kind != SIM_CHOICE_PREEMPT || at < 10)
        at++;
    made.list[at].chosen = !made.list[at].chosen;

    open_world(&world, 5, 300000);
    sim_replay(world.sim, made.list, at + 1);
    sim_record(world.sim, &again);
    run_tasks(&world);
    close_world(&world);
    assert_same(&made, &again, at + 1);
    for (size_t i = at + 1; i < again.count; i++)
        assert_int_equal(again.list[i].chosen, 0); /* behind the list: the first possibility */
    sim_decisions_clear(&made);
    sim_decisions_clear(&again);
}

/* Of no choices at all each is the first; beyond n a recorded one is taken modulo n. */
static void test_replay_edges(void **state)
{
    const struct sim_decision wide[] = {{.chosen = 7}, {.chosen = UINT32_MAX}};
    struct world world;

    open_world(&world, 1, 0);
    sim_replay(world.sim, wide, 2);
    assert_int_equal(sim_choose(world.sim, SIM_CHOICE_SHAPE, 5), 2);
    assert_int_equal(sim_choose(world.sim, SIM_CHOICE_SHAPE, 2), 1);
    assert_int_equal(sim_choose(world.sim, SIM_CHOICE_SHAPE, 100), 0);
    sim_replay(world.sim, wide, 0);
    assert_int_equal(sim_choose(world.sim, SIM_CHOICE_SHAPE, 100), 0);
    sim_replay(world.sim, NULL, 0);
    bool other = false;
    for (int i = 0; i < 50; i++)
        other |= sim_choose(world.sim, SIM_CHOICE_SHAPE, 100) != 0;
    assert_true(other); /* by the seed again */
    close_world(&world);
}

/* Without a point of change each task runs to its end: priorities never change. */
static void test_pct_no_changes(void **state)
{
    bool seen[TASKS] = {false};

    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct world world;
        open_world(&world, seed, 0);
        sim_schedule(world.sim, SIM_SCHEDULE_PCT, 0, 1);
        run_tasks(&world);
        for (int i = 1; i < TASKS * TURNS; i++)
            if (i % TURNS != 0)
                assert_int_equal(world.log[i], world.log[i - 1]);
        seen[world.log[0] - 'a'] = true;
        close_world(&world);
    }
    for (int i = 0; i < TASKS; i++)
        assert_true(seen[i]); /* each is the highest in some world */
}

/* With d points of change at most d tasks are interrupted. */
static void test_pct_changes(void **state)
{
    unsigned most = 0;

    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct world world;
        unsigned cuts = 0;
        open_world(&world, seed, 0);
        sim_schedule(world.sim, SIM_SCHEDULE_PCT, 2, TASKS * TURNS);
        run_tasks(&world);
        for (int i = 1; i < TASKS * TURNS; i++)
            cuts += world.log[i] != world.log[i - 1];
        assert_true(cuts >= TASKS - 1 && cuts <= TASKS - 1 + 2);
        most = cuts > most ? cuts : most;
        close_world(&world);
    }
    assert_int_equal(most, TASKS - 1 + 2);
}

static void wait_for_lock(void *context)
{
    struct task *task = context;

    while (task->world->length == 0) {
        if (!sim_task_spin(task->world->sim)) {
            task->mark = 'x'; /* taken for a deadlock */
            return;
        }
    }
}

static void let_go(void *context)
{
    struct task *task = context;

    for (int i = 0; i < 500; i++)
        sim_point(task->world->sim);
    task->world->log[task->world->length++] = 'r';
}

/* Who spins falls below whom it waits for: no false deadlock, whatever the priorities. */
static void test_pct_spin(void **state)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct world world;
        open_world(&world, seed, 0);
        sim_schedule(world.sim, SIM_SCHEDULE_PCT, 3, 100);
        struct task tasks[3] = {{&world, 'a'}, {&world, 'b'}, {&world, 'c'}};
        for (int i = 0; i < 3; i++)
            assert_non_null(sim_task_create(
                world.sim, &(struct sim_task_config){.name = "task",
                                                     .processor = -1,
                                                     .function = i < 2 ? wait_for_lock : let_go,
                                                     .context = &tasks[i]}));
        assert_true(sim_run(world.sim));
        assert_int_equal(tasks[0].mark, 'a');
        assert_int_equal(tasks[1].mark, 'b');
        close_world(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay),       cmocka_unit_test(test_replay_changed),
        cmocka_unit_test(test_replay_edges), cmocka_unit_test(test_pct_no_changes),
        cmocka_unit_test(test_pct_changes),  cmocka_unit_test(test_pct_spin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
