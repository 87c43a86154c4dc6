/* SPDX-License-Identifier: MIT */
/* The capture relay: its schedule, its order of delivery, and every edit it makes to a recording.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "delay.h"
#include "options.h"
#include "packet.h"
#include "recorder.h"
#include "renumber.h"
#include "schedule.h"
#include "writer.h"

#define MS  1000000ull
#define SYN 0x02
#define ACK 0x10

/* --- frames ------------------------------------------------------------------------------------
 */

/* An IPv4 TCP frame from 192.0.2.1:1000 to 192.0.2.2:80 (or back) with 12 bytes of options. */
static size_t make_frame(uint8_t *frame, enum direction direction, uint32_t seq, uint32_t ack,
                         uint8_t flags, size_t payload)
{
    uint8_t *ip = frame + PACKET_MAC, *tcp = ip + 20;
    bool back = direction == DIRECTION_S2C;
    struct packet packet;

    memset(frame, 0, PACKET_MAC + 52);
    packet_put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    packet_put16(ip + 2, (uint16_t)(52 + payload));
    packet_put16(ip + 4, 0x1234);
    ip[8] = 64;
    ip[9] = 6;
    packet_put32(ip + 12, back ? 0xc0000202 : 0xc0000201);
    packet_put32(ip + 16, back ? 0xc0000201 : 0xc0000202);
    packet_put16(tcp, back ? 80 : 1000);
    packet_put16(tcp + 2, back ? 1000 : 80);
    packet_put32(tcp + 4, seq);
    packet_put32(tcp + 8, ack);
    tcp[12] = 0x80;
    tcp[13] = flags;
    memset(tcp + 20, 1, 12);
    for (size_t i = 0; i < payload; i++) {
        tcp[32 + i] = (uint8_t)(i * 7);
    }
    packet_checksum_ip(frame);
    packet = packet_parse(frame, PACKET_MAC + 52 + payload);
    packet_checksum_tcp(frame, &packet);
    return PACKET_MAC + 52 + payload;
}

