/* SPDX-License-Identifier: MIT */
/* Filters: validation, weights, and when they reach the engine. */
#include "test_fwpm_world.h"

static UINT64 add(struct fwpm_world *world, const FWPM_FILTER0 *filter, NTSTATUS expected)
{
    UINT64 id = 0;

    assert_int_equal((UINT32)FwpmFilterAdd0(world->engine, filter, NULL, &id), (UINT32)expected);
    return id;
}

static void bad_filters_are_refused(void **state)
{
    struct fwpm_world *const world = *state;
    const FWPM_FILTER0 good = fwpm_filter();
    FWPM_FILTER0 filter;

    add(world, &good, STATUS_FWP_SUBLAYER_NOT_FOUND);
    fwpm_add_basics(world);
    filter = good;
    filter.displayData.name = NULL;
    add(world, &filter, STATUS_FWP_NULL_DISPLAY_NAME);
    filter = good;
    filter.flags = 0x80000000;
    add(world, &filter, STATUS_FWP_INVALID_FLAGS);
    filter = good;
    filter.flags = FWPM_FILTER_FLAG_PERSISTENT;
    add(world, &filter, STATUS_FWP_DYNAMIC_SESSION_IN_PROGRESS);
    filter = good;
    filter.flags = FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT;
    add(world, &filter, STATUS_FWP_PROVIDER_CONTEXT_NOT_FOUND);
    filter = good;
    filter.layerKey = fwpm_other_key;
    add(world, &filter, STATUS_FWP_LAYER_NOT_FOUND);
    filter = good;
    filter.layerKey = FWPM_LAYER_STREAM_V6;
    add(world, &filter, STATUS_FWP_INCOMPATIBLE_LAYER);
    filter = good;
    filter.action.calloutKey = fwpm_other_key;
    add(world, &filter, STATUS_FWP_CALLOUT_NOT_FOUND);
    filter = good;
    filter.action.type = FWP_ACTION_NONE;
    add(world, &filter, STATUS_FWP_INVALID_ACTION_TYPE);
    filter = good;
    filter.numFilterConditions = 1;
    add(world, &filter, STATUS_FWP_NULL_POINTER);
    filter = good;
    filter.providerKey = (GUID *)(uintptr_t)&fwpm_other_key;
    add(world, &filter, STATUS_FWP_PROVIDER_NOT_FOUND);
    assert_int_equal(fwpm_told.added, 0);
}

static void weights(void **state)
{
    struct fwpm_world *const world = *state;
    UINT64 whole = 0x123456789ABCDEF0ull, id;
    FWPM_FILTER_CONDITION0 condition = {
        .fieldKey = FWPM_CONDITION_IP_REMOTE_PORT,
        .matchType = FWP_MATCH_EQUAL,
        .conditionValue = {.type = FWP_UINT16, .uint16 = 443},
    };
    const struct {
        FWP_VALUE0 weight;
        NTSTATUS status;
        UINT64 low, high; /* of the effective weight, both included */
    } cases[] = {
        {{.type = FWP_EMPTY}, STATUS_SUCCESS, 1, (1ull << 60) - 1},
        {{.type = FWP_UINT8, .uint8 = 15}, STATUS_SUCCESS, (15ull << 60) + 1, UINT64_MAX},
        {{.type = FWP_UINT8, .uint8 = 16}, STATUS_FWP_INVALID_WEIGHT, 0, 0},
        {{.type = FWP_UINT64, .uint64 = &whole}, STATUS_SUCCESS, whole, whole},
        {{.type = FWP_UINT64, .uint64 = NULL}, STATUS_FWP_NULL_POINTER, 0, 0},
        {{.type = FWP_UINT32, .uint32 = 1}, STATUS_FWP_INVALID_WEIGHT, 0, 0},
    };

    fwpm_add_basics(world);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        FWPM_FILTER0 filter = fwpm_filter(), *got;

        filter.weight = cases[i].weight;
        filter.numFilterConditions = 1;
        filter.filterCondition = &condition;
        id = add(world, &filter, cases[i].status);
        if (cases[i].status != STATUS_SUCCESS)
            continue;
        assert_int_equal(FwpmFilterGetById0(world->engine, id, &got), STATUS_SUCCESS);
        assert_int_equal(got->effectiveWeight.type, FWP_UINT64);
        assert_in_range(*got->effectiveWeight.uint64, cases[i].low, cases[i].high);
        FwpmFreeMemory0((void **)&got);
    }
}

