/* SPDX-License-Identifier: MIT */
/* TLS hellos through the inspection core: real ones, built ones over any records, and broken ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/blocklist_build.h"
#include "test_inspect_feed.h"
#include "test_inspect_streams.h"

static const struct inspect_policy defaults = {0};

/* openssl s_client 3.0, -servername www.example.org -alpn h2,http/1.1 */
static const char openssl_client_hello[] =
    "160301014e0100014a03039c32f9d79aeb09df05673ac1c10e91455bf31d6351"
    "442a7faf23070a2eb7890420cbba338d9169a5b45f554314cb7d81b1a7c584c6"
    "8dbae7f49019834d3b144c1b003e130213031301c02cc030009fcca9cca8ccaa"
    "c02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d"
    "009c003d003c0035002f00ff010000c300000014001200000f7777772e657861"
    "6d706c652e6f7267000b000403000102000a00160014001d0017001e00190018"
    "01000101010201030104002300000010000e000c02683208687474702f312e31"
    "0016000000170000000d002a0028040305030603080708080809080a080b0804"
    "08050806040105010601030303010302040205020602002b0009080304030303"
    "020301002d00020101003300260024001d0020dba5fa67b1005b8b5195f78d22"
    "86a8d02200faa8627538bdaada09bd0dbf9c5c";

/* openssl s_server 3.0, TLS 1.3: ServerHello, ChangeCipherSpec, begin of the encrypted rest */
static const char openssl_server_hello_13[] =
    "160303007a020000760303758d40bdeaea87be0d8b6a8d24310dd93af644808b"
    "23500bbb14efb0f28611da20cdf5439be8dfe9221ea3f7acd851fb386517e622"
    "b6471c6ce633b981873cda7f130200002e002b0002030400330024001d002075"
    "56f8f8e8d1a31a883241b643ebf43e463f8baa628ba628622521c4b85bb45514"
    "030300010117030300203d4101778dc2093ce98efb5688ea66b137aff5d56cab";

/* The same with -tls1_2 -alpn h2: ServerHello, begin of the certificate */
static const char openssl_server_hello_12[] =
    "160303004a02000046030316c1f3374e15a5f70c0e267f534333ba1281b72adf"
    "62b9682941a6f2cbca314900c03000001eff01000100000b0004030001020023"
    "00000010000500030268320017000016030303070b0003030003000002fd3082";

/* A growing byte string. */
struct bytes {
    size_t length;
    uint8_t at[70000];
};

static void put(struct bytes *b, const void *data, size_t length)
{
    assert_in_range(b->length + length, 0, sizeof(b->at));
    memcpy(b->at + b->length, data, length);
    b->length += length;
}

static void put8(struct bytes *b, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(b, &byte, 1);
}

static void put16(struct bytes *b, unsigned value)
{
    put8(b, value >> 8);
    put8(b, value);
}

static void put_hex(struct bytes *b, const char *hex)
{
    for (; hex[0] != '\0'; hex += 2) {
        char pair[3] = {hex[0], hex[1], '\0'};
        put8(b, (unsigned)strtoul(pair, NULL, 16));
    }
}

static void put_extension(struct bytes *b, unsigned type, const struct bytes *data)
{
    put16(b, type);
    put16(b, (unsigned)data->length);
    put(b, data->at, data->length);
}

/* What a ClientHello is built of. */
struct hello {
    const char *sni;     /* NULL: no extension */
    const char *sni_2;   /* a second name in the same list */
    const char *alpn[4]; /* NULL-terminated */
    unsigned versions[4];
    unsigned padding; /* bytes of extension 21 */
    bool ech;
    bool sni_last;      /* the name is the last field of the message */
    bool no_extensions; /* as in SSL 3.0 */
    int list_error;     /* added to the length of the SNI list */
    int total_error;    /* added to the length of all extensions */
};

