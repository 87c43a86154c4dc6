/* SPDX-License-Identifier: MIT */
/* The golden traces of contract 1.15, one callout under a TERMINATING filter. */
#include "test_netio_world.h"

static const char alphabet[] =
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

static struct callout *open_one(const struct world_options *options)
{
    struct callout *callout;

    world_open(options);
    callout = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    return callout;
}

static void expect_out(enum netio_direction direction, const char *bytes)
{
    assert_int_equal(world->out_length[direction], strlen(bytes));
    assert_memory_equal(world->out[direction], bytes, strlen(bytes));
}

static void g1_permit_all(void **state)
{
    open_one(NULL);
    world_offer_one(NETIO_OUTBOUND, 10);
    assert_string_equal(world->log, "a(10) aP0");
    expect_out(NETIO_OUTBOUND, "abcdefghij");
    assert_int_equal(world->sent_back, 1);
    assert_string_equal(world->breaches, "");
    world_close();
}

static void g2_replace(void **state)
{
    static const struct step steps[] = {
        STEP(PERMIT, 4), STEP(BLOCK, 3, .injects = 1, .inject_size = 6), STEP(PERMIT, 0)};
    struct callout *callout;

    for (unsigned emit = 0; emit < 2; emit++) {
        callout = open_one(&(struct world_options){
            .switches = {"inline_emit", emit == 0 ? "after_return" : "inside_inject"}});
        world_script(callout, steps, 3);
        world_offer_one(NETIO_INBOUND, 12);
        assert_string_equal(world->log, "a(12) aP4 a(8) aI6 aB3 a(5) aP0");
        expect_out(NETIO_INBOUND, "abcdABCDEFhijkl");
        assert_int_equal(world->completions, 1);
        assert_string_equal(world->breaches, "");
        world_close();
    }
}

static void g3_swallow_then_flush(void **state)
{
    static const struct step steps[] = {STEP(PERMIT, 7), STEP(BLOCK, 0),
                                        STEP(PERMIT, 0, .injects = 1, .inject_size = 3)};

    world_script(open_one(NULL), steps, 3);
    world_offer_one(NETIO_INBOUND, 10);
    world_offer_one(NETIO_INBOUND, 5);
    assert_string_equal(world->log, "a(10) aP7 a(3) aB0 a(5) aI3 aP0");
    expect_out(NETIO_INBOUND, "abcdefgABCklmno");
    world_close();
}

static void g4_need_more(void **state)
{
    static const struct step steps[] = {STEP(NEED, 100), STEP(PERMIT, 0)};

    world_script(open_one(&(struct world_options){.switches = {"countBytesRequired", "total"}}),
                 steps, 2);
    world_offer_one(NETIO_INBOUND, 40);
    world_offer_one(NETIO_INBOUND, 40);
    assert_string_equal(world->log, "a(40) aN100");
    world_offer_one(NETIO_INBOUND, 40);
    assert_string_equal(world->log, "a(40) aN100 a(120) aP0");
    assert_int_equal(world->callouts[0].last_chain, 3);
    assert_int_equal(world->out_length[NETIO_INBOUND], 120);
    assert_memory_equal(world->out[NETIO_INBOUND], alphabet, 78);
    world_close();
    /* Additional bytes: 40 + 100 are wanted. */
    world_script(
        open_one(&(struct world_options){.switches = {"countBytesRequired", "additional"}}), steps,
        2);
    for (unsigned i = 0; i < 3; i++)
        world_offer_one(NETIO_INBOUND, 40);
    assert_string_equal(world->log, "a(40) aN100");
    world_offer_one(NETIO_INBOUND, 40);
    assert_string_equal(world->log, "a(40) aN100 a(160) aP0");
    world_close();
}

