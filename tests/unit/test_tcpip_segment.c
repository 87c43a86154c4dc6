/* SPDX-License-Identifier: MIT */
/* Frames of every link type and IP shape, whole, cut and absurd: what segment is found in them. */

#include "test_tcpip_packet.h"

#include "tcpip/fragment.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct packet hello = {.sequence = 1001,
                                    .acknowledged = 5001,
                                    .flags = TCPIP_FLAG_ACK | TCPIP_FLAG_PSH,
                                    .payload = "hello",
                                    .length = 5};

static void expect_hello(const uint8_t *bytes, size_t length, int link, bool v6)
{
    struct tcpip_segment segment;
    const struct tcpip_frame frame = packet_frame(bytes, length, link);

    assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_SEGMENT);
    assert_int_equal(segment.v6, v6);
    assert_int_equal(segment.source.port, 40000);
    assert_int_equal(segment.destination.port, 80);
    assert_int_equal(segment.source.address[0], v6 ? 0xFD : 10);
    assert_int_equal(segment.source.address[v6 ? 15 : 3], 1);
    assert_int_equal(segment.destination.address[v6 ? 15 : 3], 2);
    assert_int_equal(segment.sequence, 1001);
    assert_int_equal(segment.acknowledged, 5001);
    assert_int_equal(segment.flags, TCPIP_FLAG_ACK | TCPIP_FLAG_PSH);
    assert_int_equal(segment.length, 5);
    assert_int_equal(segment.captured, 5);
    assert_memory_equal(segment.payload, "hello", 5);
    assert_false(segment.bad_checksum);
}

static void test_links(void **state)
{
    static const struct {
        int link;
        size_t header;
        uint8_t bytes[24];
        bool v6;
    } table[] = {
        {DLT_EN10MB, 14, {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0x08, 0x00}, false},
        {DLT_EN10MB, 14, {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0x86, 0xDD}, true},
        {DLT_EN10MB, 18, {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0x81, 0, 0, 77, 0x08, 0}, false},
        {DLT_EN10MB,
         22,
         {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0x88, 0xA8, 0, 100, 0x81, 0, 0, 200, 0x86, 0xDD},
         true},
        {DLT_EN10MB,
         22,
         {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0x91, 0, 0, 1, 0x81, 0, 0, 2, 0x08, 0},
         false},
        {DLT_LINUX_SLL, 16, {0, 4, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 0x08, 0}, false},
        {DLT_LINUX_SLL, 16, {0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 0x86, 0xDD}, true},
        {DLT_LINUX_SLL2,
         20,
         {0x08, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0},
         false},
        {DLT_LINUX_SLL2,
         20,
         {0x86, 0xDD, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0},
         true},
        {DLT_RAW, 0, {0}, false},
        {DLT_RAW, 0, {0}, true},
        {DLT_IPV4, 0, {0}, false},
        {DLT_IPV6, 0, {0}, true},
        {DLT_NULL, 4, {2, 0, 0, 0}, false},
        {DLT_NULL, 4, {0, 0, 0, 2}, false},
        {DLT_NULL, 4, {30, 0, 0, 0}, true},
        {DLT_NULL, 4, {0, 0, 0, 24}, true},
        {DLT_LOOP, 4, {0, 0, 0, 2}, false},
        {DLT_LOOP, 4, {0, 0, 0, 28}, true},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint8_t bytes[256];
        struct packet packet = hello;
        packet.v6 = table[i].v6;
        memcpy(bytes, table[i].bytes, table[i].header);
        const size_t length = table[i].header + packet_ip(&packet, bytes + table[i].header);
        assert_true(tcpip_link_known(table[i].link));
        expect_hello(bytes, length, table[i].link, table[i].v6);
        /* Cut anywhere in the headers, it is malformed, and nothing beyond the end is read. */
        for (size_t cut = 0; cut < length - 5; cut++) {
            uint8_t *exact = malloc(cut == 0 ? 1 : cut);
            struct tcpip_segment segment;
            memcpy(exact, bytes, cut);
            struct tcpip_frame frame = packet_frame(exact, cut, table[i].link);
            frame.length = (uint32_t)length;
            assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_MALFORMED);
            free(exact);
        }
    }
    assert_false(tcpip_link_known(DLT_IEEE802_11));
}

