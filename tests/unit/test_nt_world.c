/* SPDX-License-Identifier: MIT */
/* The kernel that the tests of nt stand in. */
#include "test_nt_world.h"

struct world *world_now;
NTSTATUS (*world_driver_entry)(PDRIVER_OBJECT driver, PUNICODE_STRING path);

static void note(void *context, const struct sim_breach *breach)
{
    struct world *world = context;

    assert_true(world->breach_count < MAX_BREACHES);
    snprintf(world->breaches[world->breach_count++], sizeof(world->breaches[0]), "%s %s: %s",
             breach->rule, breach->function != NULL ? breach->function : "",
             breach->detail != NULL ? breach->detail : "");
}

static void count_block(void *context, const struct nt_pool_block *block)
{
    uint64_t *count = context;

    /* Thread objects of the lab's workers and DPC tasks stay. */
    if (block->tag != NT_TAG('T', 'h', 'r', 'e'))
        (*count)++;
}

struct world *world_create(uint64_t seed, uint32_t preempt, bool special)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->sim = sim_create(
        &(struct sim_config){.seed = seed, .processors = 2, .preempt_per_million = preempt});
    assert_non_null(world->sim);
    world->sim->observer = (struct sim_observer){world, note};
    world->previous = sim_enter(world->sim);
    world->pe = pe_create(world->sim);
    assert_non_null(world->pe);
    world->nt = nt_create(world->sim, world->pe,
                          &(struct nt_config){.version = NTDDI_WIN7,
                                              .major = 6,
                                              .minor = 1,
                                              .build = 7601,
                                              .special_pool = special,
                                              .checks = true});
    assert_non_null(world->nt);
    nt_pool_each_block(world->nt, count_block, &world->live_blocks);
    world_now = world;
    return world;
}

void world_destroy(struct world *world)
{
    nt_destroy(world->nt);
    pe_destroy(world->pe);
    sim_leave(world->previous);
    sim_destroy(world->sim);
    world_now = NULL;
    free(world);
}

int world_setup(void **state)
{
    *state = world_create(1, 0, false);
    return 0;
}

int world_setup_special(void **state)
{
    *state = world_create(1, 0, true);
    return 0;
}

int world_setup_preempt(void **state)
{
    *state = world_create(7, 300000, false);
    return 0;
}

int world_teardown(void **state)
{
    struct world *world = *state;
    uint64_t blocks = 0;

    for (unsigned i = 0; i < world->breach_count; i++)
        if (world->breaches[i][0] != '\0')
            fail_msg("a breach that nobody asked for: %s", world->breaches[i]);
    if (!world->sim->stopped) {
        nt_pool_each_block(world->nt, count_block, &blocks);
        assert_int_equal(blocks, world->live_blocks);
        assert_int_equal(sim_timer_next(world->sim), UINT64_MAX);
    }
    world_destroy(world);
    return 0;
}

static void run_body(void *context)
{
    struct world *world = context;
    struct pe_call call;

    pe_enter(world->pe, &call, "test", NULL);
    world->body(world);
    pe_leave(world->pe, &call);
    world->done = true;
}

void world_run(struct world *world, void (*body)(struct world *world))
{
    world->body = body;
    world->done = false;
    assert_non_null(sim_task_create(
        world->sim, &(struct sim_task_config){
                        .name = "test", .processor = -1, .function = run_body, .context = world}));
    sim_run_idle(world->sim, world->sim->now + 1000 * SIM_SECOND);
}

void world_expect(struct world *world, const char *rule)
{
    for (unsigned i = 0; i < world->breach_count; i++) {
        char *text = world->breaches[i];

        if (text[0] == '\0')
            continue;
        if (strncmp(text, rule, strlen(rule)) != 0)
            fail_msg("expected %s, was: %s", rule, text);
        text[0] = '\0';
        return;
    }
    fail_msg("no breach %s", rule);
}

NTSTATUS NTAPI world_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    return world_driver_entry(driver, path);
}

struct nt_driver *world_load(struct world *world, NTSTATUS *status)
{
    struct pe_image *image = pe_image_native(world->pe, "sample", (void *)(uintptr_t)world_entry);

    assert_non_null(image);
    return nt_driver_load(world->nt, image, status);
}
