/* SPDX-License-Identifier: MIT */
/* Flows: what the ALE and stream layers pass, flow contexts, connections older than the filter,
 * ends of flows. */
#include "test_netio_world.h"

#include "nt/forbidden.h"

/* ---- values and metadata ---- */

static struct {
    unsigned calls;
    uint16_t layer;
    uint32_t count;
    FWP_VALUE0 values[40];
    FWPS_INCOMING_METADATA_VALUES0 metadata;
    uint8_t path[128];
    uint32_t path_size;
    uint32_t action;
    uint64_t associate; /* context to attach for callout 0, 0: none */
    bool has_context, has_layer_data;
} ale;

static void NTAPI classify_ale(const FWPS_INCOMING_VALUES0 *values,
                               const FWPS_INCOMING_METADATA_VALUES0 *metadata, VOID *data,
                               const VOID *context, const FWPS_FILTER1 *filter, UINT64 flow_context,
                               FWPS_CLASSIFY_OUT0 *out)
{
    ale.calls++;
    ale.layer = values->layerId;
    ale.count = values->valueCount;
    for (uint32_t i = 0; i < values->valueCount; i++)
        ale.values[i] = values->incomingValue[i].value;
    memcpy(&ale.metadata, metadata, sizeof(ale.metadata));
    ale.path_size = values->incomingValue[0].value.byteBlob->size;
    memcpy(ale.path, values->incomingValue[0].value.byteBlob->data, ale.path_size);
    ale.has_context = context != NULL;
    ale.has_layer_data = data != NULL;
    if (ale.associate != 0)
        assert_int_equal(FwpsFlowAssociateContext0(metadata->flowHandle, FWPS_LAYER_STREAM_V4,
                                                   world->callouts[0].id, ale.associate),
                         STATUS_SUCCESS);
    out->actionType = ale.action;
}

static const GUID ale_key = {0xA1E, 0, 0, {0}};

static void add_ale(uint16_t layer, uint32_t action)
{
    uint32_t id;

    memset(&ale, 0, sizeof(ale));
    ale.action = action;
    assert_int_equal(netio_callout_register(world->netio, &ale_key, 1, 0,
                                            (void *)(uintptr_t)classify_ale, NULL, NULL, &id),
                     STATUS_SUCCESS);
    world_filter(layer, FWP_ACTION_CALLOUT_TERMINATING, &ale_key, 10, 1, NULL, 0, 0);
}

/* A field that is not there holds an address that nobody can use (its lower half when it is small).
 */
static bool is_poison(const void *field, size_t size)
{
    uint64_t word = 0;

    memcpy(&word, field, size < sizeof(word) ? size : sizeof(word));
    return size < sizeof(word) ? word != 0 : nt_forbidden_find(world->nt, word) != NULL;
}