static void more_specific_is_heavier(void **state)
{
    struct fwpm_world *const world = *state;
    FWP_V4_ADDR_AND_MASK net = {0x0A000000, 0xFF000000};
    FWPM_FILTER_CONDITION0 wide = {
        .fieldKey = FWPM_CONDITION_IP_REMOTE_ADDRESS,
        .matchType = FWP_MATCH_EQUAL,
        .conditionValue = {.type = FWP_V4_ADDR_MASK, .v4AddrMask = &net}};
    FWPM_FILTER_CONDITION0 narrow = {.fieldKey = FWPM_CONDITION_IP_REMOTE_ADDRESS,
                                     .matchType = FWP_MATCH_EQUAL,
                                     .conditionValue = {.type = FWP_UINT32, .uint32 = 0x0A000001}};
    FWPM_FILTER_CONDITION0 *const conditions[] = {NULL, &wide, &narrow};
    UINT64 last = 0;

    fwpm_add_basics(world);
    for (size_t i = 0; i < 3; i++) {
        FWPM_FILTER0 filter = fwpm_filter(), *got;

        filter.numFilterConditions = i > 0;
        filter.filterCondition = conditions[i];
        assert_int_equal(
            FwpmFilterGetById0(world->engine, add(world, &filter, STATUS_SUCCESS), &got),
            STATUS_SUCCESS);
        if (i > 0)
            assert_true(*got->effectiveWeight.uint64 > last);
        last = *got->effectiveWeight.uint64;
        FwpmFreeMemory0((void **)&got);
    }
}

