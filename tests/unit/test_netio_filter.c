/* SPDX-License-Identifier: MIT */
/* Filters: conditions, arbitration at ordinary layers, the waterfall at the stream layer, callouts
 * that come and go. */
#include "test_netio_world.h"

/* ---- conditions ---- */

static FWPS_FILTER_CONDITION0 on_port(FWP_MATCH_TYPE match, uint16_t port)
{
    return (FWPS_FILTER_CONDITION0){.fieldId = FWPS_FIELD_STREAM_V4_IP_REMOTE_PORT,
                                    .matchType = match,
                                    .conditionValue = {.type = FWP_UINT16, .uint16 = port}};
}

/* Whether a stream filter with these conditions matches the fixture's connection (10.0.0.1:50000
 * to 10.0.0.2:80). */
static bool matches(const char *profile, const FWPS_FILTER_CONDITION0 *conditions, uint32_t count)
{
    bool matched;

    world_open(&(struct world_options){.profile = profile});
    world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_BLOCK, NULL, 1, 1, conditions, count, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_offer_one(NETIO_INBOUND, 10);
    matched = world->out_length[NETIO_INBOUND] == 0;
    world_close();
    return matched;
}

static void integers(void **state)
{
    static const struct {
        FWP_MATCH_TYPE match;
        uint16_t port;
        bool holds;
    } cases[] = {
        {FWP_MATCH_EQUAL, 80, true},
        {FWP_MATCH_EQUAL, 81, false},
        {FWP_MATCH_NOT_EQUAL, 81, true},
        {FWP_MATCH_NOT_EQUAL, 80, false},
        {FWP_MATCH_GREATER, 79, true},
        {FWP_MATCH_GREATER, 80, false},
        {FWP_MATCH_LESS, 81, true},
        {FWP_MATCH_LESS, 80, false},
        {FWP_MATCH_GREATER_OR_EQUAL, 80, true},
        {FWP_MATCH_GREATER_OR_EQUAL, 81, false},
        {FWP_MATCH_LESS_OR_EQUAL, 80, true},
        {FWP_MATCH_LESS_OR_EQUAL, 79, false},
        {FWP_MATCH_FLAGS_ALL_SET, 0x50, true},
        {FWP_MATCH_FLAGS_ALL_SET, 0x51, false},
        {FWP_MATCH_FLAGS_ANY_SET, 0x11, true},
        {FWP_MATCH_FLAGS_ANY_SET, 0x0F, false},
        {FWP_MATCH_FLAGS_NONE_SET, 0x0F, true},
        {FWP_MATCH_FLAGS_NONE_SET, 0x10, false},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const FWPS_FILTER_CONDITION0 condition = on_port(cases[i].match, cases[i].port);

        assert_int_equal(matches(NULL, &condition, 1), cases[i].holds);
    }
}

static void ranges_and_masks(void **state)
{
    FWP_RANGE0 range = {{.type = FWP_UINT16, .uint16 = 80}, {.type = FWP_UINT16, .uint16 = 90}};
    FWP_V4_ADDR_AND_MASK mask = {0x0A0000FF, 0xFFFFFF00};
    FWPS_FILTER_CONDITION0 condition = on_port(FWP_MATCH_RANGE, 0);

    condition.conditionValue.type = FWP_RANGE_TYPE;
    condition.conditionValue.rangeValue = &range;
    assert_true(matches(NULL, &condition, 1));
    range.valueLow.uint16 = 81;
    assert_false(matches(NULL, &condition, 1));
    condition =
        (FWPS_FILTER_CONDITION0){.fieldId = FWPS_FIELD_STREAM_V4_IP_REMOTE_ADDRESS,
                                 .matchType = FWP_MATCH_EQUAL,
                                 .conditionValue = {.type = FWP_V4_ADDR_MASK, .v4AddrMask = &mask}};
    assert_true(matches(NULL, &condition, 1));
    mask.addr = 0x0A000100;
    assert_false(matches(NULL, &condition, 1));
}

