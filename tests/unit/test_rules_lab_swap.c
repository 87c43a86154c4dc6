/* SPDX-License-Identifier: MIT */
/*
 * Rule sets exchanged at any moment while connections go on: the requests run beside the traffic,
 * their places by seed. No flow is lost by an exchange, ledgers close, old sets and all memory are
 * given back.
 */
#include "test_driver_world.h"
#include "test_rules_lab_traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef SLUICE_DRIVER_7
#define PROFILE "7sp1"
#else
#define PROFILE "10"
#endif

#define SEEDS       24u
#define SETS        5u
#define CONNECTIONS 6u
#define REQUESTS    8u /* that run at the same time */

/* Each of these holds something of most conversations, and drops none. */
static const char *const harmless[SETS] = {
    "drop tcp any any -> any any (content:\"EVILPATTERN!!\"; sid:1;)\n",
    "drop tcp any any -> any any (content:\"begin\"; content:\"end\"; distance:0; "
    "content:\"!!!\"; distance:0; sid:2;)\n"
    "alert tcp any any -> any any (pcre:\"/x[0-9]+y/\"; sid:3;)\n",
    "drop http any any -> any any (file_data; content:\"MALWARE\"; content:\"!!!\"; distance:0; "
    "within:9; sid:4;)\n"
    "drop http any any -> any any (http.uri; content:\"/nowhere/\"; sid:5;)\n",
    "drop smtp any any -> any any (content:\"RCPT TO:<nobody\"; sid:6;)\n"
    "alert tcp any any -> any any (content:\"a\"; sid:7;)\n",
    "pass tcp any any -> any any (content:\"sit amet \"; sid:8;)\n"
    "drop tcp any any -> any any (pcre:\"/(ab){2,9}!!!/\"; sid:9;)\n",
};

struct talk {
    struct conversation conversation;
    struct world_connection *connection;
    unsigned turn;
    size_t said[2];
};

struct swapping {
    struct world world;
    uint64_t seed;
    struct talk talks[CONNECTIONS];
    uint8_t *sets[SETS];
    size_t sizes[SETS];
    struct nt_file *file;
    struct nt_request *requests[REQUESTS];
    uint64_t loaded, refused; /* requests that ended so */
};

/* Takes the answers to requests; a damaged set is refused, any other one taken. */
static void reap(struct swapping *s)
{
    for (unsigned i = 0; i < REQUESTS; i++) {
        const void *data;
        NTSTATUS status;
        size_t size;

        if (s->requests[i] == NULL || !nt_request_done(s->requests[i], &status, &data, &size))
            continue;
        assert_true(status == STATUS_SUCCESS || status == STATUS_INVALID_PARAMETER);
        s->loaded += status == STATUS_SUCCESS;
        s->refused += status != STATUS_SUCCESS;
        nt_request_free(s->requests[i]);
        s->requests[i] = NULL;
    }
}

/* Asks for another set, for none, or for one that is damaged. 1: that one. */
static unsigned ask(struct swapping *s)
{
    const unsigned which = conversation_draw(&s->seed, SETS + 2);
    unsigned free_request = 0;

    while (free_request < REQUESTS && s->requests[free_request] != NULL)
        free_request++;
    if (free_request == REQUESTS)
        return 0;
    if (which < SETS) {
        s->requests[free_request] =
            nt_file_control(s->file, SLUICE_IOCTL_RULES, s->sets[which], s->sizes[which], 0);
    } else if (which == SETS) {
        s->requests[free_request] = nt_file_control(s->file, SLUICE_IOCTL_RULES, NULL, 0, 0);
    } else {
        const size_t size = s->sizes[0];
        uint8_t *damaged = malloc(size);

        assert_non_null(damaged);
        memcpy(damaged, s->sets[0], size);
        damaged[16 + conversation_draw(&s->seed, (uint32_t)size - 16)] ^= 4;
        s->requests[free_request] = nt_file_control(s->file, SLUICE_IOCTL_RULES, damaged, size, 0);
        free(damaged);
    }
    assert_non_null(s->requests[free_request]);
    return which > SETS;
}

/* Says a part of what comes next on a connection; it arrives when the world runs. */
static void say_some(struct swapping *s, struct talk *talk)
{
    const struct conversation *c = &talk->conversation;

    if (talk->turn == c->turn_count || talk->connection->closed)
        return;
    const struct conversation_turn *turn = &c->turns[talk->turn];
    const size_t left = turn->end - talk->said[turn->from];
    const size_t part = 1 + conversation_draw(&s->seed, 400);
    const size_t length = part < left ? part : left;
    const uint8_t *bytes = c->bytes[turn->from] + talk->said[turn->from];

    if (length != 0) {
        if (turn->from == 0) /* the client is this host */
            tcpip_stream_send(talk->connection->tcb, bytes, length,
                              conversation_draw(&s->seed, 200));
        else
            tcpip_stream_receive(talk->connection->tcb, bytes, length,
                                 conversation_draw(&s->seed, 200), true);
    }
    talk->said[turn->from] += length;
    talk->turn += talk->said[turn->from] == turn->end;
}