static void put_sni(struct bytes *extensions, const struct hello *hello)
{
    static struct bytes data;
    const char *names[2] = {hello->sni, hello->sni_2};
    size_t list = 0;
    data.length = 0;
    for (size_t i = 0; i < 2 && names[i] != NULL; i++) {
        list += 3 + strlen(names[i]);
    }
    put16(&data, (unsigned)((int)list + hello->list_error));
    for (size_t i = 0; i < 2 && names[i] != NULL; i++) {
        put8(&data, 0);
        put16(&data, (unsigned)strlen(names[i]));
        put(&data, names[i], strlen(names[i]));
    }
    put_extension(extensions, 0, &data);
}

static void put_alpn(struct bytes *extensions, const struct hello *hello)
{
    static struct bytes data;
    size_t list = 0;
    data.length = 0;
    for (size_t i = 0; i < 4 && hello->alpn[i] != NULL; i++) {
        list += 1 + strlen(hello->alpn[i]);
    }
    put16(&data, (unsigned)list);
    for (size_t i = 0; i < 4 && hello->alpn[i] != NULL; i++) {
        put8(&data, (unsigned)strlen(hello->alpn[i]));
        put(&data, hello->alpn[i], strlen(hello->alpn[i]));
    }
    put_extension(extensions, 16, &data);
}

static void put_versions(struct bytes *extensions, const struct hello *hello)
{
    static struct bytes data;
    data.length = 0;
    put8(&data, 0);
    for (size_t i = 0; i < 4 && hello->versions[i] != 0; i++) {
        put16(&data, hello->versions[i]);
        data.at[0] = (uint8_t)(data.at[0] + 2);
    }
    put_extension(extensions, 43, &data);
}

/* The handshake message, without records. */
static void build_hello(struct bytes *b, const struct hello *hello)
{
    static struct bytes extensions;
    static struct bytes body;
    static struct bytes data;
    extensions.length = body.length = data.length = b->length = 0;
    put_extension(&extensions, 0x1a1a, &data); /* GREASE, empty */
    if (hello->sni != NULL && !hello->sni_last) {
        put_sni(&extensions, hello);
    }
    if (hello->alpn[0] != NULL) {
        put_alpn(&extensions, hello);
    }
    if (hello->versions[0] != 0) {
        put_versions(&extensions, hello);
    }
    if (hello->ech) {
        put(&data, "\0outer", 6);
        put_extension(&extensions, 0xfe0d, &data);
    }
    if (hello->padding != 0) {
        memset(data.at, 0, hello->padding);
        data.length = hello->padding;
        put_extension(&extensions, 21, &data);
    }
    if (hello->sni != NULL && hello->sni_last) {
        put_sni(&extensions, hello);
    }
    put16(&body, 0x0303);
    for (unsigned i = 0; i < 32; i++) {
        put8(&body, i * 37);
    }
    put8(&body, 32);
    for (unsigned i = 0; i < 32; i++) {
        put8(&body, 0xc0 + i);
    }
    put16(&body, 6);
    put_hex(&body, "0a0a13011302");
    put8(&body, 1);
    put8(&body, 0);
    if (!hello->no_extensions) {
        put16(&body, (unsigned)((int)extensions.length + hello->total_error));
        put(&body, extensions.at, extensions.length);
    }
    put8(b, 1);
    put8(b, (unsigned)(body.length >> 16));
    put16(b, (unsigned)body.length);
    put(b, body.at, body.length);
}

/* Cuts a handshake message into records of at most `record` bytes. */
static void wrap(struct bytes *stream, const struct bytes *message, size_t record)
{
    for (size_t at = 0; at < message->length; at += record) {
        size_t length = message->length - at < record ? message->length - at : record;
        put8(stream, 0x16);
        put16(stream, 0x0301);
        put16(stream, (unsigned)length);
        put(stream, message->at + at, length);
    }
}

static int setup(void **state)
{
    assert_int_equal(feed_scratches(), 0);
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(feed_scratches(), 0);
    return 0;
}

static struct bytes stream;
static struct bytes message;

