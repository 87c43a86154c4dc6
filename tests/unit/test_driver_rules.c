/* SPDX-License-Identifier: MIT */
/* sluice.sys with rules, through the lab: what is blocked, exchanged, held, sliced and swapped. The
 * traffic is of no known protocol, so that every byte counts for itself. */
#include "test_driver_world.h"

#include "inspect/inspect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef SLUICE_DRIVER_7
#define PROFILE "7sp1"
#else
#define PROFILE "10"
#endif

#define HEAD         "alert tcp any any -> any any (msg:\"x\"; content:\""
#define DROP         "drop tcp any any -> any any (msg:\"x\"; content:\""
#define REPLACE      "alert tcp any any -> any any (msg:\"r\"; content:\""
#define FIRST        "\001\002\003 some bytes that nobody knows "
#define MATCH        "EVILPATTERN"
#define RULE         DROP MATCH "\"; sid:1001; rev:1;)\n"
#define LENGTH(text) (sizeof(text) - 1)

static void start(struct world *world, const char *const *settings, size_t count)
{
    struct machine_config config;

    world_prepare(world, &config, PROFILE);
    for (size_t i = 0; i < count; i++)
        world_set(world, settings[i]);
    world_start(world, &config);
}

static void give(struct world_connection *c, enum netio_direction direction, const char *bytes,
                 size_t length)
{
    if (direction == NETIO_OUTBOUND)
        world_send(c, bytes, length, 0);
    else
        world_receive(c, bytes, length, 0);
}

static void expect_out(const struct world_connection *c, enum netio_direction direction,
                       const char *bytes, size_t length)
{
    assert_int_equal(c->out_length[direction], length);
    if (length != 0)
        assert_memory_equal(c->out[direction], bytes, length);
}

static const struct sluice_event *find_rule(const struct sluice_event *events, size_t count,
                                            uint32_t sid)
{
    for (size_t i = 0; i < count; i++) {
        if (events[i].type == SLUICE_EVENT_MESSAGE &&
            events[i].body.message.type == INSPECT_EVENT_RULE &&
            events[i].body.message.body.rule.sid == sid)
            return &events[i];
    }
    return NULL;
}

/* Where bytes can be held nothing of the match passes; where they cannot, the byte that completes
 * it does not; a monitor only tells. */
static void a_match_is_blocked(void **state)
{
    static const char *const modes[] = {"Mode=gate", "Mode=permit", "Mode=monitor"};

    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        const char *const settings[] = {modes[i & 3 ? (i & 3) - 1 : 1],
                                        i & 3 ? "PermitHold=no" : "PermitHold=yes"};
        enum netio_direction d = i & 4 ? NETIO_INBOUND : NETIO_OUTBOUND;
        bool holds = (i & 3) < 2, monitor = (i & 3) == 3;
        const struct sluice_event *rule;
        struct sluice_event events[8];
        struct world_connection *c;
        struct sluice_statistics s;
        uint64_t identity;
        struct world w;
        size_t count;

        start(&w, settings, 2);
        assert_int_equal(world_rules(&w, RULE), STATUS_SUCCESS);
        c = world_connect(&w, i & 8, i & 4);
        give(c, d, FIRST "EVIL", LENGTH(FIRST "EVIL"));
        expect_out(c, d, FIRST "EVIL", LENGTH(FIRST) + (holds ? 0 : 4));
        give(c, d, "PATTERN and on", LENGTH("PATTERN and on"));
        world_wait(&w, 100);
        world_statistics(&w, &s);
        world_expect_closed_ledger(&s);
        assert_int_equal(s.matches, 1);
        assert_int_equal(s.match_drops, 1);
        assert_true(s.ruleset != 0 && s.ruleset_bytes != 0);
        assert_int_equal(s.rulesets_now, 1);
        identity = s.ruleset;
        if (monitor) {
            world_expect_whole(c);
            assert_int_equal(world_rules_blob(&w, NULL, 0), STATUS_SUCCESS);
            world_statistics(&w, &s);
            assert_int_equal(s.rulesets_now, 0);
        } else {
            expect_out(c, d, FIRST "EVIL", LENGTH(FIRST) + (holds ? 0 : 4));
            assert_true(c->closed || tcpip_tcb_reset_by_verdict(c->tcb));
            assert_int_equal(s.flows_dropped, 1);
            assert_int_equal(s.prefix_released, holds ? 0 : 4);
            assert_int_equal(s.scratches_now, 0);
            assert_int_equal(s.blocks_now, 0);
        }
        world_wait(&w, 3000);
        count = world_events(&w, events, 8);
        rule = find_rule(events, count, 1001);
        assert_non_null(rule);
        assert_int_equal(rule->body.message.body.rule.action, INSPECT_ACTION_DROP);
        assert_int_equal(rule->body.message.body.rule.ruleset, identity);
        assert_int_equal(rule->size, (offsetof(struct sluice_event, body) +
                                      inspect_event_size(&rule->body.message) + 7) &
                                         ~7u);
        if (!monitor) {
            const struct sluice_flow_end *end = &events[count - 1].body.flow_end;

            assert_int_equal(events[count - 1].type, SLUICE_EVENT_FLOW_END);
            assert_int_equal(end->verdict, SLUICE_VERDICT_DROPPED);
            assert_int_equal(end->matches, 1);
            assert_true(end->start != 0 && end->start <= events[count - 1].time);
            assert_int_equal(end->outbound.blocked + end->outbound.inserted,
                             end->outbound.injected + end->outbound.dropped +
                                 end->outbound.discarded + end->outbound.removed);
        }
        world_finish(&w);
    }
}