static void several_conditions(void **state)
{
    const FWPS_FILTER_CONDITION0 same[] = {on_port(FWP_MATCH_EQUAL, 443),
                                           on_port(FWP_MATCH_EQUAL, 80)};
    FWPS_FILTER_CONDITION0 different[] = {on_port(FWP_MATCH_EQUAL, 80),
                                          on_port(FWP_MATCH_EQUAL, 50000)};

    /* The same field: alternatives, since Windows 7. */
    assert_true(matches("7sp1", same, 2));
    assert_false(matches("vista-sp1", same, 2));
    different[1].fieldId = FWPS_FIELD_STREAM_V4_IP_LOCAL_PORT;
    assert_true(matches(NULL, different, 2));
    different[0].conditionValue.uint16 = 81;
    assert_false(matches(NULL, different, 2));
    /* A field that this Windows does not pass. */
    different[0].fieldId = FWPS_FIELD_STREAM_V4_COMPARTMENT_ID;
    assert_false(matches("7sp1", different, 1));
}

static void version_6_networks(void **state)
{
    static const struct {
        uint8_t last, prefix;
        bool holds;
    } cases[] = {{0x00, 120, true}, {0xF2, 120, true},  {0x03, 127, true}, {0x03, 128, false},
                 {0x02, 128, true}, {0x04, 126, false}, {0x00, 0, true}};

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        FWP_V6_ADDR_AND_MASK network = {.prefixLength = cases[i].prefix};
        FWPS_FILTER_CONDITION0 condition = {
            .fieldId = FWPS_FIELD_ALE_AUTH_CONNECT_V6_IP_REMOTE_ADDRESS,
            .matchType = FWP_MATCH_EQUAL,
            .conditionValue = {.type = FWP_V6_ADDR_MASK, .v6AddrMask = &network}};

        network.addr[15] = cases[i].last;
        world_open(NULL);
        world->info.v6 = true;
        world->info.remote6[15] = 2;
        world_filter(FWPS_LAYER_ALE_AUTH_CONNECT_V6, FWP_ACTION_BLOCK, NULL, 1, 1, &condition, 1,
                     0);
        assert_int_equal(world_connect(), cases[i].holds ? NETIO_OPEN_BLOCKED : NETIO_OPEN_OK);
        world_close();
    }
}

static void application_paths(void **state)
{
    static const struct {
        const uint16_t *path;
        FWP_MATCH_TYPE match;
        size_t cut; /* bytes left off at the end */
        bool holds;
    } cases[] = {
        {u"\\device\\harddiskvolume1\\app.exe", FWP_MATCH_EQUAL, 0, true},
        {u"\\Device\\HarddiskVolume1\\App.exe", FWP_MATCH_EQUAL, 0, false},
        {u"\\Device\\HarddiskVolume1\\App.exe", FWP_MATCH_EQUAL_CASE_INSENSITIVE, 0, true},
        {u"\\Device\\HarddiskVolume2\\App.exe", FWP_MATCH_EQUAL_CASE_INSENSITIVE, 0, false},
        {u"\\device\\harddisk", FWP_MATCH_PREFIX, 2, true},
        {u"\\device\\floppy", FWP_MATCH_PREFIX, 2, false},
        {u"\\device\\floppy", FWP_MATCH_NOT_PREFIX, 2, true},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        FWP_BYTE_BLOB blob = {0, (UINT8 *)(uintptr_t)cases[i].path};
        FWPS_FILTER_CONDITION0 condition = {
            .fieldId = FWPS_FIELD_ALE_AUTH_CONNECT_V4_ALE_APP_ID,
            .matchType = cases[i].match,
            .conditionValue = {.type = FWP_BYTE_BLOB_TYPE, .byteBlob = &blob}};

        while (cases[i].path[blob.size / 2] != 0)
            blob.size += 2;
        blob.size += 2 - (UINT32)cases[i].cut;
        world_open(NULL);
        world_filter(FWPS_LAYER_ALE_AUTH_CONNECT_V4, FWP_ACTION_BLOCK, NULL, 1, 1, &condition, 1,
                     0);
        assert_int_equal(world_connect(), cases[i].holds ? NETIO_OPEN_BLOCKED : NETIO_OPEN_OK);
        world_close();
    }
}

/* ---- arbitration ---- */

static uint32_t said[2];
static unsigned asked[2];
static uint32_t rights[2];

#define ASK(n)                                                                                     \
    static void NTAPI ask##n(const FWPS_INCOMING_VALUES0 *values,                                  \
                             const FWPS_INCOMING_METADATA_VALUES0 *metadata, VOID *data,           \
                             const VOID *context, const FWPS_FILTER1 *filter, UINT64 flow,         \
                             FWPS_CLASSIFY_OUT0 *out)                                              \
    {                                                                                              \
        asked[n]++;                                                                                \
        rights[n] = out->rights;                                                                   \
        out->actionType = said[n];                                                                 \
    }
