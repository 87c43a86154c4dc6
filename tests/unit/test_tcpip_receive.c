/* SPDX-License-Identifier: MIT */
/* Scripts of segments through the whole receive path: what the stream layer is shown, and what
 * comes out. */

#include "test_tcpip_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define F            TCPIP_FLAG_FIN
#define S            TCPIP_FLAG_SYN
#define R            TCPIP_FLAG_RST
#define P            TCPIP_FLAG_PSH
#define A            TCPIP_FLAG_ACK
#define U            TCPIP_FLAG_URG

/* Sequence numbers in the scripts are stream offsets: the client's first byte is number 1001, the
 * server's 5001, unless the script moves them. */
#define CLIENT_FIRST 1001u
#define SERVER_FIRST 5001u

/* c: from the client, s: from the server; offset, acknowledged offset, flags, text. */
#define C(offset, acked, bits, text)                                                               \
    {.from = 0,                                                                                    \
     .sequence = CLIENT_FIRST + (offset),                                                          \
     .acknowledged = SERVER_FIRST + (acked),                                                       \
     .flags = (bits),                                                                              \
     .payload = (text),                                                                            \
     .length = sizeof(text) - 1}
#define D(offset, acked, bits, text)                                                               \
    {.from = 1,                                                                                    \
     .sequence = SERVER_FIRST + (offset),                                                          \
     .acknowledged = CLIENT_FIRST + (acked),                                                       \
     .flags = (bits),                                                                              \
     .payload = (text),                                                                            \
     .length = sizeof(text) - 1}
#define HANDSHAKE    C(-1, 0, S, ""), D(-1, 0, S | A, ""), C(0, 0, A, "")
#define MOST_PACKETS 24

struct script {
    const char *name;
    struct packet packets[MOST_PACKETS];
    const char *client; /* the log when this host is the client */
    const char *server; /* ... the server */
};

