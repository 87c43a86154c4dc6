/* SPDX-License-Identifier: MIT */
/* Quirks: each does what its row says, under its name, and nothing when it is off. */
#include "test_netio_world.h"

#include "netio/quirk.h"
#include "netio/state.h"

static const size_t three[] = {100, 200, 300};

static struct callout *open_with(const char *profile, const char *quirk)
{
    struct callout *callout;

    world_open(&(struct world_options){.profile = profile, .quirk = quirk});
    callout = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    return callout;
}

static void assert_acted(const char *wanted)
{
    char names[160];

    netio_quirks_acted(world->netio, names, sizeof(names));
    assert_string_equal(names, wanted);
}

static void table(void **state)
{
    const struct netio_quirk_row *row;
    size_t count = 0;

    for (; (row = netio_quirk_at(count)) != NULL; count++) {
        const bool imitated = count < QUIRK_IMITATED;
        const struct netio_profile *profile;
        unsigned profiles = 0;

        assert_ptr_equal(netio_quirk_find(row->name), row);
        assert_ptr_equal(netio_quirk_find(row->name + 2), row);
        assert_true(row->title[0] != '\0' && row->windows[0] != '\0' && row->source[0] != '\0');
        /* What is not imitated says why, and the other way round. */
        assert_true(imitated == (row->how != NULL) && imitated == (row->absent == NULL) &&
                    imitated == (row->cure != NULL));
        for (size_t i = 0; (profile = netio_profile_at(i)) != NULL; i++)
            profiles += netio_quirk_belongs(row, profile);
        assert_true(imitated == (profiles > 0));
    }
    assert_true(count > QUIRK_IMITATED);
    assert_null(netio_quirk_find("q-nothing"));
    assert_true(netio_quirk_belongs(netio_quirk_at(QUIRK_LATE_ACK), netio_profile_find("7sp1")));
    assert_false(netio_quirk_belongs(netio_quirk_at(QUIRK_LATE_ACK), netio_profile_find("10")));
    /* "1" is not "10", nor is "10" a part of anything. */
    assert_false(netio_quirk_belongs(netio_quirk_at(QUIRK_EOS_NULL), netio_profile_find("11")));
}

static void chain_cut(void **state)
{
    struct netio_switches switches;

    netio_switches_default(netio_profile_find("7sp1"), &switches);
    assert_int_not_equal(switches.model, NETIO_MODEL_NONE);
    netio_switches_default(netio_profile_find("vista-sp1"), &switches);
    assert_int_equal(switches.model, NETIO_MODEL_NONE);
    netio_quirk_set(&switches, netio_quirk_at(QUIRK_CHAIN_CUT));
    assert_int_equal(switches.model, NETIO_MODEL_A);
}

/* Which of the blocked chain's NBLs are lost, for each way to block it. */
static void block_tail(void **state)
{
    static const struct {
        struct step steps[3];
        unsigned count, nbls, lost;
    } cases[] = {
        {{STEP(BLOCK, 0)}, 1, 3, 300},
        {{STEP(BLOCK, 0)}, 1, 1, 0},                                     /* no chain */
        {{STEP(BLOCK, 100), STEP(BLOCK, 0)}, 2, 3, 300},                 /* two NBLs at the end */
        {{STEP(BLOCK, 100), STEP(BLOCK, 200), STEP(BLOCK, 0)}, 3, 3, 0}, /* one by one */
        {{STEP(BLOCK, 300), STEP(PERMIT, 0)}, 2, 3, 0},                  /* the end is permitted */
        {{STEP(PERMIT, 0)}, 1, 3, 0},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned on = 0; on < 2; on++) {
            struct callout *const callout = open_with("7sp1", on ? "q-block-tail" : NULL);
            const unsigned lost = on ? cases[i].lost : 0;

            world_script(callout, cases[i].steps, cases[i].count);
            world_receive(three, cases[i].nbls, 0);
            assert_int_equal(world->lost_nbls, lost != 0);
            assert_int_equal(world->lost_payload, lost);
            assert_acted(lost != 0 ? "q-block-tail: block only what is changed" : "");
            world_close_leaking(lost != 0);
        }
    }
}

static NTSTATUS injected;
static uint8_t irql_after;

static void inject_outside(void *context)
{
    injected = world_inject(context, FWPS_STREAM_FLAG_RECEIVE, 10);
    irql_after = sim_task_irql(world->sim);
    sim_task_set_irql(world->sim, PASSIVE_LEVEL);
}

static void irql_leak(void **state)
{
    for (unsigned on = 0; on < 2; on++) {
        struct callout *const callout = open_with("7sp1", on ? "irql-leak" : NULL);

        world_run(inject_outside, callout, PASSIVE_LEVEL);
        assert_int_equal(injected, STATUS_SUCCESS);
        assert_int_equal(irql_after, on ? DISPATCH_LEVEL : PASSIVE_LEVEL);
        assert_acted(on ? "q-irql-leak: raise the IRQL to DISPATCH_LEVEL before, lower it after"
                        : "");
        assert_int_equal(world->out_length[NETIO_INBOUND], 10);
        world_close();
    }
}

