/* SPDX-License-Identifier: MIT */
/* Histories: rings of events, and what an explained machine notes of blocks and NBLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "check/history.h"
#include "explore/machine.h"
#include "sim/breach.h"

#define TAG NT_TAG('T', 'e', 's', 't')

static void add(struct check_history *history, enum check_object kind, uint64_t key, uint64_t time)
{
    struct check_event event = {.time = time};
    snprintf(event.what, sizeof(event.what), "event %u", (unsigned)time);
    check_history_add(history, kind, key, &event);
}

static void test_events_in_order(void **state)
{
    struct check_history *history = check_history_create();
    struct check_event events[CHECK_HISTORY];

    assert_int_equal(check_history_of(history, CHECK_OBJECT_NBL, 7, events, CHECK_HISTORY), 0);
    for (uint64_t i = 1; i <= 5; i++)
        add(history, CHECK_OBJECT_NBL, 7, i);
    add(history, CHECK_OBJECT_POOL, 7, 99);
    add(history, CHECK_OBJECT_NBL, 8, 98);
    assert_int_equal(check_history_of(history, CHECK_OBJECT_NBL, 7, events, CHECK_HISTORY), 5);
    for (uint64_t i = 0; i < 5; i++)
        assert_int_equal(events[i].time, i + 1);
    assert_int_equal(check_history_of(history, CHECK_OBJECT_NBL, 7, events, 2), 2);
    assert_int_equal(events[0].time, 4);
    assert_string_equal(events[1].what, "event 5");
    check_history_destroy(history);
}

static void test_the_oldest_go(void **state)
{
    struct check_history *history = check_history_create();
    struct check_event events[CHECK_HISTORY];

    for (uint64_t i = 1; i <= 3 * CHECK_HISTORY + 5; i++)
        add(history, CHECK_OBJECT_FLOW, 1, i);
    assert_int_equal(check_history_of(history, CHECK_OBJECT_FLOW, 1, events, CHECK_HISTORY),
                     CHECK_HISTORY);
    assert_int_equal(events[0].time, 2 * CHECK_HISTORY + 6);
    assert_int_equal(events[CHECK_HISTORY - 1].time, 3 * CHECK_HISTORY + 5);
    check_history_forget(history, CHECK_OBJECT_FLOW, 1);
    assert_int_equal(check_history_of(history, CHECK_OBJECT_FLOW, 1, events, CHECK_HISTORY), 0);
    check_history_destroy(history);
}

static void test_many_objects(void **state)
{
    struct check_history *history = check_history_create();
    struct check_event event;

    for (uint64_t key = 1; key <= 20000; key++)
        add(history, CHECK_OBJECT_POOL, key * 64, key);
    for (uint64_t key = 1; key <= 20000; key++) {
        assert_int_equal(check_history_of(history, CHECK_OBJECT_POOL, key * 64, &event, 1), 1);
        assert_int_equal(event.time, key);
    }
    check_history_destroy(history);
}

static void explained(struct machine *machine, bool explain)
{
    struct machine_config config;

    machine_config_default(&config, netio_profile_find("10"));
    config.explain = explain;
    assert_true(machine_create(machine, &config));
}

static const struct check_finding *breached(struct machine *machine, const char *rule,
                                            uint64_t object)
{
    sim_breach(machine->sim, &(struct sim_breach){
                                 .rule = rule, .function = "Test", .tag = TAG, .object = object});
    const struct check_findings *findings = check_findings(machine->check);
    assert_int_equal(findings->count, 1);
    return findings->list[0];
}

static void test_a_block_tells_its_life(void **state)
{
    struct machine machine;

    explained(&machine, true);
    void *block = nt_pool_allocate_for(machine.nt, NT_POOL_NONPAGED, 40, TAG, "Test", NULL);
    assert_non_null(block);
    nt_pool_free(machine.nt, block, TAG);
    const struct check_finding *finding = breached(&machine, "R65", (uintptr_t)block);
    assert_int_equal(finding->history_count, 2);
    assert_string_equal(finding->history[0].what, "allocated, 40 bytes, tag Test");
    assert_string_equal(finding->history[1].what, "freed");
    machine_destroy(&machine);
}

static void test_an_nbl_tells_its_life(void **state)
{
    struct machine machine;
    uint8_t *data;

    explained(&machine, true);
    NET_BUFFER_LIST *nbl =
        ndis_nbl_create(machine.ndis, NDIS_NBL_NBUF, TAG, 100, NULL, NULL, &data);
    assert_non_null(nbl);
    const uint64_t number = ndis_nbl_header(nbl)->number;
    ndis_nbl_reference(nbl);
    ndis_nbl_dereference(nbl);
    ndis_nbl_dereference(nbl);
    const struct check_finding *finding = breached(&machine, "R21", number);
    assert_int_equal(finding->history_count, 5);
    assert_string_equal(finding->history[0].what, "copied by NETIO (Nbuf)");
    assert_string_equal(finding->history[1].what, "referenced");
    assert_string_equal(finding->history[1].detail, "2 left");
    assert_string_equal(finding->history[3].detail, "0 left");
    assert_string_equal(finding->history[4].what, "freed");
    machine_destroy(&machine);
}

static void test_nothing_is_kept_otherwise(void **state)
{
    struct machine machine;

    explained(&machine, false);
    void *block = nt_pool_allocate_for(machine.nt, NT_POOL_NONPAGED, 40, TAG, "Test", NULL);
    nt_pool_free(machine.nt, block, TAG);
    assert_int_equal(breached(&machine, "R65", (uintptr_t)block)->history_count, 0);
    machine_destroy(&machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_in_order),
        cmocka_unit_test(test_the_oldest_go),
        cmocka_unit_test(test_many_objects),
        cmocka_unit_test(test_a_block_tells_its_life),
        cmocka_unit_test(test_an_nbl_tells_its_life),
        cmocka_unit_test(test_nothing_is_kept_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