static const struct script scripts[] = {
    {"request and answer",
     {HANDSHAKE, C(0, 0, A | P, "get"), D(0, 3, A | P, "answer"), C(3, 6, A, ""),
      C(3, 6, A | F, ""), D(6, 4, A | F, ""), C(4, 7, A, "")},
     "open >get <answerP >F fin> <F fin< closed",
     "open <getP >answer <F fin< >F fin> closed"},
    {"a hole is filled: a chain of two",
     {HANDSHAKE, D(3, 0, A, "def"), D(0, 0, A, "abc"), D(6, 0, A, "ghi")},
     "open <abcdef/2 <ghi",
     "open >abc >def >ghi"},
    {"three holes filled backwards: a chain of four",
     {HANDSHAKE, D(9, 0, A, "jkl"), D(6, 0, A, "ghi"), D(3, 0, A | P, "def"), D(0, 0, A, "abc")},
     "open <abcdefghijkl/4P",
     "open >abc >def >ghi >jkl"},
    {"retransmissions",
     {HANDSHAKE, D(0, 0, A, "abc"), D(0, 0, A, "abc"), D(0, 0, A, "abcde"), D(2, 0, A, "cd"),
      D(5, 0, A, "f")},
     "open <abc <de <f",
     "open >abc >deN >fN"},
    {"overlap: what came first stays",
     {HANDSHAKE, D(3, 0, A, "def"), D(1, 0, A, "BCDEFGH"), D(0, 0, A, "a")},
     "open <aBCdefGH/4",
     "open >a >BCN >defN >GHN"},
    {"FIN with data, and data behind FIN",
     {HANDSHAKE, D(0, 0, A | F, "abc"), D(0, 0, A | F, "abcde"), D(4, 0, A, "x"),
      C(0, 4, A | F, ""), D(4, 1, A, "")},
     "open <abc <F fin< >F fin> closed",
     "open >abc >F fin> <F fin< closed"},
    {"FIN before the hole is filled",
     {HANDSHAKE, D(3, 0, A | F, "def"), D(0, 0, A, "abc"), C(0, 7, A | F, "")},
     "open <abcdef/2 <F fin< >F fin> closed",
     "open >abc >def >F fin> <F fin< closed"},
    {"half-close: the server goes on sending",
     {HANDSHAKE, C(0, 0, A | F, "ask"), D(0, 4, A, "one"), D(3, 4, A, "two"), C(4, 6, A, ""),
      D(6, 4, A | F, ""), C(4, 7, A, "")},
     "open >ask >F fin> <one <two <F fin< closed",
     "open <ask <F fin< >one >two >F fin> closed"},
    {"handshake lost segments: data opens",
     {C(-1, 0, S, ""), C(0, 0, A, "abc"), D(0, 3, A, "def")},
     "open >abc <def",
     "open <abc >def"},
    {"answer to the SYN comes late",
     {C(-1, 0, S, ""), D(0, 0, A, "abc"), D(-1, 0, S | A, ""), C(0, 3, A, "")},
     "open <abc",
     "open >abc"},
    {"SYN behind its answer",
     {D(-1, 0, S | A, ""), C(-1, 0, S, ""), C(0, 0, A, ""), C(0, 0, A | P, "x")},
     "open >x",
     "open <xP"},
    {"SYN and its answer come twice",
     {C(-1, 0, S, ""), C(-1, 0, S, ""), D(-1, 0, S | A, ""), D(-1, 0, S | A, ""), C(0, 0, A, ""),
      D(0, 0, A, "abc")},
     "open <abc",
     "open >abc"},
    {"data in the SYN",
     {C(-1, 0, S, "early"), D(-1, 5, S | A, ""), C(5, 0, A, ""), C(5, 0, A, "late")},
     "open >early >late",
     "open <early <late"},
    {"both connect at the same time",
     {C(-1, 0, S, ""), D(-1, 0, S, ""), C(-1, 0, S | A, ""), D(-1, 0, S | A, ""),
      C(0, 0, A | P, "x"), D(0, 1, A | P, "y")},
     "open >x <yP",
     "open <xP >y"},
    {"connection refused",
     {C(-1, 0, S, ""), {.from = 1, .sequence = 0, .acknowledged = CLIENT_FIRST, .flags = R | A}},
     "closed",
     "closed"},
    {"keep-alives are no data",
     {HANDSHAKE, D(0, 0, A, "abc"), C(0, 3, A, ""), D(2, 0, A, "?"), D(2, 0, A, ""), C(0, 3, A, ""),
      D(3, 0, A, "d")},
     "open <abc <d",
     "open >abc >d"},
    {"zero window probe",
     {HANDSHAKE,
      D(0, 0, A, "abc"),
      {.from = 0,
       .sequence = CLIENT_FIRST,
       .acknowledged = SERVER_FIRST + 3,
       .flags = A,
       .zero_window = true},
      D(3, 0, A, "d"),
      D(3, 0, A, "d"),
      C(0, 3, A, ""),
      D(3, 0, A, "def"),
      C(0, 6, A, "")},
     "open <abc <d <ef",
     "open >abc >d >efN"},
    {"RST of the server",
     {HANDSHAKE, D(0, 0, A, "abc"), D(3, 0, R | A, ""), D(3, 0, A, "x")},
     "open <abc <A closed",
     "open >abc >A closed"},
    {"RST out of window is ignored",
     {HANDSHAKE, D(0, 0, A, "abc"), D(1000000, 0, R, ""), D(3, 0, A, "def")},
     "open <abc <def",
     "open >abc >def"},
    {"RST behind a hole: what was not acknowledged is discarded",
     {HANDSHAKE, D(0, 0, A, "abc"), C(0, 3, A, ""), D(6, 0, A, "ghi"), D(9, 0, R | A, "")},
     "open <abc <A closed",
     "open >abc >A closed"},
    {"urgent byte on its own",
     {HANDSHAKE,
      {.from = 1,
       .sequence = SERVER_FIRST,
       .acknowledged = CLIENT_FIRST,
       .flags = A | P | U,
       .urgent = 4,
       .payload = "abcDef",
       .length = 6},
      D(6, 0, A, "ghi")},
     "open <abc <DU <efP <ghi",
     "open >abc >DNU >efN >ghiN"},
    {"urgent byte at the end",
     {HANDSHAKE,
      {.from = 1,
       .sequence = SERVER_FIRST,
       .acknowledged = CLIENT_FIRST,
       .flags = A | U,
       .urgent = 3,
       .payload = "abC",
       .length = 3},
      D(3, 0, A, "def")},
     "open <ab <CU <def",
     "open >ab >CNU >def"},
    {"no delay: a small segment while others are on their way",
     {HANDSHAKE, C(0, 0, A, "abcdef"), C(6, 0, A, "gh"), D(0, 8, A, ""), C(8, 0, A, "ij")},
     "open >abcdef >ghN >ij",
     "open <abcdef <gh <ij"},
    {"the port is used again after the end",
     {HANDSHAKE,
      D(0, 0, A | F, "abc"),
      C(0, 4, A | F, ""),
      D(4, 1, A, ""),
      {.from = 0, .sequence = 70000, .flags = S},
      {.from = 1, .sequence = 90000, .acknowledged = 70001, .flags = S | A},
      {.from = 0, .sequence = 70001, .acknowledged = 90001, .flags = A},
      {.from = 1,
       .sequence = 90001,
       .acknowledged = 70001,
       .flags = A,
       .payload = "new",
       .length = 3}},
     "open <abc <F fin< >F fin> closed open <new",
     "open >abc >F fin> <F fin< closed open >new"},
    {"the port is used again, the end of the old connection was not seen",
     {HANDSHAKE,
      D(0, 0, A, "abc"),
      {.from = 0, .sequence = 70000, .flags = S},
      D(3, 0, A, "def"), /* a SYN alone ends nothing */
      {.from = 1, .sequence = 90000, .acknowledged = 70001, .flags = S | A},
      {.from = 0, .sequence = 70001, .acknowledged = 90001, .flags = A},
      {.from = 1,
       .sequence = 90001,
       .acknowledged = 70001,
       .flags = A,
       .payload = "new",
       .length = 3}},
     "open <abc <def closed open <new",
     "open >abc >def closed open >new"},
    {"a bare ACK, FIN or RST of an unknown connection begins nothing",
     {C(0, 0, A, ""), C(0, 0, A | F, ""), C(0, 0, R, "")},
     "",
     ""},
};

