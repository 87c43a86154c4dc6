/* SPDX-License-Identifier: MIT */
/* Sessions, transactions, providers, sublayers, callouts: the statuses of contract 3 and what is
 * undone when. */
#include "test_fwpm_world.h"

static void engine_open_checks_its_arguments(void **state)
{
    static const WCHAR server[] = u"elsewhere";
    const FWPM_SESSION0 odd = {.flags = 2};
    HANDLE engine;

    assert_int_equal(FwpmEngineOpen0(server, RPC_C_AUTHN_WINNT, NULL, NULL, &engine),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(FwpmEngineOpen0(NULL, 9, NULL, NULL, &engine), STATUS_INVALID_PARAMETER);
    assert_int_equal(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, &odd, &engine),
                     STATUS_FWP_INVALID_FLAGS);
    assert_int_equal(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, NULL),
                     STATUS_FWP_NULL_POINTER);
    assert_int_equal(FwpmEngineOpen0(NULL, RPC_C_AUTHN_DEFAULT, NULL, NULL, &engine),
                     STATUS_SUCCESS);
    assert_int_equal(FwpmEngineClose0(engine), STATUS_SUCCESS);
}

static void closed_engine_is_reported(void **state)
{
    struct fwpm_world *const world = *state;
    HANDLE engine = fwpm_open(0);

    assert_int_equal(FwpmEngineClose0(engine), STATUS_SUCCESS);
    assert_int_equal(FwpmTransactionBegin0(engine, 0), STATUS_INVALID_HANDLE);
    world_expect(world->world, "R65", "FwpmTransactionBegin0");
}

static void one_transaction_per_session(void **state)
{
    struct fwpm_world *const world = *state;

    assert_int_equal(FwpmTransactionCommit0(world->engine), STATUS_FWP_NO_TXN_IN_PROGRESS);
    assert_int_equal(FwpmTransactionAbort0(world->engine), STATUS_FWP_NO_TXN_IN_PROGRESS);
    assert_int_equal(FwpmTransactionBegin0(world->engine, 2), STATUS_FWP_INVALID_FLAGS);
    assert_int_equal(FwpmTransactionBegin0(world->engine, 0), STATUS_SUCCESS);
    assert_int_equal(FwpmTransactionBegin0(world->engine, 0), STATUS_FWP_TXN_IN_PROGRESS);
    assert_int_equal(FwpmTransactionCommit0(world->engine), STATUS_SUCCESS);
}

static void read_only_transactions_do_not_write(void **state)
{
    struct fwpm_world *const world = *state;
    const FWPM_PROVIDER0 provider = fwpm_provider();
    HANDLE other = fwpm_open(0);

    assert_int_equal(FwpmTransactionBegin0(world->engine, FWPM_TXN_READ_ONLY), STATUS_SUCCESS);
    assert_int_equal(FwpmTransactionBegin0(other, FWPM_TXN_READ_ONLY),
                     STATUS_SUCCESS); /* readers share */
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL), STATUS_FWP_INCOMPATIBLE_TXN);
    assert_int_equal(FwpmProviderDeleteByKey0(world->engine, &fwpm_provider_key),
                     STATUS_FWP_INCOMPATIBLE_TXN);
    assert_int_equal(FwpmTransactionCommit0(world->engine), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL),
                     STATUS_FWP_TIMEOUT); /* other reads */
    assert_int_equal(FwpmTransactionAbort0(other), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL), STATUS_SUCCESS);
    assert_int_equal(FwpmEngineClose0(other), STATUS_SUCCESS);
}

static void provider_life(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_PROVIDER0 provider = fwpm_provider(), *got = NULL;
    FWPM_SUBLAYER0 sublayer = fwpm_sublayer();
    WCHAR text[] = u"changed later", empty[] = u"";
    GUID key = fwpm_provider_key;

    sublayer.providerKey = &key;
    assert_int_equal(FwpmSubLayerAdd0(world->engine, &sublayer, NULL),
                     STATUS_FWP_PROVIDER_NOT_FOUND);
    provider.displayData.name = NULL;
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL),
                     STATUS_FWP_NULL_DISPLAY_NAME);
    provider.displayData.name = empty;
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL),
                     STATUS_FWP_NULL_DISPLAY_NAME);
    provider.displayData.name = text;
    provider.flags = 0x100;
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL), STATUS_FWP_INVALID_FLAGS);
    provider.flags = FWPM_PROVIDER_FLAG_PERSISTENT;
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL),
                     STATUS_FWP_DYNAMIC_SESSION_IN_PROGRESS);
    provider.flags = 0;
    assert_int_equal(FwpmProviderAdd0(world->engine, NULL, NULL), STATUS_FWP_NULL_POINTER);
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL), STATUS_FWP_ALREADY_EXISTS);
    text[0] = u'X';
    assert_int_equal(FwpmProviderGetByKey0(world->engine, &key, &got), STATUS_SUCCESS);
    assert_int_equal(got->displayData.name[0], u'c');
    assert_int_equal(got->displayData.name[12], u'r');
    assert_memory_equal(&got->providerKey, &key, sizeof(key));
    FwpmFreeMemory0((void **)&got);
    assert_null(got);
    assert_int_equal(FwpmSubLayerAdd0(world->engine, &sublayer, NULL), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderDeleteByKey0(world->engine, &key), STATUS_FWP_IN_USE);
    assert_int_equal(FwpmSubLayerDeleteByKey0(world->engine, &fwpm_sublayer_key), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderDeleteByKey0(world->engine, &key), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderDeleteByKey0(world->engine, &key), STATUS_FWP_PROVIDER_NOT_FOUND);
    assert_int_equal(FwpmProviderGetByKey0(world->engine, &key, &got),
                     STATUS_FWP_PROVIDER_NOT_FOUND);
}

