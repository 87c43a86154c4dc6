/* SPDX-License-Identifier: MIT */
/* HTTP/1 heads through the inspection core, as servers accept them and as evaders write them; and
 * what is no HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_inspect_feed.h"

static const struct inspect_policy defaults = {0};

#define WHOLE SIZE_MAX /* decided at the last byte */

struct http_case {
    const char *text;
    size_t decided; /* bytes of the head */
    const char *method;
    const char *name;
    const char *path;
    uint16_t port;
    uint16_t version;
    uint32_t anomalies;
    unsigned ends;     /* END events */
    unsigned messages; /* MESSAGE events behind the first */
};

static unsigned count_events(const struct feed *feed, enum inspect_event_type type)
{
    unsigned count = 0;
    for (size_t i = 0; i < feed->events_count; i++) {
        count += feed->events[i].type == type;
    }
    return count;
}

/* A text and its length, NUL bytes within it counted. */
#define TEXT(text) text, sizeof(text) - 1

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

static void requests(void **state)
{
    static const struct http_case cases[] = {
        {"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", WHOLE, "GET", "example.com", "/", 0, 0x0101,
         0, 0, 0},
        {"GET /a?b=c HTTP/1.1\r\nHost:Example.COM:8080\r\nAccept: */*\r\n\r\n", WHOLE, "GET",
         "example.com", "/a?b=c", 8080, 0x0101, 0, 0, 0},
        {"POST /f HTTP/1.1\r\nX: 1\r\nhost: \t a.b. \t\r\nContent-Length: 3\r\n\r\nabc", 61, "POST",
         "a.b", "/f", 0, 0x0101, 0, 1, 0},
        {"HEAD / HTTP/1.0\r\n\r\n", WHOLE, "HEAD", "", "/", 0, 0x0100, 0, 0, 0},
        {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", WHOLE, "OPTIONS", "x", "*", 0, 0x0101, 0, 0, 0},
        {"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", WHOLE, "CONNECT",
         "a.example", "a.example:443", 443, 0x0101, 0, 0, 0},
        {"GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n", WHOLE, "GET", "a.example",
         "http://a.example/x", 0, 0x0101, 0, 0, 0},
        {"GET http://[2001:DB8::1]:81?q HTTP/1.1\r\nHost: [2001:db8::1]:81\r\n\r\n", WHOLE, "GET",
         "[2001:db8::1]", "http://[2001:DB8::1]:81?q", 81, 0x0101, 0, 0, 0},
        {"M-SEARCH /x HTTP/1.1\r\nHost: x\r\n\r\n", WHOLE, "M-SEARCH", "x", "/x", 0, 0x0101, 0, 0,
         0},
        {"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", WHOLE, "GET", "x", "/", 0, 0x0101, 0, 0, 0},
        /* pipelined: the first head decides */
        {"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: y\r\n\r\n", 28, "GET", "x",
         "/1", 0, 0x0101, 0, 0, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_case *c = &cases[i];
        struct feed_trace trace;
        feed_every_cut(&defaults, INSPECT_C2S, c->text, strlen(c->text), &trace);
        const struct inspect_event *event = &trace.feed.events[0];
        assert_int_equal(count_events(&trace.feed, INSPECT_EVENT_MESSAGE), 1 + c->messages);
        assert_int_equal(count_events(&trace.feed, INSPECT_EVENT_END), c->ends);
        assert_int_equal(trace.feed.events_count, 1 + c->messages + c->ends);
        assert_int_equal(event->offset, c->decided == WHOLE ? strlen(c->text) : c->decided);
        assert_int_equal(feed_trace_decided(&trace), event->offset);
        assert_int_equal(event->protocol, INSPECT_PROTOCOL_HTTP);
        assert_int_equal(event->message, INSPECT_MESSAGE_HTTP_REQUEST);
        assert_int_equal(event->reason, INSPECT_REASON_MESSAGE_COMPLETE);
        assert_string_equal(event->body.http.method, c->method);
        assert_string_equal(event->body.http.name, c->name);
        assert_string_equal(event->body.http.path, c->path);
        assert_int_equal(event->body.http.path_length, strlen(c->path));
        assert_int_equal(event->body.http.path_total, strlen(c->path));
        assert_int_equal(event->body.http.port, c->port);
        assert_int_equal(event->body.http.version, c->version);
        assert_int_equal(event->anomalies, c->anomalies);
        feed_trace_free(&trace);
    }
}

/* Odd heads are read as a lenient server would read them, and said to be odd. */
static void anomalies(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        const char *name;
        uint32_t anomalies;
    } cases[] = {
        {TEXT("GET / HTTP/1.1\nHost: x\n\n"), "x", INSPECT_ANOMALY_BARE_LF},
        {TEXT("GET / HTTP/1.1\r\nHost: x\r\n\n"), "x", INSPECT_ANOMALY_BARE_LF},
        {TEXT("GET / HTTP/1.1\r\nA: b\rc\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_BARE_CR},
        {TEXT("GET / HTTP/1.1\r\nHost: x\r\r\n\r\n"), "x", INSPECT_ANOMALY_BARE_CR},
        {TEXT("GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n"), "x y",
         INSPECT_ANOMALY_OBS_FOLD | INSPECT_ANOMALY_BAD_NAME},
        {TEXT("GET / HTTP/1.1\r\nHost:\r\n x\r\n\r\n"), "x", INSPECT_ANOMALY_OBS_FOLD},
        {TEXT("GET / HTTP/1.1\r\nHost: x\r\n\t\r\n\r\n"), "x", INSPECT_ANOMALY_OBS_FOLD},
        {TEXT("GET / HTTP/1.1\r\n Host: y\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_OBS_FOLD},
        {TEXT("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_DUPLICATE_HOST},
        {TEXT("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"), "x",
         INSPECT_ANOMALY_DUPLICATE_HOST | INSPECT_ANOMALY_CONFLICTING_HOST},
        {TEXT("GET http://a.b/ HTTP/1.1\r\nHost: y\r\n\r\n"), "a.b",
         INSPECT_ANOMALY_CONFLICTING_HOST},
        {TEXT("GET http://u@a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n"), "a.b", INSPECT_ANOMALY_BAD_NAME},
        {TEXT("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"), "", INSPECT_ANOMALY_NO_HOST},
        {TEXT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "", INSPECT_ANOMALY_BAD_NAME},
        {TEXT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), "a/b", INSPECT_ANOMALY_BAD_NAME},
        {TEXT("GET / HTTP/1.1\r\nHost: x:99999\r\n\r\n"), "x", INSPECT_ANOMALY_BAD_NAME},
        {TEXT("GET / HTTP/1.1\r\nA: \0\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_NUL_BYTE},
        {TEXT("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_NUL_BYTE},
        {TEXT("GET / HTTP/1.1\r\nHost : x\r\n\r\n"), "x", INSPECT_ANOMALY_BAD_HEADER},
        {TEXT("GET / HTTP/1.1\r\nno colon\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_BAD_HEADER},
        {TEXT("GET / HTTP/1.1\r\n: v\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_BAD_HEADER},
        {TEXT("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_START_LINE},
        {TEXT("GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_START_LINE},
        {TEXT("GET / HTTP/1.1 \r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_START_LINE},
        {TEXT("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_START_LINE},
        {TEXT("GET / http/1.1\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_START_LINE},
        {TEXT("GET / HTTP/1.10\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_START_LINE},
        {TEXT("FOO / HTTP/1.\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_START_LINE},
        {TEXT("GET / HTTP/1\r\nHost: x\r\n\r\n"), "x", INSPECT_ANOMALY_START_LINE},
        {TEXT("GET /old\r\n"), "", INSPECT_ANOMALY_HTTP_09},
        {TEXT("GET http://old.example/\r\n"), "old.example", INSPECT_ANOMALY_HTTP_09},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_trace trace;
        feed_every_cut(&defaults, INSPECT_C2S, cases[i].text, cases[i].length, &trace);
        const struct inspect_event *event = &trace.feed.events[0];
        if (trace.feed.events_count != 1 || event->offset != cases[i].length ||
            event->protocol != INSPECT_PROTOCOL_HTTP || event->anomalies != cases[i].anomalies ||
            strcmp(event->body.http.name, cases[i].name) != 0 ||
            event->verdict != INSPECT_RELEASE) {
            fail_msg("case %zu: decided %zu of %zu, anomalies %x, name '%s'", i,
                     (size_t)event->offset, cases[i].length, event->anomalies,
                     event->body.http.name);
        }
        feed_trace_free(&trace);
        const struct inspect_policy strict = {.flags = INSPECT_POLICY_DROP_ANOMALIES};
        feed_every_cut(&strict, INSPECT_C2S, cases[i].text, cases[i].length, &trace);
        assert_int_equal(trace.verdicts[cases[i].length], INSPECT_DROP);
        assert_int_equal(trace.release_to[cases[i].length], 0);
        feed_trace_free(&trace);
    }
}

static void responses(void **state)
{
    static const struct {
        const char *text;
        size_t decided;
        unsigned status;
        unsigned version;
        uint32_t anomalies;
        unsigned events;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 38, 200, 0x0101, 0, 2},
        {"HTTP/1.0 404\r\n\r\n", 16, 404, 0x0100, 0, 1},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 25, 100, 0x0101, 0, 2},
        {"HTTP/1.1 2x0 OK\r\n\r\n", 19, 0, 0x0101, INSPECT_ANOMALY_START_LINE, 1},
        {"HTTP/1.1  200 OK\r\n\r\n", 20, 0, 0x0101, INSPECT_ANOMALY_START_LINE, 1},
        {"HTTP/1.1\r\n\r\n", 12, 0, 0x0101, INSPECT_ANOMALY_START_LINE, 1},
        {"HTTP/1.1 2000 OK\r\n\r\n", 20, 0, 0x0101, INSPECT_ANOMALY_START_LINE, 1},
        {"HTTP/1.1 200 OK\n\n", 17, 200, 0x0101, INSPECT_ANOMALY_BARE_LF, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_trace trace;
        feed_every_cut(&defaults, INSPECT_S2C, cases[i].text, strlen(cases[i].text), &trace);
        const struct inspect_event *event = &trace.feed.events[0];
        assert_int_equal(trace.feed.events_count, cases[i].events);
        assert_int_equal(event->offset, cases[i].decided);
        assert_int_equal(feed_trace_decided(&trace), cases[i].decided);
        assert_int_equal(event->message, INSPECT_MESSAGE_HTTP_RESPONSE);
        assert_int_equal(event->body.http.status, cases[i].status);
        assert_int_equal(event->body.http.version, cases[i].version);
        /* no request was seen */
        assert_int_equal(event->anomalies, cases[i].anomalies | INSPECT_ANOMALY_UNMATCHED_REPLY);
        feed_trace_free(&trace);
    }
}

/* Other protocols: OTHER at the byte that proves it, with nothing of HTTP in the event. */
static void others(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        enum inspect_direction direction;
        size_t decided;
    } cases[] = {
        {TEXT("a001 LOGIN u p\r\n"), INSPECT_C2S, 16},
        {TEXT("*1\r\n$4\r\nPING\r\n"), INSPECT_C2S, 3},
        {TEXT("GET key\r\n"), INSPECT_C2S, 9},
        {TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), INSPECT_C2S, 16},
        {TEXT("OPTIONS rtsp://a/ RTSP/1.0\r\n"), INSPECT_C2S, 28},
        {TEXT("PUT /HTTP/1.1\r\n"), INSPECT_C2S, 15},
        {TEXT("ONE HTTP/1.1\r\n"), INSPECT_C2S, 14},
        {TEXT("NICK a\0b"), INSPECT_C2S, 7},
        {TEXT("\0\0\0\x2a\xfeSMB"), INSPECT_C2S, 1},
        {TEXT("\x13"
              "BitTorrent protocol"),
         INSPECT_C2S, 1},
        {TEXT("\x03\0\0\x13"), INSPECT_C2S, 1},
        {TEXT("\r\n\0"), INSPECT_C2S, 3},
        {TEXT("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ"), INSPECT_C2S, 32},
        {TEXT("HTTP/2 200\r\n"), INSPECT_S2C, 6},
        {TEXT("HTTQ"), INSPECT_S2C, 4},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_trace trace;
        feed_every_cut(&defaults, cases[i].direction, cases[i].text, cases[i].length, &trace);
        const struct inspect_event *event = &trace.feed.events[0];
        if (trace.feed.events_count != 1 || event->offset != cases[i].decided ||
            feed_trace_decided(&trace) != cases[i].decided) {
            fail_msg("case %zu: events %zu, decided %zu, not %zu", i, trace.feed.events_count,
                     feed_trace_decided(&trace), cases[i].decided);
        }
        assert_int_equal(event->protocol, INSPECT_PROTOCOL_OTHER);
        assert_int_equal(event->reason, INSPECT_REASON_NOT_THIS_PROTOCOL);
        assert_int_equal(event->message, INSPECT_MESSAGE_NONE);
        assert_string_equal(event->body.http.method, "");
        assert_int_equal(event->body.http.path_length + event->body.http.name_length, 0);
        feed_trace_free(&trace);
    }
}

/* Protocols that are parsed, told by their first bytes. */
static void recognised(void **state)
{
    static const struct {
        const char *text;
        enum inspect_direction direction;
        enum inspect_protocol protocol;
        enum inspect_message message;
        size_t decided;
    } cases[] = {
        {"220 mail.example ESMTP\r\n", INSPECT_S2C, INSPECT_PROTOCOL_SMTP,
         INSPECT_MESSAGE_SMTP_REPLY, 24},
        {"220 FTP server ready\r\n", INSPECT_S2C, INSPECT_PROTOCOL_FTP, INSPECT_MESSAGE_FTP_REPLY,
         22},
        {"220 what is this\r\n", INSPECT_S2C, INSPECT_PROTOCOL_OTHER, INSPECT_MESSAGE_NONE, 18},
        {"EHLO client.example\r\nMAIL", INSPECT_C2S, INSPECT_PROTOCOL_SMTP,
         INSPECT_MESSAGE_SMTP_COMMAND, 21},
        {"USER anonymous\r\n", INSPECT_C2S, INSPECT_PROTOCOL_FTP, INSPECT_MESSAGE_FTP_COMMAND, 16},
        {"SSH-2.0-OpenSSH_9.2\r\n\1\2\3", INSPECT_S2C, INSPECT_PROTOCOL_SSH,
         INSPECT_MESSAGE_SSH_BANNER, 21},
        {"SSH-2.0-OpenSSH_9.2\r\n\1\2\3", INSPECT_C2S, INSPECT_PROTOCOL_SSH,
         INSPECT_MESSAGE_SSH_BANNER, 21},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_trace trace;
        feed_every_cut(&defaults, cases[i].direction, cases[i].text, strlen(cases[i].text), &trace);
        const struct inspect_event *event = &trace.feed.events[0];
        if (trace.feed.events_count != 1 || event->offset != cases[i].decided ||
            event->protocol != cases[i].protocol || event->message != cases[i].message ||
            feed_trace_decided(&trace) != cases[i].decided) {
            fail_msg("case %zu: events %zu, decided %zu, protocol %s, message %s", i,
                     trace.feed.events_count, feed_trace_decided(&trace),
                     inspect_protocol_name(event->protocol), inspect_message_name(event->message));
        }
        feed_trace_free(&trace);
    }
}

/* Responses are read as their requests want it, in order. */
static void pairs(void **state)
{
    struct feed feed;
    feed_begin(&feed, &defaults);
    feed_data(&feed, INSPECT_C2S,
              TEXT("HEAD /1 HTTP/1.1\r\nHost: x\r\n\r\n"
                   "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
                   "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"));
    assert_int_equal(feed.events_count, 4);
    assert_int_equal(feed.flow.request_count, 3);
    assert_int_equal(feed.result.protocol, INSPECT_PROTOCOL_UNKNOWN); /* told anew behind it */
    feed_data(&feed, INSPECT_S2C,
              TEXT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
                   "HTTP/1.1 100 Continue\r\n\r\n"
                   "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
                   "HTTP/1.1 200 Connected\r\n\r\n\1\2\3"));
    static const struct {
        uint8_t type;
        uint16_t status;
        uint32_t transaction;
        uint32_t anomalies;
    } expected[] = {
        {INSPECT_EVENT_MESSAGE, 200, 0, 0}, {INSPECT_EVENT_MESSAGE, 100, 1, 0},
        {INSPECT_EVENT_MESSAGE, 200, 1, 0}, {INSPECT_EVENT_END, 0, 1, 0},
        {INSPECT_EVENT_MESSAGE, 200, 2, 0},
    };
    size_t count = sizeof(expected) / sizeof(expected[0]);
    assert_int_equal(feed.events_count, 4 + count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct inspect_event *event = &feed.events[4 + i];
        assert_int_equal(event->type, expected[i].type);
        assert_int_equal(event->transaction, expected[i].transaction);
        assert_int_equal(event->anomalies, expected[i].anomalies);
        if (event->type == INSPECT_EVENT_MESSAGE) {
            assert_int_equal(event->body.http.status, expected[i].status);
        }
    }
    assert_true((feed.events[4 + count - 1].flags & INSPECT_EVENT_UPGRADE) != 0);
    assert_int_equal(feed.events[4 + count].protocol, INSPECT_PROTOCOL_OTHER);
    assert_int_equal(feed.flow.request_count, 0);
    feed_finish(&feed);
}

/* A target longer than the event stores is still known by its length, and its Host is found. */
static void lengthy_target(void **state)
{
    static const char begin[] = "GET /";
    static const char end[] = " HTTP/1.1\r\nHost: x.example\r\n\r\n";
    static char text[9000];
    struct feed_trace trace;
    size_t body = 8000;
    memcpy(text, begin, sizeof(begin) - 1);
    memset(text + sizeof(begin) - 1, 'a', body);
    memcpy(text + sizeof(begin) - 1 + body, end, sizeof(end));
    feed_every_cut(&defaults, INSPECT_C2S, text, strlen(text), &trace);
    const struct inspect_event *event = &trace.feed.events[0];
    assert_int_equal(event->offset, strlen(text));
    assert_int_equal(event->body.http.path_total, body + 1);
    assert_int_equal(event->body.http.path_length, INSPECT_PATH_SIZE - 1);
    assert_int_equal(strlen(event->body.http.path), INSPECT_PATH_SIZE - 1);
    assert_int_equal(event->flags, INSPECT_EVENT_TRUNCATED);
    assert_string_equal(event->body.http.name, "x.example");
    feed_trace_free(&trace);
}

static void lengthy_host(void **state)
{
    static char text[2000] = "GET / HTTP/1.1\r\nHost: ";
    struct feed_trace trace;
    memset(text + strlen(text), 'a', 300);
    strcat(text, "\r\n\r\n");
    feed_every_cut(&defaults, INSPECT_C2S, text, strlen(text), &trace);
    assert_int_equal(trace.feed.events[0].anomalies, INSPECT_ANOMALY_BAD_NAME);
    assert_int_equal(trace.feed.events[0].body.http.name_length, INSPECT_NAME_SIZE - 1);
    feed_trace_free(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests, setup, teardown),
        cmocka_unit_test_setup_teardown(anomalies, setup, teardown),
        cmocka_unit_test_setup_teardown(responses, setup, teardown),
        cmocka_unit_test_setup_teardown(others, setup, teardown),
        cmocka_unit_test_setup_teardown(recognised, setup, teardown),
        cmocka_unit_test_setup_teardown(pairs, setup, teardown),
        cmocka_unit_test_setup_teardown(lengthy_target, setup, teardown),
        cmocka_unit_test_setup_teardown(lengthy_host, setup, teardown),
    };
    return cmocka_run_group_tests_name("inspect_http", tests, NULL, NULL);
}
