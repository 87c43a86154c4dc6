/* SPDX-License-Identifier: MIT */
/* Injection: arguments, ownership, completions in every mode, order, flows that die. */
#include "test_netio_world.h"

#include <stdlib.h>

static struct callout *open_one(const struct world_options *options)
{
    struct callout *callout;

    world_open(options);
    callout = world_callout(0, FWP_ACTION_CALLOUT_UNKNOWN, 100, 0);
    callout->otherwise = (struct step)STEP(BLOCK, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    return callout;
}

/* ---- arguments ---- */

struct attempt {
    const char *rule;
    NTSTATUS status;
    uint32_t flags, stream_flags, callout_delta;
    uint64_t flow; /* 0: the open one */
    uint16_t layer;
    long length; /* of the argument; the NBL holds 8 bytes, or is NULL with -1 */
    bool no_completion;
};

static const struct attempt attempts[] = {
    {.rule = "R25 ",
     .status = STATUS_FWP_NULL_POINTER,
     .stream_flags = 1,
     .layer = 20,
     .length = 8,
     .no_completion = true},
    {.rule = "R26 ",
     .status = STATUS_FWP_INVALID_PARAMETER,
     .flags = 1,
     .stream_flags = 1,
     .layer = 20,
     .length = 8},
    {.rule = "R27 ",
     .status = STATUS_INVALID_PARAMETER,
     .stream_flags = 1,
     .layer = 22,
     .length = 8},
    {.rule = "R27 ",
     .status = STATUS_INVALID_PARAMETER,
     .stream_flags = 1,
     .layer = 12,
     .length = 8},
    {.rule = "R27 ",
     .status = STATUS_FWP_CALLOUT_NOT_FOUND,
     .stream_flags = 1,
     .layer = 20,
     .length = 8,
     .callout_delta = 7},
    {.rule = "R27 ",
     .status = STATUS_NOT_FOUND,
     .stream_flags = 1,
     .layer = 20,
     .length = 8,
     .flow = 99},
    {.rule = "R28 ",
     .status = STATUS_FWP_INVALID_PARAMETER,
     .stream_flags = 0,
     .layer = 20,
     .length = 8},
    {.rule = "R28 ",
     .status = STATUS_FWP_INVALID_PARAMETER,
     .stream_flags = 0x10001,
     .layer = 20,
     .length = 8},
    {.rule = "R28 ",
     .status = STATUS_FWP_INVALID_PARAMETER,
     .stream_flags = FWPS_STREAM_FLAG_RECEIVE_DISCONNECT,
     .layer = 20,
     .length = 8},
    {.rule = "R28 ",
     .status = STATUS_FWP_INVALID_PARAMETER,
     .stream_flags = 1 | FWPS_STREAM_FLAG_SEND_NODELAY,
     .layer = 20,
     .length = 8},
    {.rule = "R29 ",
     .status = STATUS_FWP_INVALID_PARAMETER,
     .stream_flags = 1,
     .layer = 20,
     .length = -1},
    {.rule = "R29 ", .status = STATUS_SUCCESS, .stream_flags = 1, .layer = 20, .length = 9},
    {.rule = "", .status = STATUS_SUCCESS, .stream_flags = 1, .layer = 20, .length = 8},
};

static void try_once(void *context)
{
    const struct attempt *const attempt = context;
    NET_BUFFER_LIST *const nbl = attempt->length < 0 ? NULL : world_nbl(8);
    const NTSTATUS status = FwpsStreamInjectAsync0(
        world->injection, NULL, attempt->flags,
        attempt->flow == 0 ? netio_flow_handle(world->flow) : attempt->flow,
        world->callouts[0].id + attempt->callout_delta, attempt->layer, attempt->stream_flags, nbl,
        attempt->length < 0 ? 0 : (size_t)attempt->length,
        attempt->no_completion ? NULL : world_completed, NULL);

    assert_int_equal(status, attempt->status);
    if (status != STATUS_SUCCESS && nbl != NULL)
        world_completed(NULL, nbl, TRUE); /* still the driver's: frees it */
}

static void arguments(void **state)
{
    for (unsigned i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        struct attempt attempt = attempts[i];

        open_one(NULL);
        world_run(try_once, &attempt, DISPATCH_LEVEL);
        assert_string_equal(world->breaches, attempt.rule);
        assert_int_equal(world->out_length[NETIO_INBOUND],
                         attempt.status == STATUS_SUCCESS ? 8 : 0);
        world_close();
    }
}

static void inject_same_twice(void *context)
{
    NET_BUFFER_LIST *const nbl = world_nbl(8);
    const uint64_t flow = netio_flow_handle(world->flow);
    const uint32_t callout = world->callouts[0].id;

    assert_int_equal(FwpsStreamInjectAsync0(world->injection, NULL, 0, flow, callout, 20, 1, nbl, 8,
                                            world_completed, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(FwpsStreamInjectAsync0(world->injection, NULL, 0, flow, callout, 20, 1, nbl, 8,
                                            world_completed, NULL),
                     STATUS_INVALID_PARAMETER);
}

static void already_injected(void **state)
{
    open_one(&(struct world_options){.switches = {"completion", "late"}});
    world_run(inject_same_twice, NULL, DISPATCH_LEVEL);
    assert_string_equal(world->breaches, "R44 ");
    assert_int_equal(world->completions, 1);
    world_close();
}

static void inject_the_indicated(void)
{
    NET_BUFFER_LIST *const nbl = world->callouts[0].last_data.netBufferListChain;

    assert_int_equal(FwpsStreamInjectAsync0(world->injection, NULL, 0,
                                            netio_flow_handle(world->flow), world->callouts[0].id,
                                            20, 1, nbl, 10, world_completed, NULL),
                     STATUS_INVALID_PARAMETER);
}

static void indicated_nbl(void **state)
{
    const struct step step = STEP(BLOCK, 0, .extra = inject_the_indicated);

    world_script(open_one(NULL), &step, 1);
    world_offer_one(NETIO_INBOUND, 10);
    assert_string_equal(world->breaches, "R44 ");
    world_close();
}

/* ---- clones of what is offered ---- */

static unsigned clone_completions;

static void NTAPI clone_completed(void *context, NET_BUFFER_LIST *nbl, BOOLEAN dispatch)
{
    clone_completions++;
    FwpsFreeCloneNetBufferList0(nbl, 0);
}

static void clone_and_inject(void)
{
    FWPS_STREAM_DATA0 data = world->callouts[0].last_data;
    NET_BUFFER_LIST *chain;

    assert_int_equal(FwpsCloneStreamData0(&data, NULL, NULL, 0, &chain), STATUS_SUCCESS);
    assert_int_equal(FwpsStreamInjectAsync0(world->injection, NULL, 0,
                                            netio_flow_handle(world->flow), world->callouts[0].id,
                                            20, data.flags, chain, data.dataLength, clone_completed,
                                            NULL),
                     STATUS_SUCCESS);
}

/* Gate: clone, inject, block. Every cut of the chain; FIN included. */
static void clones_pass(void **state)
{
    static const size_t sizes[] = {5, 9, 3};
    static const char *const modes[] = {"sync", "late", "reordered", "random"};

    for (unsigned mode = 0; mode < 4; mode++)
        for (size_t cut = 1; cut < 17; cut++) {
            const struct step steps[] = {STEP(PERMIT, cut),
                                         STEP(BLOCK, 0, .extra = clone_and_inject),
                                         STEP(BLOCK, 0, .extra = clone_and_inject)};

            world_script(open_one(&(struct world_options){.switches = {"completion", modes[mode]},
                                                          .seed = cut}),
                         steps, 3);
            clone_completions = 0;
            world_receive(sizes, 3, 0);
            world_receive(NULL, 0, 0);
            assert_int_equal(world->out_length[NETIO_INBOUND], 17);
            assert_memory_equal(world->out[NETIO_INBOUND], "abcdefghijklmnopq", 17);
            assert_int_equal(world->fins[NETIO_INBOUND], 1);
            assert_int_equal(clone_completions, (cut < 5 ? 3 : cut < 14 ? 2 : 1) + 1);
            assert_string_equal(world->breaches, "");
            world_close();
        }
}

static void clone_and_discard(void)
{
    FWPS_STREAM_DATA0 data = world->callouts[0].last_data;
    NET_BUFFER_LIST *chain;
    unsigned nbls = 0;

    assert_int_equal(FwpsCloneStreamData0(&data, NULL, NULL, 0, &chain), STATUS_SUCCESS);
    for (NET_BUFFER_LIST *nbl = chain; nbl != NULL; nbl = nbl->Next) {
        assert_int_equal(nbl->ParentNetBufferList->ChildRefCount, 1);
        nbls++;
    }
    assert_int_equal(nbls, data.dataLength == 0 ? 1 : 2);
    FwpsDiscardClonedStreamData0(chain, 0, TRUE);
}

static void clones_are_trimmed(void **state)
{
    static const size_t sizes[] = {5, 9, 3};
    const struct step steps[] = {STEP(PERMIT, 7), STEP(PERMIT, 0, .extra = clone_and_discard),
                                 STEP(PERMIT, 0, .extra = clone_and_discard)};

    world_script(open_one(NULL), steps, 3);
    world_receive(sizes, 3, 0);
    world_receive(NULL, 0, 0);
    assert_int_equal(world->callouts[0].calls, 3);
    world_close();
}

/* A structure that the driver built itself over a clone chain. */
static void copy_from_own_structure(void)
{
    FWPS_STREAM_DATA0 data = world->callouts[0].last_data, own = {0};
    NET_BUFFER_LIST *chain;
    NET_BUFFER *nb;
    char bytes[32];
    SIZE_T copied;

    assert_int_equal(FwpsCloneStreamData0(&data, NULL, NULL, 0, &chain), STATUS_SUCCESS);
    nb = NET_BUFFER_LIST_FIRST_NB(chain);
    own.netBufferListChain = chain;
    own.dataLength = data.dataLength;
    own.dataOffset.netBufferList = chain;
    own.dataOffset.netBuffer = nb;
    own.dataOffset.mdl = NET_BUFFER_CURRENT_MDL(nb);
    own.dataOffset.mdlOffset = NET_BUFFER_CURRENT_MDL_OFFSET(nb);
    FwpsCopyStreamDataToBuffer0(&own, bytes, 4, &copied);
    assert_int_equal(copied, 4);
    assert_memory_equal(bytes, "defg", 4);
    FwpsCopyStreamDataToBuffer0(&own, bytes, sizeof(bytes), &copied);
    assert_int_equal(copied, 14);
    assert_memory_equal(bytes, "defghijklmnopq", 14);
    FwpsDiscardClonedStreamData0(chain, 0, TRUE);
}

static void own_structure(void **state)
{
    static const size_t sizes[] = {5, 9, 3};
    const struct step steps[] = {STEP(PERMIT, 3),
                                 STEP(PERMIT, 0, .extra = copy_from_own_structure)};

    world_script(open_one(NULL), steps, 2);
    world_receive(sizes, 3, 0);
    assert_int_equal(world->callouts[0].calls, 2);
    world_close();
}

/* A clone that the driver keeps holds its parent back, beyond the flow's end. */
static NET_BUFFER_LIST *kept;

static void keep_clone(void)
{
    FWPS_STREAM_DATA0 data = world->callouts[0].last_data;

    assert_int_equal(FwpsCloneStreamData0(&data, NULL, NULL, 0, &kept), STATUS_SUCCESS);
}

static void a_clone_keeps_its_parent(void **state)
{
    const struct step step = STEP(BLOCK, 0, .extra = keep_clone);

    world_script(open_one(NULL), &step, 1);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(world_live_nbls(), 2);
    world_disconnect();
    assert_int_equal(world_live_nbls(), 2);
    FwpsDiscardClonedStreamData0(kept, 0, FALSE);
    assert_int_equal(world_live_nbls(), 0);
    world_close();
}

/* ---- completions ---- */

static void inject_ten(void *context)
{
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(world_inject(&world->callouts[0], FWPS_STREAM_FLAG_SEND, 1 + i),
                         STATUS_SUCCESS);
    *(unsigned *)context = world->completions;
}

static void every_mode_completes(void **state)
{
    static const char *const modes[] = {"sync", "late", "reordered", "random"};

    for (unsigned mode = 0; mode < 4; mode++) {
        unsigned inside = 0;

        open_one(&(struct world_options){.switches = {"completion", modes[mode]}});
        world_run(inject_ten, &inside, DISPATCH_LEVEL);
        if (mode < 3)
            assert_int_equal(inside, mode == 0 ? 10 : 0);
        assert_int_equal(world->completions, 10);
        assert_int_equal(world->failures, 0);
        assert_int_equal(world->out_length[NETIO_OUTBOUND], 55);
        world_close();
    }
}

static void error_status(void **state)
{
    unsigned inside;

    open_one(&(struct world_options){.switches = {"completion_status", "0xC000020C"}});
    world_run(inject_ten, &inside, DISPATCH_LEVEL);
    assert_int_equal(world->failures, 10);
    assert_int_equal(world->out_length[NETIO_OUTBOUND], 0);
    world_close();
}

/* What is on its way when the flow dies completes with an error, and nothing comes out. */
static void close_in_classify(void)
{
    struct netio_flow *const flow = world->flow;

    netio_flow_close(flow);
    world->flow = NULL;
}

static void flow_dies(void **state)
{
    const struct step step =
        STEP(BLOCK, 0, .injects = 2, .inject_size = 10, .extra = close_in_classify);
    struct netio_ledger ledger;

    world_script(open_one(NULL), &step, 1);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(world->completions, 2);
    assert_int_equal(world->failures, 2);
    assert_int_equal(world->out_length[NETIO_INBOUND], 0);
    netio_total_ledger(world->netio, NETIO_INBOUND, &ledger);
    assert_int_equal(ledger.blocked, 10); /* the callout took them out all the same */
    assert_int_equal(ledger.discarded, 0);
    assert_int_equal(ledger.inject_pending, 20);
    world_close();
}

static void inject_into_dead(void *context)
{
    *(NTSTATUS *)context = world_inject(&world->callouts[0], FWPS_STREAM_FLAG_RECEIVE, 10);
}

static void dead_flow(void **state)
{
    for (unsigned accepts = 0; accepts < 2; accepts++) {
        NTSTATUS status = STATUS_PENDING;
        struct netio_ledger ledger;

        open_one(&(struct world_options){
            .switches = {"dead_flow_inject", accepts ? "complete" : "refuse"}});
        world_disconnect();
        world_run(inject_into_dead, &status, DISPATCH_LEVEL);
        assert_int_equal(status, accepts ? STATUS_SUCCESS : STATUS_NOT_FOUND);
        assert_int_equal(world->failures, accepts);
        netio_total_ledger(world->netio, NETIO_INBOUND, &ledger);
        assert_int_equal(ledger.inject_pending, accepts ? 10 : 0);
        assert_string_equal(world->breaches, "");
        world_close();
    }
}

/* At the moment of the RST another processor may have chosen to inject already; later nobody may.
 */
static void send_abort(void **state)
{
    NTSTATUS status = STATUS_PENDING;

    open_one(NULL);
    world_send(NULL, 0, FWPS_STREAM_FLAG_SEND_ABORT);
    world_run(inject_into_dead, &status, DISPATCH_LEVEL);
    assert_int_equal(status, STATUS_NOT_FOUND);
    assert_string_equal(world->breaches, "");
    sim_run_until(world->sim, world->sim->now + SIM_MILLISECOND);
    status = STATUS_PENDING;
    world_run(inject_into_dead, &status, DISPATCH_LEVEL);
    assert_int_equal(status, STATUS_NOT_FOUND);
    assert_string_equal(world->breaches, "R33 ");
    world_close();
}

/* ---- order ---- */

/* An inject into the other direction from inside classify is an outside one: it waits its turn. */
static void other_direction(void **state)
{
    const struct step step = STEP(PERMIT, 0, .injects = 1, .inject_size = 6, .inject_other = true);

    world_script(open_one(NULL), &step, 1);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(world->out_length[NETIO_INBOUND], 10);
    assert_int_equal(world->out_length[NETIO_OUTBOUND], 6);
    world_close();
}

/* Two processors: while one classifies, the other indicates and injects. Nothing overlaps, nothing
 * is lost. */
static unsigned inside_now;

static void dwell(void)
{
    assert_int_equal(inside_now, 0);
    inside_now++;
    for (unsigned i = 0; i < 4; i++)
        sim_task_yield(world->sim);
    inside_now--;
}

static void indicate_ten(void *context)
{
    for (unsigned i = 0; i < 10; i++) {
        NET_BUFFER_LIST *const nbl = NetioAllocateAndReferenceCopyNetBufferListEx(
            world->netio, (const uint8_t *)"0123456789", 10, 1);

        world->sent[NETIO_INBOUND] += 10;
        WfpStreamInspectReceive(world->flow, nbl, 10, FWPS_STREAM_FLAG_RECEIVE);
        sim_task_yield(world->sim);
    }
}

static void inject_some(void *context)
{
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(world_inject(&world->callouts[0], FWPS_STREAM_FLAG_RECEIVE, 3),
                         STATUS_SUCCESS);
        sim_task_yield(world->sim);
    }
}

static void two_processors(void **state)
{
    for (unsigned seed = 0; seed < 20; seed++) {
        struct callout *const callout = open_one(
            &(struct world_options){.seed = seed,
                                    .preempt = 200000,
                                    .switches = {"completion", "random", "outside_inject",
                                                 seed % 2 == 0 ? "queued" : "interleaved"}});
        struct sim_task_config config = {
            .name = "indicate", .irql = DISPATCH_LEVEL, .processor = -1};
        unsigned digits = 0, letters = 0;

        callout->otherwise = (struct step)STEP(PERMIT, 0, .extra = dwell);
        config.function = indicate_ten;
        assert_non_null(sim_task_create(world->sim, &config));
        assert_non_null(sim_task_create(world->sim, &config));
        config.function = inject_some;
        assert_non_null(sim_task_create(world->sim, &config));
        sim_run(world->sim);
        assert_int_equal(callout->calls, 20);
        assert_int_equal(world->out_length[NETIO_INBOUND], 230);
        /* Whole runs only: an indication or an inject is never torn. */
        for (size_t i = 0; i < 230;)
            if (world->out[NETIO_INBOUND][i] == '0') {
                assert_memory_equal(world->out[NETIO_INBOUND] + i, "0123456789", 10);
                digits++;
                i += 10;
            } else {
                assert_memory_equal(world->out[NETIO_INBOUND] + i, "ABC", 3);
                letters++;
                i += 3;
            }
        assert_int_equal(digits, 20);
        assert_int_equal(letters, 10);
        assert_int_equal(world->completions, 10);
        world_close();
    }
}

/* A lower callout sees injected bytes, and may take them in pieces: the driver's NBL completes
 * after the last. */
static void lower_takes_pieces(void **state)
{
    const struct step upper = STEP(BLOCK, 0, .injects = 1, .inject_size = 10);
    const struct step lower[] = {STEP(PERMIT, 3), STEP(BLOCK, 4), STEP(NEED, 100), STEP(PERMIT, 0)};
    struct callout *a, *b;

    world_open(NULL);
    a = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
    b = world_callout(1, FWP_ACTION_CALLOUT_TERMINATING, 50, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    world_script(a, &upper, 1);
    world_script(b, lower, 4);
    world_offer_one(NETIO_INBOUND, 12);
    assert_int_equal(world->out_length[NETIO_INBOUND], 3);
    assert_int_equal(world->completions, 0);
    world_receive(NULL, 0, 0);
    assert_int_equal(world->completions, 1);
    assert_int_equal(world->out_length[NETIO_INBOUND], 6);
    assert_memory_equal(world->out[NETIO_INBOUND], "ABCHIJ", 6);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments),
        cmocka_unit_test(already_injected),
        cmocka_unit_test(indicated_nbl),
        cmocka_unit_test(clones_pass),
        cmocka_unit_test(clones_are_trimmed),
        cmocka_unit_test(own_structure),
        cmocka_unit_test(a_clone_keeps_its_parent),
        cmocka_unit_test(every_mode_completes),
        cmocka_unit_test(error_status),
        cmocka_unit_test(flow_dies),
        cmocka_unit_test(dead_flow),
        cmocka_unit_test(send_abort),
        cmocka_unit_test(other_direction),
        cmocka_unit_test(two_processors),
        cmocka_unit_test(lower_takes_pieces),
    };

    return cmocka_run_group_tests_name("netio injection", tests, NULL, NULL);
}
