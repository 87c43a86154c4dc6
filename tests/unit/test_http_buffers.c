/* SPDX-License-Identifier: MIT */
/* What the HTTP parser puts into the buffers, and how it frames, in every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inspect/http.h"
#include "inspect/rule/buffer.h"

#define TEXT_MAX 4096

/* Each buffer's bytes, instances divided by "|"; and the steps that are not about buffers. */
struct reading {
    char text[INSPECT_BUFFERS][TEXT_MAX];
    char steps[256];
    uint32_t anomalies;
    uint8_t flags;
};

static void take(struct reading *reading, const struct inspect_step *step)
{
    static const char letters[] = "-KN...HDSO?B"; /* by enum inspect_step_kind */
    char *text = reading->text[step->buffer < INSPECT_BUFFERS ? step->buffer : 0];
    switch (step->kind) {
    case INSPECT_STEP_OPEN:
        break;
    case INSPECT_STEP_BUFFER:
        assert_in_range(strlen(text) + step->length, 0, TEXT_MAX - 2);
        strncat(text, (const char *)step->bytes, step->length);
        break;
    case INSPECT_STEP_CLOSE:
        strcat(text, "|");
        break;
    case INSPECT_STEP_MORE:
        break;
    default:
        strncat(reading->steps, &letters[step->kind], 1);
        break;
    }
}

static void read_cut(const char *text, unsigned server, unsigned request, size_t cut,
                     size_t step_size, struct reading *reading)
{
    struct inspect_http http;
    struct inspect_event event;
    struct inspect_step step;
    size_t length = strlen(text);
    size_t at = 0;
    memset(reading, 0, sizeof(*reading));
    memset(&event, 0, sizeof(event));
    inspect_http_init(&http, server, 1, UINT32_MAX);
    http.request = (uint8_t)request;
    for (;;) {
        size_t end = at < cut ? cut : at + step_size;
        end = end < length ? end : length;
        char *piece = malloc(end - at + 1);
        memcpy(piece, text + at, end - at);
        at += inspect_http_feed(&http, &event, (const uint8_t *)piece, end - at, &step);
        take(reading, &step);
        free(piece);
        if (step.kind >= INSPECT_STEP_DONE ||
            (step.kind == INSPECT_STEP_MORE && at == length && !inspect_http_end(&http, &event))) {
            break;
        }
    }
    reading->anomalies = event.anomalies;
    reading->flags = event.flags;
}

static void read_every_cut(const char *text, unsigned server, unsigned request,
                           struct reading *reading)
{
    static struct reading other;
    size_t length = strlen(text);
    read_cut(text, server, request, length, length, reading);
    for (size_t cut = 1; cut < length; cut++) {
        read_cut(text, server, request, cut, length, &other);
        assert_memory_equal(&other, reading, sizeof(other));
    }
    read_cut(text, server, request, 0, 1, &other);
    assert_memory_equal(&other, reading, sizeof(other));
}

static void expect(const struct reading *reading, unsigned buffer, const char *text)
{
    if (strcmp(reading->text[buffer], text) != 0) {
        fail_msg("%s is '%s', not '%s'", inspect_buffer_name(buffer), reading->text[buffer], text);
    }
}