static void built_in_sublayers_stay(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_SUBLAYER0 *got;

    assert_int_equal(FwpmSubLayerDeleteByKey0(world->engine, &FWPM_SUBLAYER_UNIVERSAL),
                     STATUS_FWP_BUILTIN_OBJECT);
    assert_int_equal(FwpmSubLayerGetByKey0(world->engine, &FWPM_SUBLAYER_INSPECTION, &got),
                     STATUS_SUCCESS);
    FwpmFreeMemory0((void **)&got);
    assert_int_equal(FwpmSubLayerDeleteByKey0(world->engine, &fwpm_other_key),
                     STATUS_FWP_SUBLAYER_NOT_FOUND);
}

static void sublayers_are_enumerated(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_SUBLAYER0 sublayer = fwpm_sublayer(), **entries;
    HANDLE handle;
    UINT32 count;

    assert_int_equal(FwpmSubLayerAdd0(world->engine, &sublayer, NULL), STATUS_SUCCESS);
    assert_int_equal(FwpmSubLayerCreateEnumHandle0(world->engine, NULL, &handle), STATUS_SUCCESS);
    assert_int_equal(FwpmSubLayerEnum0(world->engine, handle, 2, &entries, &count), STATUS_SUCCESS);
    assert_int_equal(count, 2);
    assert_memory_equal(&entries[0]->subLayerKey, &FWPM_SUBLAYER_UNIVERSAL, sizeof(GUID));
    FwpmFreeMemory0((void **)&entries);
    assert_int_equal(FwpmSubLayerEnum0(world->engine, handle, 10, &entries, &count),
                     STATUS_SUCCESS);
    assert_int_equal(count, 1);
    assert_int_equal(entries[0]->weight, 77);
    FwpmFreeMemory0((void **)&entries);
    assert_int_equal(FwpmSubLayerEnum0(world->engine, handle, 10, &entries, &count),
                     STATUS_SUCCESS);
    assert_int_equal(count, 0);
    assert_int_equal(FwpmSubLayerDestroyEnumHandle0(world->engine, handle), STATUS_SUCCESS);
    assert_int_equal(FwpmSubLayerDestroyEnumHandle0(world->engine, handle),
                     STATUS_FWP_INVALID_ENUMERATOR);
}

static void callout_ids_are_those_of_the_registration(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_CALLOUT0 callout = fwpm_callout(), *got;
    UINT32 id;

    fwpm_add_basics(world);
    assert_int_equal(FwpmCalloutAdd0(world->engine, &callout, NULL, NULL),
                     STATUS_FWP_ALREADY_EXISTS);
    assert_int_equal(FwpmCalloutGetById0(world->engine, world->callout_id, &got), STATUS_SUCCESS);
    assert_int_equal(got->calloutId, world->callout_id);
    assert_true((got->flags & FWPM_CALLOUT_FLAG_REGISTERED) != 0);
    FwpmFreeMemory0((void **)&got);
    callout.calloutKey = fwpm_other_key; /* nobody registered this one */
    callout.applicableLayer = fwpm_other_key;
    assert_int_equal(FwpmCalloutAdd0(world->engine, &callout, NULL, &id),
                     STATUS_FWP_LAYER_NOT_FOUND);
    callout.applicableLayer = FWPM_LAYER_INBOUND_TRANSPORT_V4;
    assert_int_equal(FwpmCalloutAdd0(world->engine, &callout, NULL, &id), STATUS_SUCCESS);
    assert_int_not_equal(id, world->callout_id);
    assert_int_equal(FwpmCalloutGetByKey0(world->engine, &fwpm_other_key, &got), STATUS_SUCCESS);
    assert_int_equal(got->flags & FWPM_CALLOUT_FLAG_REGISTERED, 0);
    FwpmFreeMemory0((void **)&got);
    assert_int_equal(FwpmCalloutDeleteById0(world->engine, id), STATUS_SUCCESS);
    assert_int_equal(FwpmCalloutDeleteById0(world->engine, id), STATUS_FWP_CALLOUT_NOT_FOUND);
    assert_int_equal(FwpmCalloutDeleteByKey0(world->engine, &fwpm_callout_key), STATUS_SUCCESS);
}