/* The RST's closing and the like come a millisecond later. */
static void let_time_pass(struct world *world)
{
    assert_true(sim_run_idle(world->sim, world->sim->now + SIM_SECOND));
}

static size_t count_packets(const struct script *script)
{
    size_t count = 0;
    while (count < MOST_PACKETS && (script->packets[count].flags != 0))
        count++;
    return count;
}

static void run_scripts(bool one_by_one, bool v6, uint32_t move)
{
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        for (int side = 0; side < 2; side++) {
            const struct world_config config = {.side = side == 0 ? TCPIP_SIDE_CLIENT
                                                                  : TCPIP_SIDE_SERVER};
            const size_t count = count_packets(&scripts[i]);
            struct packet packets[MOST_PACKETS];
            struct world *world = world_create(&config);
            for (size_t k = 0; k < count; k++) {
                packets[k] = scripts[i].packets[k];
                packets[k].v6 = v6;
                packets[k].sequence += move;
                if (packets[k].flags & A)
                    packets[k].acknowledged += move;
                if (one_by_one) {
                    world_feed(world, &packets[k], 1);
                    let_time_pass(world);
                }
            }
            if (!one_by_one) {
                world_feed(world, packets, count);
                let_time_pass(world);
            }
            world_expect(world, scripts[i].name, side == 0 ? scripts[i].client : scripts[i].server);
            world_destroy(world);
        }
    }
}

static void test_scripts_one_by_one(void **state)
{
    run_scripts(true, false, 0);
}

static void test_scripts_ipv6(void **state)
{
    run_scripts(true, true, 0);
}

/* Sequence numbers wrap around at each of the first bytes. */
static void test_scripts_wrap_around(void **state)
{
    for (uint32_t at = 0; at < 12; at++) {
        run_scripts(true, false, 0u - CLIENT_FIRST - at);
        run_scripts(true, false, 0u - SERVER_FIRST - at);
    }
}

/* ---- single stories ---- */

static struct world *opened_world(const struct world_config *config)
{
    static const struct packet handshake[] = {HANDSHAKE};
    struct world *world = world_create(config);
    world_feed(world, handshake, 3);
    world_expect(world, "handshake", config->refuse ? "refused" : "open");
    return world;
}