static void request(void **state)
{
    static struct reading r;
    read_every_cut("POST /a%20b//c?d=%41 HTTP/1.1\r\nHost: WWW.Example.ORG:8080\r\n"
                   "User-Agent:  Mozilla/5.0 (X) \t\r\nCookie: a=b; c=d\r\nReferer: http://r/\r\n"
                   "Content-Type: text/plain\r\nX-Fold: one\r\n\t two\r\nContent-Length: 5\r\n\r\n"
                   "hello",
                   0, 0, &r);
    expect(&r, INSPECT_BUFFER_HTTP_METHOD, "POST|");
    expect(&r, INSPECT_BUFFER_HTTP_URI, "/a b/c?d=A|");
    expect(&r, INSPECT_BUFFER_HTTP_URI_RAW, "/a%20b//c?d=%41|");
    expect(&r, INSPECT_BUFFER_HTTP_REQUEST_LINE, "POST /a%20b//c?d=%41 HTTP/1.1|");
    expect(&r, INSPECT_BUFFER_HTTP_HOST, "www.example.org|");
    expect(&r, INSPECT_BUFFER_HTTP_HOST_DOTTED, ".www.example.org|");
    expect(&r, INSPECT_BUFFER_HTTP_USER_AGENT, "Mozilla/5.0 (X)|");
    expect(&r, INSPECT_BUFFER_HTTP_COOKIE, "a=b; c=d|");
    expect(&r, INSPECT_BUFFER_HTTP_REFERER, "http://r/|");
    expect(&r, INSPECT_BUFFER_HTTP_CONTENT_TYPE, "text/plain|");
    expect(&r, INSPECT_BUFFER_HTTP_HEADER,
           "Host: WWW.Example.ORG:8080\r\nUser-Agent: Mozilla/5.0 (X)\r\nReferer: http://r/\r\n"
           "Content-Type: text/plain\r\nX-Fold: one  two\r\nContent-Length: 5\r\n|");
    expect(&r, INSPECT_BUFFER_HTTP_HEADER_NAMES,
           "\r\nHost\r\nUser-Agent\r\nCookie\r\nReferer\r\nContent-Type\r\nX-Fold\r\n"
           "Content-Length\r\n\r\n|");
    expect(&r, INSPECT_BUFFER_BODY, "hello|");
    assert_string_equal(r.steps, "KNHD");
    assert_int_equal(r.anomalies, INSPECT_ANOMALY_OBS_FOLD);
}

static void response(void **state)
{
    static struct reading r;
    read_every_cut("HTTP/1.1 200 All is well\r\nSet-Cookie: k=v\r\nServer: s\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n",
                   1, 0, &r);
    expect(&r, INSPECT_BUFFER_HTTP_STAT_CODE, "200|");
    expect(&r, INSPECT_BUFFER_HTTP_STAT_MSG, "All is well|");
    expect(&r, INSPECT_BUFFER_HTTP_COOKIE, "k=v|");
    expect(&r, INSPECT_BUFFER_HTTP_HEADER, "Server: s\r\nTransfer-Encoding: chunked\r\n|");
    expect(&r, INSPECT_BUFFER_HTTP_HEADER_NAMES,
           "\r\nSet-Cookie\r\nServer\r\nTransfer-Encoding\r\n\r\n|");
    expect(&r, INSPECT_BUFFER_BODY, "abcde|");
    assert_string_equal(r.steps, "KHD");
    assert_int_equal(r.anomalies, 0);
}

static void targets(void **state)
{
    static const struct {
        const char *target, *uri, *raw, *host;
        uint32_t anomalies;
    } cases[] = {
        {"/", "/|", "/|", "", 0},
        {"http://H.example:81/p?q", "/p?q|", "http://H.example:81/p?q|", "h.example|", 0},
        {"http:/x", "http:/x|", "http:/x|", "", 0},
        {"/a/../b/./c", "/a/../b/./c|", "/a/../b/./c|", "", 0},
        {"/a\\b%5cc%2f%2fd", "/a/b/c/d|", "/a\\b%5cc%2f%2fd|", "", 0},
        {"/%zz%4", "/%zz%4|", "/%zz%4|", "", INSPECT_ANOMALY_URI_ENCODING},
        {"/%c0%ae", "/\xc0\xae|", "/%c0%ae|", "", INSPECT_ANOMALY_URI_ENCODING},
        {"/x?a//b%2F/", "/x?a//b//|", "/x?a//b%2F/|", "", 0},
        {"/a b", "/a b|", "/a b|", "", INSPECT_ANOMALY_START_LINE},
        {"/a HTTP/1.1 b", "/a HTTP/1.1 b|", "/a HTTP/1.1 b|", "", INSPECT_ANOMALY_START_LINE},
        {"/a HTTP/9", "/a HTTP/9|", "/a HTTP/9|", "", INSPECT_ANOMALY_START_LINE},
        {"*", "*|", "*|", "", 0},
    };
    static struct reading r;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n\r\n", cases[i].target);
        read_every_cut(text, 0, 0, &r);
        expect(&r, INSPECT_BUFFER_HTTP_URI, cases[i].uri);
        expect(&r, INSPECT_BUFFER_HTTP_URI_RAW, cases[i].raw);
        expect(&r, INSPECT_BUFFER_HTTP_HOST, cases[i].host);
        assert_int_equal(r.anomalies, cases[i].anomalies | INSPECT_ANOMALY_NO_HOST);
    }
}