static void test_other_protocols(void **state)
{
    uint8_t bytes[128];
    struct tcpip_segment segment;
    const size_t length = packet_ethernet(&hello, bytes);
    struct tcpip_frame frame = packet_frame(bytes, length, DLT_EN10MB);

    bytes[14 + 9] = 17;
    assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_NOT_TCP);
    bytes[12] = 0x08, bytes[13] = 0x06;
    assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_NOT_IP);
    bytes[12] = 0, bytes[13] = 60; /* a length: LLC */
    assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_NOT_IP);
    for (size_t i = 12; i + 4 <= 60; i += 4) /* tags without end */
        memcpy(bytes + i, "\x81\0\0\1", 4);
    assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_NOT_IP);
}

static void test_padding_and_trailer(void **state)
{
    uint8_t bytes[128] = {0};
    packet_ethernet(&hello, bytes);
    expect_hello(bytes, 80, DLT_EN10MB, false);
}

static void test_ipv4_options(void **state)
{
    uint8_t plain[128], bytes[128];
    const size_t length = packet_ip(&hello, plain);

    memcpy(bytes, plain, 20);
    memset(bytes + 20, 1, 40);
    memcpy(bytes + 60, plain + 20, length - 20);
    bytes[0] = 0x4F;
    bytes[3] = (uint8_t)(length + 40);
    expect_hello(bytes, length + 40, DLT_RAW, false);
}

static void test_total_length_zero(void **state)
{
    uint8_t bytes[128];
    const size_t length = packet_ip(&hello, bytes);

    bytes[2] = bytes[3] = 0;
    expect_hello(bytes, length, DLT_RAW, false);
}

static void test_ipv6_extensions(void **state)
{
    static const uint8_t extensions[] = {
        60, 0, 1, 4, 0, 0, 0, 0,                         /* hop-by-hop, then destination options */
        43, 1, 1, 4, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0, 0, 0, /* 16 bytes, then routing */
        51, 0, 0, 0, 0, 0, 0, 0,                         /* then authentication */
        44, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2,             /* 12 bytes, then an atomic fragment */
        6,  0, 0, 0, 0, 0, 0, 9,
    };
    uint8_t plain[128], bytes[256];
    struct packet packet = hello;
    packet.v6 = true;
    const size_t length = packet_ip(&packet, plain);

    memcpy(bytes, plain, 40);
    memcpy(bytes + 40, extensions, sizeof(extensions));
    memcpy(bytes + 40 + sizeof(extensions), plain + 40, length - 40);
    bytes[6] = 0;
    bytes[5] = (uint8_t)(length - 40 + sizeof(extensions));
    expect_hello(bytes, length + sizeof(extensions), DLT_RAW, true);

    struct tcpip_segment segment;
    const struct tcpip_frame frame = packet_frame(bytes, length + sizeof(extensions), DLT_RAW);
    bytes[41] = 200; /* an extension longer than the packet */
    assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_MALFORMED);
    bytes[41] = 0;
    bytes[40] = 59; /* no next header */
    assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_NOT_TCP);
}

static void test_snap_length(void **state)
{
    uint8_t bytes[128];
    struct tcpip_segment segment;
    const size_t length = packet_ip(&hello, bytes);
    struct tcpip_frame frame = packet_frame(bytes, length, DLT_RAW);

    frame.captured = (uint32_t)length - 3;
    assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_SEGMENT);
    assert_int_equal(segment.captured, 2);
    assert_int_equal(segment.length, 5);
    assert_false(segment.bad_checksum);
}

static void test_checksums(void **state)
{
    uint8_t bytes[2048], payload[1461];
    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 31);
    for (int v6 = 0; v6 < 2; v6++) {
        for (size_t length = 1; length <= sizeof(payload); length += length < 140 ? 1 : 33) {
            /* Full of carries, half of the time. */
            memset(payload, length % 2 ? 0xFF : 0xA5, length / 2);
            struct packet packet = hello;
            struct tcpip_segment segment;
            packet.v6 = v6 != 0;
            packet.payload = payload;
            packet.length = length;
            const size_t total = packet_ip(&packet, bytes);
            const struct tcpip_frame frame = packet_frame(bytes, total, DLT_RAW);
            assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_SEGMENT);
            assert_false(segment.bad_checksum);
            bytes[total - 1] ^= 1;
            tcpip_segment_parse(&frame, NULL, 0, &segment);
            assert_true(segment.bad_checksum);
            packet.no_checksum = true;
            packet_ip(&packet, bytes);
            tcpip_segment_parse(&frame, NULL, 0, &segment);
            assert_false(segment.bad_checksum);
        }
    }
}

