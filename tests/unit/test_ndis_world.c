/* SPDX-License-Identifier: MIT */
/* The world that tests of ndis and of the floors above stand on. */
#include "test_ndis_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void on_breach(void *context, const struct sim_breach *breach)
{
    struct world *const world = context;

    world->breaches++;
    snprintf(world->rule, sizeof(world->rule), "%s", breach->rule);
    snprintf(world->function, sizeof(world->function), "%s",
             breach->function == NULL ? "" : breach->function);
    snprintf(world->detail, sizeof(world->detail), "%s",
             breach->detail == NULL ? "" : breach->detail);
    world->nbls = breach->nbls;
    world->bytes = breach->bytes;
}

struct world *world_create(void)
{
    const struct sim_config config = {.seed = 7};
    const struct nt_config nt = {
        .version = 0x0A000004, .major = 10, .build = 16299, .checks = true};
    struct world *const world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->sim = sim_create(&config);
    assert_non_null(world->sim);
    world->previous = sim_enter(world->sim);
    world->sim->observer = (struct sim_observer){.context = world, .breach = on_breach};
    world->pe = pe_create(world->sim);
    assert_non_null(world->pe);
    world->nt = nt_create(world->sim, world->pe, &nt);
    assert_non_null(world->nt);
    world->ndis = ndis_create(world->sim, world->nt);
    assert_non_null(world->ndis);
    return world;
}

/* Thread objects of the lab's own tasks, the host's too, live as long as nt does. */
static void count_block(void *context, const struct nt_pool_block *block)
{
    if (block->driver || block->tag != NT_TAG('T', 'h', 'r', 'e'))
        ++*(unsigned *)context;
}

unsigned world_blocks(const struct world *world)
{
    unsigned count = 0;

    nt_pool_each_block(world->nt, count_block, &count);
    return count;
}

static void count_nbl(void *context, NET_BUFFER_LIST *nbl, const struct ndis_nbl_header *header)
{
    ++*(unsigned *)context;
}

unsigned world_nbls(const struct world *world)
{
    unsigned count = 0;

    ndis_nbl_each(world->ndis, count_nbl, &count);
    return count;
}

void world_destroy(struct world *world)
{
    if (world->breaches != 0)
        fail_msg("unexpected %s %s: %s", world->rule, world->function, world->detail);
    assert_int_equal(world_nbls(world), 0);
    assert_int_equal(world_blocks(world), 0);
    assert_int_equal(ndis_miniport_outstanding(world->ndis), 0);
    ndis_destroy(world->ndis);
    nt_destroy(world->nt);
    pe_destroy(world->pe);
    sim_leave(world->previous);
    sim_destroy(world->sim);
    free(world);
}

void world_expect(struct world *world, const char *rule, const char *function)
{
    if (world->breaches != 1)
        fail_msg("%u breaches, the last %s %s: %s", world->breaches, world->rule, world->function,
                 world->detail);
    assert_string_equal(world->rule, rule);
    assert_string_equal(world->function, function);
    world->breaches = 0;
}