/* A partial match that does not go on leaves, and nothing else was held. */
static void nothing_else_is_held(void **state)
{
    struct world_connection *c;
    struct sluice_statistics s;
    struct world w;

    (void)state;
    world_simple(&w, PROFILE, NULL);
    assert_int_equal(world_rules(&w, RULE), STATUS_SUCCESS);
    c = world_connect(&w, false, true);
    for (unsigned i = 0; i < 50; i++) {
        size_t before = c->in_length[NETIO_OUTBOUND];

        give(c, NETIO_OUTBOUND, FIRST "EVILPATT", LENGTH(FIRST "EVILPATT"));
        assert_int_equal(c->out_length[NETIO_OUTBOUND], before + LENGTH(FIRST));
        give(c, NETIO_OUTBOUND, "x", 1);
        assert_int_equal(c->out_length[NETIO_OUTBOUND], c->in_length[NETIO_OUTBOUND]);
    }
    world_fin(c, NETIO_OUTBOUND);
    world_statistics(&w, &s);
    assert_int_equal(s.matches, 0);
    assert_int_equal(s.deadlines, 0);
    assert_int_equal(s.held_peak, 8);
    assert_int_equal(s.scanned, c->in_length[NETIO_OUTBOUND]);
    assert_int_equal(s.scanned_outside, 0);
    assert_true(s.flow_bytes <= 512);
    assert_true(s.scratch_bytes <= 4096 && s.scratch_bytes >= sizeof(struct inspect_scratch));
    world_wait(&w, 3000);
    world_expect_whole(c);
    world_finish(&w);
}

/* The deadline counts for the bytes that are held, from when the first of them came to be that;
 * what it lets go is counted, and the byte that completes the match is blocked all the same. */
static void a_deadline_releases_the_prefix_alone(void **state)
{
    const struct sluice_event *rule;
    struct sluice_event events[8];
    struct world_connection *c;
    struct sluice_statistics s;
    struct world w;
    size_t count;

    (void)state;
    world_simple(&w, PROFILE, "HoldDeadlineMs=300");
    assert_int_equal(world_rules(&w, RULE), STATUS_SUCCESS);
    c = world_connect(&w, false, true);
    give(c, NETIO_OUTBOUND, FIRST "EVIL", LENGTH(FIRST "EVIL"));
    world_wait(&w, 200);
    give(c, NETIO_OUTBOUND, "PAX EVILP", 9);
    world_wait(&w, 200);
    assert_int_equal(c->out_length[NETIO_OUTBOUND], c->in_length[NETIO_OUTBOUND] - 5);
    world_statistics(&w, &s);
    assert_int_equal(s.deadlines, 0);
    world_wait(&w, 200);
    assert_int_equal(c->out_length[NETIO_OUTBOUND], c->in_length[NETIO_OUTBOUND]);
    world_statistics(&w, &s);
    assert_int_equal(s.deadlines, 1);
    assert_int_equal(s.deadline_released, 5);
    give(c, NETIO_OUTBOUND, "ATTE", 4);
    world_wait(&w, 100);
    give(c, NETIO_OUTBOUND, "RN", 2);
    world_wait(&w, 100);
    world_statistics(&w, &s);
    assert_int_equal(s.match_drops, 1);
    assert_true(s.prefix_released >= 5);
    assert_int_equal(s.prefix_released, c->out_length[NETIO_OUTBOUND] - LENGTH(FIRST "EVILPAX "));
    world_expect_closed_ledger(&s);
    count = world_events(&w, events, 8);
    rule = find_rule(events, count, 1001);
    assert_non_null(rule);
    assert_int_equal(rule->body.message.body.rule.passed, s.prefix_released);
    world_wait(&w, 3000);
    world_finish(&w);
}