static void dynamic_objects_go_with_their_session(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_FILTER0 filter = fwpm_filter();
    HANDLE other = fwpm_open(0);
    UINT64 id;

    fwpm_add_basics(world);
    assert_int_equal(FwpmFilterAdd0(world->engine, &filter, NULL, &id), STATUS_SUCCESS);
    assert_int_equal(fwpm_told.added, 1);
    assert_int_equal(FwpmFilterDeleteById0(other, id), STATUS_FWP_WRONG_SESSION);
    assert_int_equal(FwpmEngineClose0(world->engine), STATUS_SUCCESS);
    world->engine = NULL;
    assert_int_equal(fwpm_told.deleted, 1);
    assert_int_equal(FwpmFilterDeleteById0(other, id), STATUS_FWP_FILTER_NOT_FOUND);
    assert_int_equal(FwpmCalloutDeleteByKey0(other, &fwpm_callout_key),
                     STATUS_FWP_CALLOUT_NOT_FOUND);
    assert_int_equal(FwpmSubLayerDeleteByKey0(other, &fwpm_sublayer_key),
                     STATUS_FWP_SUBLAYER_NOT_FOUND);
    assert_int_equal(FwpmEngineClose0(other), STATUS_SUCCESS);
}

static void static_objects_outlive_their_session(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_PROVIDER0 provider = fwpm_provider();
    HANDLE other = fwpm_open(0);

    assert_int_equal(FwpmProviderAdd0(other, &provider, NULL), STATUS_SUCCESS);
    assert_int_equal(FwpmEngineClose0(other), STATUS_SUCCESS);
    fwp_report_left(world->fwp);
    assert_int_equal(world->world->breaches, 2); /* the provider, and the world's own session */
    world->world->breaches = 0;
    assert_int_equal(FwpmProviderDeleteByKey0(world->engine, &fwpm_provider_key),
                     STATUS_FWP_DYNAMIC_SESSION_IN_PROGRESS);
    other = fwpm_open(0);
    assert_int_equal(FwpmProviderDeleteByKey0(other, &fwpm_provider_key), STATUS_SUCCESS);
    assert_int_equal(FwpmEngineClose0(other), STATUS_SUCCESS);
}

static void references_to_shorter_lives_are_refused(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_PROVIDER0 provider = fwpm_provider();
    FWPM_SUBLAYER0 sublayer = fwpm_sublayer();
    HANDLE lasting = fwpm_open(0), dynamic = fwpm_open(FWPM_SESSION_FLAG_DYNAMIC);
    GUID key = fwpm_provider_key;

    sublayer.providerKey = &key;
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL),
                     STATUS_SUCCESS); /* dynamic */
    assert_int_equal(FwpmSubLayerAdd0(lasting, &sublayer, NULL), STATUS_FWP_LIFETIME_MISMATCH);
    assert_int_equal(FwpmSubLayerAdd0(dynamic, &sublayer, NULL), STATUS_FWP_LIFETIME_MISMATCH);
    assert_int_equal(FwpmProviderDeleteByKey0(world->engine, &key), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderAdd0(lasting, &provider, NULL), STATUS_SUCCESS); /* static */
    sublayer.flags = FWPM_SUBLAYER_FLAG_PERSISTENT;
    assert_int_equal(FwpmSubLayerAdd0(lasting, &sublayer, NULL), STATUS_FWP_LIFETIME_MISMATCH);
    sublayer.flags = 0;
    assert_int_equal(FwpmSubLayerAdd0(dynamic, &sublayer, NULL), STATUS_SUCCESS);
    assert_int_equal(FwpmEngineClose0(dynamic), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderDeleteByKey0(lasting, &key), STATUS_SUCCESS);
    assert_int_equal(FwpmEngineClose0(lasting), STATUS_SUCCESS);
}

static void persistent_objects_are_no_finding(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_PROVIDER0 provider = fwpm_provider();
    HANDLE other = fwpm_open(0);

    provider.flags = FWPM_PROVIDER_FLAG_PERSISTENT;
    assert_int_equal(FwpmProviderAdd0(other, &provider, NULL), STATUS_SUCCESS);
    assert_int_equal(FwpmEngineClose0(other), STATUS_SUCCESS);
    /* The tear-down asserts that nothing is reported. */
    assert_int_equal(world->world->breaches, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fwpm_setup, fwpm_teardown)
    const struct CMUnitTest tests[] = {
        TEST(engine_open_checks_its_arguments),
        TEST(closed_engine_is_reported),
        TEST(one_transaction_per_session),
        TEST(read_only_transactions_do_not_write),
        TEST(provider_life),
        TEST(built_in_sublayers_stay),
        TEST(sublayers_are_enumerated),
        TEST(callout_ids_are_those_of_the_registration),
        TEST(dynamic_objects_go_with_their_session),
        TEST(static_objects_outlive_their_session),
        TEST(references_to_shorter_lives_are_refused),
        TEST(persistent_objects_are_no_finding),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    failed +=
        _cmocka_run_group_tests("filters", fwpm_filter_tests, fwpm_filter_test_count, NULL, NULL);
    failed +=
        _cmocka_run_group_tests("service", fwpm_service_tests, fwpm_service_test_count, NULL, NULL);
    return failed;
}
