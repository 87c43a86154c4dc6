/* SPDX-License-Identifier: MIT */
/* sluice.sys while it is being unloaded, and other things that meet at the wrong moment. */
#include "test_driver_world.h"

#include "netio/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef SLUICE_DRIVER_7
#define PROFILE "7sp1"
#else
#define PROFILE "10"
#endif

#define RECEIVE FWPS_STREAM_FLAG_RECEIVE
#define SEND    FWPS_STREAM_FLAG_SEND
#define BYTES   65536
#define FLOWS   4

static const char greeting[] = "220 hello\r\n";

struct peer {
    struct netio_flow *flow;
    uint8_t in[2][BYTES], out[2][BYTES];
    size_t in_length[2], out_length[2];
    bool reset, closed_window;
};

static struct races {
    struct world world;
    struct peer peers[FLOWS];
    unsigned rounds; /* of traffic */
    size_t greeting; /* bytes of it that come at first */
    unsigned opened;
} races;

static void on_deliver(void *connection, enum netio_direction direction,
                       const struct netio_run *run, uint32_t flags, bool injected)
{
    struct peer *peer = connection;
    struct ndis_cursor cursor = run->start;
    size_t left = run->length;

    (void)flags;
    (void)injected;
    while (left > 0) {
        size_t step;
        const uint8_t *at = ndis_cursor_bytes(&cursor, &step);

        step = step < left ? step : left;
        assert_true(peer->out_length[direction] + step <= BYTES);
        memcpy(peer->out[direction] + peer->out_length[direction], at, step);
        peer->out_length[direction] += step;
        left -= step;
        (void)ndis_cursor_advance(&cursor, step);
    }
}

static void on_disconnect(void *connection, enum netio_direction direction, bool injected)
{
    (void)connection;
    (void)direction;
    (void)injected;
}

static void on_reset(void *connection)
{
    ((struct peer *)connection)->reset = true;
}

static void on_window(void *connection, bool closed)
{
    ((struct peer *)connection)->closed_window = closed;
}

static const struct netio_stream_client client = {
    .deliver = on_deliver, .disconnect = on_disconnect, .reset = on_reset, .window = on_window};

static void task(void (*function)(void *), void *context, uint8_t irql)
{
    const struct sim_task_config config = {
        .name = "test", .irql = irql, .processor = -1, .function = function, .context = context};

    assert_non_null(sim_task_create(races.world.machine.sim, &config));
}

static void open_flow(void *context)
{
    const struct netio_flow_info info = {.local4 = 1,
                                         .remote4 = 2,
                                         .local_port = 50000,
                                         .remote_port = 80,
                                         .direction = NETIO_OUTBOUND,
                                         .application = "\\device\\test.exe"};
    struct peer *peer = context;

    if (netio_flow_open(races.world.machine.netio, &info, &client, peer, &peer->flow) ==
        NETIO_OPEN_OK)
        races.opened++;
}

static void close_flow(void *context)
{
    netio_flow_close(((struct peer *)context)->flow);
}

static void send_released(void *context, NET_BUFFER_LIST *nbl)
{
    (void)context;
    ndis_nbl_destroy(nbl);
}

static void offer(struct peer *peer, enum netio_direction direction, const void *bytes,
                  size_t length)
{
    struct machine *machine = &races.world.machine;
    NET_BUFFER_LIST *nbl;
    uint8_t *data;

    assert_true(peer->in_length[direction] + length <= BYTES);
    memcpy(peer->in[direction] + peer->in_length[direction], bytes, length);
    peer->in_length[direction] += length;
    if (direction == NETIO_INBOUND) {
        nbl = NetioAllocateAndReferenceCopyNetBufferListEx(machine->netio, bytes, length,
                                                           netio_flow_handle(peer->flow));
        WfpStreamInspectReceive(peer->flow, nbl, length, RECEIVE);
        return;
    }
    nbl = ndis_nbl_create(machine->ndis, NDIS_NBL_SEND, NT_TAG('T', 'N', 'b', 'l'), length,
                          send_released, NULL, &data);
    memcpy(data, bytes, length);
    WfpStreamInspectSend(peer->flow, nbl, length, SEND);
}

