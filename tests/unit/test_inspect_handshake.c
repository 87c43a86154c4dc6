/* SPDX-License-Identifier: MIT */
/* TLS handshakes through the parser alone: which messages, buffers and changes come where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_inspect_steps.h"
#include "test_inspect_streams.h"

static struct steps steps;

/* A growing byte string. */
struct bytes {
    size_t length;
    uint8_t at[8192];
};

static struct bytes stream;

static void put(struct bytes *b, const void *data, size_t length)
{
    assert_in_range(b->length + length, 0, sizeof(b->at));
    memcpy(b->at + b->length, data, length);
    b->length += length;
}

static void put_number(struct bytes *b, uint32_t value, unsigned bytes)
{
    while (bytes-- > 0) {
        uint8_t byte = (uint8_t)(value >> (8 * bytes));
        put(b, &byte, 1);
    }
}

static void put_record(struct bytes *b, unsigned type, const void *data, size_t length)
{
    put_number(b, type, 1);
    put_number(b, 0x0303, 2);
    put_number(b, (uint32_t)length, 2);
    put(b, data, length);
}

/* Handshake messages in records of at most `record` bytes. */
static void put_messages(struct bytes *b, const struct bytes *messages, size_t record)
{
    for (size_t at = 0; at < messages->length; at += record) {
        size_t piece = messages->length - at < record ? messages->length - at : record;
        put_record(b, 22, messages->at + at, piece);
    }
}

static void put_message(struct bytes *b, unsigned type, const void *data, size_t length)
{
    put_number(b, type, 1);
    put_number(b, (uint32_t)length, 3);
    put(b, data, length);
}

static const uint8_t retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* `selected`: in supported_versions; 0: TLS 1.2. */
static void put_server_hello(struct bytes *b, const uint8_t *random, unsigned selected)
{
    static const uint8_t plain[32] = {1, 2, 3};
    struct bytes body = {0};
    put_number(&body, 0x0303, 2);
    put(&body, random != NULL ? random : plain, 32);
    put_number(&body, 0, 1);
    put_number(&body, 0x1302, 2);
    put_number(&body, 0, 1);
    if (selected != 0) {
        put_number(&body, 6, 2);
        put_number(&body, 43, 2);
        put_number(&body, 2, 2);
        put_number(&body, selected, 2);
    }
    put_message(b, 2, body.at, body.length);
}

static void put_client_hello(struct bytes *b)
{
    struct bytes body = {0};
    put_number(&body, 0x0303, 2);
    put(&body, retry_random, 32);
    put_number(&body, 0, 1);
    put_number(&body, 2, 2);
    put_number(&body, 0x1301, 2);
    put_number(&body, 0x0100, 2);
    put_message(b, 1, body.at, body.length);
}

/* With each of the two ways to keep the state. */
static void check(unsigned from_server, const void *data, size_t length, const char *expected)
{
    static struct steps given_up;
    steps_every_cut(&steps_tls, from_server, data, length, &steps);
    steps_expect(&steps, expected);
    steps_every_cut(&steps_tls_given_up, from_server, data, length, &given_up);
    assert_string_equal(given_up.text, steps.text);
    assert_memory_equal(given_up.heads, steps.heads, sizeof(steps.heads));
}

static void check_stream(unsigned from_server, const char *expected)
{
    check(from_server, stream.at, stream.length, expected);
}

#define NAME_STEPS(at)                                                                             \
    at " NAME\n" at " OPEN sni\n" at " CLOSE sni www.sluice.example\n" at " OPEN dotted\n" at      \
       " CLOSE dotted .www.sluice.example\n"

#define HASH_STEPS(at, hash) at " OPEN ja3\n" at " CLOSE ja3 " hash "\n"

/* Fingerprints as tshark 4.0 gives them for these captures. */
static void real_clients(void **state)
{
    (void)state;
    check(0, stream_tls12_client, sizeof(stream_tls12_client),
          "9 KNOWN\n" NAME_STEPS("133") HASH_STEPS(
              "229", "87b9bfc7da97115ed2276737b09f8d74") "229 HEAD\n229 DONE\n235 OPAQUE\n");
    assert_int_equal(steps.heads[0].message, INSPECT_MESSAGE_CLIENT_HELLO);
    assert_int_equal(steps.heads[0].anomalies, 0);
    check(0, stream_tls13_client, sizeof(stream_tls13_client),
          "9 KNOWN\n" NAME_STEPS("117")
              HASH_STEPS("517", "89dfc51e72bdcb94e4ba4622588002b1") "517 HEAD\n517 DONE\n"
                                                                    "523 DONE\n523 OPAQUE\n");
    assert_int_equal(steps.heads[0].body.tls.version, 0x0304);
}