struct replacement {
    const char *rules, *in, *out;
    unsigned edits;
};

static const struct replacement replacements[] = {
    {REPLACE "secret\"; replace:\"******\"; sid:1;)\n", FIRST "a secret of secrets.",
     FIRST "a ****** of ******s.", 2},
    {REPLACE "secret\"; replace:\"x\"; sid:1;)\n", FIRST "a secret of secrets.", FIRST "a x of xs.",
     2},
    {REPLACE "secret\"; replace:\"something much longer\"; sid:1;)\n", FIRST "secretsecret!",
     FIRST "something much longersomething much longer!", 2},
    {REPLACE "aaaa\"; replace:\"bb\"; sid:1;)\n" REPLACE "cccc\"; replace:\"dddddd\"; sid:2;)\n",
     FIRST "xaaaacccc-aaaa", FIRST "xbbdddddd-bb", 3},
};

static void bytes_are_exchanged(void **state)
{
    static const size_t cuts[] = {1, 2, 5, 13, 1000};

    (void)state;
    for (unsigned i = 0; i < sizeof(replacements) / sizeof(replacements[0]); i++) {
        const struct replacement *r = &replacements[i];
        size_t length = strlen(r->in);

        for (unsigned cut = 0; cut < 5; cut++) {
            for (unsigned way = 0; way < 8; way++) {
                enum netio_direction d = way & 1 ? NETIO_INBOUND : NETIO_OUTBOUND;
                const char *const settings[] = {way & 2 ? "PermitHold=yes" : "PermitHold=no",
                                                way & 2 ? "Mode=permit" : "Mode=gate",
                                                way & 4 ? "ScanSlice=3" : "ScanSlice=16384"};
                const struct sluice_event *rule;
                struct sluice_event events[32];
                struct world_connection *c;
                struct sluice_statistics s;
                struct world w;

                start(&w, settings, 3);
                assert_int_equal(world_rules(&w, r->rules), STATUS_SUCCESS);
                c = world_connect(&w, false, true);
                for (size_t at = 0; at < length; at += cuts[cut])
                    give(c, d, r->in + at, length - at < cuts[cut] ? length - at : cuts[cut]);
                world_fin(c, d);
                world_wait(&w, 200);
                expect_out(c, d, r->out, strlen(r->out));
                assert_int_equal(c->fins_out[d], 1);
                world_statistics(&w, &s);
                world_expect_closed_ledger(&s);
                assert_int_equal(s.replaced, r->edits);
                assert_int_equal(s.edits_skipped, 0);
                assert_int_equal(s.held_now, 0);
                rule = find_rule(events, world_events(&w, events, 32), 1);
                assert_non_null(rule);
                assert_int_equal(rule->flags, SLUICE_EVENT_EDITED);
                world_finish(&w);
            }
        }
    }
}

/* Bytes that pass at once stay as they are, and that is told. */
static void what_passes_is_not_exchanged(void **state)
{
    (void)state;
    for (unsigned monitor = 0; monitor < 2; monitor++) {
        const struct sluice_event *rule;
        struct sluice_event events[8];
        struct world_connection *c;
        struct sluice_statistics s;
        struct world w;

        world_simple(&w, PROFILE, monitor ? "Mode=monitor" : "Mode=permit");
        assert_int_equal(world_rules(&w, replacements[0].rules), STATUS_SUCCESS);
        c = world_connect(&w, false, true);
        give(c, NETIO_OUTBOUND, replacements[0].in, strlen(replacements[0].in));
        world_expect_whole(c);
        world_statistics(&w, &s);
        assert_int_equal(s.replaced, 0);
        assert_int_equal(s.edits_skipped, 2);
        rule = find_rule(events, world_events(&w, events, 8), 1);
        assert_non_null(rule);
        assert_int_equal(rule->flags,
                         SLUICE_EVENT_EDIT_SKIPPED | (monitor ? SLUICE_EVENT_WATCHED : 0));
        world_finish(&w);
    }
}