static void established_values(void **state)
{
    static const struct {
        const char *profile;
        uint32_t count;
    } profiles[] = {{"vista-sp1", 16}, {"7sp1", 17}, {"8.1", 18}, {"10", 20}, {"11", 20}};

    for (unsigned i = 0; i < 5; i++) {
        world_open(&(struct world_options){.profile = profiles[i].profile});
        add_ale(FWPS_LAYER_ALE_FLOW_ESTABLISHED_V4, FWP_ACTION_PERMIT);
        assert_int_equal(world_connect(), NETIO_OPEN_OK);
        assert_int_equal(ale.calls, 1);
        assert_int_equal(ale.layer, FWPS_LAYER_ALE_FLOW_ESTABLISHED_V4);
        assert_int_equal(ale.count, profiles[i].count);
        assert_int_equal(ale.values[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_ADDRESS].type,
                         FWP_UINT32);
        assert_int_equal(ale.values[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_ADDRESS].uint32,
                         0x0A000001);
        assert_int_equal(ale.values[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_REMOTE_ADDRESS].uint32,
                         0x0A000002);
        assert_int_equal(ale.values[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_PORT].type,
                         FWP_UINT16);
        assert_int_equal(ale.values[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_PORT].uint16,
                         50000);
        assert_int_equal(ale.values[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_REMOTE_PORT].uint16, 80);
        assert_int_equal(ale.values[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_PROTOCOL].type,
                         FWP_UINT8);
        assert_int_equal(ale.values[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_PROTOCOL].uint8, 6);
        assert_int_equal(ale.values[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_DIRECTION].uint32,
                         FWP_DIRECTION_OUTBOUND);
        assert_int_equal(ale.values[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_INTERFACE].type,
                         FWP_UINT64);
        assert_int_equal(ale.path_size, 2 * (strlen(world->info.application) + 1));
        assert_int_equal(ale.path[2], 'd');
        assert_int_equal(ale.path[3], 0);
        assert_true(FWPS_IS_METADATA_FIELD_PRESENT(
            &ale.metadata, FWPS_METADATA_FIELD_FLOW_HANDLE | FWPS_METADATA_FIELD_PROCESS_ID |
                               FWPS_METADATA_FIELD_PROCESS_PATH));
        assert_int_equal(ale.metadata.flowHandle, netio_flow_handle(world->flow));
        assert_int_equal(ale.metadata.processId, 1234);
        assert_true(is_poison(&ale.metadata.ipHeaderSize, 4));
        assert_true(ale.has_context);
        assert_false(ale.has_layer_data);
        world_close();
    }
}

static void values_of_version_6(void **state)
{
    world_open(NULL);
    world->info.v6 = true;
    world->info.local6[15] = 1;
    world->info.remote6[15] = 2;
    world->info.direction = NETIO_INBOUND;
    add_ale(FWPS_LAYER_ALE_AUTH_RECV_ACCEPT_V6, FWP_ACTION_PERMIT);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    assert_int_equal(ale.calls, 1);
    assert_int_equal(ale.values[FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V6_IP_LOCAL_ADDRESS].type,
                     FWP_BYTE_ARRAY16_TYPE);
    assert_int_equal(ale.values[FWPS_FIELD_ALE_AUTH_RECV_ACCEPT_V6_IP_REMOTE_PORT].uint16, 80);
    assert_false(FWPS_IS_METADATA_FIELD_PRESENT(&ale.metadata, FWPS_METADATA_FIELD_FLOW_HANDLE));
    world_close();
}

static void authorisation_blocks(void **state)
{
    world_open(NULL);
    add_ale(FWPS_LAYER_ALE_AUTH_CONNECT_V4, FWP_ACTION_BLOCK);
    assert_int_equal(world_connect(), NETIO_OPEN_BLOCKED);
    assert_null(world->flow);
    world->info.direction = NETIO_INBOUND; /* another layer */
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    assert_int_equal(ale.calls, 1);
    world_close();
}

static struct {
    FWPS_INCOMING_METADATA_VALUES0 metadata;
    FWP_VALUE0 values[8];
    uint32_t count;
    bool has_context;
} stream;

static void NTAPI classify_stream(const FWPS_INCOMING_VALUES0 *values,
                                  const FWPS_INCOMING_METADATA_VALUES0 *metadata, VOID *data,
                                  const VOID *context, const FWPS_FILTER1 *filter,
                                  UINT64 flow_context, FWPS_CLASSIFY_OUT0 *out)
{
    memcpy(&stream.metadata, metadata, sizeof(stream.metadata));
    stream.count = values->valueCount;
    for (uint32_t i = 0; i < values->valueCount; i++)
        stream.values[i] = values->incomingValue[i].value;
    stream.has_context = context != NULL;
    out->actionType = FWP_ACTION_PERMIT;
}

