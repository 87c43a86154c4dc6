/* SPDX-License-Identifier: MIT */
/* Captures good and bad, whose view they are, generated traffic, and the comparison of what came
 * out. */

#include "test_tcpip_packet.h"
#include "test_traffic_world.h"

#include "traffic/capture.h"
#include "traffic/expected.h"
#include "traffic/generator.h"
#include "traffic/ledger.h"
#include "traffic/replay.h"
#include "traffic/side.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- captures ---- */

struct pcap_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, snap, link;
};

struct pcap_record {
    uint32_t seconds, fraction, captured, length;
};

static const struct pcap_header good_header = {0xA1B2C3D4, 2, 4, 0, 0, 65535, 1};

/* A stream with these bytes, from its start; closed by the capture. */
static FILE *stream_of(const void *bytes, size_t length)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    rewind(file);
    return file;
}

static size_t make_capture(uint8_t *bytes, const struct pcap_header *header, unsigned records)
{
    size_t length = sizeof(*header);
    memcpy(bytes, header, sizeof(*header));
    for (unsigned i = 0; i < records; i++) {
        const struct packet packet = {
            .sequence = 1 + i, .flags = TCPIP_FLAG_ACK, .payload = "x", .length = 1};
        struct pcap_record record = {.seconds = 100, .fraction = i * 7};
        record.captured = record.length =
            (uint32_t)packet_ethernet(&packet, bytes + length + sizeof(record));
        memcpy(bytes + length, &record, sizeof(record));
        length += sizeof(record) + record.captured;
    }
    return length;
}

static void test_capture_reads(void **state)
{
    static const struct {
        uint32_t magic;
        uint64_t unit;
    } table[] = {{0xA1B2C3D4, 1000}, {0xA1B23C4D, 1}};
    for (size_t i = 0; i < 2; i++) {
        struct pcap_header header = good_header;
        uint8_t bytes[1024];
        char text[256];
        header.magic = table[i].magic;
        const size_t length = make_capture(bytes, &header, 3);
        struct traffic_capture *capture =
            traffic_capture_open(stream_of(bytes, length), "a.pcap", text, sizeof(text));
        struct traffic_batch *batch = traffic_batch_create();
        assert_non_null(capture);
        assert_int_equal(traffic_capture_link(capture), 1);
        assert_int_equal(traffic_capture_read(capture, batch, text, sizeof(text)),
                         TRAFFIC_READ_END);
        assert_int_equal(batch->count, 3);
        for (unsigned k = 0; k < 3; k++) {
            assert_int_equal(batch->times[k], 100000000000ull + k * 7 * table[i].unit);
            assert_int_equal(batch->frames[k].number, k + 1);
            assert_int_equal(batch->frames[k].captured, 55);
            assert_int_equal(batch->frames[k].bytes[54], 'x');
        }
        assert_true(traffic_capture_progress(capture) > 0.99);
        traffic_batch_destroy(batch);
        traffic_capture_close(capture);
    }
}

static void test_capture_bad_files(void **state)
{
    uint8_t bytes[2048], broken[2048];
    char text[256];
    const size_t length = make_capture(bytes, &good_header, 2);
    static const struct {
        const char *name;
        size_t at;
        uint32_t value;
        const char *says;
    } headers[] = {
        {"magic", 0, 0x12345678, "not a capture"},
        {"version", 4, 99, "not a capture"},
        {"link type", 20, 105, "link type 105"},
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        memcpy(broken, bytes, length);
        memcpy(broken + headers[i].at, &headers[i].value, 4);
        assert_null(traffic_capture_open(stream_of(broken, length), "b.pcap", text, sizeof(text)));
        if (strncmp(text, "b.pcap: ", 8) != 0 || strstr(text, headers[i].says) == NULL ||
            strchr(text, '\n') != NULL)
            fail_msg("%s: %s", headers[i].name, text);
    }
    assert_null(traffic_capture_open(stream_of(bytes, 0), "empty", text, sizeof(text)));
    assert_null(traffic_capture_open(stream_of(bytes, 10), "short", text, sizeof(text)));
}

static enum traffic_read read_all(const uint8_t *bytes, size_t length, size_t *count, char *text,
                                  size_t size)
{
    struct traffic_capture *capture =
        traffic_capture_open(stream_of(bytes, length), "c.pcap", text, size);
    struct traffic_batch *batch = traffic_batch_create();
    assert_non_null(capture);
    const enum traffic_read result = traffic_capture_read(capture, batch, text, size);
    *count = batch->count;
    traffic_batch_destroy(batch);
    traffic_capture_close(capture);
    return result;
}

