/* SPDX-License-Identifier: MIT */
/* What went wrong after calls had failed is one finding of R70. */
#include "check/fault_blame.h"

#include "check/cause.h"
#include "sim/fault.h"
#include "sim/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static unsigned fail_clone(void *context, const char *call, unsigned ways)
{
    return strcmp(call, "FwpsCloneStreamData0") == 0;
}

struct world {
    struct sim *sim;
    struct sim *previous;
    struct pe *pe;
    struct check_findings findings, known;
};

static void set_up(struct world *world, bool fails)
{
    memset(world, 0, sizeof(*world));
    world->sim = sim_create(&(struct sim_config){.seed = 1});
    assert_non_null(world->sim);
    world->previous = sim_enter(world->sim);
    world->pe = pe_create(world->sim);
    assert_non_null(world->pe);
    if (!fails)
        return;
    struct sim_frame driver;
    sim_fault_judge(world->sim, &(struct sim_fault_judge){.decide = fail_clone});
    sim_frame_push(&driver, "driver", "classifyFn", &driver);
    assert_int_equal(sim_fault_way(world->sim, "ExAllocatePoolWithTag", 1), 0);
    assert_int_equal(sim_fault_way(world->sim, "FwpsCloneStreamData0", 1), 1);
    sim_frame_pop(&driver);
}

static void tear_down(struct world *world)
{
    check_findings_clear(&world->findings);
    check_findings_clear(&world->known);
    pe_destroy(world->pe);
    sim_leave(world->previous);
    sim_destroy(world->sim);
}

static struct check_finding *add(struct check_findings *findings, const char *rule, uint32_t tag)
{
    bool is_new;
    struct check_finding *finding =
        check_findings_get(findings, check_rule_find(rule), "place", tag, &is_new);

    assert_non_null(finding);
    finding->count = 1;
    return finding;
}

static const struct check_finding *find(const struct check_findings *findings, const char *rule)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->list[i]->rule->id, rule) == 0)
            return findings->list[i];
    }
    return NULL;
}

static void outcomes_are_blamed(void **state)
{
    struct world world;

    set_up(&world, true);
    struct check_finding *left = add(&world.findings, "R66", 7);
    const struct check_finding *rule = add(&world.findings, "R61", 0);
    check_blame_faults(&world.findings, NULL, world.sim, world.pe);
    const struct check_finding *blame = find(&world.findings, "R70");
    assert_non_null(blame);
    assert_string_equal(blame->function, "FwpsCloneStreamData0");
    static const char expected[] =
        "after FwpsCloneStreamData0 failed with STATUS_INSUFFICIENT_RESOURCES (at ";
    assert_memory_equal(blame->detail, expected, sizeof(expected) - 1);
    assert_int_equal(blame->severity, CHECK_ERROR);
    assert_int_equal(blame->consequences, 1);
    assert_true(left->folded);
    assert_false(rule->folded); /* a rule that is broken with or without failures */
    tear_down(&world);
}

static void nothing_failed(void **state)
{
    struct world world;

    set_up(&world, false);
    add(&world.findings, "R66", 7);
    check_blame_faults(&world.findings, NULL, world.sim, world.pe);
    assert_null(find(&world.findings, "R70"));
    tear_down(&world);
}

static void known_or_explained(void **state)
{
    struct world world;

    set_up(&world, true);
    add(&world.known, "R66", 7);
    const struct check_finding *same = add(&world.findings, "R66", 7);
    add(&world.findings, "R46", 8);
    const struct check_finding *explained = add(&world.findings, "R66", 8);
    check_fold(&world.findings);
    check_blame_faults(&world.findings, &world.known, world.sim, world.pe);
    assert_null(find(&world.findings, "R70"));
    assert_false(same->folded);
    assert_true(explained->folded);
    tear_down(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_are_blamed),
        cmocka_unit_test(nothing_failed),
        cmocka_unit_test(known_or_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