/* RFC 1071: a sum over data that includes a right checksum is all ones. */
static uint16_t sum_of(const uint8_t *at, size_t size, uint32_t sum)
{
    for (size_t i = 0; i < size; i++) {
        sum += (i & 1) == 0 ? (uint32_t)at[i] << 8 : at[i];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void assert_checksums(const uint8_t *frame)
{
    const uint8_t *ip = frame + PACKET_MAC;
    size_t size = packet_get16(ip + 2) - 20u;

    assert_int_equal(sum_of(ip, 20, 0), 0xffff);
    assert_int_equal(sum_of(ip + 20, size, sum_of(ip + 12, 8, 0) + 6u + (uint32_t)size), 0xffff);
}

/* --- schedule ----------------------------------------------------------------------------------
 */

static void schedule_repeats_and_depends_on_seed(void **state)
{
    struct schedule one = {
        .seed = 1, .loss = 100, .duplicate = 100, .reorder = 100, .jitter_us = 900};
    struct schedule two = one;
    unsigned differ = 0;

    two.seed = 2;
    for (uint64_t i = 0; i < 1000; i++) {
        struct fate a = schedule_decide(&one, DIRECTION_C2S, i);
        struct fate b = schedule_decide(&one, DIRECTION_C2S, i);
        struct fate c = schedule_decide(&two, DIRECTION_C2S, i);
        struct fate d = schedule_decide(&one, DIRECTION_S2C, i);

        assert_memory_equal(&a, &b, sizeof a);
        differ += (a.lost != c.lost) + (a.lost != d.lost);
    }
    assert_in_range(differ, 100, 1000);
}

/* Known answers: recorded captures state a seed, which must mean the same tomorrow. */
static void schedule_is_pinned(void **state)
{
    struct schedule schedule = {.seed = 11, .loss = 30};
    uint64_t lost[4], count = 0;

    for (uint64_t i = 0; count < 4; i++) {
        if (schedule_decide(&schedule, DIRECTION_S2C, i).lost) {
            lost[count++] = i;
        }
    }
    assert_int_equal(lost[0], 25);
    assert_int_equal(lost[1], 62);
    assert_int_equal(lost[2], 77);
    assert_int_equal(lost[3], 107);
}

static void schedule_keeps_to_its_chances(void **state)
{
    struct schedule schedule = {.seed = 5,
                                .loss = 50,
                                .duplicate = 200,
                                .reorder = 300,
                                .delay_us = 1000,
                                .jitter_us = 10,
                                .hold_us = 5000};
    unsigned lost = 0, twice = 0, overtaken = 0;

    for (uint64_t i = 0; i < 10000; i++) {
        struct fate fate = schedule_decide(&schedule, DIRECTION_C2S, i);

        lost += fate.lost;
        twice += fate.copies == 2;
        overtaken += fate.overtaken;
        assert_int_equal(fate.copies == 0, fate.lost);
        if (!fate.lost) {
            assert_in_range(fate.delay_us, fate.overtaken ? 6000 : 1000,
                            fate.overtaken ? 6010 : 1010);
        }
    }
    assert_in_range(lost, 400, 600);
    assert_in_range(twice, 1700, 2100);
    assert_in_range(overtaken, 2600, 3100);
}

static void schedule_loses_what_is_named(void **state)
{
    struct schedule schedule = {0};

    assert_true(schedule_parse_range("s2c:3-4", &schedule.lose[0]));
    schedule.lose_count = 1;
    assert_false(schedule_decide(&schedule, DIRECTION_S2C, 2).lost);
    assert_true(schedule_decide(&schedule, DIRECTION_S2C, 3).lost);
    assert_true(schedule_decide(&schedule, DIRECTION_S2C, 4).lost);
    assert_false(schedule_decide(&schedule, DIRECTION_S2C, 5).lost);
    assert_false(schedule_decide(&schedule, DIRECTION_C2S, 3).lost);
}

static void schedule_refuses_bad_ranges(void **state)
{
    static const char *const bad[] = {"",        "c2s",    "c2s:",     "x2s:1", "c2s:a",
                                      "c2s:5-4", "c2s:1-", "c2s:1-2x", "c2s:-1"};
    struct schedule_range range;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(schedule_parse_range(bad[i], &range));
    }
}

/* --- delay -------------------------------------------------------------------------------------
 */

static void expect_arrival(struct delay *delay, uint64_t now, int byte)
{
    struct delay_frame *item = delay_arrive(delay, now);

    if (byte < 0) {
        assert_null(item);
        return;
    }
    assert_non_null(item);
    assert_int_equal(item->bytes[0], byte);
    free(item);
}

static void delay_keeps_order_unless_overtaken(void **state)
{
    struct delay delay = {0};
    struct fate slow = {.copies = 1, .delay_us = 5000}, quick = {.copies = 1, .delay_us = 1000};
    struct fate held = {.copies = 1, .delay_us = 20000, .overtaken = true};

    assert_int_equal(delay_send(&delay, 0, &held, 0, DIRECTION_C2S, (uint8_t[]){1}, 1), 0);
    assert_int_equal(delay_send(&delay, 0, &slow, 0, DIRECTION_C2S, (uint8_t[]){2}, 1), 0);
    assert_int_equal(delay_send(&delay, 0, &quick, 0, DIRECTION_C2S, (uint8_t[]){3}, 1), 0);
    assert_int_equal(delay_send(&delay, 0, &quick, 0, DIRECTION_S2C, (uint8_t[]){4}, 1), 0);
    expect_arrival(&delay, 1 * MS - 1, -1);
    expect_arrival(&delay, 1 * MS, 4); /* the other direction waits for nobody */
    expect_arrival(&delay, 4 * MS, -1);
    expect_arrival(&delay, 5 * MS, 2);
    expect_arrival(&delay, 5 * MS, 3); /* quick, but sent later */
    expect_arrival(&delay, 19 * MS, -1);
    expect_arrival(&delay, 20 * MS, 1);
    assert_null(delay.first);
}

static void delay_repeats_duplicates_later(void **state)
{
    struct delay delay = {0};
    struct fate twice = {.copies = 2, .delay_us = 1000}, lost = {.lost = true};

    assert_int_equal(delay_send(&delay, 0, &twice, 3 * MS, DIRECTION_C2S, (uint8_t[]){1}, 1), 0);
    assert_int_equal(delay_send(&delay, 0, &lost, 3 * MS, DIRECTION_C2S, (uint8_t[]){2}, 1), 0);
    expect_arrival(&delay, 2 * MS, 1);
    expect_arrival(&delay, 3 * MS, -1);
    expect_arrival(&delay, 4 * MS, 1);
    assert_null(delay.first);
    assert_int_equal(delay_send(&delay, 0, &twice, 0, DIRECTION_C2S, (uint8_t[]){1}, 1), 0);
    delay_clear(&delay);
    assert_null(delay.first);
}

/* --- packets -----------------------------------------------------------------------------------
 */

static void packet_fragments_join_to_the_packet(void **state)
{
    uint8_t frame[PACKET_MAX], pieces[8][PACKET_MAX], joined[PACKET_MAX];
    size_t sizes[8], size = make_frame(frame, DIRECTION_C2S, 1, 1, ACK, 1000), at = 0, count;

    count = packet_fragment(frame, size, 300, pieces, sizes, 8);
    assert_int_equal(count, 4); /* 1032 bytes in pieces of 280 */
    for (size_t i = 0; i < count; i++) {
        const uint8_t *ip = pieces[i] + PACKET_MAC;
        struct packet packet = packet_parse(pieces[i], sizes[i]);

        assert_true(packet.fragment && packet.tcp);
        assert_true(sizes[i] <= PACKET_MAC + 300);
        assert_int_equal(sum_of(ip, 20, 0), 0xffff);
        assert_int_equal((packet_get16(ip + 6) & 0x1fff) * 8, at);
        assert_int_equal((packet_get16(ip + 6) & 0x2000) != 0, i + 1 < count);
        memcpy(joined + at, ip + 20, packet.ip_total - 20);
        at += packet.ip_total - 20;
    }
    assert_int_equal(at, 1032);
    assert_memory_equal(joined, frame + PACKET_MAC + 20, 1032);
}

static void packet_fragments_only_what_it_may(void **state)
{
    uint8_t frame[PACKET_MAX], pieces[8][PACKET_MAX];
    size_t sizes[8], size = make_frame(frame, DIRECTION_C2S, 1, 1, ACK, 1000);

    assert_int_equal(packet_fragment(frame, size, 1052, pieces, sizes, 8), 0);
    assert_int_equal(packet_fragment(frame, size, 300, pieces, sizes, 3), 0);
    frame[PACKET_MAC + 6] = 0x40;
    assert_int_equal(packet_fragment(frame, size, 300, pieces, sizes, 8), 0);
}

static void packet_refuses_lies(void **state)
{
    uint8_t frame[PACKET_MAX];
    size_t size = make_frame(frame, DIRECTION_C2S, 1, 1, ACK, 10);

    assert_int_equal(packet_parse(frame, size).payload_len, 10);
    for (size_t cut = 0; cut < size; cut++) {
        assert_false(packet_parse(frame, cut).tcp);
    }
    frame[PACKET_MAC + 20 + 12] = 0x40; /* a TCP header of 16 bytes */
    assert_false(packet_parse(frame, size).tcp);
    frame[PACKET_MAC + 20 + 12] = 0xf0; /* and one of 60 */
    assert_false(packet_parse(frame, size).tcp);
}

/* --- renumbering -------------------------------------------------------------------------------
 */

static void renumber_moves_all_numbers_alike(void **state)
{
    struct renumber renumber = {.isn = {0xfffffff0, 0xffffff00}};
    uint8_t frame[PACKET_MAX], *tcp = frame + PACKET_MAC + 20;
    size_t size = make_frame(frame, DIRECTION_C2S, 5000, 0, SYN, 0);

    renumber_frame(&renumber, DIRECTION_C2S, frame, size);
    assert_int_equal(packet_get32(tcp + 4), 0xfffffff0);
    assert_int_equal(packet_get32(tcp + 8), 0);
    assert_checksums(frame);

    size = make_frame(frame, DIRECTION_S2C, 70000, 5001, SYN | ACK, 0);
    renumber_frame(&renumber, DIRECTION_S2C, frame, size);
    assert_int_equal(packet_get32(tcp + 4), 0xffffff00);
    assert_int_equal(packet_get32(tcp + 8), 0xfffffff1);
    assert_checksums(frame);

    size = make_frame(frame, DIRECTION_C2S, 5101, 70001, ACK, 33);
    memcpy(tcp + 20, (uint8_t[]){1, 1, 5, 10}, 4);
    packet_put32(tcp + 24, 70301);
    packet_put32(tcp + 28, 70401);
    renumber_frame(&renumber, DIRECTION_C2S, frame, size);
    assert_int_equal(packet_get32(tcp + 4), 0x55);
    assert_int_equal(packet_get32(tcp + 8), 0xffffff01);
    assert_int_equal(packet_get32(tcp + 24), 0x2d);
    assert_int_equal(packet_get32(tcp + 28), 0x91);
    assert_checksums(frame);
}

static void renumber_leaves_strangers_alone(void **state)
{
    struct renumber renumber = {.isn = {1, 2}};
    uint8_t frame[PACKET_MAX], before[PACKET_MAX];
    size_t size = make_frame(frame, DIRECTION_C2S, 5000, 7, ACK, 10);

    memcpy(before, frame, size);
    renumber_frame(&renumber, DIRECTION_C2S, frame, size);
    assert_memory_equal(before, frame, size);
}

/* --- recording ---------------------------------------------------------------------------------
 */

struct file {
    char path[64];
    uint8_t bytes[8192];
    size_t size;
};

static int file_set_up(void **state)
{
    static const char name[] = "/tmp/test-relay-XXXXXX";
    struct file *file = calloc(1, sizeof *file);
    int fd;

    if (file == NULL) {
        return -1;
    }
    memcpy(file->path, name, sizeof name);
    fd = mkstemp(file->path);
    *state = file;
    return fd < 0 ? -1 : close(fd);
}

static int file_tear_down(void **state)
{
    struct file *file = *state;
    int result = unlink(file->path);

    free(file);
    return result;
}

static void file_read(struct file *file)
{
    FILE *in = fopen(file->path, "rb");

    assert_non_null(in);
    file->size = fread(file->bytes, 1, sizeof file->bytes, in);
    fclose(in);
}

static void record_one(struct file *file, struct writer writer, bool sent)
{
    uint8_t frame[PACKET_MAX];
    size_t size = make_frame(frame, DIRECTION_C2S, 1, 1, ACK, 1);

    assert_int_equal(writer_open(&writer, file->path), 0);
    assert_int_equal(writer_frame(&writer, 1700000000123456789u, sent, frame, size), 0);
    assert_int_equal(writer_close(&writer), 0);
    file_read(file);
}

static void writer_writes_each_dialect(void **state)
{
    static const uint8_t little[] = {0xd4, 0xc3, 0xb2, 0xa1, 2,    0,    4,    0, 0,  0, 0, 0,
                                     0,    0,    0,    0,    0xff, 0xff, 0,    0, 1,  0, 0, 0,
                                     0x00, 0xf1, 0x53, 0x65, 0x40, 0xe2, 0x01, 0, 67, 0, 0, 0};
    static const uint8_t big[] = {0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0,    4,    0, 0, 0, 0,
                                  0,    0,    0,    0,    0, 0, 0xff, 0xff, 0, 0, 0, 1,
                                  0x65, 0x53, 0xf1, 0x00, 0, 1, 0xe2, 0x40, 0, 0, 0, 67};
    struct file *file = *state;
    struct writer writer = {.snaplen = 65535};

    record_one(file, writer, true);
    assert_int_equal(file->size, 24 + 16 + 67);
    assert_memory_equal(file->bytes, little, sizeof little);
    assert_true(writer_parse_format(&writer, "pcap-be"));
    record_one(file, writer, true);
    assert_memory_equal(file->bytes, big, sizeof big);
    assert_true(writer_parse_format(&writer, "pcap-ns"));
    record_one(file, writer, true);
    assert_memory_equal(file->bytes, ((uint8_t[]){0x4d, 0x3c, 0xb2, 0xa1}), 4);
    assert_memory_equal(file->bytes + 28, ((uint8_t[]){0x15, 0xcd, 0x5b, 0x07}), 4);
    assert_true(writer_parse_format(&writer, "pcapng"));
    record_one(file, writer, true);
    assert_int_equal(file->size, 28 + 32 + 28 + 68 + 16);
    assert_int_equal(file->bytes[60], 6); /* the packet block, its length at both ends */
    assert_int_equal(file->bytes[64], 112);
    assert_int_equal(file->bytes[file->size - 4], 112);
    assert_false(writer_parse_format(&writer, "pcapng-ns"));
}

static void writer_changes_the_link_header(void **state)
{
    static const struct {
        const char *link;
        size_t size;
        uint8_t head[4];
    } cases[] = {
        {"ethernet", 67, {0, 0, 0, 0}}, {"raw", 53, {0x45, 0, 0, 53}}, {"sll", 69, {0, 4, 0, 1}},
        {"sll2", 73, {8, 0, 0, 0}},     {"null", 57, {2, 0, 0, 0}},    {"loop", 57, {0, 0, 0, 2}},
    };
    struct file *file = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct writer writer = {.snaplen = 65535};

        assert_true(writer_parse_link(&writer, cases[i].link));
        record_one(file, writer, true);
        assert_int_equal(file->size, 24 + 16 + cases[i].size);
        assert_memory_equal(file->bytes + 40, cases[i].head, 4);
        assert_memory_equal(file->bytes + file->size - 53, ((uint8_t[]){0x45, 0, 0, 53}), 4);
    }
}