static void test_window_scale(void **state)
{
    uint8_t bytes[128];
    struct tcpip_segment segment;
    struct packet packet = {.flags = TCPIP_FLAG_SYN, .scale = 1 + 7};
    size_t length = packet_ip(&packet, bytes);
    struct tcpip_frame frame = packet_frame(bytes, length, DLT_RAW);

    tcpip_segment_parse(&frame, NULL, 0, &segment);
    assert_int_equal(segment.scale, 7);
    bytes[42] = 0; /* an option of length 0: no endless loop */
    bytes[41] = 8;
    tcpip_segment_parse(&frame, NULL, 0, &segment);
    assert_int_equal(segment.scale, -1);
    packet.scale = 0;
    length = packet_ip(&packet, bytes);
    frame = packet_frame(bytes, length, DLT_RAW);
    tcpip_segment_parse(&frame, NULL, 0, &segment);
    assert_int_equal(segment.scale, -1);
}

static void test_absurd_headers(void **state)
{
    uint8_t bytes[128];
    struct tcpip_segment segment;
    const size_t length = packet_ip(&hello, bytes);
    const struct tcpip_frame frame = packet_frame(bytes, length, DLT_RAW);
    static const struct {
        size_t at;
        uint8_t value;
    } table[] = {
        {0, 0x44},  /* IP header of 16 bytes */
        {0, 0x4F},  /* IP header longer than the packet's total length allows for TCP */
        {0, 0x55},  /* IP version 5 */
        {3, 10},    /* total length shorter than the header */
        {32, 0x40}, /* TCP header of 16 bytes */
        {32, 0xF0}, /* TCP header beyond the end */
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const uint8_t was = bytes[table[i].at];
        bytes[table[i].at] = table[i].value;
        assert_int_equal(tcpip_segment_parse(&frame, NULL, 0, &segment), TCPIP_PARSE_MALFORMED);
        bytes[table[i].at] = was;
    }
}

/* ---- fragments ---- */

/* Pieces of a datagram of 40 bytes 'a'..: offset, length, more; then what came of the last. */
struct piece_script {
    const char *name;
    struct {
        uint32_t offset, length;
        bool more;
        uint8_t shift; /* added to the contents */
    } pieces[6];
    size_t count;
    bool whole; /* after the last piece */
};

static void test_fragment_table(void **state)
{
    static const struct piece_script table[] = {
        {"in order", {{0, 16, true, 0}, {16, 16, true, 0}, {32, 8, false, 0}}, 3, true},
        {"last first", {{32, 8, false, 0}, {16, 16, true, 0}, {0, 16, true, 0}}, 3, true},
        {"hole", {{0, 16, true, 0}, {32, 8, false, 0}}, 2, false},
        {"the same piece twice", {{0, 16, true, 0}, {0, 16, true, 0}, {16, 24, false, 0}}, 3, true},
        {"the last piece twice",
         {{24, 16, false, 0}, {24, 16, false, 0}, {0, 24, true, 0}},
         3,
         true},
        {"overlap at the end", {{0, 24, true, 0}, {16, 24, false, 1}}, 2, false},
        {"overlap poisons what follows",
         {{0, 24, true, 0}, {16, 8, true, 1}, {24, 16, false, 0}},
         3,
         false},
        {"inside another", {{0, 40, true, 0}, {8, 8, true, 1}, {40, 8, false, 0}}, 3, false},
        {"beyond the last", {{16, 16, false, 0}, {32, 8, true, 0}, {0, 16, true, 0}}, 3, false},
        {"the end before what was there",
         {{24, 16, true, 0}, {8, 8, false, 0}, {0, 8, true, 0}, {16, 8, true, 0}},
         4,
         false},
        {"not a multiple of eight", {{0, 12, true, 0}, {16, 8, false, 0}}, 2, false},
        {"beyond 64 KiB", {{65528, 16, false, 0}}, 1, false},
    };
    static const uint8_t source[16] = {10, 0, 0, 1}, destination[16] = {10, 0, 0, 2};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct tcpip_fragments *fragments = tcpip_fragments_create();
        const uint8_t *whole = NULL;
        size_t length = 0;
        for (size_t k = 0; k < table[i].count; k++) {
            uint8_t bytes[64];
            for (size_t b = 0; b < sizeof(bytes); b++)
                bytes[b] =
                    (uint8_t)('a' + table[i].pieces[k].offset + b + table[i].pieces[k].shift);
            assert_null(whole);
            whole =
                tcpip_fragments_add(fragments,
                                    &(struct tcpip_fragment){.more = table[i].pieces[k].more,
                                                             .id = 7,
                                                             .offset = table[i].pieces[k].offset,
                                                             .source = source,
                                                             .destination = destination,
                                                             .bytes = bytes,
                                                             .length = table[i].pieces[k].length},
                                    0, &length);
        }
        if ((whole != NULL) != table[i].whole)
            fail_msg("%s", table[i].name);
        for (size_t b = 0; whole != NULL && b < length; b++)
            assert_int_equal(whole[b], (uint8_t)('a' + b));
        tcpip_fragments_destroy(fragments);
    }
}