static void conditions_are_checked(void **state)
{
    struct fwpm_world *const world = *state;
    static FWP_BYTE_ARRAY16 address;
    static FWP_V4_ADDR_AND_MASK net4 = {0x0A000000, 0xFF000000};
    static FWP_V6_ADDR_AND_MASK net6 = {{0}, 129};
    static FWP_RANGE0 good = {{.type = FWP_UINT16, .uint16 = 1}, {.type = FWP_UINT16, .uint16 = 9}};
    static FWP_RANGE0 backwards = {{.type = FWP_UINT16, .uint16 = 9},
                                   {.type = FWP_UINT16, .uint16 = 1}};
    static FWP_RANGE0 mixed = {{.type = FWP_UINT16, .uint16 = 1},
                               {.type = FWP_UINT32, .uint32 = 9}};
    static FWP_BYTE_BLOB blob;
#define V(t, ...) {.type = t, __VA_ARGS__}
    static const struct {
        const GUID *field;
        FWP_MATCH_TYPE match;
        FWP_CONDITION_VALUE0 value;
        NTSTATUS status;
    } cases[] = {
        {&FWPM_CONDITION_IP_REMOTE_PORT, FWP_MATCH_EQUAL, V(FWP_UINT16, .uint16 = 1),
         STATUS_SUCCESS},
        {&FWPM_CONDITION_IP_REMOTE_PORT, FWP_MATCH_EQUAL, V(FWP_UINT32, .uint32 = 1),
         STATUS_FWP_TYPE_MISMATCH},
        {&FWPM_CONDITION_IP_REMOTE_PORT, FWP_MATCH_NOT_EQUAL, V(FWP_UINT16, .uint16 = 1),
         STATUS_SUCCESS},
        {&FWPM_CONDITION_IP_REMOTE_PORT, FWP_MATCH_LESS, V(FWP_UINT16, .uint16 = 1),
         STATUS_SUCCESS},
        {&FWPM_CONDITION_IP_REMOTE_PORT, FWP_MATCH_RANGE, V(FWP_RANGE_TYPE, .rangeValue = &good),
         STATUS_SUCCESS},
        {&FWPM_CONDITION_IP_REMOTE_PORT, FWP_MATCH_EQUAL, V(FWP_RANGE_TYPE, .rangeValue = &good),
         STATUS_FWP_MATCH_TYPE_MISMATCH},
        {&FWPM_CONDITION_IP_REMOTE_PORT, FWP_MATCH_RANGE, V(FWP_UINT16, .uint16 = 1),
         STATUS_FWP_TYPE_MISMATCH},
        {&FWPM_CONDITION_IP_REMOTE_PORT, FWP_MATCH_RANGE,
         V(FWP_RANGE_TYPE, .rangeValue = &backwards), STATUS_FWP_INVALID_RANGE},
        {&FWPM_CONDITION_IP_REMOTE_PORT, FWP_MATCH_RANGE, V(FWP_RANGE_TYPE, .rangeValue = &mixed),
         STATUS_FWP_TYPE_MISMATCH},
        {&FWPM_CONDITION_IP_REMOTE_PORT, FWP_MATCH_RANGE, V(FWP_RANGE_TYPE, .rangeValue = NULL),
         STATUS_FWP_NULL_POINTER},
        {&FWPM_CONDITION_IP_REMOTE_ADDRESS, FWP_MATCH_EQUAL,
         V(FWP_V4_ADDR_MASK, .v4AddrMask = &net4), STATUS_SUCCESS},
        {&FWPM_CONDITION_IP_REMOTE_ADDRESS, FWP_MATCH_GREATER,
         V(FWP_V4_ADDR_MASK, .v4AddrMask = &net4), STATUS_FWP_MATCH_TYPE_MISMATCH},
        {&FWPM_CONDITION_IP_REMOTE_ADDRESS, FWP_MATCH_EQUAL,
         V(FWP_V6_ADDR_MASK, .v6AddrMask = &net6), STATUS_FWP_TYPE_MISMATCH},
        {&FWPM_CONDITION_IP_REMOTE_ADDRESS, FWP_MATCH_EQUAL,
         V(FWP_BYTE_ARRAY16_TYPE, .byteArray16 = &address), STATUS_FWP_TYPE_MISMATCH},
        {&FWPM_CONDITION_FLAGS, FWP_MATCH_FLAGS_ANY_SET, V(FWP_UINT32, .uint32 = 1),
         STATUS_SUCCESS},
        {&FWPM_CONDITION_FLAGS, FWP_MATCH_FLAGS_ANY_SET, V(FWP_UINT8, .uint8 = 1),
         STATUS_FWP_TYPE_MISMATCH},
        {&FWPM_CONDITION_FLAGS, FWP_MATCH_EQUAL_CASE_INSENSITIVE, V(FWP_UINT32, .uint32 = 1),
         STATUS_FWP_MATCH_TYPE_MISMATCH},
        {&FWPM_CONDITION_FLAGS, FWP_MATCH_PREFIX, V(FWP_UINT32, .uint32 = 1),
         STATUS_FWP_MATCH_TYPE_MISMATCH},
        {&FWPM_CONDITION_FLAGS, FWP_MATCH_TYPE_MAX, V(FWP_UINT32, .uint32 = 1),
         STATUS_FWP_OUT_OF_BOUNDS},
        {&FWPM_CONDITION_COMPARTMENT_ID, FWP_MATCH_EQUAL, V(FWP_UINT32, .uint32 = 1),
         STATUS_SUCCESS},
        {&FWPM_CONDITION_IP_PROTOCOL, FWP_MATCH_EQUAL, V(FWP_UINT8, .uint8 = 6),
         STATUS_FWP_CONDITION_NOT_FOUND},
        {&FWPM_CONDITION_ALE_APP_ID, FWP_MATCH_EQUAL, V(FWP_BYTE_BLOB_TYPE, .byteBlob = &blob),
         STATUS_FWP_CONDITION_NOT_FOUND},
    };

    fwpm_add_basics(world);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        FWPM_FILTER_CONDITION0 condition = {.fieldKey = *cases[i].field,
                                            .matchType = cases[i].match,
                                            .conditionValue = cases[i].value};
        FWPM_FILTER0 filter = fwpm_filter();
        UINT64 id = 0;
        const NTSTATUS status =
            (filter.numFilterConditions = 1, filter.filterCondition = &condition,
             FwpmFilterAdd0(world->engine, &filter, NULL, &id));

        if (status != cases[i].status)
            fail_msg("case %zu: 0x%08x, not 0x%08x", i, (unsigned)status,
                     (unsigned)cases[i].status);
    }
}