static void g4_need_more_then_fin(void **state)
{
    static const struct step steps[] = {STEP(NEED, 100), STEP(PERMIT, 0), STEP(PERMIT, 0)};

    world_script(open_one(NULL), steps, 3);
    world_offer_one(NETIO_INBOUND, 40);
    world_offer_one(NETIO_INBOUND, 40);
    world_receive(NULL, 0, 0);
    assert_string_equal(world->log, "a(40) aN100 a(80,NO_MORE) aP0 a(0,FIN,NO_MORE) aP0");
    assert_int_equal(world->fins[NETIO_INBOUND], 1);
    assert_string_equal(world->breaches, "");
    world_close();
}

static void g5_limit(void **state)
{
    static const struct step steps[] = {STEP(NEED, 1000), STEP(PERMIT, 0)};

    world_script(open_one(&(struct world_options){.switches = {"accumulate_limit", "200"}}), steps,
                 2);
    for (unsigned i = 0; i < 5; i++)
        world_offer_one(NETIO_INBOUND, 40);
    assert_string_equal(world->log, "a(40) aN1000 a(200,LIMIT) aP0");
    assert_string_equal(world->breaches, "");
    world_close();
}

static void inject_three(void *context)
{
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(world_inject(&world->callouts[0], FWPS_STREAM_FLAG_RECEIVE, 4 + i),
                         STATUS_SUCCESS);
}

static void inject_fin(void *context)
{
    assert_int_equal(
        FwpsStreamInjectAsync0(world->injection, NULL, 0, netio_flow_handle(world->flow),
                               world->callouts[0].id, FWPS_LAYER_STREAM_V4,
                               FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_DISCONNECT, NULL,
                               0, world_completed, NULL),
        STATUS_SUCCESS);
}

static void g6_out_of_band(void **state)
{
    struct callout *const callout = open_one(NULL);

    callout->otherwise = (struct step)STEP(BLOCK, 0);
    for (unsigned i = 0; i < 3; i++)
        world_offer_one(NETIO_INBOUND, 10);
    world_receive(NULL, 0, 0);
    assert_string_equal(world->log, "a(10) aB0 a(10) aB0 a(10) aB0 a(0,FIN,NO_MORE) aB0");
    assert_int_equal(world->fins[NETIO_INBOUND], 0);
    world_run(inject_three, NULL, PASSIVE_LEVEL);
    expect_out(NETIO_INBOUND, "ABCDABCDEABCDEF");
    assert_int_equal(world->completions, 3);
    world_run(inject_fin, NULL, DISPATCH_LEVEL);
    assert_int_equal(world->fins[NETIO_INBOUND], 1);
    assert_int_equal(world->injected_fins[NETIO_INBOUND], 1);
    assert_int_equal(world->completions, 3);
    assert_string_equal(world->breaches, "");
    world_close();
}

static void continue_stream(void *context)
{
    *(NTSTATUS *)context = FwpsStreamContinue0(
        netio_flow_handle(world->flow), world->callouts[0].id, FWPS_LAYER_STREAM_V4,
        FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_PUSH);
}

static void g7_defer(void **state)
{
    static const struct step steps[] = {STEP(DEFER, 0), STEP(PERMIT, 0)};
    NTSTATUS status = STATUS_PENDING;

    world_script(open_one(NULL), steps, 2);
    world_offer_one(NETIO_INBOUND, 10);
    world_offer_one(NETIO_INBOUND, 10);
    assert_string_equal(world->log, "a(10) aD");
    assert_int_equal(world->windows_closed, 1);
    assert_true(netio_stream_busy(world->netio));
    world_run(continue_stream, &status, PASSIVE_LEVEL);
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(world->windows_opened, 1);
    assert_string_equal(world->log, "a(10) aD a(20) aP0");
    assert_int_equal(world->out_length[NETIO_INBOUND], 20);
    assert_string_equal(world->breaches, "");
    /* A second one has nothing to continue. */
    world_run(continue_stream, &status, PASSIVE_LEVEL);
    assert_int_equal(status, STATUS_UNSUCCESSFUL);
    assert_string_equal(world->breaches, "R39 ");
    world_close();
}

