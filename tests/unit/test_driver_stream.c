/* SPDX-License-Identifier: MIT */
/* sluice.sys below a bare stream layer: stream flags, runs, and sends at PASSIVE_LEVEL. */
#include "test_driver_world.h"

#include "netio/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RECEIVE   FWPS_STREAM_FLAG_RECEIVE
#define PUSH      FWPS_STREAM_FLAG_RECEIVE_PUSH
#define URGENT    FWPS_STREAM_FLAG_RECEIVE_EXPEDITED
#define SEND      FWPS_STREAM_FLAG_SEND
#define NODELAY   FWPS_STREAM_FLAG_SEND_NODELAY
#define MARKS     (PUSH | URGENT | NODELAY | FWPS_STREAM_FLAG_SEND_EXPEDITED)
#define DELIVERED 32

static struct stream {
    struct world world;
    struct netio_flow *flow;
    struct {
        size_t length;
        uint32_t flags;
        bool fin;
    } delivered[DELIVERED];
    unsigned count;
    uint8_t bytes[65536];
    size_t length;
    bool reset;
} stream;

static void on_deliver(void *connection, enum netio_direction direction,
                       const struct netio_run *run, uint32_t flags, bool injected)
{
    struct stream *s = connection;
    struct ndis_cursor cursor = run->start;
    size_t left = run->length;

    (void)direction;
    assert_true(injected);
    assert_true(s->count < DELIVERED);
    s->delivered[s->count].flags = flags & MARKS;
    s->delivered[s->count++].length = run->length;
    while (left > 0) {
        size_t step;
        const uint8_t *at = ndis_cursor_bytes(&cursor, &step);

        step = step < left ? step : left;
        assert_true(s->length + step <= sizeof(s->bytes));
        memcpy(s->bytes + s->length, at, step);
        s->length += step;
        (void)ndis_cursor_advance(&cursor, step);
        left -= step;
    }
}

static void on_disconnect(void *connection, enum netio_direction direction, bool injected)
{
    struct stream *s = connection;

    (void)direction;
    assert_true(injected);
    assert_true(s->count < DELIVERED);
    s->delivered[s->count++].fin = true;
}

static void on_reset(void *connection)
{
    ((struct stream *)connection)->reset = true;
}

static void on_window(void *connection, bool closed)
{
    (void)connection;
    (void)closed;
}

static const struct netio_stream_client client = {
    .deliver = on_deliver, .disconnect = on_disconnect, .reset = on_reset, .window = on_window};

static void in_task(void (*function)(void *), void *context, uint8_t irql)
{
    const struct sim_task_config config = {
        .name = "test", .irql = irql, .processor = -1, .function = function, .context = context};

    assert_non_null(sim_task_create(stream.world.machine.sim, &config));
    world_run(&stream.world);
}

static void open_flow(void *context)
{
    const struct netio_flow_info info = {.local4 = 1,
                                         .remote4 = 2,
                                         .local_port = 50000,
                                         .remote_port = 80,
                                         .direction = NETIO_OUTBOUND,
                                         .application = "\\device\\test.exe"};

    (void)context;
    assert_int_equal(
        netio_flow_open(stream.world.machine.netio, &info, &client, &stream, &stream.flow),
        NETIO_OPEN_OK);
}

static void close_flow(void *context)
{
    (void)context;
    netio_flow_close(stream.flow);
}

struct offer {
    const char *bytes;
    uint32_t flags;
};

static void send_released(void *context, NET_BUFFER_LIST *nbl)
{
    (void)context;
    (void)nbl;
}

static void run_offer(void *context)
{
    const struct offer *offer = context;
    struct machine *machine = &stream.world.machine;
    size_t length = strlen(offer->bytes);
    NET_BUFFER_LIST *nbl = NULL;
    uint8_t *data;

    if (offer->flags & RECEIVE) {
        if (length != 0)
            nbl = NetioAllocateAndReferenceCopyNetBufferListEx(
                machine->netio, (const uint8_t *)offer->bytes, length,
                netio_flow_handle(stream.flow));
        WfpStreamInspectReceive(stream.flow, nbl, length, offer->flags);
        return;
    }
    if (length != 0) {
        nbl = ndis_nbl_create(machine->ndis, NDIS_NBL_SEND, NT_TAG('T', 'N', 'b', 'l'), length,
                              send_released, NULL, &data);
        memcpy(data, offer->bytes, length);
    }
    WfpStreamInspectSend(stream.flow, nbl, length, offer->flags);
}

static void offer(const char *bytes, uint32_t flags, uint8_t irql)
{
    struct offer o = {bytes, flags};

    in_task(run_offer, &o, irql);
}

static void stream_open(const struct machine_config *config)
{
    world_start(&stream.world, config);
    stream.flow = NULL;
    stream.count = 0;
    stream.length = 0;
    stream.reset = false;
    memset(stream.delivered, 0, sizeof(stream.delivered));
    in_task(open_flow, NULL, DISPATCH_LEVEL);
}

static void stream_close(void)
{
    world_wait(&stream.world, 100);
    in_task(close_flow, NULL, DISPATCH_LEVEL);
    world_wait(&stream.world, 100);
    world_finish(&stream.world);
}

