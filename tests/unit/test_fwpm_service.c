/* SPDX-License-Identifier: MIT */
/* BFE's state, waiting for the lock, memory handed out, IRQL, and what is reported when a driver is
 * gone. */
#include "test_fwpm_world.h"

#include "nt/nt.h"

struct states {
    unsigned calls;
    FWPM_SERVICE_STATE last;
    HANDLE unsubscribe; /* inside the callback */
};

static VOID NTAPI on_state(VOID *context, FWPM_SERVICE_STATE state)
{
    struct states *const states = context;

    states->calls++;
    states->last = state;
    if (states->unsubscribe != NULL)
        FwpmBfeStateUnsubscribeChanges0(states->unsubscribe);
}

static void bfe_changes_reach_subscribers(void **state)
{
    struct fwpm_world *const world = *state;
    struct sim *const sim = world->world->sim;
    struct states one = {0}, two = {0};
    HANDLE first, second, engine;

    assert_int_equal(FwpmBfeStateGet0(), FWPM_SERVICE_RUNNING);
    world_expect(world->world, "R59", "FwpmBfeStateGet0"); /* nothing is subscribed yet */
    assert_int_equal(FwpmBfeStateSubscribeChanges0(NULL, NULL, &one, &first),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(FwpmBfeStateSubscribeChanges0(NULL, on_state, &one, &first), STATUS_SUCCESS);
    fwp_bfe_set(world->fwp, FWPM_SERVICE_STOPPED);
    assert_int_equal(FwpmBfeStateGet0(), FWPM_SERVICE_STOPPED);
    assert_false(NT_SUCCESS(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &engine)));
    assert_int_equal(FwpmBfeStateSubscribeChanges0(NULL, on_state, &two, &second), STATUS_SUCCESS);
    fwp_bfe_set(world->fwp, FWPM_SERVICE_START_PENDING);
    fwp_bfe_set(world->fwp, FWPM_SERVICE_RUNNING);
    assert_int_equal(one.calls, 0);
    assert_true(sim_run(sim));
    assert_int_equal(one.calls, 3);
    assert_int_equal(two.calls, 2); /* not what was before it */
    assert_int_equal(one.last, FWPM_SERVICE_RUNNING);
    assert_int_equal(FwpmBfeStateUnsubscribeChanges0(first), STATUS_SUCCESS);
    fwp_bfe_set(world->fwp, FWPM_SERVICE_STOP_PENDING);
    assert_true(sim_run(sim));
    assert_int_equal(one.calls, 3);
    assert_int_equal(two.calls, 3);
    assert_int_equal(FwpmBfeStateUnsubscribeChanges0(second), STATUS_SUCCESS);
    assert_int_equal(FwpmBfeStateUnsubscribeChanges0(second), STATUS_INVALID_HANDLE);
    world_expect(world->world, "R65", "FwpmBfeStateUnsubscribeChanges0");
}

static void unsubscribing_inside_the_callback_is_reported(void **state)
{
    struct fwpm_world *const world = *state;
    struct states states = {0};

    assert_int_equal(FwpmBfeStateSubscribeChanges0(NULL, on_state, &states, &states.unsubscribe),
                     STATUS_SUCCESS);
    fwp_bfe_set(world->fwp, FWPM_SERVICE_STOPPED);
    assert_true(sim_run(world->world->sim));
    assert_int_equal(states.calls, 1);
    world_expect(world->world, "R59", "FwpmBfeStateUnsubscribeChanges0");
}

static void left_subscription_is_reported(void **state)
{
    struct fwpm_world *const world = *state;
    struct states states = {0};
    HANDLE handle;

    assert_int_equal(FwpmEngineClose0(world->engine), STATUS_SUCCESS);
    world->engine = NULL;
    assert_int_equal(FwpmBfeStateSubscribeChanges0(NULL, on_state, &states, &handle),
                     STATUS_SUCCESS);
    fwp_report_left(world->fwp);
    world_expect(world->world, "R53", "FwpmBfeStateUnsubscribeChanges0");
    assert_int_equal(FwpmBfeStateUnsubscribeChanges0(handle), STATUS_SUCCESS);
}