static void g8_two_sublayers(void **state)
{
    static const struct step upper[] = {
        STEP(PERMIT, 4), STEP(BLOCK, 3, .injects = 1, .inject_size = 5), STEP(PERMIT, 0)};
    struct callout *a, *b;

    for (unsigned emit = 0; emit < 2; emit++) {
        world_open(&(struct world_options){
            .switches = {"inline_emit", emit == 0 ? "after_return" : "inside_inject"}});
        b = world_callout(1, FWP_ACTION_CALLOUT_TERMINATING, 50, 0);
        a = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
        assert_int_equal(world_connect(), NETIO_OPEN_OK);
        world_script(a, upper, 3);
        world_offer_one(NETIO_INBOUND, 10);
        expect_out(NETIO_INBOUND, "abcdABCDEhij");
        assert_memory_equal(b->seen, "abcdABCDEhij", 12);
        assert_int_equal(b->seen_length, 12);
        assert_int_equal(a->calls, 3);
        assert_int_equal(b->last_missed, emit == 0 ? 3 : 3);
        assert_int_equal(world->completions, 1);
        assert_string_equal(world->breaches, "");
        world_close();
    }
}

static void g9_close_without_data(void **state)
{
    struct callout *const callout = open_one(NULL);

    assert_int_equal(netio_flow_associate(world->netio, netio_flow_handle(world->flow),
                                          FWPS_LAYER_STREAM_V4, callout->id, 77),
                     STATUS_SUCCESS);
    world_receive(NULL, 0, 0);
    assert_string_equal(world->log, "a(0,FIN,NO_MORE) aP0");
    assert_int_equal(callout->last_chain, 1);
    assert_int_equal(callout->last_flags,
                     FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_DISCONNECT);
    assert_int_equal(world->fins[NETIO_INBOUND], 1);
    assert_int_equal(callout->last_context, 77);
    assert_int_equal(callout->deletes, 0);
    world_disconnect();
    assert_int_equal(callout->deletes, 1);
    assert_int_equal(callout->deleted_context, 77);
    world_close();
}

static void g10_reset(void **state)
{
    for (unsigned silent = 0; silent < 2; silent++) {
        struct callout *const callout = open_one(&(struct world_options){
            .switches = {"rst_without_classify", silent == 1 ? "on" : "off"}});

        assert_int_equal(netio_flow_associate(world->netio, netio_flow_handle(world->flow),
                                              FWPS_LAYER_STREAM_V4, callout->id, 5),
                         STATUS_SUCCESS);
        world_offer_one(NETIO_INBOUND, 10);
        world_receive(NULL, 0, FWPS_STREAM_FLAG_RECEIVE_ABORT);
        assert_int_equal(callout->calls, silent == 1 ? 1 : 2);
        world_disconnect();
        assert_int_equal(callout->deletes, 1);
        world_close();
    }
}

/* Every verdict length over every chain: each byte is offered until it is decided, and none twice.
 */
static void g11_split_chains(void **state)
{
    static const size_t sizes[] = {7, 11, 5};

    for (unsigned mode = 0; mode < 2; mode++)
        for (size_t cut = 1; cut <= 23; cut++) {
            struct callout *const callout = open_one(&(struct world_options){
                .switches = {"reindicate_chain", mode == 0 ? "original_head" : "offset_nbl"}});
            const struct step steps[] = {STEP(PERMIT, cut), STEP(PERMIT, 0)};

            world_script(callout, steps, 2);
            world_receive(sizes, 3, 0);
            assert_int_equal(callout->calls, cut == 23 ? 1 : 2);
            assert_int_equal(world->out_length[NETIO_INBOUND], 23);
            assert_memory_equal(world->out[NETIO_INBOUND], alphabet, 23);
            if (cut < 23) {
                const uint32_t behind = cut < 7 ? 3 : cut < 18 ? 2 : 1;

                assert_memory_equal(callout->seen + 23, alphabet + cut, 23 - cut);
                assert_int_equal(callout->last_chain, mode == 0 ? 3 : behind);
            }
            world_close();
        }
}