static void vista_knows_fewer_conditions(void **state)
{
    struct fwpm_world *const world = fwpm_world_create("vista-sp1");
    FWPM_FILTER_CONDITION0 conditions[2] = {
        {.fieldKey = FWPM_CONDITION_IP_REMOTE_PORT,
         .conditionValue = {.type = FWP_UINT16, .uint16 = 1}},
        {.fieldKey = FWPM_CONDITION_IP_REMOTE_PORT,
         .conditionValue = {.type = FWP_UINT16, .uint16 = 2}},
    };
    FWPM_FILTER0 filter = fwpm_filter();

    fwpm_add_basics(world);
    filter.numFilterConditions = 2;
    filter.filterCondition = conditions;
    add(world, &filter, STATUS_FWP_DUPLICATE_CONDITION);
    filter.numFilterConditions = 1;
    conditions[0].matchType = FWP_MATCH_NOT_EQUAL;
    add(world, &filter, STATUS_FWP_MATCH_TYPE_MISMATCH);
    conditions[0] = (FWPM_FILTER_CONDITION0){.fieldKey = FWPM_CONDITION_COMPARTMENT_ID,
                                             .conditionValue = {.type = FWP_UINT32, .uint32 = 1}};
    add(world, &filter, STATUS_FWP_CONDITION_NOT_FOUND);
    fwpm_world_destroy(world);
}

static void definitions_are_copied_deeply(void **state)
{
    struct fwpm_world *const world = *state;
    FWP_RANGE0 range = {{.type = FWP_UINT16, .uint16 = 10}, {.type = FWP_UINT16, .uint16 = 20}};
    FWPM_FILTER_CONDITION0 condition = {
        .fieldKey = FWPM_CONDITION_IP_LOCAL_PORT,
        .matchType = FWP_MATCH_RANGE,
        .conditionValue = {.type = FWP_RANGE_TYPE, .rangeValue = &range}};
    FWPM_FILTER0 filter = fwpm_filter(), *got;
    UINT64 id;

    fwpm_add_basics(world);
    filter.filterKey = fwpm_other_key;
    filter.numFilterConditions = 1;
    filter.filterCondition = &condition;
    filter.rawContext = 42;
    id = add(world, &filter, STATUS_SUCCESS);
    memset(&condition, 0xEE, sizeof(condition));
    memset(&range, 0xEE, sizeof(range));
    assert_int_equal(FwpmFilterGetByKey0(world->engine, &fwpm_other_key, &got), STATUS_SUCCESS);
    assert_int_equal(got->filterId, id);
    assert_int_equal(got->rawContext, 42);
    assert_int_equal(got->filterCondition[0].conditionValue.rangeValue->valueHigh.uint16, 20);
    FwpmFreeMemory0((void **)&got);
    add(world, &filter, STATUS_FWP_ALREADY_EXISTS);
    assert_int_equal(FwpmFilterDeleteByKey0(world->engine, &fwpm_other_key), STATUS_SUCCESS);
    assert_int_equal(FwpmFilterDeleteById0(world->engine, id), STATUS_FWP_FILTER_NOT_FOUND);
}