static void stream_values(void **state)
{
    static const struct {
        const char *profile;
        uint32_t count;
    } profiles[] = {{"vista-sp1", 7}, {"7sp1", 7}, {"8.1", 7}, {"10", 8}, {"11", 8}};

    for (unsigned i = 0; i < 5; i++)
        for (unsigned compartment = 0; compartment < 2; compartment++) {
            uint32_t id;

            world_open(&(struct world_options){
                .profile = profiles[i].profile,
                .switches = {"compartment_metadata", compartment ? "on" : "off"}});
            assert_int_equal(netio_callout_register(world->netio, &ale_key, 2, 0,
                                                    (void *)(uintptr_t)classify_stream, NULL, NULL,
                                                    &id),
                             STATUS_SUCCESS);
            world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_CALLOUT_TERMINATING, &ale_key, 10, 1,
                         NULL, 0, 0);
            assert_int_equal(world_connect(), NETIO_OPEN_OK);
            world_offer_one(NETIO_INBOUND, 10);
            assert_int_equal(stream.count, profiles[i].count);
            assert_int_equal(stream.values[FWPS_FIELD_STREAM_V4_IP_LOCAL_ADDRESS].uint32,
                             0x0A000001);
            assert_int_equal(stream.values[FWPS_FIELD_STREAM_V4_IP_REMOTE_ADDRESS].uint32,
                             0x0A000002);
            assert_int_equal(stream.values[FWPS_FIELD_STREAM_V4_IP_LOCAL_PORT].uint16, 50000);
            assert_int_equal(stream.values[FWPS_FIELD_STREAM_V4_IP_REMOTE_PORT].uint16, 80);
            assert_int_equal(stream.values[FWPS_FIELD_STREAM_V4_DIRECTION].uint32,
                             FWP_DIRECTION_OUTBOUND);
            assert_int_equal(stream.metadata.currentMetadataValues,
                             FWPS_METADATA_FIELD_FLOW_HANDLE | FWPS_METADATA_FIELD_SYSTEM_FLAGS |
                                 (compartment ? FWPS_METADATA_FIELD_COMPARTMENT_ID : 0));
            assert_int_equal(stream.metadata.flowHandle, netio_flow_handle(world->flow));
            assert_true(is_poison(&stream.metadata.processPath, sizeof(void *)));
            assert_true(is_poison(&stream.metadata.redirectRecords, 64));
            assert_true(stream.has_context);
            world_close();
        }
}

/* ---- contexts ---- */

static void contexts(void **state)
{
    struct callout *a, *b;
    uint64_t flow;

    world_open(NULL);
    a = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, FWP_CALLOUT_FLAG_CONDITIONAL_ON_FLOW);
    b = world_callout(1, FWP_ACTION_CALLOUT_TERMINATING, 50, 0);
    add_ale(FWPS_LAYER_ALE_FLOW_ESTABLISHED_V4, FWP_ACTION_PERMIT);
    ale.associate = 11;
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    flow = netio_flow_handle(world->flow);
    assert_int_equal(FwpsFlowAssociateContext0(flow, FWPS_LAYER_STREAM_V4, a->id, 12),
                     STATUS_OBJECT_NAME_EXISTS);
    assert_int_equal(FwpsFlowAssociateContext0(flow, FWPS_LAYER_STREAM_V4, b->id, 0),
                     STATUS_INVALID_PARAMETER);
    assert_string_equal(world->breaches, "R45 ");
    assert_int_equal(FwpsFlowAssociateContext0(flow, FWPS_LAYER_STREAM_V4, b->id, 22),
                     STATUS_SUCCESS);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(a->last_context, 11);
    assert_int_equal(b->last_context, 22);
    assert_int_equal(FwpsFlowRemoveContext0(flow, FWPS_LAYER_STREAM_V4, a->id), STATUS_SUCCESS);
    assert_int_equal(a->deletes, 1);
    assert_int_equal(a->deleted_context, 11);
    assert_int_equal(FwpsFlowRemoveContext0(flow, FWPS_LAYER_STREAM_V4, a->id),
                     STATUS_UNSUCCESSFUL);
    /* Without a context the conditional callout is skipped, and its filter does not block. */
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(a->calls, 1);
    assert_int_equal(b->calls, 2);
    assert_int_equal(world->out_length[NETIO_INBOUND], 20);
    world_disconnect();
    assert_int_equal(a->deletes, 1);
    assert_int_equal(b->deletes, 1);
    assert_int_equal(FwpsFlowRemoveContext0(flow, FWPS_LAYER_STREAM_V4, b->id),
                     STATUS_UNSUCCESSFUL);
    world_close();
}