/* ---- two sessions that want to write ---- */

struct writer {
    struct fwpm_world *world;
    HANDLE engine;
    NTSTATUS status;
    uint64_t hold; /* virtual time between begin and commit */
    uint64_t began;
    bool done;
};

static void write_once(void *context)
{
    struct writer *const writer = context;
    struct sim *const sim = writer->world->world->sim;

    writer->status = FwpmTransactionBegin0(writer->engine, 0);
    writer->began = sim->now;
    if (writer->status == STATUS_SUCCESS) {
        sim_task_block(sim, sim->now + writer->hold);
        FwpmTransactionCommit0(writer->engine);
    }
    writer->done = true;
}

static void two_writers(struct fwpm_world *world, struct writer writers[2], uint64_t hold)
{
    struct sim *const sim = world->world->sim;

    for (int i = 0; i < 2; i++) {
        writers[i] = (struct writer){.world = world, .engine = fwpm_open(0), .hold = hold};
        assert_non_null(nt_thread_spawn(world->world->nt, "writer", write_once, &writers[i]));
        assert_true(sim_run(sim)); /* the first has the lock, the second waits */
    }
    assert_true(sim_run_until(sim, sim->now + 60 * SIM_SECOND));
    for (int i = 0; i < 2; i++) {
        assert_true(writers[i].done);
        assert_int_equal(FwpmEngineClose0(writers[i].engine), STATUS_SUCCESS);
    }
}

static void the_second_writer_waits(void **state)
{
    struct fwpm_world *const world = *state;
    struct writer writers[2];

    two_writers(world, writers, 5 * SIM_SECOND);
    assert_int_equal(writers[0].status, STATUS_SUCCESS);
    assert_int_equal(writers[1].status, STATUS_SUCCESS);
    assert_int_equal(writers[1].began - writers[0].began, 5 * SIM_SECOND);
}

static void the_second_writer_gives_up(void **state)
{
    struct fwpm_world *const world = *state;
    struct writer writers[2];

    two_writers(world, writers, 20 * SIM_SECOND);
    assert_int_equal(writers[0].status, STATUS_SUCCESS);
    assert_int_equal(writers[1].status, STATUS_FWP_TIMEOUT);
    assert_int_equal(writers[1].began - writers[0].began, 15 * SIM_SECOND);
}

/* ---- the rules ---- */

static void memory_must_be_given_back_once(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_SUBLAYER0 *got;
    void *again;

    assert_int_equal(FwpmSubLayerGetByKey0(world->engine, &FWPM_SUBLAYER_UNIVERSAL, &got),
                     STATUS_SUCCESS);
    assert_int_equal(FwpmEngineClose0(world->engine), STATUS_SUCCESS);
    world->engine = NULL;
    fwp_report_left(world->fwp);
    world_expect(world->world, "R66", "FwpmSubLayerGetByKey0");
    again = got;
    FwpmFreeMemory0((void **)&got);
    FwpmFreeMemory0(&again);
    world_expect(world->world, "R65", "FwpmFreeMemory0");
}

static void management_is_passive(void **state)
{
    struct fwpm_world *const world = *state;
    HANDLE engine;

    sim_task_set_irql(world->world->sim, DISPATCH_LEVEL);
    assert_int_equal(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &engine), STATUS_SUCCESS);
    sim_task_set_irql(world->world->sim, PASSIVE_LEVEL);
    world_expect(world->world, "R55", "FwpmEngineOpen0");
    assert_int_equal(FwpmEngineClose0(engine), STATUS_SUCCESS);
}