/* Both FINs are shown; the second is answered like this. */
static void last_fin(const struct step *step, bool crashes)
{
    static const struct step first = STEP(PERMIT, 0);
    const struct step steps[] = {first, *step};
    struct callout *const callout = open_with("11", "q-disc-null");

    world_script(callout, steps, 2);
    world_receive(NULL, 0, 0);
    assert_string_equal(world->crash, "");
    world_send(NULL, 0, 0);
    assert_int_equal(world->sim->stopped, crashes);
    if (crashes) {
        assert_non_null(strstr(world->crash, "NULL read at offset 0x50"));
        assert_acted("q-disc-null: let a FIN and an RST pass inside classify when nothing is held");
    }
    world_close();
}

static void disc_null(void **state)
{
    static const struct step permit = STEP(PERMIT, 0), block = STEP(BLOCK, 0),
                             inject = STEP(PERMIT, 0, .injects = 1, .inject_size = 5);

    last_fin(&permit, false);
    last_fin(&block, true);
    last_fin(&inject, true);
}

static void die(void)
{
    netio_flow_abort(world->netio, netio_flow_handle(world->flow));
}

static void eos_null(void **state)
{
    static const struct step died = STEP(PERMIT, 0, .extra = die), alive = STEP(PERMIT, 0),
                             blocked = STEP(BLOCK, 0, .extra = die);
    static const struct {
        const struct step *step;
        const char *quirk;
        bool crashes;
    } cases[] = {{&died, "q-eos-null", true},
                 {&died, NULL, false},
                 {&alive, "q-eos-null", false},
                 {&blocked, "q-eos-null", false}};

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct callout *const callout = open_with("10", cases[i].quirk);

        world_script(callout, cases[i].step, 1);
        world_receive(NULL, 0, 0);
        assert_int_equal(world->sim->stopped, cases[i].crashes);
        world_close();
    }
}

static unsigned deletes_told;

static NTSTATUS NTAPI notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key, FWPS_FILTER1 *filter)
{
    deletes_told += type == FWPS_CALLOUT_NOTIFY_DELETE_FILTER;
    return STATUS_SUCCESS;
}

static void NTAPI permit_all(const FWPS_INCOMING_VALUES0 *values,
                             const FWPS_INCOMING_METADATA_VALUES0 *metadata, void *layer_data,
                             const void *context, const FWPS_FILTER1 *filter, UINT64 flow_context,
                             FWPS_CLASSIFY_OUT0 *out)
{
    out->actionType = FWP_ACTION_PERMIT;
}

/* A filter is deleted while a flow uses it, or when none does. */
static void notify_lost(void **state)
{
    static const GUID key = {1, 2, 3, {4}};

    for (unsigned i = 0; i < 4; i++) {
        const bool on = i & 1, used = i & 2;
        uint64_t filter;
        uint32_t id;

        world_open(&(struct world_options){.quirk = on ? "q-notify-lost" : NULL});
        assert_int_equal(netio_callout_register(world->netio, &key, 1, 0,
                                                (void *)(uintptr_t)permit_all,
                                                (void *)(uintptr_t)notify, NULL, &id),
                         STATUS_SUCCESS);
        filter = world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_CALLOUT_TERMINATING, &key, 1, 1,
                              NULL, 0, 0);
        if (used) {
            assert_int_equal(world_connect(), NETIO_OPEN_OK);
            world_receive(three, 1, 0);
        }
        deletes_told = 0;
        assert_int_equal(netio_filter_delete(world->netio, filter), STATUS_SUCCESS);
        assert_int_equal(deletes_told, !(on && used));
        world_disconnect();
        assert_int_equal(netio_callout_unregister(world->netio, id), STATUS_SUCCESS);
        world_close();
    }
}

static void bfe_flaky(void **state)
{
    open_with("10", "q-bfe-flaky");
    assert_true(netio_quirk_bfe_fails(world->netio));
    assert_false(netio_quirk_bfe_fails(world->netio));
    assert_true(netio_quirk_bfe_fails(world->netio));
    world_close();
    open_with("10", NULL);
    assert_false(netio_quirk_bfe_fails(world->netio));
    world_close();
}

static void late_ack(void **state)
{
    static const struct step steps[] = {STEP(BLOCK, 0), STEP(PERMIT, 0), STEP(BLOCK, 0)};
    struct callout *const callout = open_with("7sp1", "q-late-ack");
    const uint64_t start = world->sim->now;

    world_script(callout, steps, 3);
    world_receive(three, 1, 0);
    assert_int_equal(world->windows_closed, 1);
    assert_int_equal(world->windows_opened, 0);
    assert_true(sim_run_idle(world->sim, start + SIM_SECOND));
    assert_int_equal(world->windows_opened, 1);
    assert_int_equal(world->sim->now - start, 200 * SIM_MILLISECOND);
    world_receive(three, 1, 0);
    world_send(three, 1, 0);
    assert_int_equal(world->windows_closed, 1);
    world_close();
}

/* The flow ends while the other side is silent: the timer goes with it. */
static void late_ack_end(void **state)
{
    struct callout *const callout = open_with("7sp1", "q-late-ack");
    static const struct step block = STEP(BLOCK, 0);

    world_script(callout, &block, 1);
    world_receive(three, 1, 0);
    world_disconnect();
    assert_true(sim_run_idle(world->sim, world->sim->now + SIM_SECOND));
    assert_int_equal(world->windows_opened, 0);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),        cmocka_unit_test(chain_cut), cmocka_unit_test(block_tail),
        cmocka_unit_test(irql_leak),    cmocka_unit_test(disc_null), cmocka_unit_test(eos_null),
        cmocka_unit_test(notify_lost),  cmocka_unit_test(bfe_flaky), cmocka_unit_test(late_ack),
        cmocka_unit_test(late_ack_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