ASK(0)
ASK(1)

static GUID ask_key(unsigned n)
{
    return (GUID){0xA5C0 + n, 0, 0, {0}};
}

#define P FWP_ACTION_PERMIT
#define B FWP_ACTION_BLOCK
#define C FWP_ACTION_CONTINUE

/* Two sublayers, upper first; a callout when `callout` is set, else a plain filter. */
static const struct arbitration {
    struct {
        bool callout;
        uint32_t says;
        uint16_t flags;
    } upper, lower;
    bool permitted;
} arbitrations[] = {
    {{false, P, 0}, {false, P, 0}, true},
    {{false, B, 0}, {false, P, 0}, false}, /* a filter's block is hard */
    {{false, P, 0}, {false, B, 0}, false}, /* a soft permit is overruled */
    {{false, P, FWPS_FILTER_FLAG_CLEAR_ACTION_RIGHT}, {false, P, 0}, true},
    {{false, P, FWPS_FILTER_FLAG_CLEAR_ACTION_RIGHT}, {false, B, 0}, false}, /* veto */
    {{false, P, FWPS_FILTER_FLAG_CLEAR_ACTION_RIGHT}, {true, B, 0}, false},  /* veto */
    {{true, B, 0}, {false, P, 0}, true}, /* a callout's block is soft */
    {{true, B, 0}, {true, P, 0}, true},
    {{true, P, 0}, {true, B, 0}, false},
    {{true, C, 0}, {true, C, 0}, true}, /* nobody decided */
    {{true, C, 0}, {true, B, 0}, false},
    {{true, B, FWPS_FILTER_FLAG_CLEAR_ACTION_RIGHT}, {true, P, 0}, false},
};

static void place(unsigned n, bool callout, uint32_t says, uint16_t flags)
{
    const GUID key = ask_key(n);
    uint32_t id;

    said[n] = says;
    if (!callout) {
        world_filter(FWPS_LAYER_ALE_AUTH_CONNECT_V4, says, NULL, (uint16_t)(100 - n), 1, NULL, 0,
                     flags);
        return;
    }
    assert_int_equal(netio_callout_register(world->netio, &key, 1, 0,
                                            (void *)(uintptr_t)(n == 0 ? ask0 : ask1), NULL, NULL,
                                            &id),
                     STATUS_SUCCESS);
    world_filter(FWPS_LAYER_ALE_AUTH_CONNECT_V4, FWP_ACTION_CALLOUT_UNKNOWN, &key,
                 (uint16_t)(100 - n), 1, NULL, 0, flags);
}

static void arbitration(void **state)
{
    for (unsigned i = 0; i < sizeof(arbitrations) / sizeof(arbitrations[0]); i++) {
        const struct arbitration *const a = &arbitrations[i];

        world_open(NULL);
        memset(asked, 0, sizeof(asked));
        place(0, a->upper.callout, a->upper.says, a->upper.flags);
        place(1, a->lower.callout, a->lower.says, a->lower.flags);
        assert_int_equal(world_connect(), a->permitted ? NETIO_OPEN_OK : NETIO_OPEN_BLOCKED);
        if (a->upper.callout)
            assert_int_equal(asked[0], 1);
        /* Every sublayer is asked, and learns whether it may still write. */
        if (a->lower.callout) {
            assert_int_equal(asked[1], 1);
            assert_int_equal(rights[1], a->upper.flags == 0 ? FWPS_RIGHT_ACTION_WRITE : 0);
        }
        world_close();
    }
}