static void swap_words(uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, bytes + 4 * i, 4);
        word = __builtin_bswap32(word);
        memcpy(bytes + 4 * i, &word, 4);
    }
}

/* A file of the other byte order is read by libpcap, a plain one directly: the same comes out. */
static void test_capture_byte_order(void **state)
{
    static const uint8_t version[4] = {0, 2, 0, 4};
    uint8_t bytes[2][1024];
    struct traffic_batch *batches[2];
    struct traffic_capture *captures[2];
    const size_t length = make_capture(bytes[0], &good_header, 3);

    memcpy(bytes[1], bytes[0], length);
    swap_words(bytes[1], sizeof(struct pcap_header) / 4);
    memcpy(bytes[1] + 4, version, sizeof(version));
    for (size_t at = sizeof(struct pcap_header); at < length; at += sizeof(struct pcap_record) + 55)
        swap_words(bytes[1] + at, sizeof(struct pcap_record) / 4);
    for (size_t i = 0; i < 2; i++) {
        char text[256];
        captures[i] =
            traffic_capture_open(stream_of(bytes[i], length), "d.pcap", text, sizeof(text));
        assert_non_null(captures[i]);
        batches[i] = traffic_batch_create();
        assert_int_equal(traffic_capture_read(captures[i], batches[i], text, sizeof(text)),
                         TRAFFIC_READ_END);
        assert_int_equal(batches[i]->count, 3);
    }
    for (size_t k = 0; k < 3; k++) {
        const struct tcpip_frame *a = &batches[0]->frames[k], *b = &batches[1]->frames[k];
        assert_int_equal(batches[0]->times[k], batches[1]->times[k]);
        assert_int_equal(a->captured, b->captured);
        assert_int_equal(a->length, b->length);
        assert_int_equal(a->number, b->number);
        assert_memory_equal(a->bytes, b->bytes, a->captured);
    }
    for (size_t i = 0; i < 2; i++) {
        traffic_capture_close(captures[i]);
        traffic_batch_destroy(batches[i]);
    }
}

/* Cut anywhere behind the header: whole records count, a part of one is a warning. */
static void test_capture_cut(void **state)
{
    uint8_t bytes[2048];
    char text[256];
    const size_t length = make_capture(bytes, &good_header, 3);
    const size_t one = sizeof(struct pcap_record) + 55;
    for (size_t cut = sizeof(struct pcap_header); cut <= length; cut++) {
        size_t count;
        const size_t whole = (cut - sizeof(struct pcap_header)) / one;
        const bool clean = (cut - sizeof(struct pcap_header)) % one == 0;
        assert_int_equal(read_all(bytes, cut, &count, text, sizeof(text)),
                         clean ? TRAFFIC_READ_END : TRAFFIC_READ_TRUNCATED);
        assert_int_equal(count, whole);
        if (!clean) {
            char says[64];
            snprintf(says, sizeof(says), "c.pcap: packet %zu: ", whole + 1);
            assert_memory_equal(text, says, strlen(says));
        }
    }
}

static void test_capture_absurd_record(void **state)
{
    uint8_t bytes[2048];
    char text[256] = "";
    size_t count;
    const size_t length = make_capture(bytes, &good_header, 3);
    /* captured, of the second record */
    const size_t at = sizeof(struct pcap_header) + sizeof(struct pcap_record) + 55 + 8;
    const uint32_t absurd = 0x7FFFFFFF;

    memcpy(bytes + at, &absurd, sizeof(absurd));
    assert_int_equal(read_all(bytes, length, &count, text, sizeof(text)), TRAFFIC_READ_ERROR);
    assert_int_equal(count, 1);
    assert_memory_equal(text, "c.pcap: packet 2: ", 18);
}

/* ---- side ---- */

/* client 10.0.0.1 = end 0 and server 10.0.0.2 = end 1 in IPv4; the addresses of connection i are
 * edited in. */
static struct tcpip_frame edited(uint8_t *bytes, uint8_t client, uint8_t server, uint16_t port)
{
    const struct packet packet = {.flags = TCPIP_FLAG_SYN, .ports = {port, 0}, .no_checksum = true};
    const size_t length = packet_ethernet(&packet, bytes);
    bytes[14 + 15] = client;
    bytes[14 + 19] = server;
    return packet_frame(bytes, length, 1);
}

