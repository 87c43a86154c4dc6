/* SPDX-License-Identifier: MIT */
/* Every capture of the repository, and of SLUICE_CAPTURES, through the receive path without a
 * driver: from either side, by every path. */

#include "test_traffic_world.h"

#include "traffic/capture.h"
#include "traffic/replay.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    enum traffic_side side;
    struct tcpip_config tcpip;
} ways[] = {
    {TRAFFIC_SIDE_CLIENT, {0}},
    {TRAFFIC_SIDE_SERVER, {0}},
    {TRAFFIC_SIDE_AUTO, {.batch = 4, .midstream_adopt = true}},
    {TRAFFIC_SIDE_CLIENT, {.slow_reader = 5}},
    {TRAFFIC_SIDE_SERVER, {.low_resources = true}},
    {TRAFFIC_SIDE_CLIENT, {.random_shapes = true}},
};

static uint64_t replay_once(const char *path, size_t way, uint64_t seed)
{
    struct traffic_world world;
    char text[512] = "";
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    struct traffic_capture *capture = traffic_capture_open(file, path, text, sizeof(text));
    if (capture == NULL)
        fail_msg("%s", text);
    traffic_world_create(&world, &ways[way].tcpip, seed, &(struct traffic_sink_config){0});
    const enum traffic_replay_status status =
        traffic_replay_run(&(struct traffic_replay){.sim = world.sim,
                                                    .tcpip = world.tcpip,
                                                    .captures = &capture,
                                                    .count = 1,
                                                    .side = ways[way].side},
                           text, sizeof(text));
    if (status != TRAFFIC_REPLAY_OK)
        fail_msg("%s", text);
    traffic_world_check(&world, path);
    const uint64_t hash = world.sim->trace.hash;
    traffic_world_destroy(&world);
    traffic_capture_close(capture);
    return hash;
}

static unsigned replay_folder(const char *folder)
{
    struct dirent **entries;
    unsigned captures = 0;
    const int count = scandir(folder, &entries, NULL, alphasort);

    if (count < 0)
        fail_msg("%s cannot be read", folder);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char path[1024];
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (strstr(name, ".pcap") != NULL) {
            captures++;
            for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
                replay_once(path, way, 1);
            /* The same seed makes the same run. */
            assert_true(replay_once(path, 5, 2) == replay_once(path, 5, 2));
        }
        free(entries[i]);
    }
    free(entries);
    return captures;
}

static void test_repository(void **state)
{
    char folder[512];
    const char *source = getenv("SLUICE_SOURCE");

    assert_non_null(source);
    snprintf(folder, sizeof(folder), "%s/tests/captures", source);
    const unsigned captures = replay_folder(folder);
    print_message("%u captures\n", captures);
    assert_true(captures >= 40);
}

static void test_public(void **state)
{
    const char *folder = getenv("SLUICE_CAPTURES");

    if (folder == NULL) {
        print_message("SKIPPED: SLUICE_CAPTURES is not set\n");
        skip();
    }
    const unsigned captures = replay_folder(folder);
    print_message("%u captures\n", captures);
    assert_true(captures != 0);
}

struct clock_check {
    struct sim *sim;
    uint64_t frames;
};

static void on_progress(void *context, const struct traffic_progress *progress)
{
    struct clock_check *check = context;
    check->frames = progress->frames;
}

/* Two captures one after the other; the broken one ends the run with its place. */
static void test_several(void **state)
{
    const char *source = getenv("SLUICE_SOURCE");
    static const char *const names[] = {"http.pcap", "gap.pcap"};
    struct traffic_capture *captures[3];
    struct traffic_world world;
    char text[512], path[512];

    assert_non_null(source);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/tests/captures/%s", source, names[i]);
        captures[i] = traffic_capture_open(fopen(path, "rb"), names[i], text, sizeof(text));
        assert_non_null(captures[i]);
    }
    /* The second packet of the third one claims to be longer than anything can be. */
    FILE *file = fopen(path, "rb");
    uint8_t head[4096];
    const size_t length = fread(head, 1, sizeof(head), file);
    fclose(file);
    uint32_t first;
    memcpy(&first, head + 24 + 8, sizeof(first));
    memset(head + 24 + 16 + first + 8, 0x7F, 4);
    file = tmpfile();
    assert_int_equal(fwrite(head, 1, length, file), length);
    rewind(file);
    captures[2] = traffic_capture_open(file, "broken.pcap", text, sizeof(text));
    assert_non_null(captures[2]);

    traffic_world_create(&world, &(struct tcpip_config){0}, 1, &(struct traffic_sink_config){0});
    struct clock_check check = {world.sim, 0};
    struct traffic_replay replay = {.sim = world.sim,
                                    .tcpip = world.tcpip,
                                    .captures = captures,
                                    .count = 2,
                                    .context = &check,
                                    .progress = on_progress};
    assert_int_equal(traffic_replay_run(&replay, text, sizeof(text)), TRAFFIC_REPLAY_OK);
    assert_true(check.frames == tcpip_totals(world.tcpip)->frames);
    assert_true(world.sim->now > 0);
    traffic_world_check(&world, "several");
    traffic_world_destroy(&world);

    traffic_world_create(&world, &(struct tcpip_config){0}, 1, &(struct traffic_sink_config){0});
    replay = (struct traffic_replay){
        .sim = world.sim, .tcpip = world.tcpip, .captures = &captures[2], .count = 1};
    assert_int_equal(traffic_replay_run(&replay, text, sizeof(text)), TRAFFIC_REPLAY_BAD_CAPTURE);
    assert_memory_equal(text, "broken.pcap: packet 2: ", 23);
    traffic_world_destroy(&world);
    for (size_t i = 0; i < 3; i++)
        traffic_capture_close(captures[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repository),
        cmocka_unit_test(test_public),
        cmocka_unit_test(test_several),
    };
    return cmocka_run_group_tests_name("traffic: replay", tests, NULL, NULL);
}