/* One stated reading for each ambiguity: see http.h. */
static void framing(void **state)
{
    static const struct {
        const char *head, *body; /* behind the first line */
        unsigned server, request;
        const char *steps;
        uint32_t anomalies;
    } cases[] = {
        {"Content-Length: 3\r\n\r\nabc", "abc|", 1, INSPECT_HTTP_ORDINARY, "KHD", 0},
        {"Content-Length: 3\r\n\r\nabc", "", 1, INSPECT_HTTP_HEAD, "KHD", 0},
        {"Content-Length: 3\r\n\r\nabc", "", 1, INSPECT_HTTP_CONNECT, "KHS", 0},
        {"\r\nabc", "abc|", 1, INSPECT_HTTP_ORDINARY, "KHD", 0},
        {"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "abc|", 1, INSPECT_HTTP_ORDINARY,
         "KHD", INSPECT_ANOMALY_DUPLICATE_LENGTH},
        {"Content-Length: 3, 3\r\n\r\nabc", "abc|", 1, INSPECT_HTTP_ORDINARY, "KHD",
         INSPECT_ANOMALY_DUPLICATE_LENGTH},
        {"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "", 1, INSPECT_HTTP_ORDINARY, "KHB",
         INSPECT_ANOMALY_DUPLICATE_LENGTH},
        {"Content-Length: 0x3\r\n\r\nabc", "", 1, INSPECT_HTTP_ORDINARY, "KHB",
         INSPECT_ANOMALY_BAD_LENGTH},
        {"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "a|", 1,
         INSPECT_HTTP_ORDINARY, "KHD", INSPECT_ANOMALY_LENGTH_AND_CHUNKED},
        {"Transfer-Encoding: chunked, gzip\r\n\r\nabc", "abc|", 1, INSPECT_HTTP_ORDINARY, "KHD",
         INSPECT_ANOMALY_BAD_ENCODING},
        {"Transfer-Encoding: xchunked\r\n\r\nabc", "abc|", 1, INSPECT_HTTP_ORDINARY, "KHD",
         INSPECT_ANOMALY_BAD_ENCODING},
        {"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nZ\r\n", "a", 1, INSPECT_HTTP_ORDINARY, "KHB",
         INSPECT_ANOMALY_BAD_CHUNK},
        {"Transfer-Encoding: chunked\r\n\r\n1\nab", "a", 1, INSPECT_HTTP_ORDINARY, "KHB",
         INSPECT_ANOMALY_BARE_LF | INSPECT_ANOMALY_BAD_CHUNK},
        {"Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n", "a|", 1, INSPECT_HTTP_ORDINARY,
         "KHD", INSPECT_ANOMALY_BAD_CHUNK},
        {"Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n", "", 1, INSPECT_HTTP_ORDINARY,
         "KHB", INSPECT_ANOMALY_BAD_CHUNK},
        {"\r\nabc", "abc|", 1, INSPECT_HTTP_UNASKED, "KHD", INSPECT_ANOMALY_UNMATCHED_REPLY},
        {"Host: x\r\nTransfer-Encoding: gzip\r\n\r\n", "", 0, 0, "KNHB",
         INSPECT_ANOMALY_BAD_ENCODING},
        {"Host: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n", "", 0, 0,
         "KNHS", 0},
        {"Host: x\r\nUpgrade: websocket\r\n\r\n", "", 0, 0, "KNHD", 0},
    };
    static struct reading r;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), "%s%s",
                 cases[i].server != 0 ? "HTTP/1.1 200 OK\r\n" : "GET / HTTP/1.1\r\n",
                 cases[i].head);
        read_every_cut(text, cases[i].server, cases[i].request, &r);
        expect(&r, INSPECT_BUFFER_BODY, cases[i].body);
        if (strcmp(r.steps, cases[i].steps) != 0 || r.anomalies != cases[i].anomalies) {
            fail_msg("case %zu: steps %s, anomalies %x", i, r.steps, r.anomalies);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request),
        cmocka_unit_test(response),
        cmocka_unit_test(targets),
        cmocka_unit_test(framing),
    };
    return cmocka_run_group_tests_name("http_buffers", tests, NULL, NULL);
}