#define FEED(world, ...)                                                                           \
    do {                                                                                           \
        const struct packet feed_packets[] = {__VA_ARGS__};                                        \
        world_feed(world, feed_packets, sizeof(feed_packets) / sizeof(feed_packets[0]));           \
    } while (0)

/* The fast path hands on the NIC's NBL, the careful path NETIO's copies. */
static void test_origins(void **state)
{
    struct world *world = opened_world(&(struct world_config){0});

    FEED(world, D(0, 0, A, "abc"));
    assert_int_equal(world->origins[NDIS_NBL_NIC], 1);
    assert_int_equal(world->origins[NDIS_NBL_NBUF], 0);
    FEED(world, D(6, 0, A, "ghi"), D(3, 0, A, "def"));
    assert_int_equal(world->origins[NDIS_NBL_NIC], 1);
    assert_int_equal(world->origins[NDIS_NBL_NBUF], 2);
    FEED(world, C(0, 9, A, "xyz"));
    assert_int_equal(world->origins[NDIS_NBL_SEND], 1);
    assert_memory_equal(world->received[NETIO_INBOUND], "abcdefghi", 9);
    assert_memory_equal(world->received[NETIO_OUTBOUND], "xyz", 3);
    world_destroy(world);
}

static void test_low_resources(void **state)
{
    struct world *world = opened_world(&(struct world_config){.tcpip.low_resources = true});

    FEED(world, D(0, 0, A, "abc"), D(3, 0, A, "def"), C(0, 6, A, "x"));
    world_expect(world, "low resources", "<abc <def >x");
    assert_int_equal(world->origins[NDIS_NBL_NIC], 0);
    assert_int_equal(world->origins[NDIS_NBL_NBUF], 2);
    world_destroy(world);
}

/* NETIO has no memory for its copy: the segment waits in TCP, and comes with the next one. */
static void test_copy_fails(void **state)
{
    struct world *world = opened_world(&(struct world_config){.tcpip.low_resources = true});

    sim_fault_plan(world->sim, NULL, 1, true);
    FEED(world, D(0, 0, A, "abc"));
    world_expect(world, "no memory", "");
    FEED(world, D(3, 0, A, "def"), C(0, 0, A, ""));
    world_expect(world, "still none", "");
    sim_fault_plan(world->sim, NULL, 0, false);
    FEED(world, C(0, 6, A, ""));
    world_expect(world, "memory again", "<abcdef/2");
    sim_fault_plan(world->sim, NULL, 1, true);
    FEED(world, D(6, 0, A | F, "ghi"));
    tcpip_finish(world->tcpip);
    assert_true(sim_run(world->sim));
    sim_fault_plan(world->sim, NULL, 0, false);
    world_expect(world, "the end", "closed");
    assert_int_equal(world->last[NETIO_INBOUND].discarded_bytes, 3);
    world_destroy(world);
}

static void test_batch(void **state)
{
    struct world *world = opened_world(&(struct world_config){.tcpip.batch = 3});

    /* Five arrive together: three in one indication, the rest when the NIC has no more. */
    FEED(world, D(0, 0, A, "a"), D(1, 0, A, "b"), D(2, 0, A, "c"), D(3, 0, A, "d"),
         D(4, 0, A, "e"));
    world_expect(world, "batch", "<abc/3 <de/2");
    FEED(world, D(5, 0, A, "f"));
    world_expect(world, "alone", "<f");
    assert_int_equal(world->origins[NDIS_NBL_NIC], 0);
    world_destroy(world);
}

static void test_slow_reader(void **state)
{
    struct world *world = opened_world(&(struct world_config){.tcpip.slow_reader = 3});

    FEED(world, D(0, 0, A, "a"));
    FEED(world, D(1, 0, A, "b"));
    world_expect(world, "not yet", "");
    FEED(world, D(2, 0, A, "c"));
    world_expect(world, "read", "<abc/3");
    FEED(world, D(3, 0, A, "d"));
    FEED(world, D(4, 0, A | F, "e"));
    world_expect(world, "read to the end", "<de/2 <F fin<");
    FEED(world, C(0, 6, A, "x"));
    world_expect(world, "sending is not slow", ">x");
    world_destroy(world);
}

