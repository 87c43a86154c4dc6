/* SPDX-License-Identifier: MIT */
/* What each answer of a callout means (contract 1.4), and the rules that show at once: R01 to R12,
 * R16, R39, R72. */
#include "test_netio_world.h"

#define POISON 0xA5A5A5A5u

static struct callout *open_one(uint32_t action, const struct world_options *options)
{
    struct callout *callout;

    world_open(options);
    callout = world_callout(0, action, 100, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    return callout;
}

struct case_of {
    uint32_t filter_action, action_type, stream_action;
    size_t enforced;
    size_t delivered; /* of 10 bytes, in the first classify */
    const char *rules;
};

#define TERMINATING FWP_ACTION_CALLOUT_TERMINATING
#define UNKNOWN     FWP_ACTION_CALLOUT_UNKNOWN
#define INSPECTION  FWP_ACTION_CALLOUT_INSPECTION

/* Every later classify permits what is left. */
static const struct case_of cases[] = {
    {TERMINATING, FWP_ACTION_PERMIT, 0, 0, 10, ""},
    {TERMINATING, FWP_ACTION_PERMIT, 0, 4, 10, ""},
    {TERMINATING, FWP_ACTION_BLOCK, 0, 0, 0, ""},
    {TERMINATING, FWP_ACTION_BLOCK, 0, 4, 6, ""},
    {TERMINATING, FWP_ACTION_CONTINUE, 0, 0, 0, "R03 "},
    {TERMINATING, FWP_ACTION_NONE, 0, 0, 0, "R03 "},
    {UNKNOWN, FWP_ACTION_CONTINUE, 0, 0, 10, ""},
    {UNKNOWN, FWP_ACTION_CONTINUE, 0, 3, 10, ""},
    {UNKNOWN, FWP_ACTION_NONE, 0, 0, 0, "R02 "},
    {UNKNOWN, 0x1234, 0, 0, 0, "R02 "},
    {UNKNOWN, POISON, 0, 0, 0, "R01 "},
    {TERMINATING, POISON, 0, 0, 0, "R01 "},
    {INSPECTION, POISON, 0, 0, 10, ""},
    {INSPECTION, FWP_ACTION_BLOCK, 0, 0, 10, ""},
    {INSPECTION, FWP_ACTION_NONE, FWPS_STREAM_ACTION_NEED_MORE_DATA, 0, 10, ""},
    {UNKNOWN, FWP_ACTION_PERMIT, 9, 0, 10, "R04 "},
    {UNKNOWN, FWP_ACTION_PERMIT, 0, 11, 10, "R06 "},
    {UNKNOWN, FWP_ACTION_BLOCK, 0, SIZE_MAX, 0, "R06 "},
};

static void answers(void **state)
{
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct step step = STEP(RAW, cases[i].enforced, .action_type = cases[i].action_type,
                                      .stream_action = cases[i].stream_action);
        struct netio_ledger ledger;

        world_script(open_one(cases[i].filter_action, NULL), &step, 1);
        world_offer_one(NETIO_INBOUND, 10);
        assert_string_equal(world->breaches, cases[i].rules);
        assert_int_equal(world->out_length[NETIO_INBOUND], cases[i].delivered);
        netio_flow_ledger(world->flow, NETIO_INBOUND, &ledger);
        assert_int_equal(ledger.blocked, 10 - cases[i].delivered);
        world_close();
    }
}

static void vista_has_no_allow(void **state)
{
    const struct step step = STEP(ALLOW, 0);

    world_script(open_one(UNKNOWN, &(struct world_options){.profile = "vista-sp1"}), &step, 1);
    world_offer_one(NETIO_INBOUND, 10);
    assert_non_null(strstr(world->breaches, "R04 "));
    world_close();
}

static void over_enforced_may_be_fatal(void **state)
{
    const struct step step = STEP(PERMIT, 11);

    world_script(open_one(UNKNOWN, &(struct world_options){.switches = {"over_enforced", "fatal"}}),
                 &step, 1);
    world_offer_one(NETIO_INBOUND, 10);
    assert_true(world->sim->stopped);
    assert_string_not_equal(world->crash, "");
    world_close();
}

static FWPS_STREAM_CALLOUT_IO_PACKET0 *current_io;
static FWPS_CLASSIFY_OUT0 *current_out;

static void enter(void *context, struct netio_classify *classify)
{
    current_io = classify->io;
    current_out = classify->out;
}

static void ask_without_needing(void)
{
    current_io->countBytesRequired = 5;
}

static void touch_reserved(void)
{
    current_out->filterId++;
}

static void absorb(void)
{
    current_out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
}

static void engine_fields(void **state)
{
    struct netio_listener listener = {.hooks = {.classify_enter = enter}};
    static const struct {
        void (*extra)(void);
        const char *rule;
    } touches[] = {{ask_without_needing, "R05 "}, {touch_reserved, "R12 "}, {absorb, "R11 "}};

    for (unsigned i = 0; i < 3; i++) {
        const struct step step = STEP(PERMIT, 0, .extra = touches[i].extra);

        world_script(open_one(UNKNOWN, NULL), &step, 1);
        netio_listener_add(world->netio, &listener);
        world_offer_one(NETIO_INBOUND, 10);
        assert_string_equal(world->breaches, touches[i].rule);
        assert_int_equal(world->out_length[NETIO_INBOUND], 10);
        world_close();
    }
}