static NTSTATUS removed;

static void remove_own_context(void)
{
    removed = FwpsFlowRemoveContext0(netio_flow_handle(world->flow), FWPS_LAYER_STREAM_V4,
                                     world->callouts[0].id);
    assert_int_equal(world->callouts[0].deletes, 0);
}

static void removal_in_classify_is_pending(void **state)
{
    const struct step step = STEP(PERMIT, 0, .extra = remove_own_context);
    struct callout *callout;

    world_open(NULL);
    callout = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    assert_int_equal(FwpsFlowAssociateContext0(netio_flow_handle(world->flow), FWPS_LAYER_STREAM_V4,
                                               callout->id, 7),
                     STATUS_SUCCESS);
    world_script(callout, &step, 1);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(removed, STATUS_PENDING);
    assert_int_equal(callout->deletes, 1);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(callout->last_context, 0);
    world_close();
    assert_int_equal(removed, STATUS_PENDING);
}

static void removal_by_switch(void **state)
{
    struct callout *callout;

    world_open(&(struct world_options){.switches = {"flow_remove", "pending"}});
    callout = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    assert_int_equal(FwpsFlowAssociateContext0(netio_flow_handle(world->flow), FWPS_LAYER_STREAM_V4,
                                               callout->id, 7),
                     STATUS_SUCCESS);
    assert_int_equal(
        FwpsFlowRemoveContext0(netio_flow_handle(world->flow), FWPS_LAYER_STREAM_V4, callout->id),
        STATUS_PENDING);
    assert_int_equal(callout->deletes, 0);
    assert_int_equal(FwpsCalloutUnregisterById0(callout->id), STATUS_DEVICE_BUSY);
    sim_run(world->sim);
    assert_int_equal(callout->deletes, 1);
    world_close();
}

/* ---- connections older than the filter ---- */

static void mid_stream(void **state)
{
    static const char *const profiles[] = {"vista-sp1", "10"};

    for (unsigned i = 0; i < 2; i++) {
        struct callout *a, *b;

        world_open(&(struct world_options){.profile = profiles[i]});
        assert_int_equal(world_connect(), NETIO_OPEN_OK);
        a = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
        b = world_callout(1, FWP_ACTION_CALLOUT_TERMINATING, 50,
                          FWP_CALLOUT_FLAG_ALLOW_MID_STREAM_INSPECTION);
        world_offer_one(NETIO_INBOUND, 10);
        assert_int_equal(a->calls, 0);
        assert_int_equal(b->calls, i);
        if (i == 1)
            assert_int_equal(b->metadata_flags, FWPS_INCOMING_FLAG_MID_STREAM_INSPECTION);
        assert_int_equal(world->out_length[NETIO_INBOUND], 10);
        world_disconnect();
        /* A new connection is shown to both, without the flag. */
        assert_int_equal(world_connect(), NETIO_OPEN_OK);
        world_offer_one(NETIO_INBOUND, 10);
        assert_int_equal(a->calls, 1);
        assert_int_equal(b->calls, i + 1);
        assert_int_equal(b->metadata_flags, 0);
        world_close();
    }
}

/* ---- how flows end ---- */