static void test_slow_reader_at_the_end(void **state)
{
    struct world *world = opened_world(&(struct world_config){.tcpip.slow_reader = 8});

    FEED(world, D(0, 0, A, "a"), D(1, 0, A, "b"));
    tcpip_flush(world->tcpip);
    assert_true(sim_run(world->sim));
    world_expect(world, "flushed", "<ab/2");
    world_destroy(world);
}

static void test_random_shapes(void **state)
{
    struct world *world = opened_world(&(struct world_config){.tcpip.random_shapes = true});
    char text[] = "the quick brown fox jumps over the lazy dog";

    for (uint32_t i = 0; i < 40; i++) {
        const struct packet packet = {.from = 1,
                                      .sequence = SERVER_FIRST + i * 43,
                                      .acknowledged = CLIENT_FIRST,
                                      .flags = A,
                                      .payload = text,
                                      .length = 43};
        world_feed(world, &packet, 1);
    }
    assert_true(world->net_buffers > 60);
    assert_true(world->mdls > 2 * world->net_buffers);
    assert_int_equal(world->received_length[NETIO_INBOUND], 40 * 43);
    for (uint32_t i = 0; i < 40; i++)
        assert_memory_equal(world->received[NETIO_INBOUND] + i * 43, text, 43);
    world->length = 0;
    world_destroy(world);
}

/* A hole that the receiver acknowledged will never be filled: after some patience the stream goes
 * on. */
static void test_gap_acknowledged(void **state)
{
    struct world *world = opened_world(&(struct world_config){0});

    FEED(world, D(0, 0, A, "abc"), D(6, 0, A, "ghi"), C(0, 9, A, ""));
    world_expect(world, "patience", "<abc");
    for (int i = 0; i < 16; i++)
        FEED(world, C(0, 9, A, ""));
    world_expect(world, "gap", "<ghi");
    FEED(world, D(3, 0, A, "def"), D(9, 0, A | F, "jkl"), C(0, 13, A | F, ""));
    let_time_pass(world);
    world_expect(world, "goes on", "<jkl <F fin< >F fin> closed");
    assert_int_equal(world->last[NETIO_INBOUND].gap_bytes, 3);
    assert_int_equal(world->last[NETIO_INBOUND].duplicate_bytes, 3);
    world_destroy(world);
}

/* What is only reordered by the capture is no gap. */
static void test_acknowledged_before_seen(void **state)
{
    struct world *world = opened_world(&(struct world_config){0});

    FEED(world, D(3, 0, A, "def"), C(0, 6, A, ""), C(0, 6, A, ""), D(0, 0, A, "abc"),
         C(0, 6, A, ""));
    world_expect(world, "reordered", "<abcdef/2");
    world_destroy(world);
}

static void test_gap_at_the_end(void **state)
{
    struct world *world = opened_world(&(struct world_config){0});

    FEED(world, D(0, 0, A, "abc"), D(6, 0, A, "ghi"), C(10, 0, A, "z"));
    tcpip_flush(world->tcpip);
    assert_true(sim_run(world->sim));
    world_expect(world, "end of the capture", "<abc >z <ghi");
    tcpip_finish(world->tcpip);
    assert_true(sim_run(world->sim));
    world_expect(world, "closed", "closed");
    assert_int_equal(world->last[NETIO_INBOUND].gap_bytes, 3);
    assert_int_equal(world->last[NETIO_OUTBOUND].gap_bytes, 10);
    world_destroy(world);
}

static void test_gap_before_fin(void **state)
{
    struct world *world = opened_world(&(struct world_config){0});

    FEED(world, D(0, 0, A, "abc"), D(9, 0, A | F, ""), C(0, 10, A | F, ""));
    world_expect(world, "waits", "<abc >F fin>");
    tcpip_flush(world->tcpip);
    let_time_pass(world);
    world_expect(world, "end", "<F fin< closed");
    assert_int_equal(world->last[NETIO_INBOUND].gap_bytes, 6);
    world_destroy(world);
}