static void real_client_hello(void **state)
{
    static const uint8_t alpn[] = "\x02h2\x08http/1.1";
    struct feed_trace trace;
    stream.length = 0;
    put_hex(&stream, openssl_client_hello);
    size_t whole = stream.length;
    put(&stream, "\x17\x03\x03", 3); /* early data begins: not part of the decision */
    feed_every_cut(&defaults, INSPECT_C2S, stream.at, stream.length, &trace);
    assert_int_equal(feed_trace_decided(&trace), whole);
    assert_int_equal(trace.release_to[whole - 1], 0);
    assert_int_equal(trace.release_to[whole], whole);
    assert_int_equal(trace.release_to[whole + 3], whole + 3);
    assert_int_equal(trace.feed.events_count, 1);
    const struct inspect_event *event = &trace.feed.events[0];
    assert_int_equal(event->protocol, INSPECT_PROTOCOL_TLS);
    assert_int_equal(event->message, INSPECT_MESSAGE_CLIENT_HELLO);
    assert_int_equal(event->reason, INSPECT_REASON_MESSAGE_COMPLETE);
    assert_int_equal(event->verdict, INSPECT_RELEASE);
    assert_int_equal(event->anomalies, 0);
    assert_int_equal(event->offset, whole);
    assert_string_equal(event->body.tls.name, "www.example.org");
    assert_int_equal(event->body.tls.name_length, 15);
    assert_int_equal(event->body.tls.alpn_length, sizeof(alpn) - 1);
    assert_memory_equal(event->body.tls.alpn, alpn, sizeof(alpn) - 1);
    assert_int_equal(event->body.tls.version, 0x0304);
    assert_int_equal(event->body.tls.legacy_version, 0x0303);
    feed_trace_free(&trace);
}

