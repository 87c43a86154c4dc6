/* SPDX-License-Identifier: MIT */
/* The rules that are judged over several classifies and injects: what is told, and what is not. */
#include "test_netio_world.h"

#include "check/answers.h"
#include "check/hole.h"
#include "sim/fault.h"
#include "sim/frame.h"

static struct check *check;

static struct callout *open_checked(void)
{
    struct callout *callout;

    world_open(&(struct world_options){.switches = {"completion", "late"}});
    check = check_create(world->sim, world->pe, world->ndis, world->netio, true);
    assert_non_null(check);
    callout = world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
    return callout;
}

/* The rules of what was found, each once: "R19 R40 ". */
static const char *found(void)
{
    static char text[128];
    const struct check_findings *const findings = check_findings(check);

    text[0] = '\0';
    for (size_t i = 0; i < findings->count; i++) {
        const size_t length = strlen(text);

        snprintf(text + length, sizeof(text) - length, "%s ", findings->list[i]->rule->id);
    }
    return text;
}

/* expected: as found(). */
static void close_checked(const char *expected)
{
    assert_string_equal(found(), expected);
    check_destroy(check);
    world_close();
}

static void fin(enum netio_direction direction)
{
    if (direction == NETIO_INBOUND)
        world_receive(NULL, 0, 0);
    else
        world_send(NULL, 0, 0);
}

static void inject_outside(void *context)
{
    assert_int_equal(world_inject(context, FWPS_STREAM_FLAG_RECEIVE, 5), STATUS_SUCCESS);
}

static void inject_fin_in(void *context)
{
    assert_int_equal(
        world_inject(context, FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_DISCONNECT, 3),
        STATUS_SUCCESS);
}

static void inject_fin_out(void *context)
{
    assert_int_equal(
        world_inject(context, FWPS_STREAM_FLAG_SEND | FWPS_STREAM_FLAG_SEND_DISCONNECT, 3),
        STATUS_SUCCESS);
}

/* ---- out of band ---- */

static void outside_while_passing(void **state)
{
    struct callout *const callout = open_checked();

    callout->otherwise = (struct step)STEP(PERMIT, 0);
    world_offer_one(NETIO_INBOUND, 10);
    world_run(inject_outside, callout, DISPATCH_LEVEL);
    /* What follows from it is not told. */
    world_offer_one(NETIO_INBOUND, 10);
    close_checked("R34 ");
}

static void outside_while_blocking(void **state)
{
    struct callout *const callout = open_checked();

    callout->otherwise = (struct step)STEP(BLOCK, 0);
    world_offer_one(NETIO_INBOUND, 10);
    world_run(inject_outside, callout, DISPATCH_LEVEL);
    world_offer_one(NETIO_INBOUND, 10);
    close_checked("");
}

/* Each direction is a stream of its own. */
static void inline_in_the_other_direction(void **state)
{
    struct callout *const callout = open_checked();
    const struct step steps[] = {STEP(BLOCK, 0), STEP(PERMIT, 0)};

    world_script(callout, steps, 2);
    world_offer_one(NETIO_INBOUND, 10);
    world_run(inject_outside, callout, DISPATCH_LEVEL);
    world_offer_one(NETIO_OUTBOUND, 10);
    close_checked("");
}

static void inline_again(void **state)
{
    struct callout *const callout = open_checked();
    const struct step steps[] = {STEP(BLOCK, 0), STEP(PERMIT, 0)};

    world_script(callout, steps, 2);
    world_offer_one(NETIO_INBOUND, 10);
    world_run(inject_outside, callout, DISPATCH_LEVEL);
    world_offer_one(NETIO_INBOUND, 10);
    close_checked("R36 ");
}

static void fin_passes_out_of_band(void **state)
{
    struct callout *const callout = open_checked();
    const struct step steps[] = {STEP(BLOCK, 0), STEP(PERMIT, 0)};

    world_script(callout, steps, 2);
    world_offer_one(NETIO_INBOUND, 10);
    world_run(inject_outside, callout, DISPATCH_LEVEL);
    fin(NETIO_INBOUND);
    close_checked("R35 ");
}