static void writer_tags_pads_and_cuts(void **state)
{
    struct file *file = *state;
    uint8_t frame[PACKET_MAX] = {[12] = 8, [13] = 6}; /* ARP, 42 bytes */
    struct writer writer = {.snaplen = 65535, .vlan = {100, 200}};

    record_one(file, writer, true);
    assert_int_equal(file->size, 24 + 16 + 75);
    assert_memory_equal(file->bytes + 40 + 12,
                        ((uint8_t[]){0x88, 0xa8, 0, 100, 0x81, 0, 0, 200, 8, 0}), 10);
    writer = (struct writer){.snaplen = 20, .vlan = {100}};
    record_one(file, writer, true);
    assert_int_equal(file->size, 24 + 16 + 20);
    assert_memory_equal(file->bytes + 32, ((uint8_t[]){20, 0, 0, 0, 71}), 5);
    assert_memory_equal(file->bytes + 40 + 12, ((uint8_t[]){0x81, 0, 0, 100, 8, 0}), 6);

    writer = (struct writer){.snaplen = 65535, .pad = true};
    assert_int_equal(writer_open(&writer, file->path), 0);
    assert_int_equal(writer_frame(&writer, 0, true, frame, 42), 0);
    assert_int_equal(writer_frame(&writer, 0, false, frame, 42), 0);
    assert_int_equal(writer_close(&writer), 0);
    file_read(file);
    assert_int_equal(file->size, 24 + 16 + 42 + 16 + 60);

    writer = (struct writer){.snaplen = 65535, .link = WRITER_RAW};
    assert_int_equal(writer_open(&writer, file->path), 0);
    assert_int_equal(writer_frame(&writer, 0, true, frame, 42), 0); /* no place for ARP */
    assert_int_equal(writer_close(&writer), 0);
    file_read(file);
    assert_int_equal(file->size, 24);
}