static void filters_reach_the_engine_at_commit(void **state)
{
    struct fwpm_world *const world = *state;
    const FWPM_FILTER0 filter = fwpm_filter();
    UINT64 first, second;

    fwpm_add_basics(world);
    assert_int_equal(FwpmTransactionBegin0(world->engine, 0), STATUS_SUCCESS);
    first = add(world, &filter, STATUS_SUCCESS);
    second = add(world, &filter, STATUS_SUCCESS);
    assert_true(second > first);
    assert_int_equal(FwpmFilterDeleteById0(world->engine, second), STATUS_SUCCESS);
    assert_int_equal(fwpm_told.added, 0);
    assert_int_equal(FwpmTransactionCommit0(world->engine), STATUS_SUCCESS);
    assert_int_equal(fwpm_told.added, 1); /* the second came and went unseen */
    assert_int_equal(FwpmTransactionBegin0(world->engine, 0), STATUS_SUCCESS);
    assert_int_equal(FwpmFilterDeleteById0(world->engine, first), STATUS_SUCCESS);
    assert_int_equal(fwpm_told.deleted, 0);
    assert_int_equal(FwpmTransactionCommit0(world->engine), STATUS_SUCCESS);
    assert_int_equal(fwpm_told.deleted, 1);
}

static void abort_undoes_everything(void **state)
{
    struct fwpm_world *const world = *state;
    const FWPM_FILTER0 filter = fwpm_filter();
    const FWPM_PROVIDER0 provider = fwpm_provider();
    UINT64 kept, gone;

    fwpm_add_basics(world);
    kept = add(world, &filter, STATUS_SUCCESS);
    assert_int_equal(FwpmTransactionBegin0(world->engine, 0), STATUS_SUCCESS);
    gone = add(world, &filter, STATUS_SUCCESS);
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL),
                     STATUS_FWP_ALREADY_EXISTS); /* goes on */
    assert_int_equal(FwpmFilterDeleteById0(world->engine, kept), STATUS_SUCCESS);
    assert_int_equal(FwpmFilterDeleteById0(world->engine, gone), STATUS_SUCCESS);
    assert_int_equal(FwpmCalloutDeleteByKey0(world->engine, &fwpm_callout_key), STATUS_SUCCESS);
    assert_int_equal(FwpmTransactionAbort0(world->engine), STATUS_SUCCESS);
    assert_int_equal(fwpm_told.added, 1);
    assert_int_equal(fwpm_told.deleted, 0);
    assert_int_equal(FwpmProviderDeleteByKey0(world->engine, &fwpm_provider_key),
                     STATUS_FWP_PROVIDER_NOT_FOUND);
    assert_int_equal(FwpmFilterDeleteById0(world->engine, gone), STATUS_FWP_FILTER_NOT_FOUND);
    assert_int_equal(FwpmCalloutDeleteByKey0(world->engine, &fwpm_callout_key), STATUS_FWP_IN_USE);
    assert_int_equal(FwpmSubLayerDeleteByKey0(world->engine, &fwpm_sublayer_key),
                     STATUS_FWP_IN_USE);
    assert_int_equal(FwpmFilterDeleteById0(world->engine, kept), STATUS_SUCCESS);
    assert_int_equal(fwpm_told.deleted, 1);
}

static void refused_notification_fails_the_add(void **state)
{
    struct fwpm_world *const world = *state;
    const FWPM_FILTER0 filter = fwpm_filter();
    const FWPM_PROVIDER0 provider = fwpm_provider();

    fwpm_add_basics(world);
    fwpm_told.answer = STATUS_UNSUCCESSFUL;
    add(world, &filter, STATUS_FWP_CALLOUT_NOTIFICATION_FAILED);
    assert_int_equal(fwpm_told.added, 1);
    assert_int_equal(FwpmTransactionBegin0(world->engine, 0), STATUS_SUCCESS);
    assert_int_equal(FwpmProviderAdd0(world->engine, &provider, NULL), STATUS_SUCCESS);
    add(world, &filter, STATUS_SUCCESS);
    assert_int_equal(FwpmTransactionCommit0(world->engine), STATUS_FWP_CALLOUT_NOTIFICATION_FAILED);
    assert_int_equal(FwpmTransactionCommit0(world->engine), STATUS_FWP_NO_TXN_IN_PROGRESS);
    assert_int_equal(FwpmProviderDeleteByKey0(world->engine, &fwpm_provider_key),
                     STATUS_FWP_PROVIDER_NOT_FOUND);
    assert_int_equal(fwpm_told.deleted, 0);
    fwpm_told.added = 0; /* refused ones are never deleted */
}