/* A flow in the middle of a match ends it under the old set, a new flow and one that rests are
 * under the new one; the old set is freed when nobody needs it. */
static void a_swap_drops_no_flow(void **state)
{
    struct world_connection *middle, *resting, *fresh;
    struct sluice_statistics s;
    struct world w;
    uint64_t old;

    (void)state;
    world_simple(&w, PROFILE, NULL);
    assert_int_equal(world_rules(&w, DROP "first-set\"; sid:1;)\n"), STATUS_SUCCESS);
    world_statistics(&w, &s);
    old = s.ruleset;
    middle = world_connect(&w, false, true);
    resting = world_connect(&w, false, true);
    give(middle, NETIO_OUTBOUND, FIRST "first-", LENGTH(FIRST "first-"));
    give(resting, NETIO_OUTBOUND, FIRST, LENGTH(FIRST));
    assert_int_equal(world_rules(&w, DROP "second-set\"; sid:2;)\n"), STATUS_SUCCESS);
    fresh = world_connect(&w, false, true);
    world_statistics(&w, &s);
    assert_int_equal(s.rulesets_now, 2);
    assert_int_equal(s.rulesets_loaded, 2);
    assert_true(s.ruleset != old);
    give(fresh, NETIO_OUTBOUND, FIRST "first-set ", LENGTH(FIRST "first-set "));
    give(resting, NETIO_OUTBOUND, "first-set ", 10);
    world_expect_whole(fresh);
    world_expect_whole(resting);
    give(middle, NETIO_OUTBOUND, "set", 3);
    world_wait(&w, 3000);
    expect_out(middle, NETIO_OUTBOUND, FIRST, LENGTH(FIRST));
    world_statistics(&w, &s);
    assert_int_equal(s.rulesets_now, 1);
    assert_int_equal(s.flows_dropped, 1);
    assert_int_equal(s.matches, 1);
    give(resting, NETIO_OUTBOUND, "second-set", 10);
    world_wait(&w, 3000);
    assert_int_equal(resting->out_length[NETIO_OUTBOUND], LENGTH(FIRST) + 10);
    give(fresh, NETIO_OUTBOUND, "second-", 7);
    /* none: what is under way ends as well */
    assert_int_equal(world_rules_blob(&w, NULL, 0), STATUS_SUCCESS);
    give(fresh, NETIO_OUTBOUND, "x", 1);
    world_expect_whole(fresh);
    give(fresh, NETIO_OUTBOUND, "second-set", 10);
    world_expect_whole(fresh);
    world_statistics(&w, &s);
    assert_int_equal(s.rulesets_now, 0);
    assert_int_equal(s.ruleset, 0);
    assert_int_equal(s.matches, 2);
    world_expect_closed_ledger(&s);
    world_finish(&w);
}

/* Rule sets come and go under traffic of both directions, cut anyhow. */
static void swaps_under_traffic(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 12; seed++) {
        struct machine_config config;
        struct world_connection *c[3];
        struct sluice_statistics s;
        struct world w;

        world_prepare(&w, &config, PROFILE);
        config.seed = seed;
        config.preempt_per_million = seed & 1 ? 300000 : 0;
        world_set(&w, seed & 2 ? "ScanSlice=7" : "ScanSlice=16384");
        world_start(&w, &config);
        for (unsigned i = 0; i < 3; i++)
            c[i] = world_connect(&w, i & 1, i != 1);
        for (unsigned turn = 0; turn < 24; turn++) {
            static const char *const sets[] = {RULE, DROP "other-pattern\"; sid:3;)\n",
                                               HEAD "some\"; sid:4;)\n"};

            if (turn % 4 == 3)
                assert_int_equal(world_rules_blob(&w, NULL, 0), STATUS_SUCCESS);
            else
                assert_int_equal(world_rules(&w, sets[turn % 4]), STATUS_SUCCESS);
            for (unsigned i = 0; i < 3; i++) {
                give(c[i], turn & 1, FIRST "EVILPATTE", LENGTH(FIRST "EVILPATTE"));
                give(c[i], turn & 1, "-other-pat.", LENGTH("-other-pat."));
            }
        }
        for (unsigned i = 0; i < 3; i++) {
            world_fin(c[i], NETIO_OUTBOUND);
            world_fin(c[i], NETIO_INBOUND);
        }
        world_wait(&w, 3000);
        for (unsigned i = 0; i < 3; i++)
            world_expect_whole(c[i]);
        world_statistics(&w, &s);
        assert_true(s.rulesets_now <= 1);
        assert_int_equal(s.flows_dropped, 0);
        world_expect_closed_ledger(&s);
        world_finish(&w);
    }
}