static void expect(unsigned index, size_t length, uint32_t flags)
{
    assert_true(index < stream.count);
    assert_false(stream.delivered[index].fin);
    assert_int_equal(stream.delivered[index].length, length);
    assert_int_equal(stream.delivered[index].flags, flags);
}

#ifdef SLUICE_DRIVER_7
#define PROFILE "7sp1"
#else
#define PROFILE "10"
#endif

static void marks_are_kept(void **state)
{
    struct machine_config config;

    (void)state;
    world_prepare(&stream.world, &config, PROFILE);
    stream_open(&config);
    offer("220 hello\r\n", RECEIVE | PUSH, DISPATCH_LEVEL);
    offer("more", RECEIVE, DISPATCH_LEVEL);
    offer("!", RECEIVE | URGENT | PUSH, DISPATCH_LEVEL);
    assert_int_equal(stream.count, 3);
    expect(0, 11, PUSH);
    expect(1, 4, 0);
    expect(2, 1, URGENT | PUSH);
    stream_close();
}

/* Held bytes of three runs, released at once: one inject in the classify, the others by the
 * drainer, in order, each with its own mark; PUSH of a run's part is the run's. */
static void runs_are_split_at_expedited(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct machine_config config;
        struct sluice_statistics s;

        world_prepare(&stream.world, &config, PROFILE);
        config.seed = seed;
        config.preempt_per_million = seed > 10 ? 400000 : 0;
        stream_open(&config);
        offer("HTTP/1.1 2", RECEIVE, DISPATCH_LEVEL);
        offer("00 OK\r\n", RECEIVE | PUSH, DISPATCH_LEVEL);
        offer("X", RECEIVE | URGENT, DISPATCH_LEVEL);
        offer("-Y: 1\r\n", RECEIVE, DISPATCH_LEVEL);
        assert_int_equal(stream.count, 0);
        offer("\r\n", RECEIVE, DISPATCH_LEVEL);
        world_wait(&stream.world, 200);
        assert_int_equal(stream.count, 3);
        expect(0, 17, PUSH);
        expect(1, 1, URGENT);
        expect(2, 9, 0);
        assert_int_equal(stream.length, 27);
        assert_memory_equal(stream.bytes, "HTTP/1.1 200 OK\r\nX-Y: 1\r\n\r\n", 27);
        world_statistics(&stream.world, &s);
        assert_int_equal(s.injects, 3);
        assert_int_equal(s.injects_outside, 2);
        offer("body", RECEIVE | PUSH, DISPATCH_LEVEL);
        offer("", RECEIVE | FWPS_STREAM_FLAG_RECEIVE_DISCONNECT, DISPATCH_LEVEL);
        world_wait(&stream.world, 200);
        assert_int_equal(stream.count, 5);
        expect(3, 4, PUSH);
        assert_true(stream.delivered[4].fin);
        world_statistics(&stream.world, &s);
        world_expect_closed_ledger(&s);
        stream_close();
    }
}

/* A send at PASSIVE_LEVEL: the drainer's DPC can run as soon as the classify lets its lock go,
 * before it injects. What the drainer has to send goes behind it all the same. */
static void the_drainer_waits_for_the_classify(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 40; seed++) {
        struct machine_config config;

        world_prepare(&stream.world, &config, PROFILE);
        config.seed = seed;
        config.preempt_per_million = seed > 20 ? 500000 : 0;
        config.switches.send_passive = NETIO_ALWAYS;
        config.switches.fin_with_data = true;
        config.switches.outside = seed & 1 ? NETIO_OUTSIDE_INTERLEAVED : NETIO_OUTSIDE_QUEUED;
        config.switches.emit = seed & 2 ? NETIO_EMIT_INSIDE_INJECT : NETIO_EMIT_AFTER_RETURN;
        stream_open(&config);
        offer("GET / HT", SEND | NODELAY, PASSIVE_LEVEL);
        offer("TP/1.1\r\n", SEND | FWPS_STREAM_FLAG_SEND_DISCONNECT, PASSIVE_LEVEL);
        world_wait(&stream.world, 200);
        assert_int_equal(stream.length, 16);
        assert_memory_equal(stream.bytes, "GET / HTTP/1.1\r\n", 16);
        assert_true(stream.count >= 2);
        assert_true(stream.delivered[stream.count - 1].fin);
        stream_close();
    }
}

/* Data and FIN in one indication of a drained direction: the drainer keeps their order. */
static void the_drainer_sends_the_fin_last(void **state)
{
    struct machine_config config;

    (void)state;
    world_prepare(&stream.world, &config, PROFILE);
    world_set(&stream.world, "HoldDeadlineMs=20");
    config.switches.fin_with_data = true;
    stream_open(&config);
    offer("HTTP/1.", RECEIVE, DISPATCH_LEVEL);
    world_wait(&stream.world, 200);
    assert_int_equal(stream.count, 1);
    offer("1 200 OK\r\n\r\n", RECEIVE | FWPS_STREAM_FLAG_RECEIVE_DISCONNECT, DISPATCH_LEVEL);
    world_wait(&stream.world, 200);
    assert_int_equal(stream.count, 3);
    expect(1, 12, 0);
    assert_true(stream.delivered[2].fin);
    stream_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_kept),
        cmocka_unit_test(runs_are_split_at_expedited),
        cmocka_unit_test(the_drainer_waits_for_the_classify),
        cmocka_unit_test(the_drainer_sends_the_fin_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