static void begin(struct swapping *s, uint64_t seed)
{
    struct machine_config config;

    s->seed = seed;
    world_prepare(&s->world, &config, PROFILE);
    config.seed = seed;
    config.preempt_per_million = seed & 1 ? 200000 : 5000;
    config.switches.completion = seed & 2 ? NETIO_COMPLETION_LATE : NETIO_COMPLETION_SYNC;
    world_set(&s->world, seed & 4 ? "ScanSlice=37" : "ScanSlice=16384");
    if (seed % 3 == 0) {
        world_set(&s->world, "Mode=permit");
        world_set(&s->world, seed & 1 ? "PermitHold=yes" : "PermitHold=no");
    }
    world_start(&s->world, &config);
    assert_int_equal(nt_file_open(s->world.machine.nt, SLUICE_DEVICE_NAME, &s->file),
                     STATUS_SUCCESS);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        conversation_make(&s->talks[i].conversation, (enum conversation_kind)(i % 3),
                          seed * CONNECTIONS + i);
        s->talks[i].connection = world_connect(&s->world, i & 1, true);
    }
}

/* Traffic and requests until all is said; gives how many damaged sets were offered. */
static uint64_t mix(struct swapping *s)
{
    uint64_t damaged = 0;
    bool more = true;

    while (more) {
        if (conversation_draw(&s->seed, 3) == 0)
            damaged += ask(s);
        for (unsigned i = conversation_draw(&s->seed, 5); i > 0; i--)
            say_some(s, &s->talks[conversation_draw(&s->seed, CONNECTIONS)]);
        if (conversation_draw(&s->seed, 3) == 0) {
            world_run(&s->world);
            reap(s);
        }
        more = false;
        for (unsigned i = 0; i < CONNECTIONS; i++)
            more |= s->talks[i].turn < s->talks[i].conversation.turn_count &&
                    !s->talks[i].connection->closed;
    }
    world_run(&s->world);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        world_fin(s->talks[i].connection, NETIO_OUTBOUND);
        world_fin(s->talks[i].connection, NETIO_INBOUND);
    }
    world_wait(&s->world, 3000);
    reap(s);
    for (unsigned i = 0; i < REQUESTS; i++)
        assert_null(s->requests[i]);
    return damaged;
}

static void end(struct swapping *s)
{
    struct sluice_statistics statistics;

    assert_int_equal(world_rules_blob(&s->world, NULL, 0), STATUS_SUCCESS);
    world_wait(&s->world, 3000);
    world_statistics(&s->world, &statistics);
    world_expect_closed_ledger(&statistics);
    assert_int_equal(statistics.rulesets_now, 0);
    assert_int_equal(statistics.held_now, 0);
    nt_file_close(s->file);
    world_finish(&s->world);
    for (unsigned i = 0; i < SETS; i++)
        free(s->sets[i]);
    memset(s, 0, sizeof(*s));
}

static struct swapping swapping;

static void exchanges_lose_no_flow(void **state)
{
    struct swapping *s = &swapping;
    uint64_t matches = 0, kept = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sluice_statistics statistics;

        for (unsigned i = 0; i < SETS; i++)
            world_compile(harmless[i], &s->sets[i], &s->sizes[i]);
        begin(s, seed);
        const uint64_t damaged = mix(s);
        for (unsigned i = 0; i < CONNECTIONS; i++)
            world_expect_whole(s->talks[i].connection);
        world_statistics(&s->world, &statistics);
        assert_int_equal(statistics.flows_dropped, 0);
        assert_int_equal(s->refused, damaged);
        assert_int_equal(statistics.rulesets_refused, damaged);
        assert_true(statistics.rulesets_loaded > 0);
        assert_true(statistics.rulesets_now <= 1);
        matches += statistics.matches;
        kept += statistics.held_peak;
        end(s);
    }
    assert_true(matches > 0 && kept > 0);
}

/* Sets that drop and exchange bytes: each flow that ends is ended by a match, and the others get
 * all that was not exchanged. */
static void only_matches_end_flows(void **state)
{
    struct swapping *s = &swapping;
    uint64_t dropped = 0, whole = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sluice_statistics statistics;
        char rules[CONVERSATION_RULES_SIZE];

        for (unsigned i = 0; i < SETS; i++) {
            conversation_rules(rules, seed * SETS + i);
            world_compile(rules, &s->sets[i], &s->sizes[i]);
        }
        begin(s, seed);
        mix(s);
        world_statistics(&s->world, &statistics);
        world_expect_closed_ledger(&statistics);
        assert_int_equal(statistics.flows_dropped, statistics.match_drops);
        for (unsigned i = 0; i < CONNECTIONS; i++) {
            const struct world_connection *c = s->talks[i].connection;
            if (statistics.flows_dropped == 0 && statistics.replaced == 0)
                world_expect_whole(c);
            whole += c->fins_out[0] && c->fins_out[1];
        }
        dropped += statistics.flows_dropped;
        end(s);
    }
    assert_true(dropped > 0 && whole > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchanges_lose_no_flow),
        cmocka_unit_test(only_matches_end_flows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