static void real_servers(void **state)
{
    (void)state;
    check(1, stream_tls13_server, sizeof(stream_tls13_server), "9 KNOWN\n127 HEAD\n127 OPAQUE\n");
    assert_string_equal(steps.heads[0].body.tls.ja3, "771,4866,43-51");
    assert_string_equal(steps.heads[0].body.tls.ja3_hash, "15af977ce25de452b96affa2addb1036");
    assert_string_equal(steps.heads[0].body.tls.ja4, "");
    steps_every_cut(&steps_tls, 1, stream_tls12_server, sizeof(stream_tls12_server), &steps);
    assert_string_equal(steps.heads[0].body.tls.ja3, "771,49200,65281-0-11-16-23");
    assert_string_equal(steps.heads[0].body.tls.ja3_hash, "263c859c5391203d774bc0599793d915");
    const struct inspect_event *told = &steps.heads[1];
    assert_int_equal(steps.heads_count, 2);
    assert_int_equal(told->message, INSPECT_MESSAGE_CERTIFICATE);
    assert_int_equal(told->anomalies, 0);
    /* as openssl x509 shows it */
    assert_string_equal(told->body.certificate.subject, "CN=www.sluice.example");
    assert_string_equal(told->body.certificate.issuer, "CN=www.sluice.example");
    assert_string_equal(told->body.certificate.serial,
                        "6A:B7:6D:E7:86:B7:B9:2C:42:0D:89:11:6E:0C:AC:E4:7D:84:42:E6");
    assert_string_equal(told->body.certificate.fingerprint,
                        "3a:c9:4c:08:a7:66:ac:71:95:da:ce:c2:e6:95:2c:ce:9d:88:95:0b");
    assert_int_equal(told->body.certificate.not_before, 1795347557);
    assert_int_equal(told->body.certificate.not_after, 2110707557);
    const char *certificate = strstr(steps.text, "132 OPEN certs\n962 CLOSE certs 0\\82\\03:");
    assert_non_null(certificate);
    const char *end = strstr(certificate, "\n962 HEAD\n962 DONE\n1267 DONE\n1276 OPAQUE\n");
    assert_non_null(end);
}

/* A chain of certificates: each a buffer of its own, the first one told; at every record size. */
static void chains(void **state)
{
    struct bytes body = {0};
    struct bytes messages = {0};
    (void)state;
    put_number(&body, 3 + 5 + 3 + 2, 3);
    put_number(&body, 5, 3);
    put(&body, "first", 5);
    put_number(&body, 2, 3);
    put(&body, "2n", 2);
    put_server_hello(&messages, NULL, 0);
    put_message(&messages, 11, body.at, body.length);
    put_message(&messages, 22, "status", 6);
    put_message(&messages, 14, "", 0);
    for (size_t record = 1; record <= messages.length; record++) {
        stream.length = 0;
        put_messages(&stream, &messages, record);
        put_record(&stream, 22, "\x04", 1);
        steps_every_cut(&steps_tls, 1, stream.at, stream.length, &steps);
        assert_int_equal(steps.kind, INSPECT_STEP_OPAQUE);
        assert_int_equal(steps.heads_count, 2);
        assert_int_equal(steps.heads[0].anomalies, 0);
        assert_int_equal(steps.heads[1].anomalies, INSPECT_ANOMALY_CERTIFICATE);
        assert_string_equal(steps.heads[1].body.certificate.fingerprint,
                            /* sha1sum of "first" */
                            "e0:99:6a:37:c1:3d:44:c3:b0:60:74:93:9d:43:fa:37:59:bd:32:c1");
        const char *first = strstr(steps.text, " CLOSE certs first\n");
        assert_non_null(first);
        assert_non_null(strstr(first, " CLOSE certs 2n\n"));
        assert_int_equal(steps.consumed, stream.length - 6);
    }
}