static void recorder_leaves_out_and_forges(void **state)
{
    struct file *file = *state;
    struct recorder recorder = {.writer.snaplen = 65535, .first = 1, .last = 4, .conflict = 2};
    uint8_t frame[PACKET_MAX];
    const uint8_t *real, *forged;

    assert_true(schedule_parse_range("c2s:2", &recorder.omit[0]));
    recorder.omit_count = 1;
    assert_int_equal(writer_open(&recorder.writer, file->path), 0);
    for (uint32_t i = 0; i < 6; i++) {
        size_t size = make_frame(frame, DIRECTION_C2S, 100 + i * 10, 1, ACK, 10);

        assert_int_equal(recorder_frame(&recorder, 0, DIRECTION_C2S, frame, size), 0);
    }
    assert_int_equal(writer_close(&recorder.writer), 0);
    file_read(file);
    /* numbers 1, 3, a forged one after it, and 4 */
    assert_int_equal(file->size, 24 + 4 * (16 + 76));
    real = file->bytes + 24 + 1 * 92 + 16;
    forged = file->bytes + 24 + 2 * 92 + 16;
    assert_int_equal(packet_get32(real + 38), 130);
    assert_int_equal(packet_get32(forged + 38), 135);
    assert_int_equal(forged[66 + 3], real[66 + 3] ^ 0xff);
    assert_checksums(forged);
    assert_int_equal(packet_get32(file->bytes + 24 + 3 * 92 + 16 + 38), 140);
}