static void test_side_auto(void **state)
{
    static const struct {
        const char *name;
        uint8_t ends[4][2]; /* client, server */
        bool last_inbound;  /* the last connection is seen from its server */
    } table[] = {
        {"one client of many servers", {{1, 2}, {1, 3}, {1, 4}, {1, 5}}, false},
        {"one server of many clients", {{2, 9}, {3, 9}, {4, 9}, {5, 9}}, true},
        {"the same two ends", {{1, 2}, {1, 2}, {1, 2}, {1, 2}}, false},
        {"nobody stands out", {{1, 2}, {3, 4}, {5, 6}, {7, 8}}, false},
        {"a server among strangers", {{1, 9}, {2, 9}, {4, 9}, {5, 6}}, false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct traffic_world world;
        uint8_t bytes[4][128];
        struct tcpip_frame frames[4];
        traffic_world_create(&world, &(struct tcpip_config){0}, 1,
                             &(struct traffic_sink_config){0});
        for (size_t k = 0; k < 4; k++)
            frames[k] =
                edited(bytes[k], table[i].ends[k][0], table[i].ends[k][1], (uint16_t)(2000 + k));
        traffic_side_apply(world.tcpip, TRAFFIC_SIDE_AUTO, frames, 4);
        /* The server's flow opens with data in the third segment; the client's would need the
         * server's answer. */
        uint8_t more[128];
        const struct packet ack = {.sequence = 1,
                                   .acknowledged = 1,
                                   .flags = TCPIP_FLAG_ACK,
                                   .ports = {2003, 0},
                                   .no_checksum = true};
        struct tcpip_frame frame = packet_frame(more, packet_ethernet(&ack, more), 1);
        more[14 + 15] = table[i].ends[3][0];
        more[14 + 19] = table[i].ends[3][1];
        tcpip_nic_receive(world.tcpip, frames, 4);
        tcpip_nic_receive(world.tcpip, &frame, 1);
        assert_true(sim_run(world.sim));
        if (traffic_sink_open(world.sink) != table[i].last_inbound)
            fail_msg("%s", table[i].name);
        tcpip_finish(world.tcpip);
        assert_true(sim_run(world.sim));
        traffic_world_destroy(&world);
    }
}

static void test_side_names(void **state)
{
    enum traffic_side side;
    assert_true(traffic_side_parse("server", &side));
    assert_int_equal(side, TRAFFIC_SIDE_SERVER);
    assert_true(traffic_side_parse("auto", &side));
    assert_false(traffic_side_parse("both", &side));
}

/* ---- comparison ---- */

static void test_expected(void **state)
{
    struct expected_pool pool = {0};
    struct expected expected;
    uint8_t bytes[10000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 3 + i / 100);

    /* Within the call: nothing is copied. */
    expected_start(&expected);
    expected_offer(&expected, &pool, bytes, 100);
    expected_deliver(&expected, &pool, bytes, 60);
    expected_deliver(&expected, &pool, bytes + 60, 40);
    expected_settle(&expected, &pool);
    assert_null(pool.all);
    /* Later, in other pieces, over chunks. */
    for (size_t i = 100; i < sizeof(bytes); i += 99) {
        const size_t part = sizeof(bytes) - i < 99 ? sizeof(bytes) - i : 99;
        expected_offer(&expected, &pool, bytes + i, part);
        if (i % 5 == 0)
            expected_settle(&expected, &pool);
    }
    expected_settle(&expected, &pool);
    for (size_t i = 100; i < sizeof(bytes); i += 77)
        expected_deliver(&expected, &pool, bytes + i,
                         sizeof(bytes) - i < 77 ? sizeof(bytes) - i : 77);
    assert_int_equal(expected.offered, sizeof(bytes));
    assert_int_equal(expected.delivered, sizeof(bytes));
    assert_int_equal(expected.different + expected.extra, 0);
    assert_int_equal(expected.first_different, EXPECTED_NO_OFFSET);
    expected_end(&expected, &pool);

    /* Edited, and more than was offered. */
    expected_start(&expected);
    expected_offer(&expected, &pool, (const uint8_t *)"hello", 5);
    expected_settle(&expected, &pool);
    expected_deliver(&expected, &pool, (const uint8_t *)"heLLo!", 6);
    assert_int_equal(expected.different, 2);
    assert_int_equal(expected.extra, 1);
    assert_int_equal(expected.first_different, 2);
    expected_end(&expected, &pool);
    expected_pool_close(&pool);
}

static void test_names(void **state)
{
    char name[TRAFFIC_FILE_NAME], text[TRAFFIC_ADDRESS_TEXT];
    const struct netio_flow_info v4 = {
        .local4 = 0x0A000001, .remote4 = 0xC0A8FF02, .local_port = 1234, .remote_port = 80};
    struct netio_flow_info v6 = {.v6 = true, .local_port = 65535, .remote_port = 443};
    v6.local6[0] = 0xFE, v6.local6[1] = 0x80, v6.local6[15] = 1;
    memset(v6.remote6, 0xAB, 16);

    traffic_file_name(name, &v4, true, 1);
    assert_string_equal(name, "10.0.0.1_1234-192.168.255.2_80");
    traffic_file_name(name, &v4, false, 3);
    assert_string_equal(name, "192.168.255.2_80-10.0.0.1_1234~3");
    traffic_address_text(text, &v4, false);
    assert_string_equal(text, "192.168.255.2:80");
    traffic_file_name(name, &v6, true, 4000000000u);
    assert_string_equal(name,
                        "fe80::1_65535-abab:abab:abab:abab:abab:abab:abab:abab_443~4000000000");
    traffic_address_text(text, &v6, true);
    assert_string_equal(text, "[fe80::1]:65535");
}

/* ---- generated traffic ---- */

static bool hash_frame(void *context, const uint8_t *bytes, uint32_t length, uint64_t time)
{
    uint64_t *hash = context;
    for (uint32_t i = 0; i < length; i++)
        *hash = (*hash ^ bytes[i]) * 0x100000001B3ull;
    *hash ^= time;
    return true;
}

static void test_generator_seed(void **state)
{
    struct traffic_generator_config config = {.seed = 5,
                                              .flows = 3,
                                              .client_bytes = 5000,
                                              .server_bytes = 20000,
                                              .interleave = 2,
                                              .loss_per_million = 50000,
                                              .reorder_per_million = 50000,
                                              .duplicate_per_million = 50000};
    uint64_t first = 1, again = 1, other = 1;
    assert_true(traffic_generate(&config, hash_frame, &first));
    assert_true(traffic_generate(&config, hash_frame, &again));
    config.seed++;
    assert_true(traffic_generate(&config, hash_frame, &other));
    assert_true(first == again);
    assert_true(first != other);
}

struct tally {
    unsigned connections, finished;
    uint64_t delivered[2], gaps, duplicates, out_of_order;
    bool reset;
};

static void tally(void *context, const struct traffic_connection *connection)
{
    struct tally *sum = context;
    sum->connections++;
    sum->finished += connection->streams[0].finished && connection->streams[1].finished;
    for (int i = 0; i < 2; i++) {
        sum->delivered[i] += connection->streams[i].delivered;
        sum->gaps += connection->streams[i].counts.gap_bytes;
        sum->duplicates += connection->streams[i].counts.duplicate_bytes;
        sum->out_of_order += connection->streams[i].counts.out_of_order;
        sum->reset |= connection->streams[i].counts.rst;
    }
}

static void run_generated(const struct traffic_generator_config *config,
                          const struct tcpip_config *tcpip, enum tcpip_side side, struct tally *sum)
{
    struct traffic_world world;
    *sum = (struct tally){0};
    traffic_world_create(&world, tcpip, 3,
                         &(struct traffic_sink_config){.context = sum, .closed = tally});
    tcpip_set_side(world.tcpip, side);
    assert_true(traffic_generate_receive(config, world.sim, world.tcpip, 0));
    tcpip_flush(world.tcpip);
    assert_true(sim_run(world.sim));
    tcpip_finish(world.tcpip);
    assert_true(sim_run_idle(world.sim, world.sim->now + SIM_SECOND));
    traffic_world_check(&world, "generated");
    assert_int_equal(tcpip_totals(world.tcpip)->bad_checksum, 0);
    traffic_world_destroy(&world);
}

static void test_generator_shapes(void **state)
{
    static const struct traffic_generator_config shapes[] = {
        {.seed = 1, .flows = 1, .server_bytes = 1},
        {.seed = 2, .flows = 40, .client_bytes = 700, .server_bytes = 30000, .interleave = 7},
        {.seed = 3,
         .flows = 10,
         .client_bytes = 100000,
         .segment = 100,
         .interleave = 10,
         .v6 = true},
        {.seed = 4, .flows = 2, .client_bytes = 200000, .server_bytes = 200000, .segment = 60000},
        {.seed = 5,
         .flows = 20,
         .client_bytes = 20000,
         .server_bytes = 90000,
         .interleave = 5,
         .loss_per_million = 30000,
         .reorder_per_million = 30000,
         .duplicate_per_million = 30000},
        {.seed = 6,
         .flows = 20,
         .client_bytes = 20000,
         .server_bytes = 90000,
         .interleave = 5,
         .reset = true},
        {.seed = 7, .flows = 3},
    };
    static const struct tcpip_config configs[] = {{0},
                                                  {.batch = 4},
                                                  {.slow_reader = 3},
                                                  {.low_resources = true},
                                                  {.random_shapes = true, .batch = 2}};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        for (size_t k = 0; k < sizeof(configs) / sizeof(configs[0]); k++) {
            for (int side = 0; side < 2; side++) {
                struct tally sum;
                run_generated(&shapes[i], &configs[k],
                              side == 0 ? TCPIP_SIDE_CLIENT : TCPIP_SIDE_SERVER, &sum);
                assert_int_equal(sum.connections, shapes[i].flows);
                assert_int_equal(sum.delivered[TRAFFIC_C2S],
                                 shapes[i].flows * shapes[i].client_bytes);
                assert_int_equal(sum.delivered[TRAFFIC_S2C],
                                 shapes[i].flows * shapes[i].server_bytes);
                assert_int_equal(sum.gaps, 0);
                assert_int_equal(sum.reset, shapes[i].reset);
                assert_int_equal(sum.finished, shapes[i].reset ? 0 : shapes[i].flows);
                assert_int_equal(sum.duplicates != 0, shapes[i].duplicate_per_million != 0);
                assert_int_equal(sum.out_of_order != 0, shapes[i].loss_per_million != 0);
            }
        }
    }
}