static void broken_chains(void **state)
{
    static const struct {
        const char *body;
        size_t length;
    } cases[] = {
        {"", 0},
        {"\0\0", 2},
        {"\0\0\1\0", 4},       /* half a length */
        {"\0\0\5\0\0\4ab", 8}, /* a certificate beyond the list */
        {"\0\0\3\0\0\0", 6},   /* an empty one */
        {"\0\0\4\0\0\1ab", 8}, /* bytes behind the list */
        {"\0\0\x9\0\0\1a", 7}, /* a list beyond the message */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes messages = {0};
        put_server_hello(&messages, NULL, 0);
        put_message(&messages, 11, cases[i].body, cases[i].length);
        put_message(&messages, 14, "", 0);
        stream.length = 0;
        put_messages(&stream, &messages, 16384);
        steps_every_cut(&steps_tls, 1, stream.at, stream.length, &steps);
        assert_int_equal(steps.kind, INSPECT_STEP_OPAQUE);
        assert_int_equal(steps.heads_count, 2);
        assert_true((steps.heads[1].anomalies & INSPECT_ANOMALY_TLS_MALFORMED) != 0);
    }
    /* none at all is lawful as far as lengths go */
    struct bytes messages = {0};
    put_server_hello(&messages, NULL, 0);
    put_message(&messages, 11, "\0\0\0", 3);
    stream.length = 0;
    put_messages(&stream, &messages, 16384);
    check_stream(1, "9 KNOWN\n47 HEAD\n47 DONE\n54 HEAD\n54 DONE\n");
    assert_int_equal(steps.heads[1].anomalies, 0);
    /* too long to be held: its length says it */
    messages.length = 0;
    put_server_hello(&messages, NULL, 0);
    put_number(&messages, 0x0b010001, 4);
    stream.length = 0;
    put_messages(&stream, &messages, 16384);
    check_stream(1, "9 KNOWN\n47 HEAD\n47 DONE\n51 BROKEN\n");
    assert_int_equal(steps.heads[1].anomalies, INSPECT_ANOMALY_OVERLONG);
    assert_int_equal(steps.heads[1].message, INSPECT_MESSAGE_CERTIFICATE);
    /* a hello: what it is, is known all the same */
    check(0, "\x16\x03\x01\x02\x00\x01\x01\x00\x01", 9, "9 KNOWN\n9 BROKEN\n");
    assert_int_equal(steps.heads[0].anomalies, INSPECT_ANOMALY_OVERLONG);
}

/* HelloRetryRequest (the hash is md5sum of "771,4865,,,"), with and without the ChangeCipherSpec of
 * middlebox compatibility. */
static void retries(void **state)
{
    struct bytes hello = {0};
    struct bytes retry = {0};
    struct bytes last = {0};
    (void)state;
    put_client_hello(&hello);
    put_server_hello(&retry, retry_random, 0x0304);
    put_server_hello(&last, NULL, 0x0304);
    for (unsigned change = 0; change < 2; change++) {
        stream.length = 0;
        put_messages(&stream, &hello, 16384);
        if (change != 0) {
            put_record(&stream, 20, "\1", 1);
        }
        put_messages(&stream, &hello, 16384);
        put_record(&stream, 23, "x", 1);
        check_stream(0, change != 0 ? "9 KNOWN\n50 OPEN ja3\n50 CLOSE ja3 "
                                      "ea1e247991e541e39bf918cb7cfa5139\n50 HEAD\n50 DONE\n"
                                      "56 DONE\n"
                                      "106 OPEN ja3\n106 CLOSE ja3 "
                                      "ea1e247991e541e39bf918cb7cfa5139\n106 HEAD\n106 DONE\n"
                                      "106 OPAQUE\n"
                                    : "9 KNOWN\n50 OPEN ja3\n50 CLOSE ja3 "
                                      "ea1e247991e541e39bf918cb7cfa5139\n50 HEAD\n50 DONE\n"
                                      "100 OPEN ja3\n100 CLOSE ja3 "
                                      "ea1e247991e541e39bf918cb7cfa5139\n100 HEAD\n100 DONE\n"
                                      "100 OPAQUE\n");
        assert_int_equal(steps.heads_count, 2);
        stream.length = 0;
        put_messages(&stream, &retry, 16384);
        if (change != 0) {
            put_record(&stream, 20, "\1", 1);
        }
        put_messages(&stream, &last, 16384);
        put_record(&stream, 20, "\1", 1);
        check_stream(1, change != 0 ? "9 KNOWN\n55 HEAD\n55 DONE\n61 DONE\n116 HEAD\n116 OPAQUE\n"
                                    : "9 KNOWN\n55 HEAD\n55 DONE\n110 HEAD\n110 OPAQUE\n");
    }
    /* A random that is nearly the one. */
    uint8_t random[32];
    memcpy(random, retry_random, 32);
    random[31] ^= 1;
    struct bytes near = {0};
    put_server_hello(&near, random, 0x0304);
    stream.length = 0;
    put_messages(&stream, &near, 16384);
    check_stream(1, "9 KNOWN\n55 HEAD\n55 OPAQUE\n");
}