/* --- options -----------------------------------------------------------------------------------
 */

static bool parse(struct options *options, int count, ...)
{
    char *words[16] = {"relay", "--client", "a:b", "--server", "c:d"};
    va_list more;

    va_start(more, count);
    for (int i = 0; i < count; i++) {
        words[5 + i] = va_arg(more, char *);
    }
    va_end(more);
    return options_parse(options, 5 + count, words);
}

static void options_fill_the_settings(void **state)
{
    struct options options;

    assert_true(parse(&options, 8, "--seed", "18446744073709551615", "--loss", "7", "--isn",
                      "0xffffff00,5", "--lose", "s2c:2"));
    assert_true(options.schedule.seed == UINT64_MAX);
    assert_int_equal(options.schedule.loss, 7);
    assert_int_equal(options.schedule.lose_count, 1);
    assert_true(options.recorder.renumbers);
    assert_int_equal(options.recorder.renumber.isn[DIRECTION_C2S], 0xffffff00);
    assert_int_equal(options.recorder.renumber.isn[DIRECTION_S2C], 5);
    assert_int_equal(options.recorder.writer.snaplen, 65535);
}

static void options_refuse_what_cannot_be(void **state)
{
    struct options options;

    assert_false(parse(&options, 2, "--loss", "1001"));
    assert_false(parse(&options, 2, "--loss", "-1"));
    assert_false(parse(&options, 2, "--loss", "x"));
    assert_false(parse(&options, 2, "--vlan", "4095"));
    assert_false(parse(&options, 6, "--vlan", "1", "--vlan", "2", "--vlan", "3"));
    assert_false(parse(&options, 2, "--isn", "1"));
    assert_false(parse(&options, 2, "--link", "token-ring"));
    assert_false(parse(&options, 4, "--mtu", "576", "--isn", "1,2"));
    assert_false(parse(&options, 1, "extra"));
    assert_false(options_parse(&options, 1, (char *[]){"relay", NULL}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedule_repeats_and_depends_on_seed),
        cmocka_unit_test(schedule_is_pinned),
        cmocka_unit_test(schedule_keeps_to_its_chances),
        cmocka_unit_test(schedule_loses_what_is_named),
        cmocka_unit_test(schedule_refuses_bad_ranges),
        cmocka_unit_test(delay_keeps_order_unless_overtaken),
        cmocka_unit_test(delay_repeats_duplicates_later),
        cmocka_unit_test(packet_fragments_join_to_the_packet),
        cmocka_unit_test(packet_fragments_only_what_it_may),
        cmocka_unit_test(packet_refuses_lies),
        cmocka_unit_test(renumber_moves_all_numbers_alike),
        cmocka_unit_test(renumber_leaves_strangers_alone),
        cmocka_unit_test_setup_teardown(writer_writes_each_dialect, file_set_up, file_tear_down),
        cmocka_unit_test_setup_teardown(writer_changes_the_link_header, file_set_up,
                                        file_tear_down),
        cmocka_unit_test_setup_teardown(writer_tags_pads_and_cuts, file_set_up, file_tear_down),
        cmocka_unit_test_setup_teardown(recorder_leaves_out_and_forges, file_set_up,
                                        file_tear_down),
        cmocka_unit_test(options_fill_the_settings),
        cmocka_unit_test(options_refuse_what_cannot_be),
    };

    return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