static void plain_filters_need_no_callout(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_FILTER0 filter = fwpm_filter();

    filter.subLayerKey = (GUID){0}; /* the universal one */
    filter.action = (FWPM_ACTION0){.type = FWP_ACTION_PERMIT};
    filter.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V6;
    add(world, &filter, STATUS_SUCCESS);
    filter.layerKey = FWPM_LAYER_OUTBOUND_TRANSPORT_V4; /* nothing is classified there */
    add(world, &filter, STATUS_SUCCESS);
    assert_int_equal(fwpm_told.without_provider, 2);
}

static void filters_are_enumerated_by_template(void **state)
{
    struct fwpm_world *const world = *state;
    FWPM_FILTER0 filter = fwpm_filter(), **entries;
    FWPM_FILTER_ENUM_TEMPLATE0 wanted = {.layerKey = FWPM_LAYER_STREAM_V4,
                                         .actionMask = 0xFFFFFFFF};
    UINT32 count;
    HANDLE handle;

    fwpm_add_basics(world);
    add(world, &filter, STATUS_SUCCESS);
    filter.action = (FWPM_ACTION0){.type = FWP_ACTION_PERMIT};
    add(world, &filter, STATUS_SUCCESS);
    filter.layerKey = FWPM_LAYER_STREAM_V6;
    add(world, &filter, STATUS_SUCCESS);
    const struct {
        UINT32 mask;
        GUID *callout;
        UINT32 count;
    } cases[] = {
        {0xFFFFFFFF, NULL, 2},
        {FWP_ACTION_FLAG_CALLOUT, NULL, 1},
        {0xFFFFFFFF, (GUID *)(uintptr_t)&fwpm_callout_key, 1},
        {0xFFFFFFFF, (GUID *)(uintptr_t)&fwpm_other_key, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wanted.actionMask = cases[i].mask;
        wanted.calloutKey = cases[i].callout;
        assert_int_equal(FwpmFilterCreateEnumHandle0(world->engine, &wanted, &handle),
                         STATUS_SUCCESS);
        assert_int_equal(FwpmFilterEnum0(world->engine, handle, 100, &entries, &count),
                         STATUS_SUCCESS);
        assert_int_equal(count, cases[i].count);
        FwpmFreeMemory0((void **)&entries);
        assert_int_equal(FwpmSubLayerDestroyEnumHandle0(world->engine, handle),
                         STATUS_FWP_INVALID_ENUMERATOR);
        assert_int_equal(FwpmFilterDestroyEnumHandle0(world->engine, handle), STATUS_SUCCESS);
    }
    /* The handle goes with the session. */
    assert_int_equal(FwpmFilterCreateEnumHandle0(world->engine, NULL, &handle), STATUS_SUCCESS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fwpm_setup, fwpm_teardown)
const struct CMUnitTest fwpm_filter_tests[] = {
    TEST(bad_filters_are_refused),
    TEST(weights),
    TEST(more_specific_is_heavier),
    TEST(conditions_are_checked),
    cmocka_unit_test(vista_knows_fewer_conditions),
    TEST(definitions_are_copied_deeply),
    TEST(filters_reach_the_engine_at_commit),
    TEST(abort_undoes_everything),
    TEST(refused_notification_fails_the_add),
    TEST(plain_filters_need_no_callout),
    TEST(filters_are_enumerated_by_template),
};
const size_t fwpm_filter_test_count = sizeof(fwpm_filter_tests) / sizeof(fwpm_filter_tests[0]);