static void test_generator_gaps(void **state)
{
    const struct traffic_generator_config config = {
        .seed = 8, .flows = 30, .server_bytes = 100000, .interleave = 3, .gap_per_million = 20000};
    struct tally sum;

    run_generated(&config, &(struct tcpip_config){0}, TCPIP_SIDE_CLIENT, &sum);
    assert_true(sum.gaps != 0);
    assert_int_equal(sum.delivered[TRAFFIC_S2C] + sum.gaps, 30 * 100000);
}

/* The same traffic through a file. */
static void test_generator_file(void **state)
{
    const struct traffic_generator_config config = {.seed = 9,
                                                    .flows = 25,
                                                    .client_bytes = 3000,
                                                    .server_bytes = 40000,
                                                    .interleave = 4,
                                                    .loss_per_million = 20000};
    FILE *file = tmpfile();
    char text[256] = "";
    struct tally sum = {0};
    struct traffic_world world;

    assert_true(traffic_generate_file(&config, file, text, sizeof(text)));
    rewind(file);
    struct traffic_capture *capture = traffic_capture_open(file, "generated", text, sizeof(text));
    assert_non_null(capture);
    traffic_world_create(&world, &(struct tcpip_config){0}, 3,
                         &(struct traffic_sink_config){.context = &sum, .closed = tally});
    assert_int_equal(traffic_replay_run(&(struct traffic_replay){.sim = world.sim,
                                                                 .tcpip = world.tcpip,
                                                                 .captures = &capture,
                                                                 .count = 1},
                                        text, sizeof(text)),
                     TRAFFIC_REPLAY_OK);
    traffic_world_check(&world, "generated file");
    assert_int_equal(sum.connections, 25);
    assert_int_equal(sum.delivered[TRAFFIC_S2C], 25 * 40000);
    traffic_world_destroy(&world);
    traffic_capture_close(capture);
}

static void test_generator_write_error(void **state)
{
    char text[256] = "";
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_false(traffic_generate_file(
        &(struct traffic_generator_config){.seed = 1, .flows = 10, .server_bytes = 100000}, full,
        text, sizeof(text)));
    assert_non_null(strstr(text, "No space left"));
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capture_reads),
        cmocka_unit_test(test_capture_byte_order),
        cmocka_unit_test(test_capture_bad_files),
        cmocka_unit_test(test_capture_cut),
        cmocka_unit_test(test_capture_absurd_record),
        cmocka_unit_test(test_side_auto),
        cmocka_unit_test(test_side_names),
        cmocka_unit_test(test_expected),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_generator_seed),
        cmocka_unit_test(test_generator_shapes),
        cmocka_unit_test(test_generator_gaps),
        cmocka_unit_test(test_generator_file),
        cmocka_unit_test(test_generator_write_error),
    };
    return cmocka_run_group_tests_name("traffic", tests, NULL, NULL);
}
