/* SPDX-License-Identifier: MIT */
/* Several listeners to one engine: their order, each one's context, and leaving in any order. */
#include "test_netio_world.h"

static char heard[256];

static void hear(const char *name, char what)
{
    const size_t used = strlen(heard);

    snprintf(heard + used, sizeof(heard) - used, "%s%c ", name, what);
}

static void enter(void *context, struct netio_classify *classify)
{
    hear(context, '<');
}

static void leave(void *context, struct netio_classify *classify)
{
    hear(context, '>');
}

static void completed(void *context, struct netio_flow *flow, NET_BUFFER_LIST *nbl, NTSTATUS status)
{
    hear(context, 'c');
}

static void inject_enter(void *context, struct netio_inject *inject)
{
    hear(context, '(');
}

static void inject_exit(void *context, struct netio_inject *inject)
{
    hear(context, ')');
}

static struct netio_listener listener_of(char *name)
{
    return (struct netio_listener){.hooks = {.classify_enter = enter,
                                             .classify_exit = leave,
                                             .completed = completed,
                                             .inject_enter = inject_enter,
                                             .inject_exit = inject_exit},
                                   .context = name};
}

static void open_world(void)
{
    const struct step steps[] = {STEP(PERMIT, 0)};

    world_open(NULL);
    world_script(world_callout(0, FWP_ACTION_CALLOUT_TERMINATING, 100, 0), steps, 1);
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
}

static void expect(const char *what)
{
    heard[0] = '\0';
    world_offer_one(NETIO_INBOUND, 10);
    assert_string_equal(heard, what);
}

/* As brackets stand: the last one outside. */
static void order(void **state)
{
    struct netio_listener a = listener_of("a"), b = listener_of("b"), c = listener_of("c");

    open_world();
    expect("");
    netio_listener_add(world->netio, &a);
    expect("a< a> ");
    netio_listener_add(world->netio, &b);
    netio_listener_add(world->netio, &c);
    expect("c< b< a< a> b> c> ");
    b.hooks.classify_enter = NULL;
    expect("c< a< a> b> c> ");
    world_close();
}

static void leaving(void **state)
{
    struct netio_listener a = listener_of("a"), b = listener_of("b"), c = listener_of("c");

    open_world();
    netio_listener_add(world->netio, &a);
    netio_listener_add(world->netio, &b);
    netio_listener_add(world->netio, &c);
    netio_listener_remove(world->netio, &b);
    expect("c< a< a> c> ");
    netio_listener_remove(world->netio, &b);
    expect("c< a< a> c> ");
    netio_listener_remove(world->netio, &a);
    expect("c< c> ");
    netio_listener_add(world->netio, &a);
    expect("a< c< c> a> ");
    netio_listener_remove(world->netio, &a);
    netio_listener_remove(world->netio, &c);
    expect("");
    netio_listener_add(world->netio, &b);
    expect("b< b> ");
    world_close();
}

static void inject_one(void *context)
{
    assert_int_equal(world_inject(context, FWPS_STREAM_FLAG_RECEIVE, 5), STATUS_SUCCESS);
}

static void injection(void **state)
{
    struct netio_listener a = listener_of("a"), b = listener_of("b");

    open_world();
    netio_listener_add(world->netio, &a);
    netio_listener_add(world->netio, &b);
    heard[0] = '\0';
    world_run(inject_one, &world->callouts[0], PASSIVE_LEVEL);
    assert_string_equal(heard, "b( a( bc ac a) b) ");
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(leaving),
        cmocka_unit_test(injection),
    };

    return cmocka_run_group_tests_name("netio listeners", tests, NULL, NULL);
}