static void test_truncated(void **state)
{
    struct world *world = opened_world(&(struct world_config){0});
    const struct packet packet = D(0, 0, A, "abcdef");
    uint8_t bytes[2048];
    struct tcpip_frame frame = packet_frame(bytes, packet_ethernet(&packet, bytes), 1);

    frame.captured -= 4;
    tcpip_nic_receive(world->tcpip, &frame, 1);
    assert_true(sim_run(world->sim));
    FEED(world, D(6, 0, A, "ghi"));
    world_expect(world, "snap length", "<ab <ghi");
    tcpip_finish(world->tcpip);
    assert_true(sim_run(world->sim));
    assert_int_equal(world->last[NETIO_INBOUND].truncated_bytes, 4);
    assert_int_equal(world->last[NETIO_INBOUND].gap_bytes, 0);
    world_destroy(world);
}

static void test_midstream_adopt(void **state)
{
    for (int side = 0; side < 2; side++) {
        struct world *world = world_create(
            &(struct world_config){.side = side == 0 ? TCPIP_SIDE_CLIENT : TCPIP_SIDE_SERVER,
                                   .tcpip.midstream_adopt = true});
        FEED(world, D(100, 50, A, "abc"), C(50, 103, A, "xyz"), D(97, 50, A, "old"),
             D(103, 53, A | F, "def"));
        world_expect(world, "adopted",
                     side == 0 ? "open <abc >xyz <def <F fin<" : "open >abc <xyz >def >F fin>");
        tcpip_finish(world->tcpip);
        assert_true(sim_run(world->sim));
        assert_int_equal(world->last[side == 0 ? NETIO_INBOUND : NETIO_OUTBOUND].early_bytes, 3);
        world_destroy(world);
    }
}

/* An old connection is not shown to a callout that did not ask for such; its bytes come out all the
 * same. */
static void test_midstream_old(void **state)
{
    struct world *world = world_create(&(struct world_config){0});

    FEED(world, D(100, 50, A, "abc"), C(50, 103, A, "xyz"));
    world_expect(world, "old", "open");
    assert_memory_equal(world->received[NETIO_INBOUND], "abc", 3);
    assert_memory_equal(world->received[NETIO_OUTBOUND], "xyz", 3);
    world_destroy(world);

    world = world_create(
        &(struct world_config){.callout_flags = FWP_CALLOUT_FLAG_ALLOW_MID_STREAM_INSPECTION});
    FEED(world, D(100, 50, A, "abc"), C(50, 103, A, "xyz"));
    world_expect(world, "old, asked for", "open <abc >xyz");
    world_destroy(world);
}

static void test_refused(void **state)
{
    struct world *world = opened_world(&(struct world_config){.refuse = true});

    FEED(world, C(0, 0, A, "abc"), D(0, 3, A, "defg"), C(3, 4, A | F, ""), D(4, 4, A | F, ""));
    let_time_pass(world);
    world_expect(world, "refused", "closed");
    assert_int_equal(world->last[NETIO_OUTBOUND].behind_verdict, 3);
    assert_int_equal(world->last[NETIO_INBOUND].behind_verdict, 4);
    assert_int_equal(tcpip_totals(world->tcpip)->refused, 1);
    world_destroy(world);
}

static void test_dropped_by_verdict(void **state)
{
    struct world *world = opened_world(&(struct world_config){0});

    FEED(world, D(0, 0, A, "abc"));
    world->answer = ANSWER_DROP;
    FEED(world, D(3, 0, A, "def"), D(6, 0, A, "ghi"), C(0, 6, A, "x"));
    let_time_pass(world);
    world_expect(world, "dropped", "<abc <def closed");
    FEED(world, D(9, 0, A, "jkl"));
    assert_int_equal(tcpip_totals(world->tcpip)->reset_by_verdict, 1);
    struct tcpip_counts counts;
    tcpip_total_counts(world->tcpip, NETIO_INBOUND, &counts);
    assert_int_equal(counts.behind_verdict, 6);
    tcpip_total_counts(world->tcpip, NETIO_OUTBOUND, &counts);
    assert_int_equal(counts.behind_verdict, 1);
    world_destroy(world);
}