/* A blob with any byte changed, cut short or of another version is refused, and the set in force
 * goes on deciding. */
static void damaged_sets_are_refused(void **state)
{
    struct world_connection *c;
    struct sluice_statistics s;
    uint64_t refused = 0;
    struct world w;
    uint8_t *blob;
    size_t size;

    (void)state;
    world_simple(&w, PROFILE, NULL);
    assert_int_equal(world_rules(&w, RULE), STATUS_SUCCESS);
    world_compile(DROP "other\"; sid:7;)\n", &blob, &size);
    for (size_t i = 0; i < size; i += 1 + size / 300) {
        blob[i] ^= 0x10;
        assert_int_not_equal(world_rules_blob(&w, blob, size), STATUS_SUCCESS);
        blob[i] ^= 0x10;
        refused++;
    }
    for (size_t length = 1; length < size; length += 1 + size / 100) {
        assert_int_equal(world_rules_blob(&w, blob, length), STATUS_INVALID_PARAMETER);
        refused++;
    }
    ((struct ruleset_header_block *)blob)->version++;
    ((struct ruleset_header_block *)blob)->checksum = inspect_ruleset_checksum(blob, size);
    assert_int_equal(world_rules_blob(&w, blob, size), STATUS_REVISION_MISMATCH);
    assert_int_equal(world_rules_blob(&w, "rubbish", 7), STATUS_INVALID_PARAMETER);
    free(blob);
    world_statistics(&w, &s);
    assert_int_equal(s.rulesets_refused, refused + 2);
    assert_int_equal(s.rulesets_now, 1);
    c = world_connect(&w, false, true);
    give(c, NETIO_OUTBOUND, FIRST MATCH, LENGTH(FIRST MATCH));
    world_wait(&w, 3000);
    world_statistics(&w, &s);
    assert_int_equal(s.flows_dropped, 1);
    world_finish(&w);
}

/* What a classify does not scan is scanned by the drainer: the same bytes are blocked at the same
 * place, and without a match all arrive, the FIN behind them. */
static void slices(void **state)
{
    enum { SIZE = 20000 };
    static char bytes[SIZE];

    (void)state;
    for (unsigned i = 0; i < 48; i++) {
        const char *const settings[] = {i & 1 ? "ScanSlice=64" : "ScanSlice=1000",
                                        i & 2 ? "DeferCap=4096" : "DeferCap=1048576"};
        size_t place = i % 3 == 0 ? SIZE : 1000 + 997 * (size_t)(i / 3) + i;
        enum netio_direction d = i & 4 ? NETIO_INBOUND : NETIO_OUTBOUND;
        struct machine_config config;
        struct world_connection *c;
        struct sluice_statistics s;
        struct world w;

        for (size_t b = 0; b < SIZE; b++)
            bytes[b] = (char)(b % 251);
        if (place < SIZE)
            memcpy(bytes + place, MATCH, LENGTH(MATCH));
        world_prepare(&w, &config, PROFILE);
        config.seed = i + 1;
        config.preempt_per_million = i & 8 ? 300000 : 0;
        config.switches.completion = i & 16 ? NETIO_COMPLETION_LATE : NETIO_COMPLETION_SYNC;
        world_set(&w, settings[0]);
        world_set(&w, settings[1]);
        world_start(&w, &config);
        assert_int_equal(world_rules(&w, RULE), STATUS_SUCCESS);
        c = world_connect(&w, false, true);
        give(c, d, bytes, 9000);
        give(c, d, bytes + 9000, 1);
        give(c, d, bytes + 9001, SIZE - 9001);
        world_fin(c, d);
        world_wait(&w, 1000);
        world_statistics(&w, &s);
        world_expect_closed_ledger(&s);
        assert_true(s.scans_sliced != 0 && s.scanned_outside != 0);
        if (place < SIZE) {
            size_t slice = i & 1 ? 64 : 1000;

            expect_out(c, d, bytes, c->out_length[d]);
            assert_true(c->out_length[d] <= place);
            assert_true(c->out_length[d] + slice + LENGTH(MATCH) >= place);
            assert_int_equal(s.flows_dropped, 1);
        } else {
            assert_int_equal(s.scanned, SIZE);
            world_expect_whole(c);
        }
        world_wait(&w, 3000);
        world_finish(&w);
    }
}