/* ---- FIN ---- */

static void fin_blocked(bool injected, const char *expected)
{
    struct callout *const callout = open_checked();

    callout->otherwise = (struct step)STEP(BLOCK, 0);
    fin(NETIO_INBOUND);
    if (injected)
        world_run(inject_fin_in, callout, DISPATCH_LEVEL);
    check_quiet(check);
    check_quiet(check);
    close_checked(expected);
}

static void fin_never_injected(void **state)
{
    fin_blocked(false, "R40 ");
}

static void fin_injected_later(void **state)
{
    fin_blocked(true, "");
}

static void fin_twice(void **state)
{
    struct callout *const callout = open_checked();

    callout->otherwise = (struct step)STEP(PERMIT, 0);
    fin(NETIO_OUTBOUND);
    world_run(inject_fin_out, callout, DISPATCH_LEVEL);
    assert_non_null(strstr(found(), "R40 "));
    check_destroy(check);
    world_close();
}

static void fin_made_up(void **state)
{
    struct callout *const callout = open_checked();

    callout->otherwise = (struct step)STEP(BLOCK, 0);
    world_offer_one(NETIO_OUTBOUND, 10);
    world_run(inject_fin_out, callout, DISPATCH_LEVEL);
    close_checked("R40 ");
}

/* ---- progress ---- */

static void go_on(void *context)
{
    const struct callout *const callout = context;

    assert_int_equal(netio_stream_continue(world->netio, netio_flow_handle(world->flow),
                                           callout->id, FWPS_LAYER_STREAM_V4,
                                           callout->last_data.flags),
                     STATUS_SUCCESS);
}

static void deferred(bool continued, const char *expected)
{
    struct callout *const callout = open_checked();
    const struct step steps[] = {STEP(DEFER, 0), STEP(PERMIT, 0)};

    world_script(callout, steps, 2);
    world_offer_one(NETIO_INBOUND, 10);
    if (continued)
        world_run(go_on, callout, DISPATCH_LEVEL);
    check_quiet(check);
    close_checked(expected);
}

static void never_continued(void **state)
{
    deferred(false, "R16 ");
}

static void continued(void **state)
{
    deferred(true, "");
}

/* ---- payload ---- */

static void edit(void)
{
    const FWPS_STREAM_DATA0 *const data = &world->callouts[0].last_data;

    ((uint8_t *)data->dataOffset.mdl->MappedSystemVa)[data->dataOffset.mdlOffset + 3] ^= 1;
}

static void edited_in_place(void **state)
{
    struct callout *const callout = open_checked();
    const struct step steps[] = {STEP(PERMIT, 0), STEP(PERMIT, 0, .extra = edit)};

    world_script(callout, steps, 2);
    world_offer_one(NETIO_INBOUND, 40);
    assert_string_equal(found(), "");
    world_offer_one(NETIO_INBOUND, 40);
    assert_int_equal(check_findings(check)->list[0]->offset, 40);
    assert_int_equal(check_findings(check)->list[0]->direction, NETIO_INBOUND + 1);
    close_checked("R19 ");
}

static void edited_when_offered_again(void **state)
{
    struct callout *const callout = open_checked();
    const struct step steps[] = {STEP(PERMIT, 4), STEP(PERMIT, 0, .extra = edit)};

    world_script(callout, steps, 2);
    world_offer_one(NETIO_INBOUND, 2000);
    assert_int_equal(check_findings(check)->list[0]->offset, 4);
    close_checked("R19 ");
}

/* ---- what is given up when a call fails ---- */

static unsigned fail_clone(void *context, const char *call, unsigned ways)
{
    return strcmp(call, "FwpsCloneStreamData0") == 0;
}