static void open_transaction_at_close_is_reported(void **state)
{
    struct fwpm_world *const world = *state;
    const FWPM_PROVIDER0 provider = fwpm_provider();
    HANDLE engine = fwpm_open(0);

    assert_int_equal(FwpmTransactionBegin0(engine, 0), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderAdd0(engine, &provider, NULL), STATUS_SUCCESS);
    fwp_report_left(world->fwp);
    assert_int_equal(world->world->breaches, 3); /* provider, transaction, the world's session */
    world->world->breaches = 0;
    assert_int_equal(FwpmEngineClose0(engine), STATUS_SUCCESS);
    world_expect(world->world, "R60", "FwpmEngineClose0");
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL),
                     STATUS_SUCCESS); /* it was undone */
}

static void left_callout_is_reported(void **state)
{
    struct fwpm_world *const world = *state;

    fwpm_add_basics(world);
    assert_int_equal(FwpmEngineClose0(world->engine), STATUS_SUCCESS);
    world->engine = NULL;
    fwp_report_left(world->fwp);
    world_expect(world->world, "R52", "FwpsCalloutUnregisterById0");
}

static void floor_ends_with_everything_open(void **state)
{
    struct fwpm_world *const world = fwpm_world_create("7sp1");
    const FWPM_PROVIDER0 provider = fwpm_provider();
    FWPM_SUBLAYER0 *got;
    HANDLE handle;

    /* No report is asked for: what is checked, by the sanitizers too, is that nothing leaks from
     * the lab itself. */
    assert_int_equal(FwpmSubLayerCreateEnumHandle0(world->engine, NULL, &handle), STATUS_SUCCESS);
    assert_int_equal(FwpmSubLayerGetByKey0(world->engine, &FWPM_SUBLAYER_UNIVERSAL, &got),
                     STATUS_SUCCESS);
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL), STATUS_SUCCESS);
    assert_int_equal(FwpmTransactionBegin0(world->engine, 0), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderDeleteByKey0(world->engine, &fwpm_provider_key), STATUS_SUCCESS);
    fwp_destroy(world->fwp);
    netio_destroy(world->netio);
    world_destroy(world->world);
    free(world);
}

static const struct pe_export *find(const char *name)
{
    for (size_t i = 0; i < fwp_module.count; i++) {
        if (strcmp(fwp_module.exports[i].name, name) == 0)
            return &fwp_module.exports[i];
    }
    return NULL;
}

static void exports_are_sorted_and_dated(void **state)
{
    for (size_t i = 1; i < fwp_module.count; i++)
        assert_true(strcmp(fwp_module.exports[i - 1].name, fwp_module.exports[i].name) < 0);
    for (size_t i = 0; i < fwp_module.count; i++)
        assert_int_equal(fwp_module.exports[i].address == NULL,
                         fwp_module.exports[i].kind == PE_EXPORT_UNMODELLED);
    assert_int_equal(find("FwpsCalloutRegister0")->since, 0);
    assert_int_equal(find("FwpsCalloutRegister1")->since, 0x06010000);
    assert_int_equal(find("FwpsCalloutRegister2")->since, 0x06020000);
    assert_int_equal(find("FwpsCalloutRegister3")->since, 0x0A000003);
    assert_int_equal(find("FwpsFlowAbort0")->since, 0x06020000);
    assert_int_equal(find("FwpsInjectTransportSendAsync1")->kind, PE_EXPORT_UNMODELLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fwpm_setup, fwpm_teardown)
const struct CMUnitTest fwpm_service_tests[] = {
    TEST(bfe_changes_reach_subscribers),
    TEST(unsubscribing_inside_the_callback_is_reported),
    TEST(left_subscription_is_reported),
    TEST(the_second_writer_waits),
    TEST(the_second_writer_gives_up),
    TEST(memory_must_be_given_back_once),
    TEST(management_is_passive),
    TEST(open_transaction_at_close_is_reported),
    TEST(left_callout_is_reported),
    cmocka_unit_test(floor_ends_with_everything_open),
    cmocka_unit_test(exports_are_sorted_and_dated),
};
const size_t fwpm_service_test_count = sizeof(fwpm_service_tests) / sizeof(fwpm_service_tests[0]);