static void test_deferred(void **state)
{
    struct world *world = opened_world(&(struct world_config){.answer = ANSWER_DEFER});

    FEED(world, D(0, 0, A, "abc"));
    world_expect(world, "deferred", "<abc");
    FEED(world, D(3, 0, A, "def"), D(6, 0, A | F, "ghi"), C(0, 10, A, "x"));
    world_expect(world, "the window is closed", ">x");
    world_continue(world);
    world_expect(world, "continued", "<abc <defghi/2 <F fin<");
    assert_memory_equal(world->received[NETIO_INBOUND], "abcdefghi", 9);
    world_destroy(world);
}

static void test_fin_with_data(void **state)
{
    struct world *world = opened_world(&(struct world_config){.fin_with_data = true});

    FEED(world, D(3, 0, A | F, "def"), D(0, 0, A, "abc"), C(0, 7, A | F, "x"));
    let_time_pass(world);
    world_expect(world, "together", "<abcdef/2F fin< >xF fin> closed");
    world_destroy(world);
}

static void test_passive_sends(void **state)
{
    struct world *world = opened_world(&(struct world_config){.send_passive = NETIO_ALWAYS});

    FEED(world, C(0, 0, A, "a"), D(0, 1, A, "b"), C(1, 1, A, "c"), C(2, 1, A, "d"), D(1, 3, A, "e"),
         C(3, 2, A | F, ""), D(2, 4, A | F, ""));
    let_time_pass(world);
    world_expect(world, "in order", ">a <b >c >d <e >F fin> <F fin< closed");
    assert_int_equal(world->passive, 4);
    world_destroy(world);
}

static void test_fragments(void **state)
{
    struct world *world = opened_world(&(struct world_config){0});
    const struct packet packet = D(0, 0, A, "sixteen bytes...");
    uint8_t plain[256], bytes[2][256];
    struct tcpip_frame frames[2];
    const size_t total = packet_ethernet(&packet, plain) - 34;

    for (size_t i = 0; i < 2; i++) {
        const size_t at = i * 24, part = i == 0 ? 24 : total - 24;
        memcpy(bytes[i], plain, 34);
        memcpy(bytes[i] + 34, plain + 34 + at, part);
        bytes[i][14 + 3] = (uint8_t)(20 + part);
        bytes[i][14 + 6] = i == 0 ? 0x20 : 0;
        bytes[i][14 + 7] = (uint8_t)(at / 8);
        frames[1 - i] = packet_frame(bytes[i], 34 + part, 1);
    }
    tcpip_nic_receive(world->tcpip, frames, 2);
    assert_true(sim_run(world->sim));
    world_expect(world, "fragments", "<sixteen bytes...");
    assert_int_equal(tcpip_totals(world->tcpip)->fragments, 2);
    world_destroy(world);
}

static void test_totals(void **state)
{
    struct world *world = opened_world(&(struct world_config){0});
    struct packet packet = D(0, 0, A, "abc");
    uint8_t bytes[4][256];
    struct tcpip_frame frames[4];

    packet.bad_checksum = true;
    frames[0] = packet_frame(bytes[0], packet_ethernet(&packet, bytes[0]), 1);
    packet.bad_checksum = false;
    for (int i = 1; i < 4; i++)
        frames[i] = packet_frame(bytes[i], packet_ethernet(&packet, bytes[i]), 1);
    bytes[1][13] = 6;
    bytes[2][23] = 17;
    frames[3].captured = 30;
    tcpip_nic_receive(world->tcpip, frames, 4);
    assert_true(sim_run(world->sim));
    /* A capture's checksum is counted, no more: the receiver took the segment. */
    world_expect(world, "counted", "<abc");
    const struct tcpip_totals *totals = tcpip_totals(world->tcpip);
    assert_int_equal(totals->frames, 7);
    assert_int_equal(totals->bad_checksum, 1);
    assert_int_equal(totals->not_ip, 1);
    assert_int_equal(totals->not_tcp, 1);
    assert_int_equal(totals->malformed, 1);
    assert_int_equal(totals->connections, 1);
    world_destroy(world);
}

static void test_host_address(void **state)
{
    static const uint8_t server[4] = {10, 0, 0, 2};
    struct world *world = world_create(&(struct world_config){.side = TCPIP_SIDE_CLIENT});

    tcpip_set_host(world->tcpip, false, server);
    FEED(world, HANDSHAKE, C(0, 0, A, "in"));
    world_expect(world, "the server is this host", "open <in");
    world_destroy(world);
}

