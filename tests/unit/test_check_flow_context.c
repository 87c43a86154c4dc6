/* SPDX-License-Identifier: MIT */
/* The ledger of flow contexts: whose memory was kept, and why. */
#include "check/flow_context.h"
#include "netio/state.h"
#include "test_ndis_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TAG NT_TAG('T', 'e', 's', 't')

static struct {
    unsigned count;
    char rules[8][8];
    uint64_t flow;
} told;

static void note(void *context, const struct sim_breach *breach)
{
    assert_true(told.count < 8);
    snprintf(told.rules[told.count++], sizeof(told.rules[0]), "%s", breach->rule);
    told.flow = breach->flow;
}

struct fixture {
    struct world *world;
    struct netio *netio;
    struct nt *nt;
    struct check_flow_contexts *contexts;
};

static void set_up(struct fixture *fixture)
{
    struct netio_config config = {.profile = netio_profile_find("10")};

    memset(&told, 0, sizeof(told));
    fixture->world = world_create();
    fixture->nt = fixture->world->sim->layers[SIM_LAYER_NT];
    netio_switches_default(config.profile, &config.switches);
    fixture->netio = netio_create(fixture->world->sim, fixture->world->ndis, &config);
    assert_non_null(fixture->netio);
    fixture->world->sim->observer = (struct sim_observer){.breach = note};
    fixture->contexts =
        check_flow_contexts_create(fixture->world->sim, fixture->nt, fixture->netio);
    assert_non_null(fixture->contexts);
}

static void tear_down(struct fixture *fixture)
{
    check_flow_contexts_destroy(fixture->contexts);
    netio_destroy(fixture->netio);
    world_destroy(fixture->world);
}

static void *take(struct fixture *fixture)
{
    void *block =
        nt_pool_allocate_for(fixture->nt, NT_POOL_NONPAGED, 48, TAG, "test", (const void *)"x");

    assert_non_null(block);
    return block;
}

static void associate(struct fixture *fixture, uint64_t flow, const void *block, NTSTATUS status)
{
    netio_flow_associate_refused(fixture->netio, flow, 1, (uintptr_t)block, status);
}

static void delete(struct fixture *fixture, uint64_t flow, const void *block)
{
    const struct netio_context_event event = {
        .flow = flow, .callout = 1, .value = (uintptr_t)block, .classifies = 1, .function = &told};

    NETIO_TELL(fixture->netio, context_deleting, &event);
    NETIO_TELL_END(fixture->netio, context_deleted, &event);
}

static void finish(struct fixture *fixture, const char *rule)
{
    check_flow_contexts_finish(fixture->contexts);
    assert_int_equal(told.count, rule != NULL);
    if (rule != NULL)
        assert_string_equal(told.rules[0], rule);
}

static void freed_in_time(void **state)
{
    struct fixture fixture;

    set_up(&fixture);
    void *block = take(&fixture), *refused = take(&fixture);
    associate(&fixture, 1, block, STATUS_SUCCESS);
    associate(&fixture, 2, refused, STATUS_OBJECT_NAME_EXISTS);
    nt_pool_free(fixture.nt, refused, TAG);
    delete (&fixture, 1, block);
    nt_pool_free(fixture.nt, block, TAG);
    finish(&fixture, NULL);
    tear_down(&fixture);
}

static void never_freed(void **state)
{
    static const struct {
        NTSTATUS status;
        const char *rule;
    } cases[] = {
        {STATUS_SUCCESS, "R47"},
        {STATUS_OBJECT_NAME_EXISTS, "R46"},
        {STATUS_INSUFFICIENT_RESOURCES, "R47"},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture fixture;

        set_up(&fixture);
        void *block = take(&fixture);
        associate(&fixture, 9, block, cases[i].status);
        if (cases[i].status == STATUS_SUCCESS)
            delete (&fixture, 9, block);
        finish(&fixture, cases[i].rule);
        assert_int_equal(told.flow, 9);
        nt_pool_free(fixture.nt, block, TAG);
        tear_down(&fixture);
    }
}

/* Still a flow's: what becomes of it is told by others (the callout that stays registered). */
static void not_given_back(void **state)
{
    struct fixture fixture;

    set_up(&fixture);
    void *block = take(&fixture);
    associate(&fixture, 1, block, STATUS_SUCCESS);
    finish(&fixture, NULL);
    nt_pool_free(fixture.nt, block, TAG);
    tear_down(&fixture);
}

/* A block of a list that a driver keeps, used for one flow after the other. */
static void used_again(void **state)
{
    struct fixture fixture;

    set_up(&fixture);
    void *block = take(&fixture);
    associate(&fixture, 1, block, STATUS_SUCCESS);
    delete (&fixture, 1, block);
    associate(&fixture, 2, block, STATUS_OBJECT_NAME_EXISTS);
    finish(&fixture, "R46");
    assert_int_equal(told.flow, 2);
    nt_pool_free(fixture.nt, block, TAG);
    tear_down(&fixture);
}

/* Another flow has the same context: it is not the second one's to free. */
static void shared(void **state)
{
    struct fixture fixture;

    set_up(&fixture);
    void *block = take(&fixture);
    associate(&fixture, 1, block, STATUS_SUCCESS);
    associate(&fixture, 1, block, STATUS_OBJECT_NAME_EXISTS);
    finish(&fixture, NULL);
    nt_pool_free(fixture.nt, block, TAG);
    tear_down(&fixture);
}

/* Values that are no block of the driver are not judged: indexes, parts of a block, the lab's own.
 */
static void not_judged(void **state)
{
    struct fixture fixture;

    set_up(&fixture);
    uint8_t *block = take(&fixture);
    void *own = nt_pool_allocate(fixture.nt, NT_POOL_NONPAGED, 48, TAG, "test");
    const void *values[] = {(const void *)1, block + 16, own};
    for (unsigned i = 0; i < 3; i++) {
        associate(&fixture, 1, values[i], STATUS_SUCCESS);
        delete (&fixture, 1, values[i]);
    }
    finish(&fixture, NULL);
    nt_pool_free(fixture.nt, block, TAG);
    nt_pool_free(fixture.nt, own, TAG);
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freed_in_time),  cmocka_unit_test(never_freed),
        cmocka_unit_test(not_given_back), cmocka_unit_test(used_again),
        cmocka_unit_test(shared),         cmocka_unit_test(not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