static void within_a_sublayer(void **state)
{
    const GUID key = ask_key(0);

    world_open(NULL);
    memset(asked, 0, sizeof(asked));
    place(0, true, FWP_ACTION_CONTINUE, 0);
    /* Lighter, same sublayer: asked since the heavier one continued; then nobody else. */
    world_filter(FWPS_LAYER_ALE_AUTH_CONNECT_V4, FWP_ACTION_PERMIT, NULL, 100, 0, NULL, 0, 0);
    world_filter(FWPS_LAYER_ALE_AUTH_CONNECT_V4, FWP_ACTION_BLOCK, NULL, 100, 0, NULL, 0, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    assert_int_equal(asked[0], 1);
    assert_non_null(netio_callout_by_key(world->netio, &key));
    world_close();
}

static void missing_callout_at_ale(void **state)
{
    const GUID key = ask_key(0);
    static const struct {
        uint32_t action;
        uint16_t flags;
        bool permitted;
    } cases[] = {
        {FWP_ACTION_CALLOUT_TERMINATING, 0, false},
        {FWP_ACTION_CALLOUT_UNKNOWN, 0, false},
        {FWP_ACTION_CALLOUT_INSPECTION, 0, true},
        {FWP_ACTION_CALLOUT_TERMINATING, FWPS_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED, true}};

    for (unsigned i = 0; i < 4; i++) {
        world_open(NULL);
        world_filter(FWPS_LAYER_ALE_AUTH_CONNECT_V4, cases[i].action, &key, 1, 1, NULL, 0,
                     cases[i].flags);
        assert_int_equal(world_connect(), cases[i].permitted ? NETIO_OPEN_OK : NETIO_OPEN_BLOCKED);
        world_close();
    }
}

/* ---- the stream layer ---- */

static void missing_callout_at_stream(void **state)
{
    const GUID key = ask_key(0);
    static const struct {
        uint32_t action;
        uint16_t flags;
        bool permitted;
    } cases[] = {
        {FWP_ACTION_CALLOUT_TERMINATING, 0, false},
        {FWP_ACTION_CALLOUT_UNKNOWN, 0, false},
        {FWP_ACTION_CALLOUT_INSPECTION, 0, true},
        {FWP_ACTION_CALLOUT_UNKNOWN, FWPS_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED, true}};

    for (unsigned i = 0; i < 4; i++) {
        world_open(NULL);
        world_filter(FWPS_LAYER_STREAM_V4, cases[i].action, &key, 1, 1, NULL, 0, cases[i].flags);
        assert_int_equal(world_connect(), NETIO_OPEN_OK);
        world_offer_one(NETIO_INBOUND, 10);
        assert_int_equal(world->out_length[NETIO_INBOUND], cases[i].permitted ? 10 : 0);
        world_close();
    }
}

static void callout_goes_and_comes(void **state)
{
    struct callout *callout;
    GUID key;

    world_open(NULL);
    callout = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_offer_one(NETIO_INBOUND, 10);
    key = callout->key;
    assert_int_equal(FwpsCalloutUnregisterByKey0(&key), STATUS_SUCCESS);
    assert_int_equal(FwpsCalloutUnregisterByKey0(&key), STATUS_FWP_CALLOUT_NOT_FOUND);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(callout->calls, 1);
    assert_int_equal(world->out_length[NETIO_INBOUND], 10);
    world_register(0, 0, 1);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(callout->calls, 2);
    world_close();
}

/* Version 0 has six arguments. */
static void old_callout(void **state)
{
    world_open(&(struct world_options){.profile = "vista-sp1"});
    world_register(0, 0, 0);
    world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_CALLOUT_TERMINATING, &world->callouts[0].key, 1,
                 1, NULL, 0, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_offer_one(NETIO_INBOUND, 10);
    assert_string_equal(world->log, "a(10) aP0");
    world_close();
}

static void waterfall(void **state)
{
    static const struct {
        const char *missed;
        size_t expected;
    } cases[] = {{"blocked", 6}, {"blocked_less_injected", 2}, {"zero", 0}};

    for (unsigned i = 0; i < 3; i++) {
        const struct step upper[] = {STEP(BLOCK, 6, .injects = 1, .inject_size = 4),
                                     STEP(PERMIT, 0)};
        struct callout *a, *b;

        world_open(&(struct world_options){.switches = {"missed_bytes", cases[i].missed}});
        a = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
        b = world_callout(1, FWP_ACTION_CALLOUT_TERMINATING, 50, 0);
        assert_int_equal(world_connect(), NETIO_OPEN_OK);
        world_script(a, upper, 2);
        world_offer_one(NETIO_INBOUND, 10);
        /* First the injected bytes, before the block is counted; then the rest. */
        assert_int_equal(b->calls, 2);
        assert_int_equal(b->seen_length, 8);
        assert_int_equal(b->last_missed, cases[i].expected);
        world_offer_one(NETIO_INBOUND, 10);
        assert_int_equal(b->last_missed, 0);
        world_close();
    }
}

static void same_sublayer(void **state)
{
    const struct step first[] = {STEP(CONTINUE, 4), STEP(PERMIT, 3), STEP(BLOCK, 0)};
    struct callout *a, *b;

    world_open(NULL);
    world_register(0, 0, 1);
    world_register(1, 0, 1);
    a = &world->callouts[0];
    b = &world->callouts[1];
    world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_CALLOUT_UNKNOWN, &a->key, 100, 2, NULL, 0, 0);
    world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_CALLOUT_UNKNOWN, &b->key, 100, 1, NULL, 0, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_script(a, first, 3);
    world_offer_one(NETIO_INBOUND, 10);
    assert_string_equal(world->log, "a(10) aC4 b(4) bP0 a(6) aP3 a(3) aB0");
    assert_memory_equal(world->out[NETIO_INBOUND], "abcdefg", 7);
    world_close();
}

