/* SPDX-License-Identifier: MIT */
/* sluice.sys on a Windows with defects of its own, each at its worst (netio/quirk.h): what the
 * driver does so as not to be hurt by them. */
#include "test_driver_world.h"

#include "netio/quirk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#ifdef SLUICE_DRIVER_7
#define PROFILE "7sp1"
#else
#define PROFILE "11"
#endif

static void start(struct world *w, enum netio_quirk quirk, const char *setting, bool fin_with_data)
{
    struct machine_config config;

    world_prepare(w, &config, PROFILE);
    if (setting != NULL)
        world_set(w, setting);
    assert_true(netio_quirk_belongs(netio_quirk_at(quirk), config.profile));
    netio_quirk_set(&config.switches, netio_quirk_at(quirk));
    config.switches.fin_with_data = fin_with_data;
    config.switches.send_passive = NETIO_ALWAYS;
    world_start(w, &config);
}

static void the_scenario_goes_well(enum netio_quirk quirk)
{
    static const char *const settings[] = {NULL, "Mode=permit", "Mode=monitor",
                                           "ChainGuard=restore", "ScanSlice=64"};

    for (unsigned i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        for (unsigned with_data = 0; with_data < 2; with_data++) {
            struct world w;

            start(&w, quirk, settings[i], with_data);
            w.allowed_warnings = 1000; /* R24, of the guard that was told to restore */
            assert_true(world_scenario(&w));
            world_finish(&w);
        }
    }
}

/* The scenario has RSTs, half-closed connections, and FINs behind held bytes. */
static void a_disconnect_stays_where_it_is(void **state)
{
    struct sluice_statistics s;
    struct world w;

    (void)state;
    the_scenario_goes_well(QUIRK_DISC_NULL);
    for (unsigned with_data = 0; with_data < 2; with_data++) {
        start(&w, QUIRK_DISC_NULL, NULL, with_data);
        struct world_connection *c = world_connect(&w, false, true);
        world_send(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, 0);
        world_receive(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40, 0);
        world_fin(c, NETIO_INBOUND);
        world_fin(c, NETIO_OUTBOUND);
        world_wait(&w, 100);
        assert_false(w.machine.sim->stopped);
        assert_int_equal(c->fins_out[0], 1);
        assert_int_equal(c->fins_out[1], 1);
        world_expect_whole(c);
        world_statistics(&w, &s);
        world_expect_closed_ledger(&s);
        world_finish(&w);
    }
}

/* What is owed to a direction that was released outside classify: its FIN is blocked, and injected
 * behind its last byte. Here this Windows is without the defect. */
static void a_drained_end_is_not_permitted(void **state)
{
    struct machine_config config;
    struct sluice_statistics s;
    struct world w;

    (void)state;
    world_prepare(&w, &config, PROFILE);
    world_set(&w, "HoldDeadlineMs=20");
    world_start(&w, &config);
    struct world_connection *c = world_connect(&w, false, true);
    world_receive(c, "HTTP/1.", 7, 0);
    world_wait(&w, 200);
    world_statistics(&w, &s);
    assert_int_equal(s.injects_outside, 1);
    world_fin(c, NETIO_INBOUND);
    world_wait(&w, 200);
    world_expect_whole(c);
    world_statistics(&w, &s);
    assert_int_equal(s.injects_outside, 2);
    world_finish(&w);
}

#ifdef SLUICE_DRIVER_7
static void the_irql_comes_back(void **state)
{
    (void)state;
    the_scenario_goes_well(QUIRK_IRQL_LEAK);
}

static void the_tail_is_blocked_by_itself(void **state)
{
    (void)state;
    the_scenario_goes_well(QUIRK_BLOCK_TAIL);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disconnect_stays_where_it_is),
        cmocka_unit_test(a_drained_end_is_not_permitted),
#ifdef SLUICE_DRIVER_7
        cmocka_unit_test(the_irql_comes_back),
        cmocka_unit_test(the_tail_is_blocked_by_itself),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