/* The same where a lower sublayer takes what the upper one lets through in pieces. */
static void g11_split_chains_below(void **state)
{
    static const size_t sizes[] = {7, 11, 5};

    for (size_t cut = 1; cut < 23; cut++) {
        const struct step upper[] = {STEP(PERMIT, cut), STEP(PERMIT, 0)},
                          lower[] = {STEP(NEED, 22), STEP(PERMIT, 0)};
        struct callout *a, *b;

        world_open(&(struct world_options){.switches = {"countBytesRequired", "total"}});
        a = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
        b = world_callout(1, FWP_ACTION_CALLOUT_TERMINATING, 50, 0);
        assert_int_equal(world_connect(), NETIO_OPEN_OK);
        world_script(a, upper, 2);
        world_script(b, lower, 2);
        world_receive(sizes, 3, 0);
        assert_int_equal(b->calls, 2);
        assert_memory_equal(b->seen, alphabet, cut);
        assert_memory_equal(b->seen + cut, alphabet, 23);
        assert_memory_equal(world->out[NETIO_INBOUND], alphabet, 23);
        world_close();
    }
}

static unsigned waited;

static void destroy_while_pending(void *context)
{
    assert_int_equal(FwpsInjectionHandleDestroy0(world->injection), STATUS_SUCCESS);
    waited = world->completions;
}

static void inject_two_and_destroy(void *context)
{
    const struct sim_task_config config = {
        .name = "unload", .processor = -1, .function = destroy_while_pending, .context = NULL};

    assert_int_equal(world_inject(&world->callouts[0], FWPS_STREAM_FLAG_RECEIVE, 4),
                     STATUS_SUCCESS);
    assert_int_equal(world_inject(&world->callouts[0], FWPS_STREAM_FLAG_RECEIVE, 4),
                     STATUS_SUCCESS);
    assert_int_equal(world->completions, 0);
    assert_non_null(sim_task_create(world->sim, &config));
}

static void g12_unload(void **state)
{
    struct callout *const callout =
        open_one(&(struct world_options){.switches = {"completion", "late"}});

    callout->otherwise = (struct step)STEP(BLOCK, 0);
    assert_int_equal(netio_flow_associate(world->netio, netio_flow_handle(world->flow),
                                          FWPS_LAYER_STREAM_V4, callout->id, 5),
                     STATUS_SUCCESS);
    assert_int_equal(FwpsCalloutUnregisterById0(callout->id), STATUS_DEVICE_BUSY);
    world_run(inject_two_and_destroy, NULL, DISPATCH_LEVEL);
    assert_int_equal(waited, 2);
    assert_int_equal(netio_flow_remove(world->netio, netio_flow_handle(world->flow),
                                       FWPS_LAYER_STREAM_V4, callout->id),
                     STATUS_SUCCESS);
    assert_int_equal(FwpsCalloutUnregisterById0(callout->id), STATUS_SUCCESS);
    callout->id = 0;
    assert_int_equal(
        FwpsInjectionHandleCreate0(AF_INET, FWPS_INJECTION_TYPE_STREAM, &world->injection),
        STATUS_SUCCESS);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(g1_permit_all),
        cmocka_unit_test(g2_replace),
        cmocka_unit_test(g3_swallow_then_flush),
        cmocka_unit_test(g4_need_more),
        cmocka_unit_test(g4_need_more_then_fin),
        cmocka_unit_test(g5_limit),
        cmocka_unit_test(g6_out_of_band),
        cmocka_unit_test(g7_defer),
        cmocka_unit_test(g8_two_sublayers),
        cmocka_unit_test(g9_close_without_data),
        cmocka_unit_test(g10_reset),
        cmocka_unit_test(g11_split_chains),
        cmocka_unit_test(g11_split_chains_below),
        cmocka_unit_test(g12_unload),
    };

    return cmocka_run_group_tests_name("netio golden traces", tests, NULL, NULL);
}