static void clone_fails(void)
{
    struct sim_frame driver;

    sim_fault_judge(world->sim, &(struct sim_fault_judge){.decide = fail_clone});
    sim_frame_push(&driver, "driver", "classifyFn", &driver);
    assert_int_equal(sim_fault_way(world->sim, "FwpsCloneStreamData0", 1), 1);
    sim_frame_pop(&driver);
}

/* The second of three offers meets a call that fails. kept: by the callout, where nothing fails. */
static void give_up(const struct step *second, const struct step *third, bool suspected,
                    int64_t kept, const char *expected)
{
    struct callout *const callout = open_checked();
    const struct step steps[] = {STEP(BLOCK, 0, .injects = 1, .inject_size = 10), *second, *third};
    struct check_balance balance = {.flow = netio_flow_handle(world->flow),
                                    .callout = callout->id,
                                    .direction = NETIO_INBOUND,
                                    .kept = kept};

    world_script(callout, steps, 3);
    for (unsigned i = 0; i < 3; i++)
        world_offer_one(NETIO_INBOUND, 10);
    world_disconnect();
    assert_int_equal(check_holes_are_suspected(check), suspected);
    check_holes_judge(check, &(struct check_balances){&balance, 1, 1, false});
    if (*expected != '\0') {
        assert_int_equal(check_findings(check)->list[0]->offset, 10);
        assert_int_equal(check_findings(check)->list[0]->bytes, 10);
    }
    close_checked(expected);
}

static void given_up_when_a_call_fails(void **state)
{
    const struct step give_back = STEP(BLOCK, 0, .injects = 1, .inject_size = 10),
                      both_back = STEP(BLOCK, 0, .injects = 1, .inject_size = 20),
                      block = STEP(BLOCK, 0), drop = STEP(DROP, 0), permit = STEP(PERMIT, 0),
                      failing = STEP(BLOCK, 0, .extra = clone_fails),
                      failing_drops = STEP(DROP, 0, .extra = clone_fails),
                      failing_permits = STEP(PERMIT, 0, .extra = clone_fails);

    give_up(&failing, &give_back, true, 0, "R70 ");
    give_up(&failing, &permit, true, 0, "R70 ");
    give_up(&failing, &give_back, true, 10, ""); /* it does so where nothing fails */
    give_up(&failing, &both_back, false, 0, ""); /* later */
    give_up(&failing, &block, false, 0, "");     /* nothing comes behind it */
    give_up(&failing, &drop, false, 0, "");
    give_up(&failing_drops, &permit, false, 0, "");
    give_up(&failing_permits, &permit, false, 0, "");
    give_up(&block, &give_back, false, 0, ""); /* nothing failed */
}

/* ---- answers ---- */

static void answer_run(enum answer second, struct check_answers *record,
                       const struct check_answers *before, const char *expected)
{
    struct callout *const callout = open_checked();
    const struct step steps[] = {STEP(PERMIT, 4), STEP(second, 0)};

    check_answers_set(check, record, before, "R13");
    world_script(callout, steps, 2);
    world_offer_one(NETIO_INBOUND, 10);
    close_checked(expected);
}

static void answers_are_compared(void **state)
{
    struct check_answers before = {0};

    answer_run(PERMIT, &before, NULL, "");
    assert_int_equal(before.count, 2);
    answer_run(PERMIT, NULL, &before, "");
    answer_run(BLOCK, NULL, &before, "R13 ");
    check_answers_clear(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outside_while_passing),
        cmocka_unit_test(outside_while_blocking),
        cmocka_unit_test(inline_in_the_other_direction),
        cmocka_unit_test(inline_again),
        cmocka_unit_test(fin_passes_out_of_band),
        cmocka_unit_test(fin_never_injected),
        cmocka_unit_test(fin_injected_later),
        cmocka_unit_test(fin_twice),
        cmocka_unit_test(fin_made_up),
        cmocka_unit_test(never_continued),
        cmocka_unit_test(continued),
        cmocka_unit_test(edited_in_place),
        cmocka_unit_test(edited_when_offered_again),
        cmocka_unit_test(given_up_when_a_call_fails),
        cmocka_unit_test(answers_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