/* Held, unscanned, in the middle of a match: all of it is over at unload. */
static void unload_with_rules(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct machine_config config;
        struct world_connection *c, *d;
        static char bytes[5000];
        struct world w;

        memset(bytes, 'b', sizeof(bytes));
        memcpy(bytes, FIRST, LENGTH(FIRST));
        world_prepare(&w, &config, PROFILE);
        config.switches.completion = (enum netio_completion)(i & 3);
        world_set(&w, i & 4 ? "FailPolicy=closed" : "FailPolicy=open");
        world_set(&w, "DrainBoundMs=200");
        world_set(&w, "ScanSlice=100");
        world_start(&w, &config);
        assert_int_equal(world_rules(&w, RULE), STATUS_SUCCESS);
        c = world_connect(&w, false, true);
        d = world_connect(&w, true, false);
        world_send(c, FIRST "EVIL", LENGTH(FIRST "EVIL"), 0);
        tcpip_stream_receive(d->tcb, (const uint8_t *)bytes, sizeof(bytes), 0, true);
        world_unload(&w);
        world_expect_whole(c);
        world_expect_whole(d);
        world_finish(&w);
    }
}

/* Calls that fail while bytes are held and exchanged. Fail open, all bytes arrive as they came or
 * as they were to be; fail closed, or nothing does any more. */
static void failing_calls(void **state)
{
    static const char *const sites[] = {"FwpsCloneStreamData0",
                                        "FwpsAllocateNetBufferAndNetBufferList0",
                                        "FwpsStreamInjectAsync0", "ExAllocatePoolWithTag"};
    const struct replacement *r = &replacements[2];

    (void)state;
    for (unsigned site = 0; site < sizeof(sites) / sizeof(sites[0]); site++) {
        for (unsigned nth = 1; nth <= 8; nth++) {
            for (unsigned closed = 0; closed < 2; closed++) {
                struct machine_config config;
                struct world_connection *c;
                struct sluice_statistics s;
                struct world w;

                world_prepare(&w, &config, PROFILE);
                config.switches.completion = NETIO_COMPLETION_LATE;
                world_set(&w, closed ? "FailPolicy=closed" : "FailPolicy=open");
                world_start(&w, &config);
                assert_int_equal(world_rules(&w, r->rules), STATUS_SUCCESS);
                c = world_connect(&w, false, true);
                sim_fault_plan(w.machine.sim, sites[site], nth, nth == 8);
                for (size_t at = 0; at < strlen(r->in); at += 5)
                    give(c, NETIO_OUTBOUND, r->in + at,
                         strlen(r->in) - at < 5 ? strlen(r->in) - at : 5);
                sim_fault_plan(w.machine.sim, NULL, 0, false);
                world_wait(&w, 20000);
                world_statistics(&w, &s);
                world_expect_closed_ledger(&s);
                assert_int_equal(s.held_now, 0);
                if (!c->closed && s.edits_skipped == 0)
                    expect_out(c, NETIO_OUTBOUND, r->out, strlen(r->out));
                world_finish(&w);
            }
        }
    }
}

/* One stream, cut in many ways and scanned in slices or not: the same matches, and the same bytes
 * on the other side. */
