/* SPDX-License-Identifier: MIT */
/* The chain cut of the 2011 report: models A to D against the tables of contract 7.4 and 7.5, and
 * the further predictions P1 to P6. The expected numbers are worked out here, from the text of the
 * contract. */
#include "test_netio_world.h"

#define SEGMENT 1460

static const size_t segments[8] = {SEGMENT, SEGMENT, SEGMENT, SEGMENT,
                                   SEGMENT, SEGMENT, SEGMENT, SEGMENT};

enum workaround { NONE, GUARD, BATCH };

static struct callout *open_model(const char *model, const char *emit)
{
    struct callout *callout;

    world_open(&(struct world_options){
        .profile = "7sp1", .switches = {"inject_split_quirk", model, "inline_emit", emit}});
    callout = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    return callout;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* NBLs leaked by one classify of n NBLs with k injects. */
static unsigned predicted(char model, unsigned n, unsigned k, enum workaround workaround)
{
    if (workaround == BATCH || k < 2 || n < 2)
        return 0;
    if (model != 'D')
        return workaround == GUARD ? 0 : n - 1;
    if (workaround == GUARD)
        return k < n ? k - 1 : 0;
    return smaller(k, n) - 1;
}

/* Whether the driver sees the chain cut behind NBL 1 when its last inject has returned. */
static bool predicted_cut(char model, unsigned n, unsigned k)
{
    return n > 1 && k >= (model == 'B' ? 2u : 1u);
}

static void check_cell(char model, unsigned n, unsigned k, enum workaround workaround,
                       const char *emit)
{
    const char name[] = {model, '\0'};
    struct callout *const callout = open_model(name, emit);
    const unsigned leaked = predicted(model, n, k, workaround);
    const struct step step = STEP(BLOCK, 0, .injects = k, .inject_size = 10,
                                  .restore = workaround == GUARD, .batched = workaround == BATCH);
    const unsigned calls = workaround == BATCH && k > 0 ? 1 : k;
    struct netio_ledger ledger;

    world_script(callout, &step, 1);
    world_receive(segments, n, 0);
    assert_int_equal(world->lost_nbls, leaked);
    assert_int_equal(world->lost_payload, leaked * SEGMENT);
    assert_int_equal(world->lost_bytes, 0);
    assert_int_equal(world_live_nbls(), leaked);
    assert_int_equal(callout->last_unlinked, predicted_cut(model, n, calls));
    assert_int_equal(world->out_length[NETIO_INBOUND], k * 10);
    assert_int_equal(world->completions, k);
    netio_flow_ledger(world->flow, NETIO_INBOUND, &ledger);
    assert_int_equal(ledger.blocked, n * SEGMENT);
    assert_int_equal(ledger.lost, 0);
    assert_int_equal(ledger.injects, calls);
    world_close_leaking(leaked);
}

static void table(void **state)
{
    static const unsigned lengths[] = {1, 2, 3, 8};

    for (const char *model = "ABCD"; *model != '\0'; model++)
        for (unsigned i = 0; i < 4; i++)
            for (unsigned k = 0; k <= 3; k++)
                for (enum workaround w = NONE; w <= BATCH; w++) {
                    check_cell(*model, lengths[i], k, w, "after_return");
                    check_cell(*model, lengths[i], k, w, "inside_inject");
                }
}

static void fixed_engine(void **state)
{
    for (unsigned k = 0; k <= 3; k++) {
        const struct step step = STEP(BLOCK, 0, .injects = k, .inject_size = 10);

        world_script(open_model("none", "after_return"), &step, 1);
        world_receive(segments, 8, 0);
        assert_int_equal(world->lost_nbls, 0);
        assert_int_equal(world->cuts, 0);
        world_close();
    }
}

static void defaults(void **state)
{
    const struct netio_profile *profile;
    struct netio_switches switches;

    for (size_t i = 0; (profile = netio_profile_at(i)) != NULL; i++) {
        netio_switches_default(profile, &switches);
        assert_int_equal(switches.model,
                         strcmp(profile->name, "7sp1") == 0 ? NETIO_MODEL_A : NETIO_MODEL_NONE);
    }
}

/* The report names the cut: classify, inject, the NBL and the one behind it. */
static void the_cut_is_named(void **state)
{
    const struct step step = STEP(BLOCK, 0, .injects = 2, .inject_size = 10);

    world_script(open_model("A", "after_return"), &step, 1);
    world_receive(segments, 3, 0);
    assert_int_equal(world->cuts, 1);
    assert_int_equal(world->rejoins, 0);
    assert_int_equal(world->last_cut.classify, 1);
    assert_int_equal(world->last_cut.inject, 1);
    assert_int_equal(world->last_cut.next_nbl, world->last_cut.nbl + 1);
    assert_int_equal(world->last_cut.nbls, 2);
    assert_int_equal(world->last_cut.bytes, 2 * SEGMENT);
    assert_int_equal(world->lost_chains, 1);
    assert_int_equal(world->lost_numbers[0], world->last_cut.next_nbl);
    assert_int_equal(world->lost_numbers[1], world->last_cut.next_nbl + 1);
    world_close_leaking(2);
}

static void one_inject_is_rejoined(void **state)
{
    const struct step step = STEP(BLOCK, 0, .injects = 1, .inject_size = 10);

    world_script(open_model("A", "after_return"), &step, 1);
    world_receive(segments, 2, 0);
    assert_int_equal(world->cuts, 1);
    assert_int_equal(world->rejoins, 1);
    assert_true(world->callouts[0].last_unlinked);
    world_close();
}

/* P1: PERMIT after two injects: the second NBL's bytes never reach the application. */
static void p1_permit_loses(void **state)
{
    const struct step step = STEP(PERMIT, 0, .injects = 2, .inject_size = 10);
    struct netio_ledger ledger;

    world_script(open_model("A", "after_return"), &step, 1);
    world_receive(segments, 2, 0);
    assert_int_equal(world->out_length[NETIO_INBOUND], 20 + SEGMENT);
    netio_flow_ledger(world->flow, NETIO_INBOUND, &ledger);
    assert_int_equal(ledger.permitted, SEGMENT);
    assert_int_equal(ledger.lost, SEGMENT);
    assert_int_equal(world->lost_bytes, SEGMENT);
    assert_int_equal(world->lost_nbls, 1);
    world_close_leaking(1);
}

/* P2: a verdict that leaves bytes of the second NBL: the re-call finds no NBL. */
static void p2_recall_crashes(void **state)
{
    const struct step steps[] = {STEP(BLOCK, SEGMENT, .injects = 2, .inject_size = 10),
                                 STEP(BLOCK, 0)};

    world_script(open_model("A", "after_return"), steps, 2);
    world_receive(segments, 2, 0);
    assert_true(world->sim->stopped);
    assert_non_null(strstr(world->crash, "NULL read at offset 8 (FirstNetBuffer) in "
                                         "NETIO!StreamInvokeCalloutAndNormalizeAction"));
    assert_int_equal(world->callouts[0].calls, 1);
    world_close();
}

/* P2 with the guard: nothing happens. */
static void p2_guarded(void **state)
{
    const struct step steps[] = {
        STEP(BLOCK, SEGMENT, .injects = 2, .inject_size = 10, .restore = true), STEP(BLOCK, 0)};

    world_script(open_model("A", "after_return"), steps, 2);
    world_receive(segments, 2, 0);
    assert_int_equal(world->callouts[0].calls, 2);
    world_close();
}

/* P3: two injects, but in two classifies of one indication. */
static void p3_split_over_recalls(void **state)
{
    const struct step steps[] = {STEP(BLOCK, 100, .injects = 1, .inject_size = 10),
                                 STEP(BLOCK, 0, .injects = 1, .inject_size = 10)};

    world_script(open_model("A", "after_return"), steps, 2);
    world_receive(segments, 3, 0);
    assert_int_equal(world->callouts[0].calls, 2);
    assert_int_equal(world->cuts, 2);
    assert_int_equal(world->rejoins, 2);
    world_close();
}

/* P4: outbound, a send that never completes. */
static void p4_outbound_hangs(void **state)
{
    const struct step step = STEP(BLOCK, 0, .injects = 2, .inject_size = 10);

    world_script(open_model("A", "after_return"), &step, 1);
    world_send(segments, 2, 0);
    assert_int_equal(world->sent_back, 1);
    assert_int_equal(world->lost_nbls, 1);
    world_close_leaking(1);
}

/* P5: a bare FIN is one NBL. */
static void p5_fin(void **state)
{
    const struct step step = STEP(BLOCK, 0, .injects = 3, .inject_size = 10);

    world_script(open_model("A", "after_return"), &step, 1);
    world_receive(NULL, 0, 0);
    assert_int_equal(world->cuts, 0);
    assert_int_equal(world->lost_nbls, 0);
    world_close();
}

static void inject_twice(void *context)
{
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(world_inject(&world->callouts[0], FWPS_STREAM_FLAG_RECEIVE, 10),
                         STATUS_SUCCESS);
}

/* P6: injects outside classify go another way, even while bytes are held. */
static void p6_outside(void **state)
{
    const struct step steps[] = {STEP(DEFER, 0), STEP(BLOCK, 0)};

    world_script(open_model("A", "after_return"), steps, 2);
    world_receive(segments, 3, 0);
    world_run(inject_twice, NULL, PASSIVE_LEVEL);
    assert_int_equal(world->cuts, 0);
    assert_int_equal(world->out_length[NETIO_INBOUND], 20);
    world_close();
}

/* A lower callout that injects twice cuts a chain of the upper one's NBLs: they never complete. */
static void a_lower_callout_loses_injected_nbls(void **state)
{
    const struct step upper = STEP(BLOCK, 0, .injects = 2, .inject_size = 10, .batched = true);
    const struct step lower = STEP(BLOCK, 0, .injects = 2, .inject_size = 5);
    struct callout *const a = open_model("A", "after_return");
    struct callout *const b = world_callout(1, FWP_ACTION_CALLOUT_TERMINATING, 50,
                                            FWP_CALLOUT_FLAG_ALLOW_MID_STREAM_INSPECTION);

    world_script(a, &upper, 1);
    world_script(b, &lower, 1);
    world_receive(segments, 1, 0);
    assert_int_equal(b->last_chain, 2);
    assert_int_equal(world->lost_nbls, 1);
    assert_int_equal(world->completions, 3);
    assert_true(netio_stream_busy(world->netio));
    world->sim->stopped =
        true; /* the injection never completes: nobody can end this world in order */
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(fixed_engine),
        cmocka_unit_test(defaults),
        cmocka_unit_test(the_cut_is_named),
        cmocka_unit_test(one_inject_is_rejoined),
        cmocka_unit_test(p1_permit_loses),
        cmocka_unit_test(p2_recall_crashes),
        cmocka_unit_test(p2_guarded),
        cmocka_unit_test(p3_split_over_recalls),
        cmocka_unit_test(p4_outbound_hangs),
        cmocka_unit_test(p5_fin),
        cmocka_unit_test(p6_outside),
        cmocka_unit_test(a_lower_callout_loses_injected_nbls),
    };

    return cmocka_run_group_tests_name("netio chain cut", tests, NULL, NULL);
}