static void drop_connection(void **state)
{
    for (unsigned at_once = 0; at_once < 2; at_once++) {
        const struct step step = STEP(DROP, 0);
        struct callout *callout;
        struct netio_ledger ledger;

        world_open(NULL);
        callout = world_callout(0, FWP_ACTION_CALLOUT_UNKNOWN, 100, 0);
        assert_int_equal(world_connect(), NETIO_OPEN_OK);
        world->close_on_reset = at_once == 1;
        world_script(callout, &step, 1);
        world_offer_one(NETIO_INBOUND, 10);
        assert_int_equal(world->resets, 1);
        netio_total_ledger(world->netio, NETIO_INBOUND, &ledger);
        assert_int_equal(ledger.blocked, 10);
        assert_int_equal(ledger.held_engine, 0);
        if (at_once == 0) {
            world_offer_one(NETIO_INBOUND, 10);
            assert_int_equal(callout->calls, 1);
            netio_total_ledger(world->netio, NETIO_INBOUND, &ledger);
            assert_int_equal(ledger.discarded, 10); /* what came later */
        }
        assert_string_equal(world->breaches, "");
        world_close();
    }
}

static void drop_by_an_inspection_filter(void **state)
{
    const struct step step = STEP(DROP, 0);

    world_open(NULL);
    world_script(world_callout(0, FWP_ACTION_CALLOUT_INSPECTION, 100, 0), &step, 1);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(world->resets, 0);
    assert_int_equal(world->out_length[NETIO_INBOUND], 10);
    assert_string_equal(world->breaches, "R10 ");
    world_close();
}

static void abort_flow(void *context)
{
    assert_int_equal(FwpsFlowAbort0(netio_flow_handle(world->flow)), STATUS_SUCCESS);
}

static void flow_abort(void **state)
{
    const struct step step = STEP(DEFER, 0);

    world_open(NULL);
    world_script(world_callout(0, FWP_ACTION_CALLOUT_UNKNOWN, 100, 0), &step, 1);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_offer_one(NETIO_INBOUND, 10);
    world_run(abort_flow, NULL, PASSIVE_LEVEL);
    assert_int_equal(world->resets, 1);
    assert_int_equal(FwpsFlowAbort0(12345), STATUS_NOT_FOUND);
    world_close();
}