/* ---- streams without packets ---- */

static void test_streams(void **state)
{
    struct world *world = world_create(&(struct world_config){0});
    const struct netio_flow_info info = {.local4 = 0x0A000001,
                                         .remote4 = 0x0A000002,
                                         .local_port = 1,
                                         .remote_port = 2,
                                         .direction = NETIO_OUTBOUND};
    const uint8_t *text = (const uint8_t *)"abcdefghij";
    struct tcpip_tcb *tcb = tcpip_connect(world->tcpip, &info);

    assert_non_null(tcb);
    assert_true(sim_run(world->sim));
    tcpip_stream_receive(tcb, text, 10, 4, true);
    tcpip_stream_send(tcb, text, 5, 0);
    tcpip_stream_receive(tcb, text, 4, 4, false);
    assert_true(sim_run(world->sim));
    world_expect(world, "streams", "open <abcdefghij/3P >abcde <abcdP");
    assert_int_equal(world->origins[NDIS_NBL_NBUF], 3);
    assert_int_equal(world->origins[NDIS_NBL_NIC], 1);
    assert_int_equal(world->origins[NDIS_NBL_SEND], 1);
    world->answer = ANSWER_DEFER;
    tcpip_stream_receive(tcb, text, 2, 1, true);
    tcpip_stream_receive(tcb, text + 2, 2, 1, true);
    tcpip_stream_fin(tcb, NETIO_INBOUND);
    tcpip_stream_send(tcb, text, 1, 0);
    assert_true(sim_run(world->sim));
    world_expect(world, "deferred", "<ab/2P >a");
    world_continue(world);
    world_expect(world, "continued", "<ab/2P <cd/2P <F fin<");
    tcpip_stream_fin(tcb, NETIO_OUTBOUND);
    let_time_pass(world);
    world_expect(world, "end", ">F fin> closed");
    tcb = tcpip_connect(world->tcpip, &info);
    tcpip_stream_receive(tcb, text, 3, 0, true);
    tcpip_stream_reset(tcb, NETIO_INBOUND, NETIO_RST_SWITCHED);
    tcpip_stream_receive(tcb, text, 3, 0, true);
    let_time_pass(world);
    world_expect(world, "reset", "open <abcP <A closed");
    world_destroy(world);
}

/* Many connections at once, each in its own order, with TIME_WAIT overflowing. */
static void test_many(void **state)
{
    struct world *world = world_create(&(struct world_config){0});
    const unsigned count = 6000;

    for (unsigned i = 0; i < count; i++) {
        struct packet packets[] = {HANDSHAKE, D(0, 0, A, "abc"), D(3, 0, A | F, ""),
                                   C(0, 4, A | F, ""), D(4, 1, A, "")};
        for (size_t k = 0; k < sizeof(packets) / sizeof(packets[0]); k++)
            packets[k].ports[0] = (uint16_t)(1024 + i);
        world_feed(world, packets, sizeof(packets) / sizeof(packets[0]));
        world->length = 0;
    }
    let_time_pass(world);
    assert_int_equal(world->opened, count);
    assert_int_equal(world->closed, count);
    assert_int_equal(world->received_length[NETIO_INBOUND], 3 * count);
    world->length = 0;
    world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts_one_by_one),
        cmocka_unit_test(test_scripts_ipv6),
        cmocka_unit_test(test_scripts_wrap_around),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_low_resources),
        cmocka_unit_test(test_copy_fails),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_slow_reader_at_the_end),
        cmocka_unit_test(test_random_shapes),
        cmocka_unit_test(test_gap_acknowledged),
        cmocka_unit_test(test_acknowledged_before_seen),
        cmocka_unit_test(test_gap_at_the_end),
        cmocka_unit_test(test_gap_before_fin),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_midstream_adopt),
        cmocka_unit_test(test_midstream_old),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_dropped_by_verdict),
        cmocka_unit_test(test_deferred),
        cmocka_unit_test(test_fin_with_data),
        cmocka_unit_test(test_passive_sends),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_host_address),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests_name("tcpip: receive", tests, NULL, NULL);
}