/* R07: more data is wanted when none will come: the connection cannot close. */
static void need_more_at_the_end(void **state)
{
    const struct step steps[] = {STEP(NEED, 100), STEP(NEED, 100)};

    world_script(open_one(UNKNOWN, NULL), steps, 2);
    world_offer_one(NETIO_INBOUND, 10);
    world_receive(NULL, 0, 0);
    assert_string_equal(world->breaches, "R07 ");
    assert_int_equal(world->callouts[0].calls, 2);
    assert_int_equal(world->fins[NETIO_INBOUND], 0);
    assert_true(netio_stream_busy(world->netio));
    world_close();
}

static void limit_wants_all(void **state)
{
    static const enum answer kinds[] = {NEED, PERMIT, BLOCK};

    for (unsigned i = 0; i < 3; i++) {
        const struct step steps[] = {STEP(NEED, 100), STEP(kinds[i], 7), STEP(PERMIT, 0)};

        world_script(
            open_one(UNKNOWN, &(struct world_options){.switches = {"accumulate_limit", "30"}}),
            steps, 3);
        for (unsigned j = 0; j < 3; j++)
            world_offer_one(NETIO_INBOUND, 10);
        assert_string_equal(world->breaches, "R08 ");
        world_close();
    }
}

static void defer_of_sent_data(void **state)
{
    const struct step step = STEP(DEFER, 0);

    world_script(open_one(UNKNOWN, NULL), &step, 1);
    world_offer_one(NETIO_OUTBOUND, 10);
    assert_string_equal(world->breaches, "R09 ");
    assert_int_equal(world->windows_closed, 0);
    world_close();
}

static NTSTATUS continued;

static void continue_inside(void)
{
    continued = FwpsStreamContinue0(netio_flow_handle(world->flow), world->callouts[0].id,
                                    FWPS_LAYER_STREAM_V4, FWPS_STREAM_FLAG_RECEIVE);
}

static void continue_in_classify(void **state)
{
    const struct step step = STEP(PERMIT, 0, .extra = continue_inside);

    world_script(open_one(UNKNOWN, NULL), &step, 1);
    world_offer_one(NETIO_INBOUND, 10);
    assert_int_equal(continued, STATUS_UNSUCCESSFUL);
    assert_string_equal(world->breaches, "R39 ");
    world_close();
}

static void continue_with_other_flags(void *context)
{
    continue_inside();
}

static void continue_flags(void **state)
{
    const struct step steps[] = {STEP(DEFER, 0), STEP(PERMIT, 0)};

    world_script(open_one(UNKNOWN, NULL), steps, 2);
    world_offer_one(NETIO_INBOUND, 10); /* RECEIVE | PUSH */
    world_run(continue_with_other_flags, NULL, DISPATCH_LEVEL);
    assert_int_equal(continued, STATUS_SUCCESS);
    assert_string_equal(world->breaches, "R39 ");
    assert_int_equal(world->out_length[NETIO_INBOUND], 10);
    world_close();
}

/* A driver that behaves breaks nothing, whatever the switches. */
static void no_false_alarm(void **state)
{
    static const char *const words[][2] = {
        {"reindicate_chain", "offset_nbl"}, {"inline_emit", "inside_inject"},
        {"countBytesRequired", "total"},    {"outside_inject", "interleaved"},
        {"serialisation", "direction"},     {"missed_bytes", "blocked_less_injected"},
        {"classify_rights", "off"},         {"classify_irql", "random"},
        {"completion", "random"},           {"missed_bytes", "zero"}};
    static const size_t sizes[] = {40, 1, 1460, 3};

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct step steps[] = {STEP(PERMIT, 20),
                                     STEP(BLOCK, 25, .injects = 1, .inject_size = 30),
                                     STEP(NEED, 2000), STEP(PERMIT, 0), STEP(CONTINUE, 0)};

        world_script(
            open_one(UNKNOWN, &(struct world_options){.switches = {words[i][0], words[i][1]}}),
            steps, 5);
        world_receive(sizes, 4, 0);
        world_receive(sizes, 4, 0);
        world_send(sizes, 4, 0);
        world_receive(NULL, 0, 0);
        world_send(NULL, 0, 0);
        assert_string_equal(world->breaches, "");
        assert_int_equal(world->fins[0] + world->fins[1], 2);
        assert_int_equal(world->out_length[NETIO_INBOUND], 2 * 1504 - 25 + 30);
        world_close();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(vista_has_no_allow),
        cmocka_unit_test(over_enforced_may_be_fatal),
        cmocka_unit_test(engine_fields),
        cmocka_unit_test(need_more_at_the_end),
        cmocka_unit_test(limit_wants_all),
        cmocka_unit_test(defer_of_sent_data),
        cmocka_unit_test(continue_in_classify),
        cmocka_unit_test(continue_flags),
        cmocka_unit_test(no_false_alarm),
    };

    return cmocka_run_group_tests_name("netio verdicts and rules", tests, NULL, NULL);
}