static void allow_connection(void **state)
{
    const struct step steps[] = {STEP(DEFER, 0), STEP(ALLOW, 0)};
    struct callout *callout;

    world_open(NULL);
    callout = world_callout(0, FWP_ACTION_CALLOUT_UNKNOWN, 100, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_script(callout, steps, 2);
    world_offer_one(NETIO_INBOUND, 10);
    world_offer_one(NETIO_OUTBOUND, 10);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(callout->calls, 2);
    assert_int_equal(world->out_length[NETIO_INBOUND], 20);
    assert_int_equal(world->out_length[NETIO_OUTBOUND], 10);
    assert_int_equal(world->windows_opened, 1);
    world_close();
}

static void fin_with_data(void **state)
{
    static const size_t size = 10;
    const struct step steps[] = {STEP(PERMIT, 4), STEP(PERMIT, 0)};

    world_open(&(struct world_options){.switches = {"fin_mode", "with_data"}});
    world_script(world_callout(0, FWP_ACTION_CALLOUT_UNKNOWN, 100, 0), steps, 2);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_receive(&size, 1, FWPS_STREAM_FLAG_RECEIVE_DISCONNECT);
    assert_string_equal(world->log, "a(10,FIN,NO_MORE) aP4 a(6,FIN,NO_MORE) aP0");
    assert_int_equal(world->fins[NETIO_INBOUND], 1);
    assert_int_equal(world->out_length[NETIO_INBOUND], 10);
    world_close();
    world_open(NULL);
    world_script(world_callout(0, FWP_ACTION_CALLOUT_UNKNOWN, 100, 0), steps, 2);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_receive(&size, 1, FWPS_STREAM_FLAG_RECEIVE_DISCONNECT);
    assert_string_equal(world->log, "a(10) aP4 a(6) aP0 a(0,FIN,NO_MORE) aP0");
    world_close();
}

static void without_filters(void **state)
{
    world_open(NULL);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_offer_one(NETIO_INBOUND, 10);
    world_offer_one(NETIO_OUTBOUND, 10);
    world_receive(NULL, 0, 0);
    assert_int_equal(world->fins[NETIO_INBOUND], 1);
    world_close();
}

/* Close while bytes are held: they are discarded, and counted so. */
static void close_while_holding(void **state)
{
    const struct step step = STEP(NEED, 1000);
    struct netio_ledger ledger;

    world_open(NULL);
    world_script(world_callout(0, FWP_ACTION_CALLOUT_UNKNOWN, 100, 0), &step, 1);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    for (unsigned i = 0; i < 30; i++)
        world_offer_one(NETIO_INBOUND, 10);
    netio_flow_ledger(world->flow, NETIO_INBOUND, &ledger);
    assert_int_equal(ledger.held_engine, 300);
    world_disconnect();
    netio_total_ledger(world->netio, NETIO_INBOUND, &ledger);
    assert_int_equal(ledger.discarded, 300);
    world_close();
}

/* A piece for a lower callout cannot be described: the stream cannot go on whole, so the connection
 * is reset. */
static void out_of_memory(void **state)
{
    const struct step upper = STEP(PERMIT, 4);
    struct netio_ledger ledger;

    world_open(NULL);
    world_script(world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0), &upper, 1);
    world_callout(1, FWP_ACTION_CALLOUT_TERMINATING, 50, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    /* The first such block is the received data itself. */
    sim_fault_plan(world->sim, "NETIO!NetioAllocateNetBufferListNetBufferMdlAndDataPool", 2, false);
    world_offer_one(NETIO_INBOUND, 10);
    sim_fault_plan(world->sim, NULL, 0, false);
    assert_int_equal(world->resets, 1);
    assert_int_equal(world->callouts[1].calls, 0);
    netio_flow_ledger(world->flow, NETIO_INBOUND, &ledger);
    assert_int_equal(ledger.discarded, 10);
    world_close();
}

/* Unregistering waits for a classify that runs on another processor, and none begins afterwards. */
static bool classifying;
static NTSTATUS unregistered = STATUS_PENDING;

static void unregister_meanwhile(void *context)
{
    while (!classifying)
        sim_task_yield(world->sim);
    unregistered = FwpsCalloutUnregisterById0(world->callouts[0].id);
    assert_false(classifying);
}

static void linger(void)
{
    classifying = true;
    for (unsigned i = 0; i < 10; i++)
        sim_task_yield(world->sim);
    assert_int_equal(unregistered, STATUS_PENDING);
    classifying = false;
}

static void unregister_waits(void **state)
{
    const struct step step = STEP(PERMIT, 0, .extra = linger);
    const struct sim_task_config config = {
        .name = "unload", .processor = -1, .function = unregister_meanwhile};

    world_open(NULL);
    world_script(world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0), &step, 1);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    assert_non_null(sim_task_create(world->sim, &config));
    world_offer_one(NETIO_INBOUND, 10);
    sim_run_idle(world->sim, world->sim->now + SIM_SECOND);
    assert_int_equal(unregistered, STATUS_SUCCESS);
    world->callouts[0].id = 0;
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(world->callouts[0].calls, 1);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(established_values),
        cmocka_unit_test(values_of_version_6),
        cmocka_unit_test(authorisation_blocks),
        cmocka_unit_test(stream_values),
        cmocka_unit_test(contexts),
        cmocka_unit_test(removal_in_classify_is_pending),
        cmocka_unit_test(removal_by_switch),
        cmocka_unit_test(mid_stream),
        cmocka_unit_test(drop_connection),
        cmocka_unit_test(drop_by_an_inspection_filter),
        cmocka_unit_test(flow_abort),
        cmocka_unit_test(allow_connection),
        cmocka_unit_test(fin_with_data),
        cmocka_unit_test(without_filters),
        cmocka_unit_test(close_while_holding),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(unregister_waits),
    };

    return cmocka_run_group_tests_name("netio flows", tests, NULL, NULL);
}
