/* SPDX-License-Identifier: MIT */
/* The NIC: indications, returns, low resources. */
#include "test_ndis_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES 100

struct protocol {
    struct world *world;
    unsigned calls, frames;
    uint32_t flags;
    bool keep;
    NET_BUFFER_LIST *kept[FRAMES];
    char stack[256];
};

static uint8_t bytes[FRAMES][64];

static void receive(void *context, NET_BUFFER_LIST *chain, uint32_t count, uint32_t flags)
{
    struct protocol *const protocol = context;
    uint32_t seen = 0;

    assert_int_equal(sim_task_irql(protocol->world->sim), DISPATCH_LEVEL);
    protocol->calls++;
    protocol->flags = flags;
    protocol->stack[0] = '\0';
    for (const struct sim_frame *frame = *sim_frame_list(); frame != NULL; frame = frame->up) {
        strcat(protocol->stack, frame->function);
        strcat(protocol->stack, " ");
    }
    for (NET_BUFFER_LIST *nbl = chain; nbl != NULL; nbl = nbl->Next) {
        const struct ndis_frame *const frame = ndis_miniport_frame(nbl);

        assert_int_equal(frame->number, protocol->frames + seen + 1);
        assert_ptr_equal(nbl->FirstNetBuffer->MdlChain->MappedSystemVa,
                         bytes[protocol->frames + seen]);
        assert_int_equal(ndis_nbl_length(nbl), 64);
        protocol->kept[protocol->frames + seen] = nbl;
        seen++;
    }
    assert_int_equal(seen, count);
    protocol->frames += seen;
    if (!protocol->keep && (flags & NDIS_RECEIVE_FLAGS_RESOURCES) == 0)
        NdisReturnNetBufferLists(NULL, chain, NDIS_RETURN_FLAGS_DISPATCH_LEVEL);
}

static void feed(struct world *world, struct protocol *protocol)
{
    struct ndis_frame frames[FRAMES];

    protocol->world = world;
    for (unsigned i = 0; i < FRAMES; i++)
        frames[i] =
            (struct ndis_frame){.bytes = bytes[i], .captured = 64, .length = 64, .number = i + 1};
    ndis_protocol_register(world->ndis, receive, protocol);
    assert_true(ndis_miniport_receive(world->ndis, frames, FRAMES));
    assert_int_equal(protocol->frames, 0); /* nothing happens before the DPC */
    memset(frames, 0xEE, sizeof(frames));  /* descriptors were copied */
    assert_true(sim_run(world->sim));
    assert_int_equal(protocol->frames, FRAMES);
}

static int setup(void **state)
{
    *state = world_create();
    return 0;
}

static int teardown(void **state)
{
    world_destroy(*state);
    return 0;
}

static void frames_come_in_batches(void **state)
{
    struct protocol protocol = {0};

    feed(*state, &protocol);
    assert_int_equal(protocol.calls, 4); /* 32 at a time */
    assert_int_equal(protocol.flags, NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
    assert_non_null(strstr(protocol.stack,
                           "NdisMIndicateReceiveNetBufferLists HandleInterrupt ndisInterruptDpc"));
}

static void batch_of_one(void **state)
{
    struct world *const world = *state;
    struct protocol protocol = {0};

    ndis_miniport_configure(world->ndis, &(struct ndis_miniport_config){.batch = 1});
    feed(world, &protocol);
    assert_int_equal(protocol.calls, FRAMES);
}

static void kept_nbls_stay_until_returned(void **state)
{
    struct world *const world = *state;
    struct protocol protocol = {.keep = true};

    feed(world, &protocol);
    assert_int_equal(ndis_miniport_outstanding(world->ndis), FRAMES);
    assert_int_equal(world_nbls(world), FRAMES);
    ndis_nbl_reference(protocol.kept[3]);
    for (unsigned i = 0; i < FRAMES; i++)
        ndis_nbl_dereference(protocol.kept[i]);
    assert_int_equal(ndis_miniport_outstanding(world->ndis), 1);
    assert_ptr_equal(ndis_nbl_header(protocol.kept[3])->ndis, world->ndis);
    ndis_nbl_dereference(protocol.kept[3]);
    assert_null(ndis_nbl_header(protocol.kept[3]));
}

static void low_resources_take_them_back(void **state)
{
    struct world *const world = *state;
    struct protocol protocol = {0};

    ndis_miniport_configure(world->ndis, &(struct ndis_miniport_config){.resources = true});
    feed(world, &protocol);
    assert_int_equal(protocol.flags,
                     NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL | NDIS_RECEIVE_FLAGS_RESOURCES);
    assert_int_equal(ndis_miniport_outstanding(world->ndis), 0);
}

static void without_protocol_nothing_is_lost(void **state)
{
    struct world *const world = *state;
    const struct ndis_frame frame = {.bytes = bytes[0], .captured = 64, .length = 64, .number = 1};

    assert_true(ndis_miniport_receive(world->ndis, &frame, 1));
    assert_true(sim_run(world->sim));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(frames_come_in_batches),           TEST(batch_of_one),
        TEST(kept_nbls_stay_until_returned),    TEST(low_resources_take_them_back),
        TEST(without_protocol_nothing_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