static void traffic(void *context)
{
    struct peer *peer = context;
    struct sim *sim = races.world.machine.sim;

    offer(peer, NETIO_INBOUND, greeting, races.greeting);
    if (races.greeting < sizeof(greeting) - 1)
        (void)sim_task_block(sim, sim->now + 40 * SIM_MILLISECOND);
    for (unsigned i = 0; i < races.rounds && !peer->reset; i++) {
        uint8_t bytes[200];

        memset(bytes, (int)i, sizeof(bytes));
        offer(peer, NETIO_INBOUND, bytes, sizeof(bytes));
        if (i % 5 == 0)
            (void)sim_task_block(sim, sim->now + sim_choose(sim, SIM_CHOICE_GENERATOR, 400) *
                                                     (SIM_MILLISECOND / 1000));
    }
}

static void send_traffic(void *context)
{
    struct peer *peer = context;
    struct sim *sim = races.world.machine.sim;

    for (unsigned i = 0; i < races.rounds && !peer->reset; i++) {
        uint8_t bytes[200];

        memset(bytes, (int)i, sizeof(bytes));
        offer(peer, NETIO_OUTBOUND, bytes, sizeof(bytes));
        (void)sim_task_block(sim, sim->now + sim_choose(sim, SIM_CHOICE_GENERATOR, 400) *
                                                 (SIM_MILLISECOND / 1000));
    }
}

static void begin(const struct machine_config *config)
{
    memset(races.peers, 0, sizeof(races.peers));
    races.opened = 0;
    races.greeting = sizeof(greeting) - 1;
    world_start(&races.world, config);
}

static void expect_whole(const struct peer *peer)
{
    for (unsigned d = 0; d < 2; d++) {
        assert_int_equal(peer->in_length[d], peer->out_length[d]);
        assert_memory_equal(peer->in[d], peer->out[d], peer->in_length[d]);
    }
}

static void end(void)
{
    for (unsigned i = 0; i < FLOWS; i++) {
        if (races.peers[i].flow != NULL)
            task(close_flow, &races.peers[i], SIM_DISPATCH_LEVEL);
    }
    world_wait(&races.world, 100);
    world_finish(&races.world);
}

/* What classify was shown is in the totals, of connections that live too. */
static void offered_bytes_are_counted(void **state)
{
    static const char *const modes[] = {"Mode=gate", "Mode=permit", "Mode=monitor"};

    (void)state;
    for (unsigned mode = 0; mode < 3; mode++) {
        struct world_connection *c;
        struct sluice_statistics s;
        struct world w;

        world_simple(&w, PROFILE, modes[mode]);
        c = world_connect(&w, false, true);
        world_receive(c, greeting, sizeof(greeting) - 1, 0);
        world_send(c, "EHLO", 4, 0);
        world_statistics(&w, &s);
        assert_int_equal(s.inbound.offered, sizeof(greeting) - 1);
        assert_int_equal(s.outbound.offered, 4);
        assert_int_equal(s.inbound.offered, s.inbound.permitted + s.inbound.blocked);
        world_finish(&w);
    }
}

/* DEFER is answered while completions come on another processor: whatever comes first, the stream
 * goes on. */
static void a_deferred_stream_goes_on(void **state)
{
    unsigned defers = 0;

    (void)state;
    for (unsigned seed = 1; seed <= 60; seed++) {
        struct machine_config config;
        struct sluice_statistics s;

        world_prepare(&races.world, &config, PROFILE);
        world_set(&races.world, seed & 4 ? "DeferCap=1" : "DeferCap=300");
        config.seed = seed;
        config.switches.completion = (enum netio_completion)(seed % 4);
        config.preempt_per_million = seed % 3 * 400000;
        begin(&config);
        races.rounds = 40;
        for (unsigned i = 0; i < FLOWS; i++)
            task(open_flow, &races.peers[i], SIM_DISPATCH_LEVEL);
        world_run(&races.world);
        for (unsigned i = 0; i < FLOWS; i++)
            task(traffic, &races.peers[i], SIM_DISPATCH_LEVEL);
        world_wait(&races.world, 3000);
        world_statistics(&races.world, &s);
        defers += s.defers != 0;
        for (unsigned i = 0; i < FLOWS; i++)
            expect_whole(&races.peers[i]);
        end();
    }
    assert_true(defers > 10);
}