static void however_it_is_cut(void **state)
{
    static const char *const parts[] = {"EVIL",  "PATTER", "N",   "secr",     "et", "needle",
                                        "needl", "-",      "aaa", "\r\n\r\n", "sec"};
    static const char rules[] = REPLACE "secret\"; replace:\"*\"; sid:1;)\n" REPLACE
                                        "aaaa\"; replace:\"bbbbbbbb\"; sid:2;)\n" HEAD
                                        "needle\"; sid:3;)\n" DROP MATCH "\"; sid:1001;)\n";
    unsigned dropped = 0, replaced = 0;

    (void)state;
    for (unsigned seed = 1; seed <= 40; seed++) {
        struct sluice_statistics first = {0};
        char bytes[2000], out[4000] = "";
        size_t length = LENGTH(FIRST), out_length = 0;
        uint32_t random = seed * 2654435761u;

        memcpy(bytes, FIRST, length);
        while (length < 1000) {
            random = random * 1664525u + 1013904223u;
            const char *part = parts[(random >> 16) % (sizeof(parts) / sizeof(parts[0]))];

            memcpy(bytes + length, part, strlen(part));
            length += strlen(part);
        }
        for (unsigned way = 0; way < 6; way++) {
            enum netio_direction d = way & 1 ? NETIO_INBOUND : NETIO_OUTBOUND;
            const char *const settings[] = {way & 2 ? "ScanSlice=11" : "ScanSlice=16384",
                                            seed & 1 ? "PermitHold=yes" : "Mode=gate",
                                            seed & 1 ? "Mode=permit" : "FailPolicy=closed"};
            struct world_connection *c;
            struct sluice_statistics s;
            struct world w;

            start(&w, settings, 3);
            assert_int_equal(world_rules(&w, rules), STATUS_SUCCESS);
            c = world_connect(&w, false, true);
            for (size_t at = 0, step; at < length; at += step) {
                random = random * 1664525u + 1013904223u;
                step = way == 0 ? length : 1 + (random >> 16) % (way == 5 ? 2 : 90);
                step = step < length - at ? step : length - at;
                give(c, d, bytes + at, step);
            }
            world_fin(c, d);
            world_wait(&w, 500);
            world_statistics(&w, &s);
            world_expect_closed_ledger(&s);
            assert_int_equal(s.held_now, 0);
            assert_int_equal(s.edits_skipped, 0);
            if (way == 0) {
                first = s;
                out_length = c->out_length[d];
                if (out_length != 0) /* dropped before anything came out */
                    memcpy(out, c->out[d], out_length);
            }
            assert_int_equal(s.matches, first.matches);
            assert_int_equal(s.match_drops, first.match_drops);
            assert_int_equal(s.replaced, first.replaced);
            if (first.match_drops == 0)
                expect_out(c, d, out, out_length);
            world_finish(&w);
        }
        dropped += first.match_drops != 0;
        replaced += first.replaced != 0;
    }
    assert_true(dropped > 0 && dropped < 40);
    assert_true(replaced > 20);
}

/* What a threshold keeps silent happens all the same; its counters are over all flows. */
static void thresholds_count_over_flows(void **state)
{
    struct sluice_event events[32];
    struct sluice_statistics s;
    unsigned told = 0;
    struct world w;
    size_t count;

    (void)state;
    world_simple(&w, PROFILE, NULL);
    assert_int_equal(world_rules(&w, HEAD "needle\"; threshold:type limit, track by_src, count 2, "
                                          "seconds 60; sid:5;)\n"),
                     STATUS_SUCCESS);
    for (unsigned i = 0; i < 5; i++) {
        struct world_connection *c = world_connect(&w, false, true);

        give(c, NETIO_OUTBOUND, FIRST "needle", LENGTH(FIRST "needle"));
        world_expect_whole(c);
    }
    count = world_events(&w, events, 32);
    for (size_t i = 0; i < count; i++)
        told += find_rule(&events[i], 1, 5) != NULL;
    assert_int_equal(told, 2);
    world_statistics(&w, &s);
    assert_true(s.matches >= 2);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_match_is_blocked),
        cmocka_unit_test(nothing_else_is_held),
        cmocka_unit_test(a_deadline_releases_the_prefix_alone),
        cmocka_unit_test(bytes_are_exchanged),
        cmocka_unit_test(what_passes_is_not_exchanged),
        cmocka_unit_test(a_swap_drops_no_flow),
        cmocka_unit_test(swaps_under_traffic),
        cmocka_unit_test(damaged_sets_are_refused),
        cmocka_unit_test(slices),
        cmocka_unit_test(unload_with_rules),
        cmocka_unit_test(failing_calls),
        cmocka_unit_test(however_it_is_cut),
        cmocka_unit_test(thresholds_count_over_flows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