/* What the heavier filter permits does not overtake what the lighter one of its sublayer holds. */
static void same_sublayer_keeps_order(void **state)
{
    const struct step first[] = {STEP(CONTINUE, 4), STEP(PERMIT, 3), STEP(PERMIT, 0),
                                 STEP(PERMIT, 0)};
    const struct step second[] = {STEP(DEFER, 0), STEP(NEED, 100), STEP(PERMIT, 0)};
    struct callout *a, *b;

    world_open(NULL);
    world_register(0, 0, 1);
    world_register(1, 0, 1);
    a = &world->callouts[0];
    b = &world->callouts[1];
    world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_CALLOUT_UNKNOWN, &a->key, 100, 2, NULL, 0, 0);
    world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_CALLOUT_UNKNOWN, &b->key, 100, 1, NULL, 0, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_script(a, first, 4);
    world_script(b, second, 3);
    world_offer_one(NETIO_INBOUND, 10);
    assert_string_equal(world->log, "a(10) aC4 b(4) bD a(6) aP3 a(3) aP0");
    assert_int_equal(world->out_length[NETIO_INBOUND], 0);
    assert_int_equal(netio_stream_continue(
                         world->netio, netio_flow_handle(world->flow), b->id, FWPS_LAYER_STREAM_V4,
                         FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_PUSH),
                     STATUS_SUCCESS);
    assert_int_equal(world->out_length[NETIO_INBOUND], 0);
    world_receive(NULL, 0, 0);
    assert_memory_equal(world->out[NETIO_INBOUND], "abcdefghij", 10);
    assert_int_equal(world->fins[NETIO_INBOUND], 1);
    world_close();
}

static void plain_filters(void **state)
{
    struct callout *b;

    world_open(NULL);
    world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_PERMIT, NULL, 100, 1, NULL, 0, 0);
    b = world_callout(1, FWP_ACTION_CALLOUT_TERMINATING, 50, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(b->calls, 1);
    world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_BLOCK, NULL, 75, 1, NULL, 0, 0);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(b->calls, 1);
    assert_int_equal(world->out_length[NETIO_INBOUND], 10);
    world_close();
}

/* R56: a filter goes while its callout holds bytes; they go on. */
static void filter_goes_while_holding(void **state)
{
    static const enum answer kinds[] = {NEED, DEFER};

    for (unsigned i = 0; i < 2; i++) {
        const struct step step = STEP(kinds[i], 100);
        struct callout *a, *b;
        uint64_t filter;

        world_open(NULL);
        world_register(0, 0, 1);
        a = &world->callouts[0];
        filter = world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_CALLOUT_UNKNOWN, &a->key, 100, 1,
                              NULL, 0, 0);
        b = world_callout(1, FWP_ACTION_CALLOUT_TERMINATING, 50, 0);
        assert_int_equal(world_connect(), NETIO_OPEN_OK);
        world_script(a, &step, 1);
        world_offer_one(NETIO_INBOUND, 10);
        assert_int_equal(b->calls, 0);
        assert_int_equal(netio_filter_delete(world->netio, filter), STATUS_SUCCESS);
        assert_int_equal(netio_filter_delete(world->netio, filter), STATUS_FWP_FILTER_NOT_FOUND);
        assert_string_equal(world->breaches, "R56 ");
        assert_int_equal(b->calls, 1);
        assert_int_equal(world->out_length[NETIO_INBOUND], 10);
        assert_int_equal(world->windows_opened, i);
        world_close();
    }
}