static void test_fragment_store_is_bounded(void **state)
{
    static const uint8_t source[16] = {10, 0, 0, 1}, destination[16] = {10, 0, 0, 2};
    const uint8_t bytes[8] = {0};
    struct tcpip_fragments *fragments = tcpip_fragments_create();
    struct tcpip_fragment piece = {
        .more = true, .source = source, .destination = destination, .bytes = bytes, .length = 8};
    size_t length;

    /* One more than there is room for: the oldest is gone, the second is there still. */
    for (uint32_t id = 0; id <= TCPIP_FRAGMENT_DATAGRAMS; id++) {
        piece.id = id;
        assert_null(tcpip_fragments_add(fragments, &piece, id, &length));
    }
    piece.offset = 8;
    piece.more = false;
    piece.id = 1;
    assert_non_null(tcpip_fragments_add(fragments, &piece, 100, &length));
    piece.id = 0;
    assert_null(tcpip_fragments_add(fragments, &piece, 100, &length));
    /* Too late. */
    piece.id = 2;
    assert_null(tcpip_fragments_add(fragments, &piece, TCPIP_FRAGMENT_TIMEOUT + 100, &length));
    tcpip_fragments_destroy(fragments);
}

static void test_fragmented_segment(void **state)
{
    uint8_t payload[100], plain[256], bytes[256];
    struct tcpip_segment segment;
    struct tcpip_fragments *fragments = tcpip_fragments_create();

    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)i;
    for (int v6 = 0; v6 < 2; v6++) {
        struct packet packet = hello;
        packet.v6 = v6 != 0;
        packet.payload = payload;
        packet.length = sizeof(payload);
        const size_t header = v6 ? 40 : 20;
        const size_t total = packet_ip(&packet, plain) - header;
        for (size_t at = 0; at < total; at += 40) {
            const size_t part = total - at < 40 ? total - at : 40;
            const bool more = at + part < total;
            size_t length = header;
            memcpy(bytes, plain, header);
            if (v6) {
                memcpy(bytes + header, (const uint8_t[8]){6, 0, 0, 0, 0, 0, 0, 5}, 8);
                bytes[header + 3] = (uint8_t)(at | more);
                bytes[6] = 44;
                bytes[5] = (uint8_t)(part + 8);
                length += 8;
            } else {
                bytes[5] = 5;
                bytes[6] = more ? 0x20 : 0;
                bytes[7] = (uint8_t)(at / 8);
                bytes[3] = (uint8_t)(header + part);
            }
            memcpy(bytes + length, plain + header + at, part);
            const struct tcpip_frame frame = packet_frame(bytes, length + part, DLT_RAW);
            assert_int_equal(tcpip_segment_parse(&frame, fragments, 0, &segment),
                             more ? TCPIP_PARSE_FRAGMENT : TCPIP_PARSE_SEGMENT);
        }
        assert_true(segment.reassembled);
        assert_int_equal(segment.length, sizeof(payload));
        assert_memory_equal(segment.payload, payload, sizeof(payload));
        assert_false(segment.bad_checksum);
    }
    tcpip_fragments_destroy(fragments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_other_protocols),
        cmocka_unit_test(test_padding_and_trailer),
        cmocka_unit_test(test_ipv4_options),
        cmocka_unit_test(test_total_length_zero),
        cmocka_unit_test(test_ipv6_extensions),
        cmocka_unit_test(test_snap_length),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_window_scale),
        cmocka_unit_test(test_absurd_headers),
        cmocka_unit_test(test_fragment_table),
        cmocka_unit_test(test_fragment_store_is_bounded),
        cmocka_unit_test(test_fragmented_segment),
    };
    return cmocka_run_group_tests_name("tcpip: segments", tests, NULL, NULL);
}