static void real_server_hellos(void **state)
{
    static const struct {
        const char *hex;
        size_t decided;
        unsigned version;
        unsigned cipher;
        const char *alpn;
    } cases[] = {
        {openssl_server_hello_13, 127, 0x0304, 0x1302, ""},
        {openssl_server_hello_12, 79, 0x0303, 0xc030, "\x02h2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_trace trace;
        stream.length = 0;
        put_hex(&stream, cases[i].hex);
        feed_every_cut(&defaults, INSPECT_S2C, stream.at, stream.length, &trace);
        assert_int_equal(feed_trace_decided(&trace), cases[i].decided);
        assert_int_equal(trace.feed.events_count, 1);
        const struct inspect_event *event = &trace.feed.events[0];
        assert_int_equal(event->message, INSPECT_MESSAGE_SERVER_HELLO);
        assert_int_equal(event->anomalies, 0);
        assert_int_equal(event->body.tls.version, cases[i].version);
        assert_int_equal(event->body.tls.cipher, cases[i].cipher);
        assert_int_equal(event->body.tls.alpn_length, strlen(cases[i].alpn));
        assert_memory_equal(event->body.tls.alpn, cases[i].alpn, strlen(cases[i].alpn));
        feed_trace_free(&trace);
    }
}

/* Every record size, so that every field, the name too, crosses a record boundary somewhere. */
static void hello_over_records(void **state)
{
    static const struct hello hello = {
        .sni = "Mail.Example.NET",
        .alpn = {"h2", "http/1.1"},
        .versions = {0x2a2a, 0x0304, 0x0303},
        .ech = true,
    };
    build_hello(&message, &hello);
    for (size_t record = 1; record <= message.length; record++) {
        struct feed feed;
        stream.length = 0;
        wrap(&stream, &message, record);
        feed_begin(&feed, &defaults);
        feed_data(&feed, INSPECT_C2S, stream.at, stream.length - 1);
        assert_int_equal(feed.result.verdict, INSPECT_HOLD);
        assert_int_equal(feed.result.release_to, 0);
        feed_data(&feed, INSPECT_C2S, stream.at + stream.length - 1, 1);
        assert_int_equal(feed.result.verdict, INSPECT_RELEASE);
        assert_int_equal(feed.events_count, 1);
        assert_string_equal(feed.events[0].body.tls.name, "mail.example.net");
        assert_int_equal(feed.events[0].body.tls.version, 0x0304);
        assert_int_equal(feed.events[0].anomalies, 0);
        assert_int_equal(feed.events[0].flags, INSPECT_EVENT_TLS_ECH);
        feed_finish(&feed);
    }
    for (size_t record = 1; record < 100; record += 13) {
        struct feed_trace trace;
        stream.length = 0;
        wrap(&stream, &message, record);
        feed_every_cut(&defaults, INSPECT_C2S, stream.at, stream.length, &trace);
        assert_int_equal(feed_trace_decided(&trace), stream.length);
        feed_trace_free(&trace);
    }
}

/* The message's last byte is the name's: both must be told at that byte. */
static void name_last(void **state)
{
    static const struct hello hello = {
        .sni = "last.example", .versions = {0x0304}, .sni_last = true};
    struct feed_trace trace;
    build_hello(&message, &hello);
    stream.length = 0;
    wrap(&stream, &message, 16384);
    feed_every_cut(&defaults, INSPECT_C2S, stream.at, stream.length, &trace);
    assert_int_equal(feed_trace_decided(&trace), stream.length);
    assert_int_equal(trace.feed.events_count, 1);
    assert_string_equal(trace.feed.events[0].body.tls.name, "last.example");
    assert_int_equal(trace.feed.events[0].anomalies, 0);
    feed_trace_free(&trace);
}

static void odd_hellos(void **state)
{
    static const struct {
        const char *title;
        struct hello hello;
        const char *name;
        uint32_t anomalies;
    } cases[] = {
        {"no name", {.versions = {0x0304}}, "", 0},
        {"no extensions", {.no_extensions = true}, "", 0},
        {"final dot", {.sni = "example.com."}, "example.com", 0},
        {"empty name", {.sni = ""}, "", INSPECT_ANOMALY_BAD_NAME},
        {"blank in the name", {.sni = "a b"}, "a b", INSPECT_ANOMALY_BAD_NAME},
        {"two names",
         {.sni = "a.example", .sni_2 = "b.example"},
         "a.example",
         INSPECT_ANOMALY_DUPLICATE_SNI},
        {"list too short",
         {.sni = "a.example", .list_error = -1},
         "",
         INSPECT_ANOMALY_TLS_MALFORMED},
        {"list too long",
         {.sni = "a.example", .list_error = 9},
         "a.example",
         INSPECT_ANOMALY_TLS_MALFORMED},
        {"extensions too short",
         {.sni = "a.example", .total_error = -1},
         "",
         INSPECT_ANOMALY_TLS_MALFORMED},
        {"extensions too long",
         {.sni = "a.example", .total_error = 1},
         "a.example",
         INSPECT_ANOMALY_TLS_MALFORMED},
        {"a post-quantum size", {.sni = "pq.example", .padding = 1700}, "pq.example", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_trace trace;
        build_hello(&message, &cases[i].hello);
        stream.length = 0;
        wrap(&stream, &message, 16384);
        feed_every_cut(&defaults, INSPECT_C2S, stream.at, stream.length, &trace);
        if (feed_trace_decided(&trace) != stream.length || trace.feed.events_count != 1 ||
            trace.feed.events[0].anomalies != cases[i].anomalies ||
            strcmp(trace.feed.events[0].body.tls.name, cases[i].name) != 0) {
            fail_msg("%s: decided %zu of %zu, anomalies %x, name '%s'", cases[i].title,
                     feed_trace_decided(&trace), stream.length, trace.feed.events[0].anomalies,
                     trace.feed.events[0].body.tls.name);
        }
        feed_trace_free(&trace);
    }
}

/* Damage in the record layer, after the hello began: the direction ends there, as the policy says.
 */
static void broken_records(void **state)
{
    static const struct hello hello = {.sni = "a.example"};
    static const struct {
        const char *hex; /* in place of the second record's header */
        size_t decided;  /* bytes of it */
    } cases[] = {
        {"1703010020", 1}, {"1402010001", 1}, {"1602010020", 2},
        {"1603090020", 3}, {"1603014001", 5},
    };
    const struct inspect_policy closed = {.flags = INSPECT_POLICY_FAIL_CLOSED};
    build_hello(&message, &hello);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_trace trace;
        stream.length = 0;
        wrap(&stream, &message, 50);
        stream.length = 55;
        put_hex(&stream, cases[i].hex);
        put(&stream, message.at + 50, 40);
        feed_every_cut(&defaults, INSPECT_C2S, stream.at, stream.length, &trace);
        assert_int_equal(feed_trace_decided(&trace), 55 + cases[i].decided);
        assert_int_equal(trace.feed.events[0].reason, INSPECT_REASON_ANOMALY);
        assert_int_equal(trace.feed.events[0].anomalies, INSPECT_ANOMALY_TLS_RECORD);
        assert_int_equal(trace.feed.events[0].verdict, INSPECT_RELEASE);
        feed_trace_free(&trace);
        feed_every_cut(&closed, INSPECT_C2S, stream.at, stream.length, &trace);
        assert_int_equal(feed_trace_decided(&trace), 55 + cases[i].decided);
        assert_int_equal(trace.verdicts[stream.length], INSPECT_DROP);
        assert_int_equal(trace.release_to[stream.length], 0);
        feed_trace_free(&trace);
    }
}

/* An empty record in the middle is noted, and hides nothing. */
static void empty_record(void **state)
{
    static const struct hello hello = {.sni = "a.example"};
    struct feed_trace trace;
    build_hello(&message, &hello);
    stream.length = 0;
    wrap(&stream, &message, 50);
    static struct bytes with;
    with.length = 0;
    put(&with, stream.at, 55);
    put_hex(&with, "1603010000");
    put(&with, stream.at + 55, stream.length - 55);
    feed_every_cut(&defaults, INSPECT_C2S, with.at, with.length, &trace);
    assert_int_equal(feed_trace_decided(&trace), with.length);
    assert_string_equal(trace.feed.events[0].body.tls.name, "a.example");
    assert_int_equal(trace.feed.events[0].anomalies, INSPECT_ANOMALY_TLS_RECORD);
    feed_trace_free(&trace);
}

/* What begins like TLS and is not: OTHER at the byte that proves it. */
static void not_tls(void **state)
{
    static const struct {
        const char *hex;
        enum inspect_direction direction;
        size_t decided;
    } cases[] = {
        {"160401", INSPECT_C2S, 2},             /* no such version */
        {"160309", INSPECT_C2S, 3},             /* no such minor version */
        {"1603010000", INSPECT_C2S, 5},         /* first record empty */
        {"1603014001", INSPECT_C2S, 5},         /* record beyond 2^14 */
        {"16030100300b", INSPECT_C2S, 6},       /* a certificate first */
        {"160301003002", INSPECT_C2S, 6},       /* a ServerHello from the client */
        {"160301003001000010", INSPECT_C2S, 9}, /* too short to be a hello */
        {"15030100020100", INSPECT_C2S, 1},     /* an alert from the client */
        {"15030100030100", INSPECT_S2C, 5},     /* no alert has 3 bytes */
        {"802e010301", INSPECT_C2S, 1},         /* SSLv2 hello */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_trace trace;
        stream.length = 0;
        put_hex(&stream, cases[i].hex);
        put(&stream, "more", 4);
        feed_every_cut(&defaults, cases[i].direction, stream.at, stream.length, &trace);
        assert_int_equal(feed_trace_decided(&trace), cases[i].decided);
        assert_int_equal(trace.feed.events_count, 1);
        assert_int_equal(trace.feed.events[0].protocol, INSPECT_PROTOCOL_OTHER);
        assert_int_equal(trace.feed.events[0].reason, INSPECT_REASON_NOT_THIS_PROTOCOL);
        assert_int_equal(trace.feed.events[0].message, INSPECT_MESSAGE_NONE);
        feed_trace_free(&trace);
    }
}

static void server_alert(void **state)
{
    struct feed_trace trace;
    stream.length = 0;
    put_hex(&stream, "15030300020228");
    feed_every_cut(&defaults, INSPECT_S2C, stream.at, stream.length, &trace);
    assert_int_equal(feed_trace_decided(&trace), 7);
    assert_int_equal(trace.feed.events[0].protocol, INSPECT_PROTOCOL_TLS);
    assert_int_equal(trace.feed.events[0].message, INSPECT_MESSAGE_TLS_ALERT);
    feed_trace_free(&trace);
}

/* Active FTP over TLS: the side that accepted the connection is the TLS client. */
static void client_hello_from_server(void **state)
{
    struct feed_trace trace;
    stream.length = 0;
    put_hex(&stream, openssl_client_hello);
    feed_every_cut(&defaults, INSPECT_S2C, stream.at, stream.length, &trace);
    assert_int_equal(trace.feed.events[0].message, INSPECT_MESSAGE_CLIENT_HELLO);
    assert_string_equal(trace.feed.events[0].body.tls.name, "www.example.org");
    feed_trace_free(&trace);
}

static void overlong_hello(void **state)
{
    const struct inspect_policy small = {.message_limit = 1000};
    static const struct hello hello = {.sni = "a.example", .padding = 1700};
    struct feed_trace trace;
    build_hello(&message, &hello);
    stream.length = 0;
    wrap(&stream, &message, 16384);
    feed_every_cut(&small, INSPECT_C2S, stream.at, stream.length, &trace);
    /* The length in the handshake header says it all: nothing is held in vain. */
    assert_int_equal(feed_trace_decided(&trace), 9);
    assert_int_equal(trace.feed.events[0].anomalies, INSPECT_ANOMALY_OVERLONG);
    assert_int_equal(trace.feed.events[0].protocol, INSPECT_PROTOCOL_TLS);
    feed_trace_free(&trace);
}

/* The list of versions counts, not the field in front of it, even if it says less. */
static void offered_versions(void **state)
{
    static const struct hello hello = {.versions = {0x2a2a, 0x0301, 0x0302}};
    struct feed_trace trace;
    build_hello(&message, &hello);
    stream.length = 0;
    wrap(&stream, &message, 16384);
    feed_every_cut(&defaults, INSPECT_C2S, stream.at, stream.length, &trace);
    assert_int_equal(trace.feed.events[0].body.tls.version, 0x0302);
    assert_int_equal(trace.feed.events[0].body.tls.legacy_version, 0x0303);
    feed_trace_free(&trace);
}

/* A blocked server name: DROP in every cut, and not a byte is released. */
static void blocked_names(void **state)
{
    static const char names[] = "*.blocked.example\n";
    static const struct hello hellos[] = {
        {.sni = "a.blocked.example"},
        {.sni = "A.Blocked.EXAMPLE.", .sni_last = true},
        {.sni = "good.example", .sni_2 = "a.blocked.example"},
        {.sni = "a.blocked.example", .list_error = 5},
        {.sni = "a.blocked.example", .padding = 3000},
    };
    struct inspect_blocklist_error error;
    struct inspect_blocklist list;
    void *blob;
    size_t size;
    assert_int_equal(inspect_blocklist_build(names, sizeof(names) - 1, &blob, &size, &error), 0);
    assert_int_equal(inspect_blocklist_verify(blob, size, &list), INSPECT_BLOCKLIST_OK);
    const struct inspect_policy policy = {.blocklist = &list};
    for (size_t i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++) {
        struct feed_trace trace;
        build_hello(&message, &hellos[i]);
        stream.length = 0;
        wrap(&stream, &message, 33);
        feed_every_cut(&policy, INSPECT_C2S, stream.at, stream.length, &trace);
        assert_int_equal(feed_trace_decided(&trace), stream.length);
        assert_int_equal(trace.verdicts[stream.length], INSPECT_DROP);
        assert_int_equal(trace.release_to[stream.length], 0);
        assert_string_equal(trace.feed.events[0].body.tls.name, "a.blocked.example");
        assert_true((trace.feed.events[0].flags & INSPECT_EVENT_BLOCKED) != 0);
        feed_trace_free(&trace);
    }
    free(blob);
}

/* Whole flights, as they were sent: every message is told, and what is encrypted goes at once. */
static void flights(void **state)
{
    static const struct {
        enum inspect_direction direction;
        const uint8_t *bytes;
        size_t length, clear; /* bytes up to the change */
        uint8_t messages[3];
    } cases[] = {
        {INSPECT_C2S,
         stream_tls12_client,
         sizeof(stream_tls12_client),
         235,
         {INSPECT_MESSAGE_CLIENT_HELLO}},
        {INSPECT_S2C,
         stream_tls12_server,
         sizeof(stream_tls12_server),
         1276,
         {INSPECT_MESSAGE_SERVER_HELLO, INSPECT_MESSAGE_CERTIFICATE}},
        {INSPECT_C2S,
         stream_tls13_client,
         sizeof(stream_tls13_client),
         523,
         {INSPECT_MESSAGE_CLIENT_HELLO}},
        {INSPECT_S2C,
         stream_tls13_server,
         sizeof(stream_tls13_server),
         127,
         {INSPECT_MESSAGE_SERVER_HELLO}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_trace trace;
        feed_every_cut(&defaults, cases[i].direction, cases[i].bytes, cases[i].length, &trace);
        for (size_t at = cases[i].clear; at <= cases[i].length; at++) {
            assert_int_equal(trace.release_to[at], at);
        }
        size_t told = 0;
        for (; told < 3 && cases[i].messages[told] != INSPECT_MESSAGE_NONE; told++) {
            assert_int_equal(trace.feed.events[told].message, cases[i].messages[told]);
            assert_int_equal(trace.feed.events[told].transaction, told);
            assert_int_equal(trace.feed.events[told].anomalies, 0);
        }
        assert_int_equal(trace.feed.events_count, told);
        assert_true(trace.feed.result.finished);
        feed_trace_free(&trace);
    }
}

static void alpn_truncated(void **state)
{
    static char lengthy[100];
    struct hello hello = {.alpn = {"h2", lengthy, lengthy, "x"}};
    struct feed_trace trace;
    memset(lengthy, 'p', sizeof(lengthy) - 1);
    build_hello(&message, &hello);
    stream.length = 0;
    wrap(&stream, &message, 16384);
    feed_every_cut(&defaults, INSPECT_C2S, stream.at, stream.length, &trace);
    assert_int_equal(trace.feed.events[0].flags, INSPECT_EVENT_TRUNCATED);
    assert_int_equal(trace.feed.events[0].body.tls.alpn_length, 3 + 100);
    assert_int_equal(trace.feed.events[0].anomalies, 0);
    feed_trace_free(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(real_client_hello, setup, teardown),
        cmocka_unit_test_setup_teardown(real_server_hellos, setup, teardown),
        cmocka_unit_test_setup_teardown(hello_over_records, setup, teardown),
        cmocka_unit_test_setup_teardown(name_last, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_hellos, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_records, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_record, setup, teardown),
        cmocka_unit_test_setup_teardown(not_tls, setup, teardown),
        cmocka_unit_test_setup_teardown(server_alert, setup, teardown),
        cmocka_unit_test_setup_teardown(client_hello_from_server, setup, teardown),
        cmocka_unit_test_setup_teardown(overlong_hello, setup, teardown),
        cmocka_unit_test_setup_teardown(offered_versions, setup, teardown),
        cmocka_unit_test_setup_teardown(blocked_names, setup, teardown),
        cmocka_unit_test_setup_teardown(alpn_truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(flights, setup, teardown),
    };
    return cmocka_run_group_tests_name("inspect_tls", tests, NULL, NULL);
}