static void filter_goes_in_peace(void **state)
{
    struct callout *a;
    uint64_t filter;

    world_open(NULL);
    world_register(0, 0, 1);
    a = &world->callouts[0];
    filter =
        world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_CALLOUT_UNKNOWN, &a->key, 100, 1, NULL, 0, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(netio_filter_delete(world->netio, filter), STATUS_SUCCESS);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(a->calls, 1);
    assert_int_equal(world->out_length[NETIO_INBOUND], 20);
    assert_string_equal(world->breaches, "");
    world_close();
}

/* ---- notifyFn ---- */

static struct {
    unsigned added, deleted, unknown;
    bool key_on_add, key_on_delete;
    NTSTATUS answer;
} notified;

static NTSTATUS NTAPI notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key, FWPS_FILTER1 *filter)
{
    if (type == FWPS_CALLOUT_NOTIFY_ADD_FILTER) {
        notified.added++;
        notified.key_on_add = key != NULL;
        filter->context = 4711;
    } else if (type == FWPS_CALLOUT_NOTIFY_DELETE_FILTER) {
        notified.deleted++;
        notified.key_on_delete = key != NULL;
        assert_int_equal(filter->context, 4711);
    } else {
        notified.unknown++;
        assert_non_null(key);
    }
    return notified.answer;
}

static void notifications(void **state)
{
    static const GUID filter_key = {1, 2, 3, {4}};
    const GUID key = ask_key(0);
    struct netio_filter filter = {.id = 900,
                                  .layer = FWPS_LAYER_STREAM_V4,
                                  .action = FWP_ACTION_CALLOUT_TERMINATING,
                                  .callout = key,
                                  .filter_key = &filter_key};
    uint32_t id;

    world_open(NULL);
    memset(&notified, 0, sizeof(notified));
    assert_int_equal(netio_callout_register(world->netio, &key, 1, 0, (void *)(uintptr_t)ask0,
                                            (void *)(uintptr_t)notify, NULL, &id),
                     STATUS_SUCCESS);
    assert_int_equal(
        netio_callout_register(world->netio, &key, 1, 0, (void *)(uintptr_t)ask0, NULL, NULL, &id),
        STATUS_FWP_ALREADY_EXISTS);
    assert_int_equal(netio_filter_add(world->netio, &filter), STATUS_SUCCESS);
    assert_int_equal(notified.added, 1);
    assert_true(notified.key_on_add);
    filter.id++;
    notified.answer = STATUS_UNSUCCESSFUL;
    assert_int_equal(netio_filter_add(world->netio, &filter),
                     STATUS_FWP_CALLOUT_NOTIFICATION_FAILED);
    assert_int_equal(netio_filter_delete(world->netio, 900), STATUS_SUCCESS);
    assert_int_equal(notified.deleted, 1);
    assert_false(notified.key_on_delete);
    /* The last filter has gone: a type that it cannot know, which it refused (R58). Asked once. */
    assert_int_equal(notified.unknown, 1);
    assert_string_equal(world->breaches, "R58 ");
    notified.answer = STATUS_SUCCESS;
    assert_int_equal(netio_filter_add(world->netio, &filter), STATUS_SUCCESS);
    assert_int_equal(netio_filter_delete(world->netio, filter.id), STATUS_SUCCESS);
    assert_int_equal(notified.unknown, 1);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(ranges_and_masks),
        cmocka_unit_test(several_conditions),
        cmocka_unit_test(version_6_networks),
        cmocka_unit_test(application_paths),
        cmocka_unit_test(arbitration),
        cmocka_unit_test(within_a_sublayer),
        cmocka_unit_test(missing_callout_at_ale),
        cmocka_unit_test(missing_callout_at_stream),
        cmocka_unit_test(callout_goes_and_comes),
        cmocka_unit_test(old_callout),
        cmocka_unit_test(waterfall),
        cmocka_unit_test(same_sublayer),
        cmocka_unit_test(same_sublayer_keeps_order),
        cmocka_unit_test(plain_filters),
        cmocka_unit_test(filter_goes_while_holding),
        cmocka_unit_test(filter_goes_in_peace),
        cmocka_unit_test(notifications),
    };

    return cmocka_run_group_tests_name("netio filters", tests, NULL, NULL);
}