/* Unloaded while bytes come in both directions: connections live on, whole. */
static void unload_under_traffic(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 80; seed++) {
        struct machine_config config;

        world_prepare(&races.world, &config, PROFILE);
        world_set(&races.world, seed % 3 == 0 ? "HoldDeadlineMs=1" : "HoldDeadlineMs=50");
        world_set(&races.world, seed % 4 == 0 ? "DeferCap=300" : "DeferCap=100000");
        config.seed = seed;
        config.preempt_per_million = seed & 1 ? 300000 : 0;
        begin(&config);
        races.rounds = 200;
        races.greeting = seed % 3 == 0 ? 7 : sizeof(greeting) - 1; /* held beyond the deadline */
        for (unsigned i = 0; i < FLOWS; i++)
            task(open_flow, &races.peers[i], SIM_DISPATCH_LEVEL);
        world_run(&races.world);
        for (unsigned i = 0; i < FLOWS; i++) {
            task(traffic, &races.peers[i], SIM_DISPATCH_LEVEL);
            task(send_traffic, &races.peers[i], SIM_DISPATCH_LEVEL);
        }
        world_wait(&races.world, seed % 3 == 0 ? 40 + seed % 20 : seed % 40);
        world_unload(&races.world);
        world_wait(&races.world, 1000);
        for (unsigned i = 0; i < FLOWS; i++) {
            if (races.peers[i].reset)
                print_message("seed %u: flow %u was reset\n", seed, i);
            else
                expect_whole(&races.peers[i]);
        }
        end();
    }
}

/* Classifies of several flows run at once, each with an inject that cuts its own chain: none is
 * taken for the driver's doing. */
static void cuts_on_several_processors(void **state)
{
    (void)state;
    for (unsigned seed = 21; seed <= 32; seed++) {
        struct machine_config config;
        struct world w;

        world_prepare(&w, &config, "7sp1");
        world_set(&w, "DeferCap=1"); /* what was deferred goes on in the drainer's DPC */
        config.seed = seed;
        config.switches.completion = NETIO_COMPLETION_RANDOM;
        config.preempt_per_million = 200000;
        config.tcpip.random_shapes = seed & 1;
        world_start(&w, &config);
        assert_true(world_scenario(&w));
        world_finish(&w);
    }
}

/* Connections that die while their bytes are classified: engine and driver count the same bytes as
 * taken out. */
static void dying_flows_are_counted_alike(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 12; seed++) {
        struct machine_config config;
        struct sluice_statistics s;
        struct netio_ledger ledger;
        struct world w;

        world_prepare(&w, &config, PROFILE);
        config.seed = seed;
        config.switches.complete_status = STATUS_CONNECTION_ABORTED;
        config.preempt_per_million = 200000;
        world_start(&w, &config);
        assert_true(world_scenario(&w));
        world_statistics(&w, &s);
        world_expect_closed_ledger(&s);
        netio_total_ledger(w.machine.netio, NETIO_OUTBOUND, &ledger);
        assert_int_equal(s.outbound.blocked, ledger.blocked);
        netio_total_ledger(w.machine.netio, NETIO_INBOUND, &ledger);
        assert_int_equal(s.inbound.blocked, ledger.blocked);
        world_finish(&w);
    }
}

static void keep_opening(void *context)
{
    struct sim *sim = races.world.machine.sim;

    (void)context;
    for (unsigned i = 0; i < 30; i++) {
        struct peer *peer = &races.peers[0];

        open_flow(peer);
        if (peer->flow != NULL) {
            (void)sim_task_block(sim, sim->now + sim_choose(sim, SIM_CHOICE_GENERATOR, 100) *
                                                     (SIM_MILLISECOND / 1000));
            netio_flow_close(peer->flow);
            peer->flow = NULL;
        }
    }
}

/* Unloaded while connections are made: no context is left behind, and the unload ends. */
static void unload_while_connecting(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 150; seed++) {
        struct machine_config config;

        world_prepare(&races.world, &config, PROFILE);
        config.seed = seed;
        config.preempt_per_million = 300000;
        begin(&config);
        task(keep_opening, NULL, SIM_DISPATCH_LEVEL);
        world_unload(&races.world);
        world_wait(&races.world, 100);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offered_bytes_are_counted),
        cmocka_unit_test(a_deferred_stream_goes_on),
        cmocka_unit_test(unload_under_traffic),
        cmocka_unit_test(unload_while_connecting),
        cmocka_unit_test(cuts_on_several_processors),
        cmocka_unit_test(dying_flows_are_counted_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