/* A ServerHello of TLS 1.3 ends its record, as the keys change behind it. */
static void shared_record(void **state)
{
    struct bytes messages = {0};
    (void)state;
    put_server_hello(&messages, NULL, 0x0304);
    put_message(&messages, 11, "\0\0\0", 3);
    stream.length = 0;
    put_messages(&stream, &messages, 16384);
    check_stream(1, "9 KNOWN\n55 HEAD\n55 OPAQUE\n");
    assert_int_equal(steps.heads[0].anomalies, INSPECT_ANOMALY_TLS_RECORD);
}

static void alerts(void **state)
{
    struct bytes hello = {0};
    struct bytes server = {0};
    (void)state;
    put_client_hello(&hello);
    put_server_hello(&server, NULL, 0);
    /* a warning in front of the ServerHello, a failure behind it */
    stream.length = 0;
    put_record(&stream, 21, "\1\x70", 2);
    put_messages(&stream, &server, 16384);
    put_record(&stream, 21, "\2\x28", 2);
    check_stream(1, "5 KNOWN\n7 HEAD\n7 DONE\n54 HEAD\n54 DONE\n61 HEAD\n61 DONE\n");
    assert_int_equal(steps.heads[0].message, INSPECT_MESSAGE_TLS_ALERT);
    assert_int_equal(steps.heads[2].message, INSPECT_MESSAGE_TLS_ALERT);
    /* a client's, in the clear, and one that is encrypted */
    stream.length = 0;
    put_messages(&stream, &hello, 16384);
    put_record(&stream, 21, "\2\x2a", 2);
    put_record(&stream, 21, "0123456789", 10);
    steps_every_cut(&steps_tls, 0, stream.at, stream.length, &steps);
    assert_int_equal(steps.heads_count, 2);
    assert_int_equal(steps.heads[1].message, INSPECT_MESSAGE_TLS_ALERT);
    assert_int_equal(steps.kind, INSPECT_STEP_OPAQUE);
    assert_int_equal(steps.consumed, 50 + 7 + 5);
}

/* A session that is resumed: no certificate, the ChangeCipherSpec comes at once. */
static void resumption(void **state)
{
    struct bytes messages = {0};
    (void)state;
    put_server_hello(&messages, NULL, 0);
    put_message(&messages, 4, "ticket", 6);
    stream.length = 0;
    put_messages(&stream, &messages, 16384);
    put_record(&stream, 20, "\1", 1);
    put_record(&stream, 22, "encrypted", 9);
    check_stream(1, "9 KNOWN\n47 HEAD\n47 DONE\n57 DONE\n57 OPAQUE\n");
}

/* Behind a hello: what breaks the framing, and what only ends the reading. */
static void behind_hello(void **state)
{
    static const struct {
        const char *bytes;
        size_t length, consumed;
        uint8_t kind;
    } cases[] = {
        {"\x16\x04", 2, 2, INSPECT_STEP_BROKEN},
        {"\x16\x03\x03\x50\x00", 5, 5, INSPECT_STEP_BROKEN},
        {"\x17\x03\x03\x00\x10", 5, 0, INSPECT_STEP_OPAQUE},
        {"GET / HTTP/1.1\r\n", 16, 0, INSPECT_STEP_OPAQUE},
        {"\x14\x03\x03\x00\x02", 5, 5, INSPECT_STEP_OPAQUE},
        {"\x14\x03\x03\x00\x01\x01\x14\x03", 8, 6, INSPECT_STEP_OPAQUE},
        {"\x16\x03\x03\x00\x10\x10", 6, 6, INSPECT_STEP_OPAQUE},
        {"\x16\x03\x03\x00\x10\x01\x00\x00\x10", 9, 9, INSPECT_STEP_OPAQUE},
    };
    struct bytes hello = {0};
    (void)state;
    put_client_hello(&hello);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        stream.length = 0;
        put_messages(&stream, &hello, 16384);
        put(&stream, cases[i].bytes, cases[i].length);
        steps_every_cut(&steps_tls, 0, stream.at, stream.length, &steps);
        assert_int_equal(steps.kind, cases[i].kind);
        assert_int_equal(steps.consumed, 50 + cases[i].consumed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_clients), cmocka_unit_test(real_servers),
        cmocka_unit_test(chains),       cmocka_unit_test(broken_chains),
        cmocka_unit_test(retries),      cmocka_unit_test(shared_record),
        cmocka_unit_test(alerts),       cmocka_unit_test(resumption),
        cmocka_unit_test(behind_hello),
    };
    return cmocka_run_group_tests_name("inspect_handshake", tests, NULL, NULL);
}
