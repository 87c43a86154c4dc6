/* SPDX-License-Identifier: MIT */
/* Floors without filters: everything is permitted. */

#include "test_traffic_world.h"

#include "ndis/miniport.h"
#include "traffic/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

void traffic_world_create(struct traffic_world *world, const struct tcpip_config *tcpip,
                          uint64_t seed, const struct traffic_sink_config *sink)
{
    const struct netio_profile *profile = netio_profile_find("10");
    struct netio_config netio = {.profile = profile};

    world->sim = sim_create(&(struct sim_config){.seed = seed});
    assert_non_null(world->sim);
    world->previous = sim_enter(world->sim);
    world->pe = pe_create(world->sim);
    assert_non_null(world->pe);
    world->nt =
        nt_create(world->sim, world->pe,
                  &(struct nt_config){.version = profile->ntddi, .major = 10, .checks = true});
    assert_non_null(world->nt);
    world->ndis = ndis_create(world->sim, world->nt);
    assert_non_null(world->ndis);
    netio_switches_default(profile, &netio.switches);
    world->netio = netio_create(world->sim, world->ndis, &netio);
    assert_non_null(world->netio);
    world->tcpip = tcpip_create(world->sim, world->netio, tcpip);
    assert_non_null(world->tcpip);
    world->sink = traffic_sink_create(world->tcpip, sink);
    assert_non_null(world->sink);
}

static void count_nbl(void *context, NET_BUFFER_LIST *nbl, const struct ndis_nbl_header *header)
{
    ++*(unsigned *)context;
}

void traffic_world_check(struct traffic_world *world, const char *what)
{
    struct traffic_sink_totals totals;
    unsigned nbls = 0;

    for (int direction = 0; direction < 2; direction++) {
        struct traffic_ledger ledger;
        traffic_ledger_read(world->netio, world->tcpip, direction, &ledger);
        if (!ledger.closed || ledger.held_engine != 0)
            fail_msg("%s: the %s ledger does not close", what, traffic_direction_text(direction));
    }
    traffic_sink_totals(world->sink, &totals);
    if (totals.missing != 0 || totals.different != 0 || totals.extra != 0 ||
        totals.mismatched != 0 || totals.no_memory)
        fail_msg("%s: %llu bytes missing, %llu different, %llu extra", what,
                 (unsigned long long)totals.missing, (unsigned long long)totals.different,
                 (unsigned long long)totals.extra);
    assert_int_equal(tcpip_open_connections(world->tcpip), 0);
    assert_int_equal(traffic_sink_open(world->sink), 0);
    assert_int_equal(ndis_miniport_outstanding(world->ndis), 0);
    ndis_nbl_each(world->ndis, count_nbl, &nbls);
    assert_int_equal(nbls, 0);
    assert_int_equal(tcpip_totals(world->tcpip)->no_memory, 0);
}

void traffic_world_destroy(struct traffic_world *world)
{
    traffic_sink_destroy(world->sink);
    tcpip_destroy(world->tcpip);
    netio_destroy(world->netio);
    ndis_destroy(world->ndis);
    nt_destroy(world->nt);
    pe_destroy(world->pe);
    sim_leave(world->previous);
    sim_destroy(world->sim);
}
